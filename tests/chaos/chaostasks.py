"""The load's tasks. Each body writes one line when it begins and one when it ends, in a local file
that no fault touches: the ledger of bodies."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import nullcontext
from pathlib import Path

from weppd.task import current, task

#: What the keys of the load's locks begin with.
LOCKS = "chaos-lock:"
#: What no process of the load outlives, should everything else fail.
LIFE_S = 60
_KINDS = ("exec sleep {s}", "exec setsid sleep {s}", "sleep {s} & sleep {s} & wait",
          "(setsid sleep {s} &) ; trap '' USR1 TERM; sleep {s}")  # fmt: skip


def body(ledger: str, seconds: float, processes: int) -> str:
    """Begin, start `processes` trees of all kinds, last `seconds` (with a lock, if any), leave the
    trees, end."""
    _write(ledger, "begin")
    ctx = current()
    for number in range(processes):
        script = _KINDS[number % len(_KINDS)].format(s=LIFE_S)
        subprocess.Popen(["sh", "-c", script])
    (ctx.tmp / "scratch").write_text("of a job")
    ctx.log("works")
    with ctx.lock(f"{LOCKS}{ctx.job_id}") if seconds else nullcontext():
        time.sleep(seconds)
    _write(ledger, "end")
    return "done"


def _write(ledger: str, word: str) -> None:
    ctx = current()
    line = f"{word} {ctx.job_id} {ctx.eid} {os.getpid()} {time.monotonic():.6f}\n"
    fd = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(fd, line.encode())
    os.close(fd)


@task(short=True)
def once(ledger: str, seconds: float, processes: int) -> str:
    """A body that may run once only."""
    return body(ledger, seconds, processes)


@task(short=True, jobs_per_child=3, retry_on_crash=True)
def again(ledger: str, seconds: float, processes: int) -> str:
    """A body that may run again where it was killed."""
    return body(ledger, seconds, processes)


@task()
def hog(ledger: str, group: str) -> str:
    """Take more memory than the control group of that directory has."""
    (Path(group) / "cgroup.procs").write_text(str(os.getpid()))
    _write(ledger, "begin")
    held = bytearray()
    while True:
        held += b"x" * (1 << 20)
