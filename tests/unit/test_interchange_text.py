"""A report is read in blocks of whole lines, however it is cut up."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.interchange import passing, text
from tasks.wepp.files.errors import CutShort, FormatError

ROWS = st.lists(st.text("0123456789 .", min_size=1, max_size=30), min_size=1, max_size=40)
HEAD = st.lists(st.sampled_from([" OFE Day", "", "-----", "  mm (m)"]), max_size=4)


def read(
    data: bytes, size: int, name: str = "r.dat", **options: object
) -> tuple[list[str], list[text.Block]]:
    """The head, and the blocks of about `size` bytes, of a file of this content."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / name
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        begins = options.pop("begins", text.ROW)
        with text.Report(path, begins) as report:  # type: ignore[arg-type]
            return report.head, list(report.blocks(size, **options))  # type: ignore[arg-type]


@given(HEAD, ROWS, st.integers(1, 60), st.booleans(), st.booleans())
def test_blocks_are_the_rows_in_order(
    head: list[str], rows: list[str], size: int, windows: bool, ended: bool
) -> None:
    """No line is lost, doubled or torn, and each block knows the number of its first."""
    rows = [f"1{row}" for row in rows]
    end = "\r\n" if windows else "\n"
    data = end.join([*head, *rows]) + (end if ended else "")
    name = "r.dat.gz" if windows else "r.dat"
    found, blocks = read(data.encode(), size, name)
    assert found == [line.rstrip() for line in head]
    lines: list[str] = []
    for block in blocks:
        assert block.line == len(head) + len(lines) + 1
        lines += block.data.tobytes().decode().splitlines()
    assert [line.rstrip() for line in lines] == [row.rstrip() for row in rows]
    assert [block.cut for block in blocks] == [False] * (len(blocks) - 1) + [not ended]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.integers(1, 80))
def test_records_of_many_lines_stay_whole(lengths: list[int], size: int) -> None:
    """A record of a pass file begins with its label, and ends where the next one begins."""
    records = [
        f"{passing.LABELS[n % 3]:<10}    1{n + 1:6d}\n" + " 1.0 2.0\n" * length
        for n, length in enumerate(lengths)
    ]
    _, blocks = read(
        ("head\n" + "".join(records)).encode(),
        size,
        begins=passing.BEGINS,
        cut=passing.last_record,
    )
    data = b"".join(block.data.tobytes() for block in blocks).decode()
    assert data == "".join(records)
    for block in blocks:
        assert passing.BEGINS.match(block.data.tobytes())
        assert len(passing.records(block)) >= 1


def test_a_line_without_end_is_told_from_one_that_is_wrong() -> None:
    """The writer was killed in it, or it is wrong itself."""
    _, (whole, rest) = read(b"1 2 3\n4 5", 100)
    assert (whole.cut, rest.cut) == (False, True)
    with pytest.raises(CutShort, match=r"r\.dat:2: here"):
        rest.cut_short("here")
    with pytest.raises(FormatError, match=r"r\.dat:1: there"):
        whole.fail("there")


def test_a_file_without_rows_has_a_head_only() -> None:
    """An engine that stopped early leaves its headings."""
    assert read(b" OFE Day\n mm\n", 10) == ([" OFE Day", " mm"], [])
    assert read(b"", 10) == ([], [])
