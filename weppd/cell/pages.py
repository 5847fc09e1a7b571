"""Memory pages of a zygote, of which each of its forks must copy the list.

Loading numpy and pandas reads most of their files, running with them a part. Such pages are the
kernel's copies of the files, and no memory of the process; but it has them mapped, so that they
count as its own, and the kernel takes them last. Let go of, one that is needed after all is mapped
again by a fault, without a look at the disk while the kernel keeps it.

What they wrote is tens of megabytes; the zygote has that gathered into large pages.

A loaded library has two mappings with pages of its own, what the loader alone wrote to and the
data: a fork and an exit take 2 µs for each. A zygote makes one of them, which can be written to.

Of code a fork copies no list: each child maps anew what it runs, at a fault for each 64 KiB. But it
does where a process has a page of its own in a mapping, and so the zygote has.
"""

from __future__ import annotations

import ctypes
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SMAPS = "/proc/self/smaps"
_DONTNEED, _COLLAPSE = 4, 25  # of madvise(2); the latter is of Linux 6.1
_READ, _WRITE = 1, 2  # of mprotect(2)
_LARGE = 1 << 21
#: A large page has memory for all that is in it: so much of a mapping must be in use already.
_IN_USE = 0.9
#: What must be nothing in a mapping, so that all that is in it is its file's: a private page that
#: was written to, by the loader for one, is anonymous. A dirty one may be new in the file.
_OWN = frozenset(("Anonymous:", "Swap:", "Locked:"))
#: A mapping of less code than this (KiB) is cheaper mapped anew.
_MUCH_CODE = 64
_PAGE = 4096
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


def keep_code() -> int:
    """Have a fork copy the list of the pages of code that this process has run.

    Writes a byte of each such mapping over itself, by way of /proc/self/mem, which gives it a page
    of its own there (proc_pid_mem(5)). Returns of how many mappings: 0 where that is not allowed.
    """
    try:
        with open(_SMAPS) as smaps, open("/proc/self/mem", "r+b", buffering=0) as memory:
            return sum(_own_page(memory.fileno(), end - _PAGE) for end in list(code(smaps)))
    except OSError:
        return 0


def code(smaps: Iterable[str]) -> Iterator[int]:
    """Where mappings of much code end, or of a library's constants, by a smaps file."""
    end = held = 0
    of_library = False
    for line in smaps:
        words = line.split()
        if not words[0].endswith(":"):
            end = int(words[0].partition("-")[2], 16)
            of_library = len(words) > 5 and ".so" in words[5] and words[1] in ("r-xp", "r--p")
        elif words[0] == "Rss:":
            held = int(words[1])
        elif words[0] == "Anonymous:" and of_library and held >= _MUCH_CODE and words[1] == "0":
            yield end


def join() -> int:
    """Make what the loader protected in libraries (RELRO) one mapping with the data behind it.

    It can be written to then, as it is where a library is not protected so. Returns of how many.
    """
    try:
        with open(_SMAPS) as smaps:
            found = list(protected(smaps))
    except OSError:
        return 0
    return sum(_LIBC.mprotect(*_range(*each), _READ | _WRITE) == 0 for each in found)


def protected(smaps: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Start and length (bytes) of mappings with pages of their own which cannot be written to, with
    data of the same file right behind, by the lines of a smaps file."""
    start = end = 0
    file, own = "", False
    for line in smaps:
        words = line.split(maxsplit=5)
        if not words[0].endswith(":"):
            place = [int(each, 16) for each in words[0].split("-")]
            name = words[5] if len(words) > 5 else ""
            if own and place[0] == end and name == file and words[1] == "rw-p":
                yield start, end - start
            start, end = place
            file = name if name.startswith("/") and words[1] == "r--p" else ""
            own = False
        elif words[0] == "Anonymous:":
            own = bool(file) and words[1] != "0"


def _own_page(memory: int, place: int) -> bool:
    return os.pwrite(memory, os.pread(memory, 1, place), place) == 1


def _advise(start: int, length: int, advice: int) -> bool:
    return bool(_LIBC.madvise(*_range(start, length), advice) == 0)


def _range(start: int, length: int) -> tuple[ctypes.c_void_p, ctypes.c_size_t]:
    return ctypes.c_void_p(start), ctypes.c_size_t(length)
