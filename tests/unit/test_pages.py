"""Letting go of what was read of files, gathering what was written: nothing changes by it."""

from __future__ import annotations

import ctypes
import mmap
import subprocess
import sys
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


def held_kb(path: Path, what: str = "Rss:") -> int:
    """What this process has mapped of a file, in KiB."""
    held, ours = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        words = line.split()
        if not words[0].endswith(":"):
            ours = words[-1] == str(path)
        elif ours and words[0] == what:
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


def test_only_memory_in_use_is_gathered() -> None:
    """Private memory of no file, whole large pages of it, none of them made of nothing."""
    smaps = """\
200000-801000 rw-p 00000000 00:00 0                      [heap]
Rss:                6000 kB
a00000-e00000 rw-p 00000000 00:00 0
Rss:                  80 kB
f00000-1500000 rw-p 00000000 00:00 0
Rss:                6144 kB
1600000-1a00000 rw-p 00003000 08:01 7                    /lib/data.so
Rss:                4096 kB
1a00000-1e00000 r--p 00000000 00:00 0
Rss:                4096 kB
1e00000-2200000 rw-p 00000000 00:00 0                    [stack]
Rss:                4096 kB
"""
    found = list(pages.filled(smaps.splitlines()))
    assert found == [0x200000, 0x400000, 0x600000, 0x1000000, 0x1200000]


def test_what_is_gathered_reads_the_same() -> None:
    """Large pages hold what the small ones did, whether the kernel makes them or not."""
    with mmap.mmap(-1, 8 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        memory[:] = bytes(range(256)) * (len(memory) // 256)
        assert pages.gather() >= 0
        assert memory[:] == bytes(range(256)) * (len(memory) // 256)


def test_code_that_much_was_run_of_is_kept() -> None:
    """Of a library's code and constants, not of what it may write to or has written to."""
    smaps = """\
10000-90000 r-xp 00000000 08:01 7                        /lib/code.so.1
Rss:                 128 kB
Anonymous:             0 kB
90000-a0000 r--p 00080000 08:01 7                        /lib/code.so.1
Rss:                  64 kB
Anonymous:             0 kB
a0000-b0000 r--p 00090000 08:01 7                        /lib/relocated.so
Rss:                  64 kB
Anonymous:            64 kB
b0000-c0000 rw-p 000a0000 08:01 7                        /lib/data.so
Rss:                  64 kB
Anonymous:             0 kB
c0000-d0000 r-xp 00000000 08:01 8                        /lib/small.so
Rss:                  60 kB
Anonymous:             0 kB
d0000-f0000 r--p 00000000 08:01 9                        /usr/lib/locale/C.utf8/LC_CTYPE
Rss:                 128 kB
Anonymous:             0 kB
"""
    assert list(pages.code(smaps.splitlines())) == [0x90000, 0xA0000]


def test_code_that_is_kept_reads_the_same(library: Path) -> None:
    """It has one page of its own, by which a fork copies the list, with what stands in the file."""
    with library.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), SIZE, mmap.MAP_PRIVATE, mmap.PROT_READ)
    with mapped:
        before = mapped[:]
        if not pages.keep_code():
            pytest.skip("a process may not write to its memory by way of /proc here")
        assert held_kb(library, "Anonymous:") == mmap.PAGESIZE // 1024
        assert mapped[:] == before == library.read_bytes()


def test_what_the_loader_protected_is_one_mapping_with_the_data_behind_it() -> None:
    """Of the same file, with pages of its own, and no hole between."""
    text = """\
1000-2000 r--p 00000000 08:01 7                        /lib/a b.so
Rss:                   4 kB
Anonymous:             0 kB
2000-3000 r--p 00001000 08:01 7                        /lib/a b.so
Anonymous:             4 kB
3000-5000 rw-p 00002000 08:01 7                        /lib/a b.so
Anonymous:             4 kB
5000-6000 r--p 00001000 08:01 8                        /lib/other.so
Anonymous:             4 kB
6000-7000 rw-p 00002000 08:01 9                        /lib/third.so
8000-9000 r--p 00001000 08:01 8                        /lib/hole.so
Anonymous:             4 kB
a000-b000 rw-p 00002000 08:01 8                        /lib/hole.so
"""
    assert list(pages.protected(text.splitlines())) == [(0x2000, 0x1000)]


def test_interpreter_goes_on_with_fewer_mappings() -> None:
    """Its libraries are called as before, and loading another one, too."""
    words = """
import _ctypes, _json
from weppd.cell import pages
def count(): return len(open("/proc/self/maps").readlines())
count()
before, joined = count(), pages.join()
print(joined > 0, count() <= before - joined)
import _decimal, json, math
print(json.loads("[1, 2]"), math.floor(_decimal.Decimal("2.5")), pages.join() > 0, pages.join())
"""
    command = [sys.executable, "-c", words]
    done = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60)
    assert done.stdout == "True True\n[1, 2] 2 True 0\n"
