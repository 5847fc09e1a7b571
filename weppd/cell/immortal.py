"""Counts of references that nobody writes to: what a process has made before it forks is immortal.

An interpreter counts in each object how often it is referred to. So a fork that only looks at one
writes to its memory page, which must be copied then. From Python 3.12 on a count of one certain
value is never written to (PEP 683, Immortal Objects, Include/object.h), nor is the object freed.
Of a fresh child's page faults that is nearly half.

A job sees two things of it. What it deletes of a preloaded module gives no memory back; the zygote
holds that in any case. And `sys.getrefcount` has a large number for it. What is to happen when an
object goes does happen: such objects stay mortal.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from _weakref import getweakrefcount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Words = ctypes.Array[ctypes.c_uint32]

#: The lower half of an immortal object's count on 64 bits, by version, where it was tried.
_IMMORTAL = {(3, 12): 0xFFFF_FFFF, (3, 13): 0xFFFF_FFFF}
#: More words of memory than a process has.
_ALL = 1 << 60
#: So many objects at a time: lists of all would leave behind megabytes that are free.
_TOGETHER = 1000
_FRAME = type(sys._getframe())


def make() -> int:
    """Make immortal what this process has made so far, but for what gc.freeze() has hidden.

    It must have one thread. Returns of how many objects: 0 where the interpreter is not known to
    have such counts, and all is left as it is.
    """
    words = _words()
    return _spread(gc.get_objects(), words, words[id(None) >> 2]) if words is not None else 0


def _words() -> Words | None:
    """This process's memory, if a count is where it is known to be and counts as it should."""
    immortal = _IMMORTAL.get(sys.version_info[:2])
    # A build for debugging insists that a string is not immortal before it is made so by its own.
    if sys.implementation.name != "cpython" or hasattr(sys, "gettotalrefcount") or not immortal:
        return None
    words: Words = (ctypes.c_uint32 * _ALL).from_address(0)
    probe = [object()]
    once = words[id(probe[0]) >> 2]
    probe *= 2
    found = once, words[id(probe[0]) >> 2], words[id(None) >> 2], sys.getrefcount(None)
    return words if found == (1, 2, immortal, immortal) else None


def _spread(found: list[Any], words: Words, immortal: int) -> int:
    """Make these objects immortal, what they refer to, and so on; of how many. Empties the list."""
    kinds: dict[type, bool] = {}
    many = 0
    while found:
        made = []
        for one in found[-_TOGETHER:]:
            place = id(one) >> 2
            if words[place] < immortal and _may(one, kinds):
                words[place] = immortal
                made.append(one)
        many += len(made)
        del found[-_TOGETHER:]
        found += [one for one in gc.get_referents(*made) if words[id(one) >> 2] < immortal]
    return many


def _may(one: object, kinds: dict[type, bool]) -> bool:
    """Whether nothing is to happen when this object goes."""
    kind = type(one)
    if kind not in kinds:
        kinds[kind] = _ends_unseen(kind)
    # Who refers to it weakly may wait for its end. A frozen class has none: it refers to itself.
    return kinds[kind] and (not getweakrefcount(one) or isinstance(one, type))


def _ends_unseen(kind: type) -> bool:
    """Whether nothing is done at the end of its objects: no file is closed, no generator's block.

    A frame may be running. An array of numpy's looks at its count before it changes its size.
    """
    bases = kind.__mro__
    return kind is not _FRAME and not any(
        "__del__" in base.__dict__ or base.__name__ == "ndarray" for base in bases
    )
