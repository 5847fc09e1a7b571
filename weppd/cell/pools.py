"""Where the interpreter's objects stand in a zygote, of which each fork copies what it touches.

The interpreter takes memory for them by the MiB, as it needs it, and that is then between two
libraries, too small for a large page (`weppd.cell.pages`). Taken all at once, before there are
libraries, it lies together.

New objects go where old ones were: a child's first ones would each be in another memory page, which
it has to copy first. So the zygote fills what holes it has.
"""

from __future__ import annotations

import ctypes
import sys

#: The interpreter's allocator has pools of so many bytes, of objects of one size, after a header.
_POOL, _HEADER, _STEP, _LARGEST = 1 << 14, 48, 16, 512
#: It takes memory for so many bytes of them at a time; so many of the largest are in a pool.
_ARENA, _IN_POOL = 1 << 20, 31
_RESERVED = 40
#: With those that need them come the others: pandas, pyarrow and rasterio import numpy first.
_LARGE_LIBRARIES = ("numpy",)
#: A bytes object has so many bytes besides its content.
_BYTES = 33
#: Holes have so many bytes at most.
_MOST_HOLES, _TOGETHER = 2 << 20, 500
_fillers: list[list[object]] = []
_LIBC = ctypes.CDLL(None)


class Room:
    """Inside the `with`, the first import of a large library finds room for its objects in a piece.

    What of that nobody has used by the end the interpreter gives back.
    """

    def __init__(self) -> None:
        self._kept: list[object] = []

    def __enter__(self) -> Room:
        """Look at what is imported."""
        sys.meta_path.insert(0, self)
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Let go of what keeps the room."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        self._kept.clear()

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """As a finder of modules: finds none, and takes the room before the others do."""
        if name in _LARGE_LIBRARIES:
            sys.meta_path.remove(self)
            self._kept = reserve()


def reserve() -> list[object]:
    """Have the interpreter take `_RESERVED` pieces of memory; an object in each, which keeps it."""
    many = [bytes(_LARGEST - _BYTES) for _ in range(_RESERVED * (_ARENA // _POOL) * _IN_POOL)]
    return list({id(one) // _ARENA: one for one in many}.values())


def fill() -> None:
    """Fill the holes among the interpreter's small objects, and give back what is free beside them.

    The next objects of each size then stand together, in a pool of their own. An interpreter that
    has no such pools is left alone after the first size.
    """
    all(map(_fill, range(_STEP, _LARGEST + 1, _STEP)))
    if hasattr(_LIBC, "malloc_trim"):
        _LIBC.malloc_trim(ctypes.c_size_t(0))


def _fill(size: int) -> bool:
    """Make objects of a size until the last two are the first of a new pool; whether they came."""
    before = 0
    for n in range(_MOST_HOLES // size):
        if not n % _TOGETHER:
            _fillers.append([None] * _TOGETHER)
        _fillers[-1][n % _TOGETHER] = one = _object(size, n)
        place = id(one)
        if place == before + size and before % _POOL == _HEADER:
            return True
        before = place
    return False


def _object(size: int, n: int) -> object:
    if size >= _BYTES:
        return bytes(size - _BYTES)
    return object() if size == _STEP else (1 << 20) + n
