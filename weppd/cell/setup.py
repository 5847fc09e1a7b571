"""What a zygote is told by weppd, and its cells and their jobs inherit by fork."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ORPHAN_S = 60.0
KEEP_S = 600.0
#: Functions of libraries are bound when they are loaded (ld.so(8)), not at their first call, which
#: would be in each child anew. The zygote takes it out again: programs of jobs start as they did.
BIND_NOW = ("LD_BIND_NOW", "zygote")
#: What libraries read when they are loaded, for how many threads they compute with: one in a
#: zygote, for a fork beside threads hangs, and a job's CPUs in what that starts.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Setup:
    """The zygote's own arguments, the content of weppd's `setup` frame, and the task registry.

    `allow` are patterns of functions that may be jobs though they are no registered tasks,
    `allow_types` the exact (module, name) pairs that a payload may hold, `alias` prefixes of
    dotted names to replace, `registry` the options of the registered tasks by dotted name,
    `orphan_s` seconds after which idle cells without a weppd exit, and `keep_s` those after which
    one with an outcome leaves it in the directory `bequests`, and exits too.
    """

    def __init__(self, cls: str, socket: str, cells: str, frame: dict[str, Any]) -> None:
        self.cls = cls
        self.socket = socket
        self.cells = cells
        self.settings: dict[str, Any] = frame.get("settings") or {}
        self.digest: str = frame.get("digest") or ""
        self.preload: tuple[str, ...] = tuple(frame.get("preload") or ())
        self.modules: tuple[str, ...] = tuple(frame.get("modules") or ())
        self.alias: dict[str, str] = dict(frame.get("alias") or {})
        self.allow: tuple[str, ...] = tuple(frame.get("allow") or ())
        self.allow_types = frozenset((m, n) for m, n in frame.get("allow_types") or ())
        self.jobs_per_child: int = int(frame.get("jobs_per_child") or 1)
        self.orphan_s: float = float(frame.get("orphan_s") or ORPHAN_S)
        self.keep_s: float = float(frame.get("keep_s") or KEEP_S)
        self.bequests: str = frame.get("bequests") or ""
        self.registry: dict[str, dict[str, Any]] = {}
        self.boot = ""

    def rungs(self) -> list[list[str | float]]:
        """The ladder of a cancel that brings none of its own, as frames carry it."""
        cancel = self.settings.get("cancel") or {}
        usr1 = float(cancel.get("usr1_grace", 10.0))
        term = float(cancel.get("term_grace", 5.0))
        return [["USR1", usr1], ["TERM", term], ["KILL", float(cancel.get("kill_grace", 0.0))]]
