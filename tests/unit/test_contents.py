"""What a file holds is read once, whatever is asked of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tasks.run import contents
from tasks.run.contents import COMPARED, HEAD, TAIL


def written(tmp_path: Path, size: int) -> tuple[Path, bytes]:
    """A file of so many bytes, no two places of it alike."""
    text = b"".join(b"%07d\n" % number for number in range(size // 8 + 1))[:size]
    path = tmp_path / "H1.wat.dat"
    path.write_bytes(text)
    return path, text


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("size", [0, 1, TAIL, HEAD, HEAD + 1, 1 << 16, 1_000_003, COMPARED])
def test_a_file_is_told_by_size_digest_and_both_ends(tmp_path: Path, size: int, keep: bool):
    """Any tool can check the digest; the ends are whole, whatever parts the file was read in."""
    path, text = written(tmp_path, size)
    found = contents.read(path, keep=keep)
    assert found.measure == (size, hashlib.sha256(text).hexdigest())
    assert found.head[:HEAD] == text[:HEAD]
    assert text[-TAIL:] == found.tail[-TAIL:]
    assert found.text() == text
    assert contents.sha256(path).hex() == found.sha


@pytest.mark.parametrize("keep", [False, True])
def test_a_large_file_is_told_by_its_size_alone(tmp_path: Path, keep: bool):
    """Years of daily rows are not digested; how they begin and end is there all the same."""
    path, text = written(tmp_path, COMPARED + 1)
    found = contents.read(path, keep=keep)
    assert found.measure == (COMPARED + 1, "")
    assert (found.head[:HEAD], found.tail[-TAIL:]) == (text[:HEAD], text[-TAIL:])


def test_kept_text_is_that_which_was_digested(tmp_path: Path):
    """A file that changes behind the look is not looked at again."""
    path, text = written(tmp_path, 1_000_000)
    found = contents.read(path, keep=True)
    path.write_bytes(b"else")
    assert found.text() == text
