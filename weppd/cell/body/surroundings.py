"""What a job finds around it: its environment, its directory, and libraries fit for a fork."""

from __future__ import annotations

import ctypes
import os
import sys
from os import F_OK, access
from struct import pack

from weppd.cell.body.environment import announce
from weppd.cell.quota import weights

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from weppd.cell.body.environment import Ahead


#: How many modules were loaded at the last look, and what was found that knows their thread pools.
_pools: tuple[int, Any] = 0, None
#: What is so until a job has run: how many threads the pools have (0: not known), and the state of
#: numpy's global generator.
_fresh: tuple[int, memoryview | None] = 0, None
#: The state of the Mersenne twister: so many bytes, then how many of its words are used up.
_TWISTER, _WORDS = 2496, 624


def prepare(start: dict[str, Any], ahead: Ahead | None = None) -> None:
    """Set the environment of the job of this `start` frame and make its directory.

    `ahead` is what of it was made before, where no job has run since. OSError names the directory
    if it cannot be made, and CPUs that this host does not have.
    """
    job, tmp, runid = start["job"], start.get("tmp"), start.get("runid")
    cpus = str(start.get("cpus") or 1)
    environ = os.environ
    if ahead is not None:
        ahead.tell(job, tmp)
    else:
        environ["WEPPD_JOB_ID"] = environ["RQ_JOB_ID"] = job
    if ahead is None or ahead.cpus != cpus:
        announce(cpus)
    if runid or ahead is None:
        environ["WEPPD_RUNID"] = runid or ""
    if "env" in start:
        environ.update(start["env"] or {})
    if "limits" in start:
        weights.take(start["limits"] or {})
    if tmp:
        if ahead is None or "env" in start:
            environ["TMPDIR"] = tmp
        _make(tmp)


def _make(tmp: str) -> None:
    if not access(tmp, F_OK):
        try:
            os.mkdir(tmp, 0o700)  # noqa: PTH102 - no pathlib in a light child
        except FileExistsError:
            pass
    if "tempfile" in sys.modules:  # it remembers where it put files before
        setattr(sys.modules["tempfile"], "tempdir", None)  # noqa: B010


def meet_libraries() -> None:
    """Look at what this process has loaded by now: a zygote does, once, after it has preloaded, for
    a look takes longer than all else that is done before a job.
    """
    global _fresh
    _look_up()
    pools = _pools[1].lib_controllers if _pools[1] is not None else ()
    threads = {each.num_threads for each in pools}
    _fresh = (threads.pop() if len(threads) == 1 else 0), _generator()


def prepare_libraries(cpus: int) -> None:
    """Do what forked copies of numerical libraries need, where this process has loaded them."""
    global _fresh
    (threads, generator), _fresh = _fresh, (0, None)
    # Preloaded, it would draw the same numbers in every child.
    if generator is not None:
        generator[:_TWISTER] = os.urandom(_TWISTER)
        generator[_TWISTER:] = pack("=i", _WORDS)
    elif "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()
    if "numba" in sys.modules:
        numba = sys.modules["numba"]  # it has a pool of its own, which threadpoolctl does not know,
        # and may bring OpenMP's in with it: so it comes first
        numba.set_num_threads(max(1, min(cpus, numba.config.NUMBA_NUM_THREADS)))
    met = _pools
    _look_up()
    if _pools[1] is not None and (_pools is not met or threads != cpus):
        # The environment is read when such a library is loaded: too late for a preloaded one.
        _pools[1].limit(limits=cpus)


def _look_up() -> None:
    global _pools
    if "numpy" in sys.modules and _pools[0] != len(sys.modules):
        try:
            _pools = len(sys.modules), __import__("threadpoolctl").ThreadpoolController()
        except ImportError:
            # Nor is it there for the next job: a search takes longer than all else before one.
            _pools = len(sys.modules), None


def _generator() -> memoryview | None:
    """The state of numpy's global generator, to be written to: seeding it touches a hundred memory
    pages. None where it is not loaded, or not what it is known to be.
    """
    random = sys.modules.get("numpy.random")
    if random is None or not hasattr(random, "get_bit_generator"):
        return None
    random.seed()  # forgets half of a pair of normal deviates, too
    address = random.get_bit_generator().ctypes.state_address
    name, key, used, *_ = random.get_state()
    state = memoryview((ctypes.c_ubyte * (_TWISTER + 4)).from_address(address)).cast("B")
    return state if name == "MT19937" and state == key.tobytes() + pack("=i", used) else None
