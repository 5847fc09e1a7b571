"""A Flask application with the site's routes, on the Redis and the runs of a test's daemon."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from tasks.web import blueprint
from weppd.flask import Weppd


class Site:
    """The application, who may do what in it, and what its pages sent."""

    def __init__(self, daemon: Any, **config: Any) -> None:
        self.refused: set[tuple[str, str]] = set()
        self.asked: list[tuple[str, str]] = []
        self.kept: list[tuple[str, str, dict[str, object]]] = []
        self.app = Flask("site")
        self.app.config.update(
            WEPPD_REDIS_URL=daemon.url,
            WEPPD_RUN_ROOTS=[f"{daemon.home}/runs"],
            WEPPD_BATCH_ROOT=f"{daemon.home}/batch",
            **config,
        )
        self.weppd = Weppd(self.app)
        self.app.register_blueprint(blueprint(self.may, self.keep))

    def may(self, action: str, subject: str) -> bool:
        """The application's authorisation."""
        self.asked.append((action, subject))
        return (action, subject) not in self.refused

    def keep(self, runid: str, action: str, body: Any) -> None:
        """What the application's own documents would take."""
        if body.get("clip") == "bad":
            raise ValueError("clip: neither on nor off")
        self.kept.append((runid, action, dict(body)))

    @property
    def page(self) -> FlaskClient:
        """A browser."""
        return self.app.test_client()
