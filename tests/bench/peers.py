"""Who is measured: how each is installed, started and asked. Versions are pinned here.

A deployment is a peer with the options that its users would give it for a number of slots. Nothing
is tuned against it: what a default costs is what its users pay.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

APPS = Path(__file__).with_name("apps")
ROOT = Path(__file__).parents[2]
#: Each worker process's own command; the place gives its environment's and its own directory.
Commands = Callable[["Place", int], list[list[str]]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a deployment runs: its interpreter's `bin`, a directory of its own, the Redis's URL."""

    bin: Path
    home: Path
    url: str


@dataclass(frozen=True, slots=True)
class Peer:
    """A deployment. `fresh` says whether each job has a process of its own."""

    name: str
    app: str
    wanted: tuple[str, ...]
    commands: Commands
    fresh: bool
    family: str
    bulk: bool = False
    preloads: bool = False
    cancels: bool = False
    note: str = ""


RQ = ("rq==2.10.0", "redis==8.1.0", "hiredis==3.5.0")
CELERY = ("celery[redis]==5.7.0",)
DRAMATIQ = ("dramatiq[redis]==2.2.1",)
HUEY = ("huey==3.5.4", "redis==8.1.0")
ARQ = ("arq==0.28.0",)
TASKIQ = ("taskiq==0.13.0", "taskiq-redis==1.2.4")
SCIENCE = ("numpy==2.4.6", "pandas==3.1.1")


def _rq(worker: str) -> Commands:
    def commands(place: Place, slots: int) -> list[list[str]]:
        one = [f"{place.bin}/rq", "worker", "--url", place.url, "-w", worker, "-q", "default"]
        return [one] * slots

    return commands


def _rq_pool(place: Place, slots: int) -> list[list[str]]:
    return [[f"{place.bin}/rq", "worker-pool", "-u", place.url, "-n", str(slots), "-q", "default"]]


def _rq_preload_pool(place: Place, slots: int) -> list[list[str]]:
    return [[f"{place.bin}/python", str(APPS / "rq_preload.py"), str(slots)]]


def _rq_preload(place: Place, slots: int) -> list[list[str]]:
    return [[f"{place.bin}/python", str(APPS / "rq_preload.py")]] * slots


def _celery(place: Place, slots: int) -> list[list[str]]:
    app = [f"{place.bin}/celery", "-A", "celery_app", "worker", "-P", "prefork", "-l", "ERROR"]
    return [[*app, "-c", str(slots)]]


def _dramatiq(place: Place, slots: int) -> list[list[str]]:
    return [[f"{place.bin}/dramatiq", "dramatiq_app", "-p", str(slots), "-t", "1"]]


def _huey(place: Place, slots: int) -> list[list[str]]:
    consumer = [f"{place.bin}/huey_consumer", "huey_app.huey", "-k", "process", "-q"]
    return [[*consumer, "-w", str(slots)]]


def _arq(place: Place, slots: int) -> list[list[str]]:
    return [[f"{place.bin}/arq", "arq_app.Worker"]] * slots


def _taskiq(place: Place, slots: int) -> list[list[str]]:
    worker = [f"{place.bin}/taskiq", "worker", "taskiq_app:broker", "--log-level", "ERROR"]
    return [[*worker, "-w", str(slots)]]


#: What the zygote of short tasks has imported, or each fresh child would.
SHORT = ("short_body",)


def _weppd(jobs_per_child: int, preload: Sequence[str] = (), prefetch: int = 1) -> Commands:
    def commands(place: Place, slots: int) -> list[list[str]]:
        # In a directory of its own, as /etc/weppd is: weppd watches it, and jobs write beside it.
        config = place.home / "etc" / "weppd.toml"
        config.parent.mkdir(exist_ok=True)
        config.write_text(_settings(place, slots, jobs_per_child, ["body", *preload], prefetch))
        return [[f"{place.bin}/python", "-m", "weppd", "--config", str(config)]]

    return commands


