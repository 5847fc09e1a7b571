"""Pages of libraries that a process has read and not changed, and needs no more.

Loading numpy and pandas reads most of their files, running with them a part. Such pages are the
kernel's copies of the files, and no memory of the process; but it has them mapped, so that they
count as its own, and the kernel takes them last. Let go of, one that is needed after all is mapped
again by a fault, without a look at the disk while the kernel keeps it.
"""

from __future__ import annotations

import ctypes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SMAPS = "/proc/self/smaps"
_DONTNEED = 4  # MADV_DONTNEED of madvise(2)
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
    return sum(_empty(start, length) for start, length in found)


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


def _empty(start: int, length: int) -> bool:
    place, size = ctypes.c_void_p(start), ctypes.c_size_t(length)
    return bool(_LIBC.madvise(place, size, _DONTNEED) == 0)
