"""A job that does nothing, run in the zygote a few times before it forks its cells.

The interpreter adapts its code as it runs and fills its caches; what a zygote has done, its cells
and their children need not do again in memory pages of their own.
"""

from __future__ import annotations

import os
import pickle
import sys
from _socket import socketpair

from weppd import task
from weppd.cell.body.child import Child
from weppd.cell.body.context import JobContext, Wire
from weppd.cell.body.environment import Ahead
from weppd.cell.body.interrupt import Interrupt
from weppd.cell.frames import receive
from weppd.cell.setup import Setup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TIMES = 20
_START: dict[str, Any] = {
    "kind": "start", "eid": "0" * 32, "job": "rehearsal", "serializer": "pickle",
    "queue": "default", "worker": "rehearsal", "timeout": 180, "on_timeout": [["KILL", 0]],
    "spool": "/dev/null", "tmp": "/", "cpus": 1, "backend": "auto", "slots": 1, "place": "1",
    "label": "nothing", "jobs_per_child": 1, "quiet": True,
}  # fmt: skip


def nothing(*args: object) -> None:
    """The function of the rehearsed job."""


def rehearse() -> None:
    """Run the job, from its frame to its report, and leave no trace of it."""
    variables, finders, outputs = dict(os.environ), list(sys.meta_path), (os.dup(1), os.dup(2))
    try:
        _run()
    finally:
        for n, kept in enumerate(outputs, 1):
            os.dup2(kept, n)
            os.close(kept)
        sys.meta_path[:] = finders
        task.enter(None)
        for key in set(os.environ) - set(variables):
            del os.environ[key]
        os.environ.update(variables)


def _run() -> None:
    data = pickle.dumps((f"{__name__}.nothing", None, (1,), {}), pickle.HIGHEST_PROTOCOL)
    setup = Setup("", "", "", {"allow": [f"{__name__}.*"]})
    ours, its = socketpair()
    wire, ahead = Wire(Interrupt()), Ahead("1")
    wire.sock = ours.fileno()
    for _ in range(_TIMES):
        child = Child(setup, ahead)
        wire.send(_START, data)
        child.serve(its.fileno())
        receive(wire.sock)
        context = task.current()
        assert isinstance(context, JobContext)
        context.spool.close()
    ours.close()
    its.close()
