"""Sessions of agents: what one needs to know is put where it looks, and its terminal is opened.

::

    Redis, database 2    agent:session:<sid>:env    JSON of its variables, for a few minutes
    channels             <runid>:agent_response-<sid>, <runid>:agent_chat-<sid>

Variables, as the site's deployment sets them: CAO_BASE_URL (http://localhost:9889) is the server
that opens terminals; WOJAK_AGENT_ENV_TTL (300 s); WOJAK_BOOTSTRAP_SCRIPT and _PYTHON start what
talks to the page. A producer gives the job a description of its own: RQ's would hold the token. The
terminal belongs to the server and outlives the job.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from typing import TYPE_CHECKING, Any

from weppd.task import current, task

if TYPE_CHECKING:
    import httpx

PROFILE, _PROVIDER = "wojak_interactive", "codex"
_SERVER, _PATIENCE_S, _TTL_S = "http://localhost:9889", 10.0, 300
_SCRIPT = "/workdir/wepppy/services/cao/scripts/wojak_bootstrap.py"
_SESSION = re.compile(r"[A-Za-z0-9._-]{1,128}\Z")


class AgentError(RuntimeError):
    """The session could not be opened; the message names the server and what it said."""


@task(timeout=180, cpus=0)
def spawn_wojak_session(
    runid: str,
    config: str,
    session_id: str,
    jwt_token: str,
    user_id: str,
    jwt_secret: str | None = None,
) -> dict[str, str]:
    """Open a terminal for the session, and start there what connects it to the run's page.

    The secret is best left to AGENT_JWT_SECRET of the worker: arguments are kept with the job.
    Returns the terminal, the key of its variables and the channels. AgentError; ValueError for a
    session that cannot be named so; RunError. The page is told of either end.
    """
    if not _SESSION.match(session_id):
        raise ValueError(f"session {session_id!r}: letters, digits and ._- name one")
    chat, response = (f"{runid}:agent_{way}-{session_id}" for way in ("chat", "response"))
    told = {
        "AGENT_JWT_TOKEN": jwt_token,
        "AGENT_JWT_SECRET": jwt_secret or os.environ.get("AGENT_JWT_SECRET") or "",
        "AGENT_JWT_ALGORITHMS": "HS256",
        "RUNID": runid,
        "CONFIG": config,
        "SESSION_ID": session_id,
        "USER_ID": user_id,
        "REDIS_CHAT_CHANNEL": chat,
        "REDIS_RESPONSE_CHANNEL": response,
        "RUN_DIR": str(current().run_dir(runid)),
    }
    key, terminal = _started(session_id, told)
    return {
        "terminal": terminal,
        "env_key": key,
        "chat_channel": chat,
        "response_channel": response,
    }


def _started(session_id: str, told: dict[str, str]) -> tuple[str, str]:
    """Open the session's terminal and begin there, telling the page of either end; the key of the
    session's variables, and the terminal's id."""
    key, response = f"agent:session:{session_id}:env", told["REDIS_RESPONSE_CHANNEL"]
    try:
        _keep(key, told)
        terminal = _open(session_id)
        _begin(terminal, told, key)
    except Exception as error:
        _say(response, "error", f"the agent could not be started: {error}")
        raise
    _say(response, "system", "the agent is starting")
    current().log(f"agent session {session_id} in terminal {terminal}", volatile=True)
    return key, terminal


def _keep(key: str, told: dict[str, str]) -> None:
    from tasks.run.databases import RedisDB, redis_client

    ttl = int(os.environ.get("WOJAK_AGENT_ENV_TTL") or _TTL_S)
    redis_client(RedisDB.STATUS).set(key, json.dumps(told), ex=ttl)


def _open(session_id: str) -> str:
    """A new terminal's id."""
    name = f"wojak-{session_id}"
    asked = {"provider": _PROVIDER, "agent_profile": PROFILE, "session_name": name}
    answer = _post("/sessions", asked)
    try:
        found: Any = answer.json()
    except ValueError:
        found = None
    terminal = found.get("id") if isinstance(found, dict) else None
    if not isinstance(terminal, str) or not terminal:
        raise AgentError(f"{answer.url.copy_with(query=None)} opened {name} and told no terminal")
    return terminal


def _begin(terminal: str, told: dict[str, str], key: str) -> None:
    """Type the command that fetches the variables; neither token nor secret is in it."""
    names = ("SESSION_ID", "RUNID", "CONFIG", "REDIS_CHAT_CHANNEL", "REDIS_RESPONSE_CHANNEL")
    shown = {name: told[name] for name in names} | {"AGENT_ENV_REDIS_KEY": key}
    exports = " ".join(f"{name}={shlex.quote(value)}" for name, value in shown.items())
    python = os.environ.get("WOJAK_BOOTSTRAP_PYTHON") or "python3"
    script = os.environ.get("WOJAK_BOOTSTRAP_SCRIPT") or _SCRIPT
    command = f"export {exports} && {python} {shlex.quote(script)}"
    _post(f"/terminals/{terminal}/input", {"message": command})


def _post(path: str, params: dict[str, str]) -> httpx.Response:
    import httpx

    where = (os.environ.get("CAO_BASE_URL") or _SERVER).rstrip("/") + path
    try:
        answer = httpx.post(where, params=params, timeout=_PATIENCE_S)
        answer.raise_for_status()
    except httpx.HTTPStatusError as error:
        raise AgentError(f"{where} answers {error.response.status_code}") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # Its own words may hold the whole query.
        raise AgentError(f"{where} cannot be reached: {type(error).__name__}") from None
    return answer


def _say(channel: str, kind: str, content: str) -> None:
    current().status(channel, json.dumps({"type": kind, "content": content}))
