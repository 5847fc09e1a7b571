"""What is written for an engine, read as an engine reads it: each file by its own READ sequence."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import ValidationError

from tasks.hillsim import hidden
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.run.nodb import BrokenDocument
from tasks.wepp.documents import (
    BedShear,
    ChannelHydraulics,
    Climate,
    CoverChoice,
    Evapotranspiration,
    Frost,
    Groundwater,
    Landuse,
    Phosphorus,
    Snow,
    Soils,
    Water,
    Watershed,
    Wepp,
)
from tasks.wepp.files import management, slope, soil
from tasks.wepp.files.errors import FormatError
from tasks.wepp.prep import stages
from tasks.wepp.prep.covers import LIBRARY
from tasks.wepp.samples import cover as sample_cover
from tasks.wepp.samples.watershed import write_watershed
from tests.unit.wepp_inputs import change, write_inputs
from tests.wepp_engine import passes
from tests.wepp_engine.dialogue import Accepted, follow
from tests.wepp_engine.records import Stopped


def prepared(wd: Path, **sample) -> RunDirectory:
    """A sample watershed, its inputs written."""
    write_watershed(wd, **{"channels": 3, "years": 2, **sample})
    return write_inputs(wd)


def accepted(run: RunDirectory) -> list[Accepted]:
    """What an engine takes of each hillslope and of the network; none is changed or cut."""
    found = [follow(run.run_file(number)) for number in run.hillslopes()]
    for one in found:
        for path in one.outputs:
            path.touch()
    found.append(follow(run.runs / "pw0.run"))
    assert [one.notes for one in found] == [[]] * len(found)
    return found


def test_a_whole_run_is_accepted(wd):
    """Eight hillslopes and their channels; what is read is what the documents' files hold."""
    run = prepared(wd)
    for number, found in enumerate(accepted(run)[:-1], 1):
        profile = slope.read(run.runs / f"p{number}.slp").elements[0]
        assert found.slopes[0].pairs == list(zip(profile.x, profile.slope, strict=True))
        ground = soil.read(run.runs / f"p{number}.sol").elements[0]
        assert [layer[0] for layer in found.soils[0].layers] == [a.depth for a in ground.layers]
        plants = management.read(run.runs / f"p{number}.man").plants
        assert [one["rows"][0][0] for one in found.plan.sections["plants"]] == [
            one.bb for one in plants
        ]


DATA = Path(__file__).parents[3] / "shared" / "data" / "wepp"
real = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real WEPP files at {DATA}")


@pytest.fixture
def engine_ran(tmp_path: Path) -> Path:
    """Inputs that real engines ran on, with a directory for their outputs."""
    made = shutil.copytree(DATA, tmp_path / "wepp", copy_function=shutil.copyfile)
    for directory in (made, *made.rglob("*")):
        directory.chmod(0o755)
    (made / "output").mkdir()
    (made / "bad" / "output").mkdir()
    return made


@real
def test_what_engines_ran_on_is_accepted(engine_ran):
    """Twelve simulations, of four versions of soils and three of managements."""
    runs = [*engine_ran.glob("runs/*.run"), *engine_ran.glob("watershed/runs/*.run")]
    assert len(runs) == 12
    assert [follow(run).notes for run in runs] == [[]] * len(runs)


#: What the logs of the engines say of each, in `bad/results.json`.
REFUSED = {
    "01_sol_truncated_midlayer": r"p1\.sol:6: End of file",
    "02_sol_missing": r"p1\.sol:0: File does not exist",
    "06_cli_truncated_2y": r"p1\.cli:815: End of file",
    "17_man_wrong_version": r"p1\.man:1: MANAGEMENT FILE IS NOT COMPATIBLE",
    "20_run_empty": r"p1\.run:0: End of file",
}
TAKEN = {
    "10_slp_negative_slope": [],
    "18_man_years_less_than_run": ["p1.man: fewer years", "p1.cli: fewer years"],
    "23_run_bad_unit_answer": ["p1.run:1: neither m nor e"],
}


