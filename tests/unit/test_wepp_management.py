from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from tasks.wepp.files import management
from tasks.wepp.files.errors import CutShort, FormatError, Refused
from tasks.wepp.files.scenarios import Annual, Perennial

FIELD = """98.4
# written by hand

1 # elements
4 # years

1 # plants

Corn
a plant
# not a comment, the second line

1 # landuse
bu/a # unit
3.6 3.0 35.0 10.0 3.2 60.0 0.0 0.3 0.65 0.051
0.8 0.98 0.65 0.99 0.0 1700.0 0.5 2.6
2
0.0065 0.0065 25.0 0.25 0.219 1.52 0.25 0.0 30 0.0
0.0 3.5 0.0

2 # operations
Plow



1
0.9 0.95 0
4
0.05 0.3 0.9 0.95 0.04 1.0
0.15   the seventh number on the next line
Cultivator
a
b
c
1
0.3 0.4 2
3
1
0.05 0.3 0.3 0.4 0.02 0.9 0.05

1 # initial
Start
a
b
c
1
1.1 0.0 200 92 0.0 0.2
1
1
300.0 0.02 0.2 0.02 0.0
1
0.0 0.0 0.1 0.2 0.0
0.02 0.02

1 # surface effects
Year
a
b
c
1
2
120 # mdate
1 # op
0.15
1
160
2
0.05
2

0
0

2 # yearly
Corn
a
b
c
1
1
1
0
0
1
   290
   125
   0.76
   2
   300
   0.5
   0.25
Hay
a
b
c
1
1
0
0
0
2
   0
   0
   0
   0.0
   1
   2
   150
   220

Manage
a
b
c
1
1
2 # rotations
2 # years
2
1
2
1
2
1
1
1
2
"""


def at(old: str, new: str) -> str:
    """The field's file with the first `old` changed."""
    assert old in FIELD
    return FIELD.replace(old, new, 1)


def test_every_section_of_a_field_is_read() -> None:
    """Plants, tools, state, tillage and years come out under WEPP's own names."""
    field = management.parse(FIELD)
    (plant,) = field.plants
    assert (plant.unit, plant.beinp, plant.spriod, plant.xmxlai) == ("bu/a", 35.0, 30, 3.5)
    assert plant.head.description[1] == "# not a comment, the second line"
    assert [o.cltpos for o in field.operations] == [None, 1]
    assert field.operations[0].tdmean == 0.15
    assert field.initial(0).inrcov == 0.2
    assert [(t.mdate, t.op, t.typtil) for t in field.surface_effects[0].tillages] == [
        (120, 1, 1),
        (160, 2, 2),
    ]
    corn, hay = (yearly.crop for yearly in field.yearlies)
    assert corn == Annual(290, 125, 0.76, 2, date=300, fractions=(0.5, 0.25))
    assert hay == Perennial(0, 0, 0, 0.0, 1, cuttings=(150, 220))


def test_the_schedule_tells_what_grows_in_each_year() -> None:
    """`nyears` stands once; rotations may differ; two crops in a year come in order."""
    field = management.parse(FIELD)
    assert (field.rotations, field.years_per_rotation, field.simulated_years) == (2, 2, 4)
    names = [[y.head.name for y in field.crops(year, 0)] for year in (1, 2, 3, 4)]
    assert names == [["Corn", "Hay"], ["Hay"], ["Corn"], ["Hay"]]


def test_writing_keeps_every_value() -> None:
    """What is written reads back as the same document."""
    field = management.parse(FIELD)
    assert management.parse(management.dump(field)) == field


