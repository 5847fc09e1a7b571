from __future__ import annotations

from dataclasses import replace

import pytest

from tasks.wepp.files import soil
from tasks.wepp.files.errors import CutShort, FormatError, Refused

FOREST = """7778
# a comment that is skipped
Any comments:
1 0
'Forest loam'\t'clay loam'\t1\t0.23 0.75 400000 8.0e-05 2
  350 0.73 12 1.0 0.415 0.248 12.7 56.3 0.84 1.52 21.3
1 10000.0 3.6
255 255 255
"""


def test_a_layer_of_7778_has_its_own_water_contents() -> None:
    """A 7778 soil gives density, conductivity and water contents per layer, and no Ke."""
    (element,) = soil.parse(FOREST).elements
    (layer,) = element.layers
    assert (element.name, element.texture, element.ke) == ("Forest loam", "clay loam", None)
    assert (layer.bulk_density, layer.ksat, layer.anisotropy) == (0.73, 12.0, 1.0)
    assert (layer.fc, layer.wp, layer.sand, layer.clay) == (0.415, 0.248, 12.7, 56.3)
    assert element.restricting == soil.Restricting(1, 3.6, thickness=10000.0)


def test_a_2006_soil_ends_each_element_with_what_restricts_it() -> None:
    """2006.2 gives the anisotropy where 7778 gives the bedrock's thickness."""
    text = "2006.2\nAny\n1 1\n'a b' 'l' 1 .1 .5 1e6 3e-4 1 12\n400 25 30 5 25 15\n1 25.0 3.6e-005\n"
    (element,) = soil.parse(text).elements
    assert element.ke == 12.0
    assert element.restricting == soil.Restricting(1, 3.6e-5, anisotropy=25.0)


def test_a_7777_soil_ends_with_its_anisotropy_as_well() -> None:
    """Its layers have none of their own; only 7778 says how thick the rock below is."""
    text = "7777\nAny\n1 1\n'a' 'l' 1 .1 .5 1e6 3e-4 1\n400 1.1 9 .3 .1 25 30 5 25 15\n1 25 0.2\n"
    (element,) = soil.parse(text).elements
    assert element.restricting == soil.Restricting(1, 0.2, anisotropy=25.0)


def test_a_blank_line_is_no_comment() -> None:
    """Engines pass over it, and would take the next line for the comment: one is written always."""
    told = soil.parse(FOREST)
    assert soil.parse(FOREST.replace("Any comments:", "\nAny comments:")) == told
    assert soil.parse(soil.dump(replace(told, comment=" "))).elements == told.elements


@pytest.mark.parametrize("name", ["O'Brien loam", 'the "loam"', "a/b, c", "3*loam"])
def test_a_name_is_read_whole_whatever_it_holds(name: str) -> None:
    """A soil may be called after somebody: a quote in its name does not end it."""
    told = soil.parse(FOREST)
    named = replace(told, elements=(replace(told.elements[0], name=name, texture=name),))
    assert soil.parse(soil.dump(named)) == named


LAYER = "400 1.4 2 10 0.3 0.12 45 20 5 20 20 0.05 0.45 0.0123 1.61 12.3 0.11 0.28"


@pytest.mark.parametrize(
    ("version", "line", "recovery"),
    [
        (
            "9001",
            "1 'forest high sev fire' 'loam' 20 0.3",
            soil.Recovery(1, "forest high sev fire", "loam", factor=20, rate=0.3),
        ),
        (
            "9002",
            "0\t 'forest low sev fire'\t 'loam'\t 1.3 \t 0.3",
            soil.Recovery(0, "forest low sev fire", "loam", factor=1.3, rate=0.3),
        ),
        (
            "9003",
            "1 'shrub' 2 'loam' 10",
            soil.Recovery(1, "shrub", "loam", burn_code=2, lowest=10),
        ),
        (
            "9005",
            "1 'shrub' 2 'loam' 3 40 -9999",
            soil.Recovery(
                1, "shrub", "loam", burn_code=2, texture_code=3, highest=40, lowest=-9999
            ),
        ),
    ],
)
def test_a_disturbed_soil_says_how_its_conductivity_comes_back(
    version: str, line: str, recovery: soil.Recovery
) -> None:
    """The line before the element, and from 9002 on the curve behind each layer."""
    head = f"{version}\nAny\n1 0\n{line}\n"
    curved = version != "9001"
    layer_line = LAYER if curved else LAYER.split(" 0.05 ")[0]
    text = f"{head}'A b' 'L' 1 0.16 0.75 1e6 8e-4 1\n{layer_line}\n1 10000 100\n"
    (element,) = soil.parse(text).elements
    (layer,) = element.layers
    assert element.recovery == recovery
    assert (layer.anisotropy, layer.rock) == (10, 20)
    assert (layer.theta_r, layer.fc_curve) == ((0.05, 0.28) if curved else (None, None))
    assert element.restricting == soil.Restricting(1, 100.0, thickness=10000.0)
    with pytest.raises(FormatError, match="must be a whole number"):
        soil.parse(text.replace(line, line.replace(line[0], "0.5", 1)))


def test_the_version_that_nobody_writes_is_refused_by_name() -> None:
    """It is recognised: the refusal names the version, not a broken record."""
    with pytest.raises(Refused, match="version 9004 are not read: nobody writes any"):
        soil.parse("9004\nx\n1 1\n")


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("7778", "50.1", 1, "version 50.1"),
        ("1 0\n", "0 0\n", 4, "0 elements"),
        ("1 0\n", "1 7\n", 4, "ksflag 7"),
        ("clay loam'\t1", "clay loam'\t0", 5, "0 layers"),
        ("0.23", "1.23", 5, "albedo 1.23"),
        ("400000", "-1", 5, "must not be negative, found -1"),
        ("400000", "many", 5, "found 'many'"),
        ("56.3", "95", 6, "sand 12.7, clay 95"),
        ("0.248", "-0.2", 6, "wp -0.2 is not within"),
        ("0.248", "0.93", 6, "wilting point 0.93 above field capacity"),
        ("400000", "1e30", 5, "Ki 1e\\+30: no soil has more"),
        ("  350", "  -350", 6, "depth -350 is not within"),
        ("1 10000", "2 10000", 7, "flag 0 or 1"),
    ],
)
def test_a_broken_soil_names_its_line(old: str, new: str, line: int, says: str) -> None:
    """Each value that cannot be meant is one error with file, line and reason."""
    with pytest.raises(FormatError, match=says) as caught:
        soil.parse(FOREST.replace(old, new), "p1.sol")
    assert (caught.value.path, caught.value.line) == ("p1.sol", line)


def test_a_soil_cut_amid_a_layer_names_the_layer() -> None:
    """The file that stops inside a layer says which, where the engines die of end-of-file."""
    cut = FOREST[: FOREST.index("56.3")]
    with pytest.raises(CutShort, match="rest of layer 1"):
        soil.parse(cut, "p1.sol")


def test_layers_go_down() -> None:
    """A layer that ends above the one before it is an error."""
    text = "97.5\nx\n1 1\n'a' 'l' 2 .1 .5 1e6 3e-4 1 12\n400 25 30 5 25 15\n300 25 30 5 25 15\n"
    with pytest.raises(FormatError, match="depths must increase"):
        soil.parse(text)