@real
@pytest.mark.parametrize("case", REFUSED)
def test_what_engines_stopped_at_is_refused(engine_ran, case):
    """At the same file, and for the reason that their logs give."""
    with pytest.raises(Stopped, match=REFUSED[case]):
        follow(engine_ran / "bad" / case / "p1.run")


@real
@pytest.mark.parametrize("case", TAKEN)
def test_what_engines_changed_without_a_stop_is_noted(engine_ran, case):
    """They ran to their marker of success, and did something else than was asked."""
    notes = follow(engine_ran / "bad" / case / "p1.run").notes
    assert all(note.startswith(said) for note, said in zip(notes, TAKEN[case], strict=True))


CHOICES = {
    "several elements": {"elements": 3},
    "a hundred years": {"channels": 1, "years": 100},
    "coefficients": {
        "frost": Frost(), "groundwater": Groundwater(), "snow": Snow(), "bed_shear": BedShear(),
        "phosphorus": Phosphorus(surface_runoff=0.01, lateral_flow=0, baseflow=0, sediment=900),
        "evapotranspiration": Evapotranspiration(), "wepp_ui": True,
        "time_of_concentration": True,
    },
    "impoundments are asked for": {"asks_impoundments": True},
    "a simple peak": {"channel": ChannelHydraulics(peak_method=1)},
    "bare channels that are rough": {"channel": ChannelHydraulics(n=0.02, bare_n=0.05)},
    "hydrographs": {"channel_output": 3, "channel_step_s": 3600},
    "short slopes": {"clip_length_m": 12.5},
    "many channels": {"channels": 41, "years": 1},
}  # fmt: skip


@pytest.mark.parametrize("chosen", CHOICES)
def test_what_is_wanted_of_a_run_is_accepted(wd, chosen):
    """Each choice of wepp.nodb, and each shape of a watershed."""
    found = accepted(prepared(wd, **CHOICES[chosen]))
    assert found[-1].network is not None
    assert len(found[-1].network.channels) == len(found[-1].network.rows)


def test_coefficients_are_read_as_they_are_meant(wd):
    """Six numbers of frost, of which three are the one that is given; a plant's own water."""
    water = {"Trees": Water(kcb=0.7, depletion=0.6)}
    run = prepared(
        wd, frost=Frost(factors=(2.0, 1.0, 0.5), shares=[0.25]),
        evapotranspiration=Evapotranspiration(kcb=1.1, plants=water),
    )  # fmt: skip
    found = accepted(run)
    assert found[0].besides["frost.txt"] == [[1, 1, 1], [2.0, 1.0, 0.5, 0.25, 0.25, 0.25]]
    rows = {row[0]: row[1:3] for one in found for row in one.besides["pmetpara.txt"]}
    assert rows["Trees"] == [0.7, 0.6]
    assert all(row == [1.1, 0.8] for name, row in rows.items() if name != "Trees")


@pytest.mark.parametrize("cover", LIBRARY)
@pytest.mark.parametrize("elements", [1, 5])
def test_every_cover_of_the_library_is_accepted(wd, cover, elements):
    """Everywhere on a watershed, and its channels as well; on five elements one after another."""
    write_watershed(wd, channels=1, years=3, elements=elements)
    covers = {"a": CoverChoice(cover=cover), "b": CoverChoice(cover="corn_fall_chisel")}
    tops = Landuse.load(wd).hillslopes
    change(
        wd, Landuse, covers=covers, channels="a",
        hillslopes={top: [*"abaab"][:elements] for top in tops},
    )  # fmt: skip
    for found in accepted(write_inputs(wd)):
        assert len(found.plan.crops) == 3


NAMED = {
    "old forest": 0.9, "O'Brien": 0.8, "corn, irrigated": 1.1, "3*7": 0.7, "a/b": 0.6,
    "Plain": 1.0,
}  # fmt: skip


