"""What happens when it gets rough: a cancel of a job with a family, kill -9 in mid-job."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil

from tests.bench.house import Deployment, Server, marks, running, until
from tests.bench.peers import Peer

BEGIN_S = 60.0
JOB_S = 12.0
RESTART_S = 2.0
OVER = ("finished", "failed", "stopped", "canceled")


def cancel(peer: Peer, server: Server, sessions: int, wait_s: float = 5.0) -> dict[str, Any]:
    """Cancel a job with 24 processes below it by the peer's own API; count who lives after it.

    `sessions` of its four shells are in sessions of their own. `zero_ms` is from the call to the
    moment when none of the 24 lives.
    """
    with running(peer, server) as made:
        jid = made.produce("enqueue", "family", "1", str(made.log), "1", str(sessions))["last"]
        until(lambda: marks(made.log), BEGIN_S, f"{peer.name} begins the job")
        kin = [each for each in made.family() if each.name() in ("sh", "sleep")]
        with ThreadPoolExecutor(1) as beside:
            asked = beside.submit(made.produce, "cancel", jid)
            zero = _zero_ns(kin, wait_s) if peer.cancels else None
            answer = asked.result()
        left = sum(_lives(each) for each in kin)
        gone_ms = (zero - answer["began_ns"]) / 1e6 if zero and left == 0 else None
        return {"processes": len(kin), "api": answer["api"], "left": left, "zero_ms": gone_ms}


def _zero_ns(kin: list[psutil.Process], wait_s: float) -> int | None:
    """When the last of them had ended (monotonic ns), or None when one outlived the wait."""
    end = time.monotonic() + wait_s
    while time.monotonic() < end:
        if not any(_lives(each) for each in kin):
            return time.monotonic_ns()
        time.sleep(0.001)
    return None


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def crash(peer: Peer, server: Server, what: str, wait_s: float) -> dict[str, Any]:
    """SIGKILL two seconds into a job of twelve: its process ("job"), the worker that watches it
    ("parent"), or all of them ("all"); these two are started again two seconds later.

    How often the job began and ended, after how long (s, from the kill) it began again, and when
    it was settled: its end reached, or a final status on record.
    """
    with running(peer, server, slots=1) as made:
        made.produce("enqueue", "doze", "1", str(made.log), "1", str(JOB_S))
        until(lambda: marks(made.log), BEGIN_S, f"{peer.name} begins the job")
        time.sleep(2.0)
        made.kill(_victims(made, what))
        killed = time.monotonic_ns()
        if what != "job":
            time.sleep(RESTART_S)
            made.start()
        return _aftermath(made, killed, wait_s)


def _victims(made: Deployment, what: str) -> list[int]:
    """A job's process sleeps deepest in the tree; a parent is what was started first."""
    family = made.family()
    if what == "all":
        return [each.pid for each in family]
    if what == "parent":
        return [each.pid for each in family if each.pid in made.begun]
    parents = {each.ppid() for each in family}
    leaves = [each for each in family if each.pid not in parents]
    return [max(leaves, key=lambda each: each.create_time()).pid]


def _aftermath(made: Deployment, killed: int, wait_s: float) -> dict[str, Any]:
    end = time.monotonic() + wait_s
    settled = None
    while time.monotonic() < end and settled is None:
        time.sleep(0.02)
        if any(number == -1 for number, _ in marks(made.log)) or made.status() in OVER:
            settled = (time.monotonic_ns() - killed) / 1e9
    left = marks(made.log)
    again = [at for number, at in left if number == 1 and at > killed]
    return {
        "began": sum(number == 1 for number, _ in left),
        "ended": sum(number == -1 for number, _ in left),
        "again_s": (again[0] - killed) / 1e9 if again else None,
        "settled_s": settled,
        "status": made.status(),
    }
