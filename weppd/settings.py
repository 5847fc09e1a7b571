"""What the operator may set: one frozen table for each table of weppd.toml.

Owns the keys, their defaults and where they come from. Nothing here acts: no file but the one
given to `load` is opened, no socket, no logger. Where a value comes from, first hit wins:

1. the variable `WEPPD_<TABLE>_<KEY>`, upper case, with `_` for a dot or a dash:
   `WEPPD_DAEMON_SLOTS=4`, `WEPPD_ZYGOTE_LIGHT_JOBS_PER_CHILD=20`; lists with commas between or as
   JSON (`WEPPD_QUEUES_NAMES=high,default`), tables as JSON
   (`WEPPD_TASKS_ALIAS='{"old.rq": "tasks"}'`);
2. the file;
3. for `redis.url`: REDIS_URL, RQ_REDIS_URL or SESSION_REDIS_URL with the database replaced by 9,
   else REDIS_HOST, REDIS_PORT, REDIS_USERNAME and REDIS_PASSWORD; for `redis.prefix`:
   RQ_KEY_PREFIX; for `run.batch_root`: BATCH_RUNNER_ROOT;
4. the default written below.
"""

from __future__ import annotations

import os
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from weppd import settings_checks as checks
from weppd import settings_redis
from weppd.errors import SettingsError
from weppd.settings_read import Reading
from weppd.settings_tables import LIGHT, PRELOADED
from weppd.settings_tables import (
    Binary as Binary,
)
from weppd.settings_tables import (
    Cancel as Cancel,
)
from weppd.settings_tables import (
    Compat as Compat,
)
from weppd.settings_tables import (
    Daemon as Daemon,
)
from weppd.settings_tables import (
    Data as Data,
)
from weppd.settings_tables import (
    Flask as Flask,
)
from weppd.settings_tables import (
    Host as Host,
)
from weppd.settings_tables import (
    Jobs as Jobs,
)
from weppd.settings_tables import (
    Limits as Limits,
)
from weppd.settings_tables import (
    Node as Node,
)
from weppd.settings_tables import (
    Notify as Notify,
)
from weppd.settings_tables import (
    Queue as Queue,
)
from weppd.settings_tables import (
    Queues as Queues,
)
from weppd.settings_tables import (
    Redis as Redis,
)
from weppd.settings_tables import (
    Run as Run,
)
from weppd.settings_tables import (
    Scribe as Scribe,
)
from weppd.settings_tables import (
    Security as Security,
)
from weppd.settings_tables import (
    Stop as Stop,
)
from weppd.settings_tables import (
    Tasks as Tasks,
)
from weppd.settings_tables import (
    Wepp as Wepp,
)
from weppd.settings_tables import (
    Zygote as Zygote,
)

DEFAULT_PATH = "/etc/weppd/weppd.toml"

#: Variables that begin with WEPPD_ and set nothing here: the file's path, and what jobs see.
OTHERS = ("WEPPD_CONFIG", "WEPPD_JOB_ID", "WEPPD_RUNID", "WEPPD_CPUS")


@dataclass(frozen=True, slots=True)
class Machine:
    """What two defaults depend on: the host's name, and the CPUs that this process may use."""

    name: str = "localhost"
    cpus: int = 1