@pytest.mark.parametrize("name", NAMED)
def test_a_plant_has_the_water_that_is_meant_whatever_it_is_called(wd, name):
    """A name of several words, with a quote, a slash or a comma in it is read whole."""
    grown = management.read(of_cover(wd, name, Evapotranspiration(kcb=NAMED[name])).runs / "p1.man")
    assert grown.plants[0].head.name == name
    for found in accepted(RunDirectory(wd)):
        (row,) = found.besides["pmetpara.txt"]
        assert row[:3] == [name[:8], NAMED[name], 0.8]
    assert hidden.read(wd / "wepp/runs").basal == {name: hidden.Basal(NAMED[name], 0.8)}


def of_cover(wd: Path, name: str, water: Evapotranspiration, *others: str) -> RunDirectory:
    """A run whose plants have such names, and take so much water."""
    write_watershed(wd, channels=1, years=1, evapotranspiration=water)
    made = sample_cover.management(sample_cover.GRASS, 1)
    for number, called in enumerate((name, *others)):
        plants = tuple(replace(one, head=replace(one.head, name=called)) for one in made.plants)
        (wd / f"{number}.man").write_text(management.dump(replace(made, plants=plants)))
    covers = {str(n): CoverChoice(file=f"{n}.man") for n in range(1 + len(others))}
    tops = Landuse.load(wd).hillslopes
    hills = {top: [str(at % len(covers))] for at, top in enumerate(tops)}
    change(wd, Landuse, covers=covers, channels="0", hillslopes=hills)
    return write_inputs(wd)


def test_plants_that_an_engine_takes_for_one_are_refused(wd):
    """It reads eight characters of a name: the second would get the water of the first."""
    of = Evapotranspiration(plants={"old forest, moist": Water(kcb=0.5)})
    with pytest.raises(BrokenDocument, match="begin alike: executables read 8 characters"):
        of_cover(wd, "old forest", of, "old forest, moist")
    of_cover(wd, "old forest", Evapotranspiration(), "old forest, moist")


@pytest.mark.parametrize(("year", "has"), [(4, r"1\.1\.5"), (100, r"1\.1\.101")])
def test_weather_that_counts_other_days_than_an_engine_is_refused(wd, year, has):
    """It has a 29 February every fourth year; a day less, and all that follow are out of step."""
    run = prepared(wd, channels=1, years=year + 1)
    for path in {wd / name for name in Climate.load(wd).hillslopes.values()}:
        lines = path.read_text().splitlines(keepends=True)
        leap = f"29 2 {year}".split()
        path.write_text("".join(line for line in lines if line.split()[:3] != leap))
    change(wd, Wepp, years=year)
    with pytest.raises(NotPrepared, match=f"29 February in every fourth year.* it has {has}"):
        stages.prepare("my-run", run, stages.CLIMATES)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("31 12     1", "31 12     1 0", "a day has 13 numbers, this one has 14"),
        ("       1               1", "     1.0             1.0", "must be whole numbers"),
    ],
)
def test_weather_that_an_engine_would_misread_is_refused(wd, old, new, says):
    """A number behind a day would be the next one's; whole numbers are written without a point."""
    run = prepared(wd, channels=1, years=1)
    for path in {wd / name for name in Climate.load(wd).hillslopes.values()}:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
    with pytest.raises(FormatError, match=says):
        stages.prepare("my-run", run, stages.CLIMATES)


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        (Frost, {"layers": (1, 11)}), (Frost, {"redistribution": 2}), (Frost, {"shares": [0.0]}),
        (Frost, {"factors": (1, 1, 20)}), (BedShear, {"kch": 0}), (Wepp, {"channel_step_s": 7200}),
        (CoverChoice, {"cover": "grass", "initial": {"dsharv": 1.5}}),
        (CoverChoice, {"cover": "grass", "initial": {"rtyp": 1.5}}),
    ],
)  # fmt: skip
def test_what_an_engine_would_change_without_a_word_is_refused(kind, wanted):
    """Beyond its bounds it takes a value of its own: the document says so before."""
    with pytest.raises(ValidationError):
        kind(**wanted)


