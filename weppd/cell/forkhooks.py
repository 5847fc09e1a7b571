"""What libraries have done around each fork (os.register_at_fork), left out if it is for nothing.

`threading`, `logging` and `concurrent.futures` take their locks before a fork and renew them in the
child: another thread may have held one, and is not there to let go of it. A forker has one thread,
which holds none. In a child that does nothing this was a fifth of all page faults, a quarter with
pandas. The child has it back before its job begins, for that may have threads and fork itself.
"""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Hook = Callable[[], object]

#: The interpreter's own lists: what it calls before a fork, in the parent and in the child.
_lists: list[list[Hook]] = []
#: What `threading._after_fork` and its thread's part use in Python 3.11 to 3.13: locks and the
#: table of threads. One that does more is not left out.
_KNOWN = frozenset(
    "RLock _active_limbo_lock _active get_ident KeyError _MainThread _main_thread _allocate_lock"
    " _shutdown_locks_lock set _shutdown_locks _enumerate update _dangling _reset_internal_locks"
    " _ident _stop _limbo clear len _after_fork _started _at_fork_reinit _tstate_lock acquire"
    " _is_stopped _handle ident".split()
)
#: What `random.Random.seed` uses in the same versions: without a seed it has the C part take one,
#: and forgets the half of a pair of normal deviates.
_SEEDS = frozenset(
    "isinstance str bytes decode ord map len bytearray encode int from_bytes _sha512 _sha2 sha512"
    " hashlib ImportError digest type float TypeError super seed gauss_next".split()
)
#: Of `logging`: what takes its lock, what lets it go, and what renews it and its handlers', in
#: Python 3.11 and 3.13.
_LOGGING = (
    ("_acquireLock", "_releaseLock", "_after_at_fork_child_reinit_locks"),
    ("_prepareFork", "_afterFork", "_after_at_fork_child_reinit_locks"),
)


def find() -> bool:
    """Find the interpreter's lists; whether it has them where they can be found.

    Before gc.freeze(), which hides them. A list that an interpreter makes later is not known.
    """

    def probe() -> None:
        """Tells the interpreter's lists from a library's that hold the same functions."""

    os.register_at_fork(before=probe, after_in_parent=probe, after_in_child=probe)
    _lists[:] = [each for each in gc.get_referrers(probe) if type(each) is list]
    for hooks in _lists:
        hooks.remove(probe)
    return len(_lists) == 3


def leave_out() -> Hook:
    """Leave out of this process's forks what only renews locks; returns what puts it back.

    The process must have one thread, which holds no lock whenever it forks. What seeds `random`
    anew stays, by a shorter way.
    """
    needless = [hook for group in _groups() if all(map(_listed, group)) for hook in group]
    taken = []
    for hooks in _lists:
        for place in reversed(range(len(hooks))):
            if hooks[place] in needless:
                taken.append((hooks, place, hooks.pop(place)))
    taken.reverse()
    seeds = _shorten(sys.modules.get("random"))

    def put_back() -> None:
        for hooks, place, hook in seeds:
            hooks[place] = hook
        for hooks, place, hook in taken:
            hooks.insert(place, hook)

    return put_back


def _shorten(random: Any) -> list[tuple[list[Hook], int, Hook]]:
    """Put in the place of `random`'s function what it comes to without a seed; what was where."""
    shared: Any = getattr(random, "_inst", None)
    if type(shared) is not getattr(random, "Random", None) or not _names(shared.seed) <= _SEEDS:
        return []
    found = [(hooks, hooks.index(shared.seed)) for hooks in _lists if shared.seed in hooks]
    seed = super(random.Random, shared).seed

    def reseed() -> None:
        seed()
        shared.gauss_next = None

    was = [(hooks, place, hooks[place]) for hooks, place in found]
    for hooks, place in found:
        hooks[place] = reseed
    return was


def _names(function: Any) -> set[str]:
    return set(function.__code__.co_names)


def _listed(hook: Hook) -> bool:
    return any(hook in hooks for hooks in _lists)


def _groups() -> list[list[Hook]]:
    """The functions of each library that is loaded: to be left out together, or none of them."""
    groups = [_of_threading(sys.modules.get("threading"))]
    logging = sys.modules.get("logging")
    for names in _LOGGING:
        if all(hasattr(logging, name) for name in names):
            groups.append([getattr(logging, name) for name in names])
    futures = sys.modules.get("concurrent.futures.thread")
    lock: Any = getattr(futures, "_global_shutdown_lock", None)
    if hasattr(lock, "_at_fork_reinit"):
        groups.append([lock.acquire, lock.release, lock._at_fork_reinit])
    return groups


def _of_threading(threading: Any) -> list[Hook]:
    hook = getattr(threading, "_after_fork", None)
    thread = getattr(threading, "Thread", None)
    its = getattr(thread, "_reset_internal_locks", None) or getattr(thread, "_after_fork", None)
    return [hook] if hook and its and _names(hook) | _names(its) <= _KNOWN else []