@dataclass(frozen=True, slots=True)
class Settings:
    """All that weppd was told, frozen. `parse` and `load` are the ways to one."""

    daemon: Daemon = field(default_factory=Daemon)
    redis: Redis = field(default_factory=Redis)
    queues: Queues = field(default_factory=Queues)
    queue: Mapping[str, Queue] = field(default_factory=dict)
    host: Host = field(default_factory=Host)
    limits: Limits = field(default_factory=Limits)
    jobs: Jobs = field(default_factory=Jobs)
    cancel: Cancel = field(default_factory=Cancel)
    stop: Stop = field(default_factory=Stop)
    zygotes: Mapping[str, Zygote] = field(default_factory=lambda: {"light": LIGHT})
    tasks: Tasks = field(default_factory=Tasks)
    security: Security = field(default_factory=Security)
    run: Run = field(default_factory=Run)
    wepp: Wepp = field(default_factory=Wepp)
    data: Data = field(default_factory=Data)
    scribe: Scribe = field(default_factory=Scribe)
    node: Node = field(default_factory=Node)
    compat: Compat = field(default_factory=Compat)
    notify: Notify = field(default_factory=Notify)
    flask: Flask = field(default_factory=Flask)

    @staticmethod
    def parse(
        mapping: Mapping[str, object],
        env: Mapping[str, str],
        machine: Machine | None = None,
        source: str = "settings",
    ) -> Settings:
        """Settings from a file's tables and the environment; reads nothing else.

        SettingsError has a line for every key at fault; `source` names the file in its message.
        """
        reading = Reading(env)
        settings = _read(reading, mapping, machine or Machine())
        reading.strangers(OTHERS)
        if reading.problems:
            raise SettingsError(source, reading.problems)
        return settings


#: The tables of the file that are one dataclass each, under the same name in `Settings`.
TABLES: Mapping[str, type] = {
    "daemon": Daemon,
    "redis": Redis,
    "queues": Queues,
    "host": Host,
    "limits": Limits,
    "jobs": Jobs,
    "cancel": Cancel,
    "stop": Stop,
    "tasks": Tasks,
    "security": Security,
    "run": Run,
    "wepp": Wepp,
    "data": Data,
    "scribe": Scribe,
    "node": Node,
    "compat": Compat,
    "notify": Notify,
    "flask": Flask,
}


_PRELOADS = {"light": {"preload": PRELOADED}}


def _read(reading: Reading, mapping: Mapping[str, object], machine: Machine) -> Settings:
    reading.spelling("", mapping, [*TABLES, "queue", "zygote"])
    made = _surroundings(reading, machine)
    made["wepp"] = {"binaries": _binaries(reading, mapping.get("wepp", {}))}
    tables: dict[str, object] = {
        name: reading.table(kind, name, mapping.get(name, {}), made.get(name))
        for name, kind in TABLES.items()
    }
    tables["queue"] = _queues(reading, mapping.get("queue", {}))
    tables["zygotes"] = _zygotes(reading, mapping.get("zygote", {}))
    settings = Settings(**tables)  # type: ignore[arg-type]
    url = settings.redis.url
    if settings_redis.db_of(url) is None:
        url = settings_redis.with_db(url, settings_redis.RQ_DB)
    light = _fitting(settings.zygotes["light"], settings.tasks.modules)
    zygotes = {**settings.zygotes, "light": light}
    return replace(settings, redis=replace(settings.redis, url=url), zygotes=zygotes)


def _surroundings(reading: Reading, machine: Machine) -> dict[str, dict[str, object]]:
    """What the machine and the usual variables say where the file says nothing."""
    env = reading.env
    url, variable = settings_redis.from_surroundings(env)
    complaint = settings_redis.check(url)
    if complaint:
        reading.wrong(variable, complaint)
        url = settings_redis.DEFAULT_URL
    return {
        "daemon": {"name": machine.name, "slots": machine.cpus},
        "redis": {"url": url, "prefix": env.get("RQ_KEY_PREFIX") or Redis().prefix},
        "run": {"batch_root": env.get("BATCH_RUNNER_ROOT") or Run().batch_root},
    }


def _queues(reading: Reading, given: object) -> dict[str, Queue]:
    """A table for each queue that the file gives one; whether it is served is another matter."""
    named = reading.mapping("queue", given)
    for name in named:
        complaint = checks.QUEUE(name)
        if complaint:
            reading.wrong(f"queue.{name}", complaint)
    return {name: reading.table(Queue, f"queue.{name}", value) for name, value in named.items()}