def reshaped(wd: Path) -> tuple[Path, Path]:
    """A run of one channel: the slope of its first hillslope, and the soil that lies there."""
    prepared(wd, channels=1, years=1)
    top = min(Landuse.load(wd).hillslopes)
    part = next(one for one in Watershed.load(wd).hillslopes if one.topaz_id == top)
    ground = Soils.load(wd)
    return wd / part.slope_file, wd / ground.soils[ground.hillslopes[top][0]]


def with_points(path: Path, points: int) -> None:
    """Have a profile of so many points."""
    made = slope.read(path)
    x = tuple(n / (points - 1) for n in range(points))
    gradients = tuple(0.02 + 4.0 * at for at in x)
    element = replace(made.elements[0], x=x, slope=gradients)
    path.write_text(slope.dump(replace(made, elements=(element,))))


def with_layers(path: Path, count: int) -> None:
    """Have a soil of so many layers in all its elements."""
    made = soil.read(path)
    parts = tuple(
        replace(e, layers=tuple(replace(e.layers[0], depth=150.0 * n) for n in range(1, count + 1)))
        for e in made.elements
    )
    path.write_text(soil.dump(replace(made, elements=parts)))


@pytest.mark.parametrize(("points", "layers"), [(2, 1), (100, 10)])
def test_as_much_as_an_engine_has_room_for_is_accepted(wd, points, layers):
    """A cell's hillslope of two points and one layer, and one of a hundred points, very steep."""
    profile, ground = reshaped(wd)
    with_points(profile, points)
    with_layers(ground, layers)
    first = accepted(write_inputs(wd))[0]
    assert len(first.slopes[0].pairs) == points
    assert len(first.soils[0].layers) == layers


def test_more_than_an_engine_has_room_for_is_refused(wd):
    """Before it starts, in one line: it would stop in the midst, or write over other numbers."""
    profile, ground = reshaped(wd)
    with_points(profile, 101)
    with pytest.raises(BrokenDocument, match=r"would have 101 points of a slope: .* hold 100"):
        write_inputs(wd)
    with_points(profile, 20)
    with_layers(ground, 11)
    with pytest.raises(BrokenDocument, match=r"11 layers of the soil .*: executables hold 10"):
        write_inputs(wd)


def test_more_elements_and_plants_than_an_engine_has_room_for_are_refused(wd):
    """Twenty elements are accepted; one more is not, nor is a plant more than twenty."""
    write_watershed(wd, channels=1, years=1, elements=20)
    accepted(write_inputs(wd))
    made = sample_cover.management(sample_cover.GRASS, 1)
    for number in range(21):
        named = tuple(replace(p, head=replace(p.head, name=f"g{number}")) for p in made.plants)
        (wd / f"{number}.man").write_text(management.dump(replace(made, plants=named)))
    covers = {str(n): CoverChoice(file=f"{n}.man") for n in range(21)}
    change(
        wd, Landuse, covers=covers, channels="0",
        hillslopes={top: [str(n) for n in range(20)] for top in Landuse.load(wd).hillslopes},
    )  # fmt: skip
    accepted(write_inputs(wd))
    (wd / "0.man").write_text(management.dump(replace(made, plants=made.plants * 2)))
    with pytest.raises(BrokenDocument, match=r"21 plants of all elements .* hold 20"):
        write_inputs(wd)
    write_watershed(wd, channels=1, years=1, elements=21)
    with pytest.raises(BrokenDocument, match="21 overland flow elements: executables hold 20"):
        write_inputs(wd)


@real
@pytest.mark.parametrize(("number", "years"), [(1, 6), (9, 6), (33, 9), (37, 9), (47, 10)])
def test_what_a_stock_engine_wrote_for_the_channels_is_merged(number, years):
    """Day for day in the columns that are read, as those of the embedded engine are."""
    assert passes.merged([DATA / f"output-2010/H{number}.pass.dat"]) == (1, years)
