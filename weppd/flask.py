"""For Flask applications: jobs on weppd's queues, and what becomes of them.

    from weppd.flask import Weppd

    weppd = Weppd()

    def create_app():
        app = Flask(__name__)
        app.config["WEPPD_REDIS_URL"] = "redis://localhost:6379/9"
        weppd.init_app(app)

    weppd.enqueue("tasks.wepp_rq.run_wepp_rq", "my-run", job_timeout=43200)

Read from `app.config`; what is missing there is weppd.toml's where WEPPD_CONFIG names that file,
else the surroundings' (REDIS_URL, RQ_REDIS_URL, REDIS_HOST, …; BATCH_RUNNER_ROOT):

    WEPPD_REDIS_URL           as [redis] url: redis://, rediss://, unix://, redis+sentinel://
    WEPPD_QUEUE               where `enqueue` puts jobs ("default")
    WEPPD_SERIALIZER          "pickle" or "json"
    WEPPD_RUN_ROOTS           directories that hold run directories
    WEPPD_BATCH_ROOT          the directory of batches
    WEPPD_LEGACY_GET_CANCEL   see `tasks.web`

Neither rq nor a task is imported. Connection errors are redis-py's own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import redis
from flask import Flask, current_app

from weppd import client, job_info, settings, settings_redis
from weppd.cancel_job import cancel_jobs
from weppd.store.forest import Lost
from weppd.store.options import Function
from weppd.store.server.blocking import connect

NAME = "weppd"


@dataclass(frozen=True, slots=True, repr=False)
class Desk:
    """What one application was told, and its connection. `repr` has no secrets.

    `tables` are the settings that tasks see, for those of their helpers that a web page uses.
    """

    url: str
    queue: str
    serializer: str
    tables: Mapping[str, Any]
    legacy_get_cancel: bool
    connection: redis.Redis

    def __repr__(self) -> str:
        return f"Desk({settings_redis.masked(self.url)!r}, queue={self.queue!r})"


class Weppd:
    """The extension. One serves any number of applications; calls need an application context."""

    def __init__(self, app: Flask | None = None) -> None:
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Read the application's settings; nothing is connected yet.

        SettingsError lists what is wrong with the file that WEPPD_CONFIG names.
        """
        app.extensions[NAME] = _desk(app.config)

    @property
    def desk(self) -> Desk:
        """The settings and the connection of the current application."""
        return desk()

    def queue(self, name: str | None = None) -> client.Queue:
        """A queue to put jobs on; the application's own without a name."""
        told = self.desk
        return client.Queue(name or told.queue, told.connection, told.serializer)

    def enqueue(self, function: Function, *args: Any, **kwargs: Any) -> client.Job:
        """Enqueue a call on the application's queue, as `weppd.client.Queue.enqueue` does."""
        return self.queue().enqueue(function, *args, **kwargs)

    def fetch(self, jid: str) -> client.Job | None:
        """The job of that id, if there is one."""
        return self.queue().fetch(jid)

    def cancel(self, jid: str) -> Mapping[str, str]:
        """Cancel a job and everything below it: `{"status": "ok"}` or `{"error": …}`."""
        return cancel_jobs(jid, self.desk.connection)

    def job_status(self, jid: str) -> Mapping[str, Any]:
        """A tree of jobs as one: see `weppd.job_info`."""
        return job_info.get_wepppy_rq_job_status(jid, self.desk.connection)

    def jobs_info(
        self, jids: Iterable[str], lost: Lost | None = None
    ) -> Mapping[str, Mapping[str, Any]]:
        """Trees of jobs by id; `lost` makes the node of a child that is no longer on record."""
        return job_info.get_wepppy_rq_jobs_info(jids, self.desk.connection, lost)


def desk() -> Desk:
    """What `Weppd.init_app` left with the current application."""
    told = current_app.extensions.get(NAME)
    if not isinstance(told, Desk):
        raise RuntimeError("this application knows no weppd: call weppd.flask.Weppd.init_app(app)")
    return told


def _desk(config: Mapping[str, Any]) -> Desk:
    told = _settings(config.get("WEPPD_CONFIG"))
    url = config.get("WEPPD_REDIS_URL") or told.redis.url
    roots = config.get("WEPPD_RUN_ROOTS") or told.run.roots
    legacy = config.get("WEPPD_LEGACY_GET_CANCEL")
    told = replace(
        told,
        redis=replace(told.redis, url=url),
        run=settings.Run(
            roots=(roots,) if isinstance(roots, str) else tuple(map(str, roots)),
            batch_root=str(config.get("WEPPD_BATCH_ROOT") or told.run.batch_root),
        ),
    )
    return Desk(
        url=url,
        queue=config.get("WEPPD_QUEUE") or "default",
        serializer=config.get("WEPPD_SERIALIZER") or "pickle",
        tables=settings.for_tasks(told),
        legacy_get_cancel=bool(told.flask.legacy_get_cancel if legacy is None else legacy),
        connection=connect(url),
    )


def _settings(path: str | None) -> settings.Settings:
    if path:
        return settings.load(path, os.environ)
    # Not the file of this host's weppd: it has secrets that a web application need not read.
    machine = settings.this_machine()
    return settings.Settings.parse({}, os.environ, machine, "the application's environment")
