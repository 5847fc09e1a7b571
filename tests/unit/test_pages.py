"""Letting go of what was read of files: less is counted, and nothing changes."""

from __future__ import annotations

import ctypes
import mmap
from pathlib import Path

import pytest

from weppd.cell import pages

PAGES = 16
SIZE = PAGES * mmap.PAGESIZE
SMAPS = """\
1000-3000 r-xp 00000000 08:01 7                        /lib/code.so
Rss:                   8 kB
Private_Dirty:         0 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me
3000-4000 r--p 00002000 08:01 7                        /lib/relocated.so
Rss:                   4 kB
Private_Dirty:         4 kB
Anonymous:             4 kB
4000-5000 rw-p 00003000 08:01 7                        /lib/data.so
Rss:                   4 kB
Private_Dirty:         0 kB
5000-6000 r--s 00000000 08:01 8                        /lib/shared with blanks
Rss:                   4 kB
6000-7000 r--p 00000000 00:00 0
Rss:                   4 kB
7000-8000 r--p 00000000 00:00 0                        [vvar]
Rss:                   4 kB
8000-9000 r--p 00000000 08:01 9                        /lib/unread.so
Rss:                   0 kB
9000-b000 r--p 00000000 08:01 9                        /lib/swapped.so
Rss:                   4 kB
Swap:                  4 kB
b000-c000 r--p 00000000 08:01 9                        /lib/last one.so
Rss:                   4 kB
"""


def held_kb(path: Path) -> int:
    """What this process has mapped of a file, in KiB."""
    held, ours = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        words = line.split()
        if not words[0].endswith(":"):
            ours = words[-1] == str(path)
        elif ours and words[0] == "Rss:":
            held += int(words[1])
    return held


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A file of some pages, each with a word of its own."""
    path = tmp_path / "library.so"
    path.write_bytes(b"".join(b"%-*d" % (mmap.PAGESIZE, page) for page in range(PAGES)))
    return path


def test_only_clean_pages_of_files_are_let_go() -> None:
    """Neither what was written to, nor what may be, nor what is in no file."""
    found = list(pages.untouched(SMAPS.splitlines()))
    assert found == [(0x1000, 0x2000), (0xB000, 0x1000)]


def test_what_was_read_counts_no_more_and_reads_the_same(library: Path) -> None:
    """A library's pages are mapped again when they are needed."""
    with library.open("rb") as file:
        code = mmap.mmap(file.fileno(), SIZE, mmap.MAP_PRIVATE, mmap.PROT_READ)
    with code:
        before = code[:]
        assert held_kb(library) == SIZE // 1024
        assert pages.let_go() >= 1
        assert held_kb(library) == 0
        assert code[:] == before == library.read_bytes()


def test_what_a_loader_wrote_stays(library: Path) -> None:
    """Relocations stand in pages that were written to and then made read-only."""
    with library.open("rb") as file:
        both = mmap.PROT_READ | mmap.PROT_WRITE
        data = mmap.mmap(file.fileno(), SIZE, mmap.MAP_PRIVATE, both)
    libc = ctypes.CDLL(None)
    base = ctypes.c_char.from_buffer(data)
    place, size = ctypes.c_void_p(ctypes.addressof(base)), ctypes.c_size_t(SIZE)
    data[mmap.PAGESIZE : mmap.PAGESIZE + 5] = b"moved"
    assert libc.mprotect(place, size, mmap.PROT_READ) == 0
    pages.let_go()
    assert data[mmap.PAGESIZE : mmap.PAGESIZE + 5] == b"moved"
    assert libc.mprotect(place, size, both) == 0
    del base
    data.close()