def test_a_value_of_many_digits_is_written_in_full() -> None:
    """Five decimals are the custom, not a loss."""
    field = management.parse(FIELD)
    plant = replace(field.plants[0], oratea=1.23456789e-7)
    finer = replace(field, plants=(plant,))
    assert management.parse(management.dump(finer)) == finer


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("98.4", "50.1", "version 50.1"),
        ("98.4", "corn", "found 'corn'"),
        ("1 # plants", "0", "0 plant scenarios"),
        ("# not a comment, the second line\n", "", "three lines of description"),
        ("0.0 0.0 0.1 0.2 0.0\n0.02", "0.0 0.0 0.1 0.2 0.0\n0.02 x", "found 'x'"),
        ("1.1 0.0 200", "1.1 1.2 200", "cancov 1.2"),
        ("0.2\n1\n1\n300", "0.2\n0\n1\n300", "iresd 0: .* plant scenarios 1 to 1"),
        ("0.2\n1\n1\n300", "0.2\n1\n4\n300", "imngmt 4"),
        ("120 # mdate", "367", "mdate 367"),
        ("1 # op", "3", "op 3: .* operation scenarios 1 to 2"),
        ("2\n120", "0\n120", "ntill 0"),
        ("1\n1\n1\n0\n0\n1\n   290", "1\n2\n1\n0\n0\n1\n   290", "itype 2"),
        ("1\n0\n0\n1\n   290", "2\n0\n0\n1\n   290", "tilseq 2"),
        ("1\n0\n0\n1\n   290", "1\n1\n0\n1\n   290", "conset 1"),
        ("   0.76\n   2", "   0.76\n   5", "resmgt 5 .* no effect from version 98.3"),
        ("   0.76\n   2", "   0.76\n   7", "resmgt 7"),
        ("   290", "   290.5", "jdharv must be a whole number"),
        ("2 # rotations\n2 # years\n2\n1\n2\n", "2\n2\n2\n1\n3\n", "yearly index 3"),
        ("2 # rotations", "0", "the number of rotations is 0"),
        ("0.9 0.95 0\n4", "0.9 0.95 0\n5", "pcode 5"),
    ],
)
def test_what_the_engines_pass_over_is_an_error_with_its_line(
    old: str, new: str, says: str
) -> None:
    """Indices, dates, fractions, codes and versions out of range name file, line and value."""
    with pytest.raises(FormatError, match=says) as caught:
        management.parse(at(old, new), "p1.man")
    changed = [i for i, (a, b) in enumerate(_lines(at(old, new)), 1) if a != b]
    assert caught.value.path == "p1.man"
    assert changed[0] <= caught.value.line <= changed[0] + 8


def _lines(text: str) -> list[tuple[str, str]]:
    ours, theirs = FIELD.splitlines(), text.splitlines()
    return list(zip(ours, theirs, strict=False))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("98.4", "2016.3", "version 2016.3"),
        ("98.4", "2017.1", "version 2017.1"),
        ("1 # landuse", "2 # landuse", "plant 1 'Corn': rangeland"),
        ("1 # landuse", "3 # landuse", "forest as a land use"),
        ("1 # landuse", "4 # landuse", "road as a land use"),
    ],
)
def test_known_forms_are_refused_by_name(old: str, new: str, says: str) -> None:
    """A form that is known and not read says its name."""
    with pytest.raises(Refused, match=says):
        management.parse(at(old, new))


def test_residue_operations_came_with_98_3() -> None:
    """pcode 10 adds residue of a plant from 98.3 on, and is an error in an older file."""
    added = at("4\n0.05 0.3 0.9 0.95 0.04 1.0\n0.15", "10\n0.05 0.3 0.9 0.95 0.04 1.0 0.15\n1\n0.4")
    added = added.replace("   the seventh number on the next line", "")
    field = management.parse(added)
    residue = field.operations[0].residue
    assert residue is not None
    assert (residue.plant, residue.amount) == (1, 0.4)
    assert management.parse(management.dump(field)) == field
    with pytest.raises(FormatError, match="pcode 10 needs version"):
        management.parse(added.replace("98.4", "95.7", 1))


def test_a_file_cut_anywhere_is_an_error() -> None:
    """Whatever the line after which a file ends, it does not pass for a whole one."""
    lines = FIELD.splitlines()
    for count, _ in enumerate(pairwise(lines), 1):
        with pytest.raises(CutShort):
            management.parse("\n".join(lines[:count]))


def test_nothing_may_follow_the_schedule() -> None:
    """Records left over tell of a miscounted section."""
    with pytest.raises(FormatError, match="must end here, found '1'"):
        management.parse(FIELD + "1\n")