def _settings(
    place: Place, slots: int, jobs_per_child: int, preload: list[str], prefetch: int
) -> str:
    tables = {
        "daemon": {
            "name": "bench",
            "slots": slots,
            "log_level": "warning",
            "state_dir": f"{place.home}/state",
            "runtime_dir": f"{place.home}/run",
            "log_dir": f"{place.home}/log",
            "admin_socket": f"{place.home}/admin.sock",
        },
        "redis": {"url": place.url},
        "tasks": {"modules": ["tasks.noop"]},
        "security": {"allow": ["body.*"]},
        "cancel": {"usr1_grace": 0.0, "term_grace": 0.0},
        "run": {"roots": [str(place.home)], "batch_root": ""},
        "zygote.light": {"jobs_per_child": jobs_per_child, "preload": preload},
    }
    if prefetch > 1:
        tables["queues"] = {"prefetch": prefetch}
        tables["tasks"] = {"modules": ["tasks.noop", "short_body"]}
    lines = []
    for table, keys in tables.items():
        lines.append(f"[{table}]")
        lines += [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    return "\n".join(lines) + "\n"


def _no_workers(place: Place, slots: int) -> list[list[str]]:
    return []


PEERS = {
    peer.name: peer
    for peer in (
        Peer("weppd", "weppd_app.py", (), _weppd(1), True, "weppd", bulk=True, cancels=True),
        Peer(
            "weppd-reused", "weppd_app.py", (), _weppd(500), False, "weppd", bulk=True, cancels=True
        ),
        Peer(
            "weppd-short", "weppd_short_app.py", (), _weppd(500, SHORT, 16), False, "weppd",
            bulk=True,
        ),
        Peer(
            "weppd-ahead", "weppd_short_app.py", (), _weppd(1, SHORT, 16), True, "weppd",
            bulk=True,
        ),
        Peer(
            "weppd-preload", "weppd_app.py", (), _weppd(1, ("numpy", "pandas")), True, "weppd",
            bulk=True, preloads=True, cancels=True,
        ),
        Peer("rq", "rq_app.py", RQ, _rq("rq.Worker"), True, "rq", bulk=True, cancels=True),
        Peer("rq-pool", "rq_app.py", RQ, _rq_pool, True, "rq", bulk=True, cancels=True),
        Peer("rq-simple", "rq_app.py", RQ, _rq("rq.SimpleWorker"), False, "rq", bulk=True),
        Peer("rq-preload", "rq_app.py", RQ, _rq_preload, True, "rq", bulk=True, preloads=True),
        Peer(
            "rq-preload-pool", "rq_app.py", RQ, _rq_preload_pool, True, "rq", bulk=True,
            preloads=True,
        ),
        Peer("celery", "celery_app.py", CELERY, _celery, False, "celery", cancels=True),
        Peer("dramatiq", "dramatiq_app.py", DRAMATIQ, _dramatiq, False, "dramatiq"),
        Peer("huey", "huey_app.py", HUEY, _huey, False, "huey", cancels=True),
        Peer(
            "arq", "arq_app.py", ARQ, _arq, False, "arq", cancels=True,
            note="10 coroutines a process, asks every 0.5 s",
        ),
        Peer("taskiq", "taskiq_app.py", TASKIQ, _taskiq, False, "taskiq"),
        Peer("farm-xargs", "", (), _no_workers, True, "farm"),
        Peer("farm-parallel", "", (), _no_workers, True, "farm"),
    )
}  # fmt: skip


def chosen(only: str) -> list[Peer]:
    """The peers of a list such as `rq,weppd`, or all; a name of a family means all of it.

    SystemExit for a name that is none.
    """
    names = [name for name in only.split(",") if name]
    known = {*PEERS, *(peer.family for peer in PEERS.values())}
    if wrong := [name for name in names if name not in known]:
        sys.exit(f"no peer {', '.join(wrong)}: there are {', '.join(sorted(known))}")
    found = [p for p in PEERS.values() if not names or p.name in names or p.family in names]
    exact = [p for p in found if p.name in names]
    return exact if names and len(exact) == len(names) else found
