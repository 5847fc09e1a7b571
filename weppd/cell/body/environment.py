"""The job's environment, as far as it can be made before there is a job.

::

    forker   putenv("TMPDIR=" and room)  ──fork──►  child   writes the job's value into the room

Setting a variable takes the C library and the interpreter a dozen memory pages, each copied in each
child; writing into a string that is in the environment already takes one (putenv(3)).
"""

from __future__ import annotations

import ctypes
import os

from weppd.cell.setup import THREADS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableMapping

#: Bytes of a value that is written in place; a longer one is set as any other.
ROOM = 256
_LIBC = ctypes.CDLL(None)
#: The strings that the environment has, or had: it may point to them as long as the process lives.
_strings: list[object] = []


class Ahead:
    """The environment of a job of no run with so many `cpus`, but for what is the job's own.

    Made in the process that forks, good for one job: what that sets itself is elsewhere.
    """

    def __init__(self, cpus: str) -> None:
        self.cpus = cpus
        announce(cpus)
        os.environ["WEPPD_RUNID"] = ""
        self._job, self._rq_job = InPlace("WEPPD_JOB_ID"), InPlace("RQ_JOB_ID")
        self._tmp = InPlace("TMPDIR")

    def tell(self, job: str, tmp: str | None) -> None:
        """Say what job it is, and where its temporary files go, if it has a place for them."""
        self._job.set(job)
        self._rq_job.set(job)
        if tmp:
            self._tmp.set(tmp)
        elif not os.environ["TMPDIR"]:
            del os.environ["TMPDIR"]


class InPlace:
    """One variable, whose value is written in place; it begins as it was, or empty."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._key = name.encode()
        self._known: MutableMapping[bytes, bytes] = vars(os.environ)["_data"]
        os.environ.setdefault(name, "")
        begun, value = self._key + b"=", self._known[self._key]
        room = len(begun) + max(ROOM, len(value) + 1)
        string = ctypes.create_string_buffer(begun + value, room)
        self._value = memoryview(string).cast("B")[len(begun) :]
        _strings.append(string)
        _LIBC.putenv(string)

    def set(self, value: str) -> None:
        """Write the value, in the interpreter's own record of the environment too."""
        if len(value) < ROOM and value.isascii() and "\0" not in value:
            raw = value.encode()
            self._value[: len(raw) + 1] = raw + b"\0"
            self._known[self._key] = raw
        else:
            os.environ[self._name] = value


def announce(cpus: str) -> None:
    """Say in the environment how many CPUs the job has."""
    for name in ("WEPPD_CPUS", *THREADS):
        os.environ[name] = cpus