def _zygotes(reading: Reading, given: object) -> dict[str, Zygote]:
    classes = reading.mapping("zygote", given)
    wrong = [name for name in classes if not name.isidentifier() or not name.islower()]
    for name in wrong:
        reading.wrong(f"zygote.{name}", "is no name of a class: use a-z, 0-9 and _")
    named = ["light", *(name for name in classes if name != "light" and name not in wrong)]
    return {
        name: reading.table(Zygote, f"zygote.{name}", classes.get(name, {}), _PRELOADS.get(name))
        for name in named
    }


def _fitting(light: Zygote, modules: tuple[str, ...]) -> Zygote:
    """The light class, which by default preloads what is there and is of use to its tasks."""
    if light.preload != PRELOADED:
        return light
    known = (each for each in PRELOADED if each in modules and not light.python)
    return replace(light, preload=tuple(known))


def _binaries(reading: Reading, wepp: object) -> dict[str, Binary]:
    given = wepp.get("binaries", {}) if isinstance(wepp, Mapping) else {}
    named = reading.mapping("wepp.binaries", given)
    for name in named:
        complaint = checks.BINARY(name)
        if complaint:
            reading.wrong(f"wepp.binaries.{name}", complaint)
    return {
        name: reading.table(Binary, f"wepp.binaries.{name}", value) for name, value in named.items()
    }


def this_machine() -> Machine:
    """The host that we run on."""
    return Machine(name=socket.gethostname(), cpus=len(os.sched_getaffinity(0)))


def load(path: str | Path | None, env: Mapping[str, str]) -> Settings:
    """Settings from the TOML file at `path`, else at $WEPPD_CONFIG, else at the built-in path.

    SettingsError names the file and every problem in it. Only the built-in path may be missing.
    """
    given = path or env.get("WEPPD_CONFIG")
    source = str(given or DEFAULT_PATH)
    try:
        mapping = tomllib.loads(Path(source).read_text(encoding="utf-8"))
    except FileNotFoundError:
        if given:
            raise SettingsError(source, ["there is no such file"]) from None
        mapping, source = {}, "built-in defaults and environment"
    except OSError as error:
        raise SettingsError(source, [f"cannot be read: {error.strerror}"]) from error
    except ValueError as error:
        raise SettingsError(source, [f"is not TOML: {error}"]) from error
    return Settings.parse(mapping, env, this_machine(), source)


def for_tasks(settings: Settings) -> dict[str, object]:
    """The tables that tasks may see, as plain JSON: what a zygote gets in its setup frame."""
    redis = settings.redis
    return {
        "run": asdict(settings.run),
        "wepp": asdict(settings.wepp),
        "data": asdict(settings.data),
        "cancel": asdict(settings.cancel),
        "compat": asdict(settings.compat),
        "notify": asdict(settings.notify),
        "redis": {"url": redis.url, "status_db": redis.status_db, "lock_db": redis.lock_db},
    }


def embedded(settings: Settings, url: str, state: str | Path) -> Settings:
    """The variant for `weppd --embedded`: the private Redis at `url`, all files below `state`.

    Runs are below it too, and the engine is hillsim, unless the operator chose others; everything
    else stays as it was set.
    SettingsError where `state` is no absolute path or too long for the sockets in it.
    """
    home = str(state)
    daemon = replace(
        settings.daemon,
        state_dir=f"{home}/state",
        runtime_dir=f"{home}/run",
        log_dir=f"{home}/log",
        admin_socket=f"{home}/admin.sock",
    )
    complaint = checks.runtime_dir(daemon.runtime_dir) or checks.socket_path(daemon.admin_socket)
    if complaint:
        raise SettingsError(home, [f"the state directory {complaint}"])
    run, usual = settings.run, Run()
    return replace(
        settings,
        daemon=daemon,
        redis=replace(settings.redis, url=url),
        run=Run(
            roots=run.roots if run.roots != usual.roots else (f"{home}/runs",),
            batch_root=run.batch_root if run.batch_root != usual.batch_root else f"{home}/batch",
        ),
        wepp=replace(settings.wepp, default_bin=settings.wepp.default_bin or "hillsim"),
    )
