"""The records of tests' own engine: whatever way a list is spelt, the values come back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wepp_engine.records import File, Stopped, Text

wholes = st.integers(-(10**9), 10**9)
reals = st.floats(allow_nan=False, allow_infinity=False, width=32)
texts = st.text("ab '\",/*0#", max_size=8)
separators = st.sampled_from([" ", ",", " , ", "\t", "\n", "\n\n ", ",\n", "  "])


def spelt(value: object) -> st.SearchStrategy[str]:
    """The ways to write a value."""
    if isinstance(value, str):
        marks = st.sampled_from("'\"")
        return marks.map(lambda mark: mark + value.replace(mark, mark * 2) + mark)
    plain = repr(value)
    return st.sampled_from(
        [plain, plain.replace("e", "D"), plain if plain[0] == "-" else f"+{plain}"]
    )


def connected(text: str, tmp_path_factory: pytest.TempPathFactory) -> File:
    path = tmp_path_factory.getbasetemp() / "list.txt"
    path.write_text(text, encoding="latin-1")
    return File(path)


@given(st.data())
def test_a_list_gives_its_values_and_no_more(tmp_path_factory, data):
    """Over lines, by blanks or commas, and what stands behind the last one is nobody's."""
    values = data.draw(st.lists(wholes | reals | texts, min_size=1, max_size=8))
    text = ""
    for value in values:
        text += data.draw(spelt(value)) + data.draw(separators)
    file = connected(f"{text.rstrip()} behind /\nthe next\n", tmp_path_factory)
    kinds = [Text(8) if isinstance(value, str) else type(value) for value in values]
    assert file.read(*kinds) == values
    assert file.record() == "the next"


@pytest.mark.parametrize(
    ("text", "kinds", "found"),
    [
        ("1 2,3\n4 5\n", (int,) * 4, [1, 2, 3, 4]),
        ("1,,3\n", (int,) * 3, [1, None, 3]),
        (",2 3\n", (int,) * 3, [None, 2, 3]),
        ("1 / 2\n", (int,) * 3, [1, None, None]),
        ("2*0.5 3\n", (float,) * 3, [0.5, 0.5, 3.0]),
        ("1 2* 4\n", (int,) * 4, [1, None, None, 4]),
        ("1.5d-2 3-2 .5 2.\n", (float,) * 4, [0.015, 0.03, 0.5, 2.0]),
        ("a/b c\n", (Text(8),) * 3, ["a", None, None]),
        ("old forest,0.9\n", (Text(8), Text(8)), ["old", "forest"]),
        ("'it''s' \"a/b\"\n", (Text(8),) * 2, ["it's", "a/b"]),
        ("'over\nlines' 1\n", (Text(9), int), ["overlines", 1]),
        ("abcdefghij 1\n", (Text(8), int), ["abcdefgh", 1]),
        ("1\n,2\n", (int,) * 2, [1, 2]),
    ],
)
def test_lists_are_read_as_gfortran_reads_them(tmp_path_factory, text, kinds, found):
    """Each line was read by a program that gfortran compiled, and gave the same."""
    assert connected(text, tmp_path_factory).read(*kinds) == found


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("2.0\n", int, "Bad integer"),
        ("a\n", float, "Bad real number"),
        ("# 1\n", float, "Bad real number"),
        ("'a'b\n", Text(3), "Invalid string"),
        ("0*1\n", int, "Zero repeat"),
        ("\n\n", int, "End of file"),
    ],
)
def test_what_is_no_value_stops_the_engine(tmp_path_factory, text, kind, says):
    """A whole number is not written with a point, and a list does not end with the file."""
    with pytest.raises(Stopped, match=says):
        connected(text, tmp_path_factory).read(kind)


def test_comments_are_lines_of_eighty_columns(tmp_path_factory):
    """What is blank there, or begins with `#`, is passed over, whatever follows in column 81."""
    hidden = f"{' ' * 80}7\n"
    file = connected(f"\n  # 5\n{hidden}8\n", tmp_path_factory)
    file.skip_comments()
    assert file.integer() == 8
