"""What a job finds around it: its environment, its directory, and libraries fit for a fork."""

from __future__ import annotations

import os
import sys

from weppd.cell.quota import weights

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


#: How many modules were loaded at the last look, and the thread pools that were found.
_pools: tuple[int, Any] | None = None


def prepare(start: dict[str, Any]) -> None:
    """Set the environment of the job of this `start` frame and make its directory.

    OSError names the directory if it cannot be made, and CPUs that this host does not have.
    """
    cpus = str(start.get("cpus") or 1)
    environ = os.environ
    environ["WEPPD_JOB_ID"] = environ["RQ_JOB_ID"] = start["job"]
    environ["WEPPD_RUNID"] = start.get("runid") or ""
    environ["WEPPD_CPUS"] = environ["OMP_NUM_THREADS"] = environ["OPENBLAS_NUM_THREADS"] = cpus
    for key, value in (start.get("env") or {}).items():
        environ[key] = value
    weights.take(start.get("limits") or {})
    tmp = start.get("tmp")
    if tmp:
        try:
            os.mkdir(tmp, 0o700)  # noqa: PTH102 - no pathlib in a light child
        except FileExistsError:
            pass
        environ["TMPDIR"] = tmp
        if "tempfile" in sys.modules:  # it remembers where it put files before
            setattr(sys.modules["tempfile"], "tempdir", None)  # noqa: B010


def meet_libraries() -> None:
    """Look up the thread pools of what this process has loaded by now: a zygote does, once, after
    it has preloaded, for a look takes longer than all else that is done before a job.
    """
    global _pools
    if "numpy" in sys.modules and (_pools is None or _pools[0] != len(sys.modules)):
        try:
            _pools = len(sys.modules), __import__("threadpoolctl").ThreadpoolController()
        except ImportError:
            return


def prepare_libraries(cpus: int) -> None:
    """Do what forked copies of numerical libraries need, where this process has loaded them."""
    if "numpy.random" in sys.modules:
        # Preloaded, it would draw the same numbers in every child.
        sys.modules["numpy.random"].seed()
    if "numba" in sys.modules:
        numba = sys.modules["numba"]  # it has a pool of its own, which threadpoolctl does not know,
        # and may bring OpenMP's in with it: so it comes first
        numba.set_num_threads(max(1, min(cpus, numba.config.NUMBA_NUM_THREADS)))
    meet_libraries()
    if _pools is not None:
        # The environment is read when such a library is loaded: too late for a preloaded one.
        _pools[1].limit(limits=cpus)
