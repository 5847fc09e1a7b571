from __future__ import annotations

import pytest

from tasks.wepp.files import slope
from tasks.wepp.files.errors import CutShort, FormatError

TWO = """97.5
# written by hand
2
100.0 30.0
2 35.0  ! trailing words are nobody's
0.0,0.04 1.0,0.05
3 20.0
0.0 0.05
0.5 0.09
1.0 0.01
"""


def test_elements_come_from_the_top_with_their_points() -> None:
    """A profile of two elements is read, however its points are separated and wrapped."""
    read = slope.parse(TWO)
    assert (read.azimuth, read.width) == (100.0, 30.0)
    assert [e.length for e in read.elements] == [35.0, 20.0]
    assert read.elements[1].x == (0.0, 0.5, 1.0)
    assert read.elements[1].slope == (0.05, 0.09, 0.01)


def test_channels_have_a_width_each() -> None:
    """In a file of channels (99.1) every channel has its own azimuth and width."""
    read = slope.parse("99.1\n2\n10 1\n2 50\n0 .1 1 .1\n20 2\n2 60\n0 .2 1 .2\n")
    assert [(e.azimuth, e.width) for e in read.elements] == [(10.0, 1.0), (20.0, 2.0)]
    assert slope.parse(slope.dump(read)) == read


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 0, "the version"),
        ("96.0\n", 1, "version 96"),
        ("97.5\n0\n", 2, "0 elements"),
        ("97.5\n1\n100 0\n", 3, "width 0"),
        ("97.5\n1\n100 30\n1 35\n", 4, "1 slope points"),
        ("97.5\n1\n100 30\n2.0 35\n", 4, "a whole number without a point"),
        ("97.5\n1.0\n100 30\n2 35\n", 2, "a whole number without a point"),
        ("97.5\n1\n100 30\n2 0\n", 4, "length 0"),
        ("97.5\n1\n100 30\n2 35\n0,0.1 1,-0.1\n", 5, "slope -0.1 at 1"),
        ("97.5\n1\n100 30\n2 35\n0,0.1 1,NaN\n", 5, "found 'NaN'"),
        ("97.5\n1\n100 30\n2 35\n0,0.1 1,35\n", 5, "is it in per cent"),
        ("97.5\n1\n100 30\n2 50000\n0,0.1 1,0.1\n", 4, "length 50000 m"),
        ("97.5\n1\n1e9 30\n2 35\n0,0.1 1,0.1\n", 3, "azimuth 1e\\+09 degrees"),
        ("97.5\n1e400\n", 2, "found '1e400'"),
        ("97.5\n" + "9" * 5000 + "\n", 2, "found '999"),
        ("97.5\n1\n100 30\n2 35\n0,0.1 0.9,0.1\n", 5, "ascend from 0 to 1"),
        ("97.5\n1\n100 30\n2 35\n0,0.1 1,0.1\n2 35\n", 6, "must end here"),
    ],
)
def test_a_broken_profile_names_its_line(text: str, line: int, says: str) -> None:
    """What the engines swallow or die of is one error with file, line and reason."""
    with pytest.raises(FormatError, match=says) as caught:
        slope.parse(text, "p1.slp")
    assert (caught.value.path, caught.value.line) == ("p1.slp", line)


def test_a_cut_profile_says_what_is_missing() -> None:
    """A file that ends amid the points says so."""
    with pytest.raises(CutShort, match="pairs of distance and slope"):
        slope.parse("97.5\n1\n100 30\n3 35\n0,0.1 0.5,\n")
