"""What a job finds around it: its environment, its directory, and libraries fit for a fork."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def prepare(start: dict[str, Any]) -> None:
    """Set the environment of the job of this `start` frame and make its directory.

    OSError names the directory if it cannot be made.
    """
    cpus = str(start.get("cpus") or 1)
    environ = os.environ
    environ["WEPPD_JOB_ID"] = environ["RQ_JOB_ID"] = start["job"]
    environ["WEPPD_RUNID"] = start.get("runid") or ""
    environ["WEPPD_CPUS"] = environ["OMP_NUM_THREADS"] = environ["OPENBLAS_NUM_THREADS"] = cpus
    for key, value in (start.get("env") or {}).items():
        environ[key] = value
    tmp = start.get("tmp")
    if tmp:
        try:
            os.mkdir(tmp, 0o700)  # noqa: PTH102 - no pathlib in a light child
        except FileExistsError:
            pass
        environ["TMPDIR"] = tmp
        if "tempfile" in sys.modules:  # it remembers where it put files before
            setattr(sys.modules["tempfile"], "tempdir", None)  # noqa: B010


def prepare_libraries(cpus: int) -> None:
    """Do what forked copies of numerical libraries need, where this process has loaded them."""
    if "numpy.random" in sys.modules:
        # Preloaded, it would draw the same numbers in every child.
        sys.modules["numpy.random"].seed()
    if "numpy" in sys.modules:
        # The environment is read when such a library is loaded: too late for a preloaded one.
        try:
            limits = __import__("threadpoolctl").threadpool_limits
        except ImportError:
            return
        limits(cpus)
