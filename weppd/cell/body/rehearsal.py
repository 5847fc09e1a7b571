"""A job that does nothing, run in the zygote a few times before it forks its cells.

The interpreter adapts its code as it runs and fills its caches; what a zygote has done, its cells
and their children need not do again in memory pages of their own.
"""

from __future__ import annotations

import os
import pickle
from _socket import socketpair

from weppd import task
from weppd.cell.body.child import Child
from weppd.cell.body.context import Wire
from weppd.cell.body.interrupt import Interrupt
from weppd.cell.setup import Setup

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TIMES = 20
_START: dict[str, Any] = {
    "kind": "start", "eid": "0" * 32, "job": "rehearsal", "function": "", "serializer": "pickle",
    "runid": None, "queue": "", "worker": "", "timeout": 180, "on_timeout": [["KILL", 0]],
    "spool": None, "tmp": None, "cpus": 1, "place": "", "label": "", "parent": None,
    "jobs_per_child": 1, "meta_len": 0, "description": "", "env": {},
}  # fmt: skip


def nothing(*args: object) -> None:
    """The function of the rehearsed job."""


def rehearse() -> None:
    """Run the job, from its frame to its report, and leave no trace of it."""
    data = pickle.dumps((f"{__name__}.nothing", None, (1,), {}), pickle.HIGHEST_PROTOCOL)
    setup = Setup("", "", "", {"allow": [f"{__name__}.nothing"]})
    before = set(os.environ)
    ours, its = socketpair()
    wire = Wire(Interrupt())
    wire.attach(ours.fileno())
    for _ in range(_TIMES):
        child = Child(setup)
        wire.send(_START, data)
        child.serve(its.fileno())
        wire.receive()
    ours.close()
    its.close()
    task.enter(None)
    for key in set(os.environ) - before:
        del os.environ[key]
