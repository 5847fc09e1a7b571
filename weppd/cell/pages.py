"""Memory pages of a zygote, of which each of its forks must copy the list.

Loading numpy and pandas reads most of their files, running with them a part. Such pages are the
kernel's copies of the files, and no memory of the process; but it has them mapped, so that they
count as its own, and the kernel takes them last. Let go of, one that is needed after all is mapped
again by a fault, without a look at the disk while the kernel keeps it.

What they wrote is tens of megabytes; the zygote has that gathered into large pages.
"""

from __future__ import annotations

import ctypes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SMAPS = "/proc/self/smaps"
_DONTNEED, _COLLAPSE = 4, 25  # of madvise(2); the latter is of Linux 6.1
_LARGE = 1 << 21
#: A large page has memory for all that is in it: so much of a mapping must be in use already.
_IN_USE = 0.9
#: What must be nothing in a mapping, so that all that is in it is its file's: a private page that
#: was written to, by the loader for one, is anonymous. A dirty one may be new in the file.
_OWN = frozenset(("Anonymous:", "Swap:", "Locked:"))
_LIBC = ctypes.CDLL(None, use_errno=True)


def let_go() -> int:
    """Unmap what this process has read of files and never changed (madvise(2), proc_pid_smaps(5)).

    Only mappings that cannot be written to, of files on disk, without a page of their own. Returns
    how many mappings were emptied: 0 where the kernel does not say what they hold.
    """
    try:
        with open(_SMAPS) as smaps:
            found = list(untouched(smaps))
    except OSError:
        return 0
    return sum(_advise(start, length, _DONTNEED) for start, length in found)


def untouched(smaps: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Start and length (bytes) of the mappings to empty, by the lines of a smaps file."""
    start = end = held = 0
    clean = False
    for line in smaps:
        words = line.split()
        if not words[0].endswith(":"):  # the head of the next mapping
            if clean and held:
                yield start, end - start
            start, end = (int(each, 16) for each in words[0].split("-"))
            clean = len(words) > 5 and words[5].startswith("/") and words[1][1::2] == "-p"
            held = 0
        elif words[0] == "Rss:":
            held = int(words[1])
        elif words[0] in _OWN and words[1] != "0":
            clean = False
    if clean and held:
        yield start, end - start


def gather() -> int:
    """Have what this process wrote put into large pages: a fork copies each of them as one.

    A page that is written to after the fork is copied by itself, as before. Returns how many large
    ones there are now: 0 where the kernel cannot.
    """
    try:
        with open(_SMAPS) as smaps:
            found = list(filled(smaps))
    except OSError:
        return 0
    return sum(_advise(start, _LARGE, _COLLAPSE) for start in found)


def filled(smaps: Iterable[str]) -> Iterator[int]:
    """Where large pages can be, in private memory that is nearly all in use, by a smaps file."""
    start = end = 0
    own = False
    for line in smaps:
        words = line.split()
        if not words[0].endswith(":"):  # the head of the next mapping
            start, end = (int(each, 16) for each in words[0].split("-"))
            own = words[1] == "rw-p" and words[5:] in ([], ["[heap]"])
        elif own and words[0] == "Rss:" and int(words[1]) << 10 >= (end - start) * _IN_USE:
            yield from range(-(-start // _LARGE) * _LARGE, end - _LARGE + 1, _LARGE)


def _advise(start: int, length: int, advice: int) -> bool:
    place, size = ctypes.c_void_p(start), ctypes.c_size_t(length)
    return bool(_LIBC.madvise(place, size, advice) == 0)
