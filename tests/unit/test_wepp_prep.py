"""A run's inputs from its documents: what is written reads back as what was asked for."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from tasks import hillsim
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.run.nodb import BrokenDocument
from tasks.wepp import simulation
from tasks.wepp.binary import Engine
from tasks.wepp.documents import (
    BedShear,
    Climate,
    Evapotranspiration,
    Frost,
    Groundwater,
    Landuse,
    Phosphorus,
    Revegetation,
    Snow,
    Soils,
    Water,
    Watershed,
    Wepp,
)
from tasks.wepp.files import channels, climate, management, runfile, slope, soil, structure
from tasks.wepp.files.errors import FormatError
from tasks.wepp.files.structure import Feeds
from tasks.wepp.numbering import WeppTopTranslator
from tasks.wepp.prep import joined, stages
from tasks.wepp.prep.soils import clipped
from tasks.wepp.prompts import Contract
from tasks.wepp.samples.watershed import write_watershed
from tests.unit.wepp_inputs import ALL, change, write_inputs


def prepared(wd: Path, *which: stages.Stage, **sample) -> RunDirectory:
    """A sample watershed of three channels, prepared."""
    write_watershed(wd, **{"channels": 3, "years": 1, **sample})
    return write_inputs(wd, *which)


def test_numbers_go_up_with_topaz_ids_and_channels_down_to_the_outlet():
    """Every channel comes after those that flow into it; none is 0 both ways."""
    ids = WeppTopTranslator([23, 22, 31, 33, 32], [24, 34])
    assert ids.hillslopes == (22, 23, 31, 32, 33)
    assert ids.channels == (34, 24)
    assert [ids.wepp(top) for top in (22, 33, 34, 24, None, 99)] == [1, 5, 6, 7, 0, 0]
    assert [ids.top(number) for number in (1, 7, 0, None)] == [22, 24, 0, 0]
    assert (ids.chn_enum(34), ids.chn_enum(24), ids.chn_enum(22)) == (1, 2, 0)


@pytest.mark.parametrize(
    ("hills", "channels", "says"),
    [([22, 22], [24], "22 comes twice"), ([24], [34], "no hillslope's"), ([22], [23], "channel's")],
)
def test_ids_of_the_wrong_kind_are_refused(hills, channels, says):
    """A channel among the hillslopes would shift every number after it."""
    with pytest.raises(ValueError, match=says):
        WeppTopTranslator(hills, channels)


def test_every_input_reads_back_and_the_embedded_engine_runs_over_them(wd, capsys):
    """Eight hillslopes of three channels: slopes, soils, covers, weather and answers."""
    run = prepared(wd)
    assert run.hillslopes() == tuple(range(1, 9))
    assert slope.read(run.runs / "p1.slp") == slope.read(
        wd / "watershed/slope_files/hillslopes/hill_22.slp"
    )
    key = Soils.load(wd).hillslopes[22][0]
    assert soil.read(run.runs / "p1.sol") == soil.read(wd / f"soils/{key}.sol")
    assert management.read(run.runs / "p1.man").simulated_years == 1
    answers = runfile.read(run.runs / "p1.run")
    assert (answers.slp, answers.pass_file, answers.years) == ("p1.slp", "../output/H1.pass.dat", 1)
    with open(wd / "said", "w") as said:
        for number in run.hillslopes():
            assert hillsim.run(f"p{number}.run", run.runs, said).years == 1


def test_weather_and_whole_slopes_are_links_and_replaced_not_written_through(wd):
    """A file of a run may be a hard link to its source: the source stays as it is."""
    run = prepared(wd)
    source = wd / "watershed/slope_files/hillslopes/hill_22.slp"
    assert (run.runs / "p1.slp").samefile(source)
    assert (run.runs / "p1.cli").samefile(wd / Climate.load(wd).hillslopes[22])
    before = source.read_bytes()
    change(wd, Wepp, clip_length_m=20.0)
    stages.prepare("my-run", run, stages.SLOPES)
    assert not (run.runs / "p1.slp").samefile(source)
    assert source.read_bytes() == before


def test_a_file_system_without_links_gets_copies(wd, monkeypatch):
    """Run and climate may lie on two file systems."""

    def no_links(*paths: object, **options: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", no_links)
    run = prepared(wd)
    assert climate.read(run.runs / "p1.cli").years == 1
    assert not (run.runs / "p1.cli").samefile(wd / Climate.load(wd).hillslopes[22])


def test_a_clipped_slope_keeps_its_area_and_its_gradients(wd):
    """Its length is the greatest one allowed; shorter slopes stay as they are."""
    run = prepared(wd, stages.SLOPES, clip_length_m=60.0)
    for number, part in enumerate(sorted(Watershed.load(wd).hillslopes, key=lambda p: p.topaz_id)):
        whole, cut = slope.read(wd / part.slope_file), slope.read(run.runs / f"p{number + 1}.slp")
        (was,), (now,) = whole.elements, cut.elements
        assert now.length == min(was.length, 60.0)
        assert now.length * cut.width == pytest.approx(was.length * whole.width, rel=1e-4)
        assert (now.x, now.slope) == (was.x, was.slope)


def test_covers_given_by_the_document_win_over_the_library(wd):
    """Canopy and ground cover of a choice are those of the first day."""
    write_watershed(wd, channels=3, years=1)
    landuse = Landuse.load(wd)
    (key,) = landuse.hillslopes[22]
    choice = landuse.covers[key].model_copy(update={"canopy": 0.33, "interrill": 0.44})
    change(wd, Landuse, covers={**landuse.covers, key: choice})
    stages.prepare("my-run", RunDirectory(wd), stages.COVERS)
    found = management.read(RunDirectory(wd).runs / "p1.man").initial(0)
    assert (found.cancov, found.inrcov) == (0.33, 0.44)


def test_a_management_file_serves_as_a_cover_and_must_last(wd):
    """A file of the run instead of the library; one that ends too early is refused by name."""
    run = prepared(wd, stages.COVERS, years=2)
    (wd / "landuse").mkdir()
    (wd / "landuse" / "own.man").write_bytes((run.runs / "p1.man").read_bytes())
    landuse = Landuse.load(wd)
    own = landuse.covers["channels"].model_copy(update={"cover": None, "file": "landuse/own.man"})
    everywhere = {top: ["own"] for top in landuse.hillslopes}
    change(wd, Landuse, covers={"own": own}, hillslopes=everywhere)
    stages.prepare("my-run", run, stages.COVERS)
    assert management.read(run.runs / "p8.man").simulated_years == 2
    change(wd, Wepp, years=3)
    with pytest.raises(BrokenDocument, match=r"own\.man holds 2 years, 3 are wanted"):
        stages.prepare("my-run", run, stages.COVERS)


def test_several_elements_have_profile_soil_and_cover_each(wd):
    """Slopes, soils and managements of two elements, which one file holds together."""
    run = prepared(wd, stages.SLOPES, stages.COVERS, stages.SOILS, elements=2)
    assert len(slope.read(run.runs / "p1.slp").elements) == 2
    assert len(soil.read(run.runs / "p1.sol").elements) == 2
    assert management.read(run.runs / "p1.man").elements == 2


def test_managements_that_are_joined_keep_what_each_refers_to(wd):
    """Corn beside forest: plants, operations and dates of both are found by their own indices."""
    run = prepared(wd, stages.COVERS, channels=9)
    parts = [management.read(path) for path in sorted(run.runs.glob("p*.man"))]
    whole = joined.elements(parts)
    assert len(whole.plants) == sum(len(one.plants) for one in set(parts))
    for element, part in enumerate(parts):
        (mine,), (theirs,) = whole.crops(1, element), part.crops(1, 0)
        assert whole.plants[mine.itype - 1] == part.plants[theirs.itype - 1]
        if theirs.tilseq:
            ours = whole.surface_effects[mine.tilseq - 1].tillages
            assert [whole.operations[t.op - 1] for t in ours] == [
                part.operations[t.op - 1] for t in part.surface_effects[theirs.tilseq - 1].tillages
            ]
    assert management.parse(management.dump(whole)).elements == len(parts)


def test_soils_are_cut_and_wetted_as_the_document_says(wd):
    """No layer below the clip; the first day's saturation is the document's."""
    write_watershed(wd, channels=3, years=1)
    change(wd, Soils, clip_depth_mm=400.0, initial_saturation=0.75)
    stages.prepare("my-run", RunDirectory(wd), stages.SOILS)
    (element,) = soil.read(wd / "wepp/runs/p1.sol").elements
    assert [layer.depth for layer in element.layers] == [150.0, 400.0]
    assert element.saturation == 0.75
    assert clipped(element.layers, 150.0) == element.layers[:1]


def test_soils_of_disturbed_land_go_on_as_they_are_and_run_off_more_where_they_repel_water(wd):
    """9002 stays 9002, cut and wetted like any other; adjusted, it takes in less while dry."""
    write_watershed(wd, channels=1, years=1)
    document = Soils.load(wd)
    line = "0 'forest low sev fire' 'loam' 1.3 0.3\n'A b' 'L' 2 0.16 0.75 1e6 8e-4 1\n"
    curve = "1.4 2 10 0.3 0.12 45 20 5 20 20 0.05 0.45 0.0123 1.61 12.3 0.11 0.28"
    text = f"9002\nAny\n1 0\n{line}200 {curve}\n900 {curve}\n1 10000 100\n"
    (wd / str(document.soils[document.hillslopes[min(document.hillslopes)][0]])).write_text(text)
    change(wd, Soils, clip_depth_mm=400.0, initial_saturation=0.5)
    run = write_inputs(wd, *ALL[:5])
    made = soil.read(run.runs / "p1.sol")
    (element,) = made.elements
    assert (made.version, element.saturation) == (9002.0, 0.5)
    assert [(layer.depth, layer.theta_s) for layer in element.layers] == [(200, 0.45), (400, 0.45)]
    assert element.recovery == soil.Recovery(0, "forest low sev fire", "loam", factor=1.3, rate=0.3)
    before = hillsim.run("p1.run", run.runs, io.StringIO())
    adjusted = (run.runs / "p1.sol").read_text().replace("0 'forest", "1 'forest")
    (run.runs / "p1.sol").write_text(adjusted)
    after = hillsim.run("p1.run", run.runs, io.StringIO())
    assert after.runoff_mm > before.runoff_mm


def test_coefficients_are_in_effect_by_being_there_and_go_when_not_wanted(wd):
    """frost, gwcoeff and snow as the engines read them; taken back, the files are gone."""
    run = prepared(
        wd, stages.ANSWERS, frost=Frost(), groundwater=Groundwater(), snow=Snow(), wepp_ui=True
    )
    assert (run.runs / "frost.txt").read_text() == "1 1 1\n1.0 1.0 1.0 0.5 0.5 0.5\n"
    assert (run.runs / "gwcoeff.txt").read_text() == "200.0\n0.04\n0.0\n1.0\n"
    assert (run.runs / "snow.txt").read_text() == "0.0\n100.0\n250.0\n"
    assert (run.runs / "wepp_ui.txt").exists()
    change(wd, Wepp, frost=None, groundwater=None, snow=None, wepp_ui=False)
    stages.prepare("my-run", run, stages.ANSWERS)
    assert not [path for path in run.runs.iterdir() if path.suffix == ".txt"]


def test_phosphorus_has_the_heading_that_its_readers_pass_over(wd):
    """Four concentrations behind one line of text."""
    of = Phosphorus(surface_runoff=0.004, lateral_flow=0.005, baseflow=0.006, sediment=1000.0)
    run = prepared(wd, stages.ANSWERS, phosphorus=of)
    assert (run.runs / "phosphorus.txt").read_text() == (
        "Phosphorus concentration\n0.004\n0.005\n0.006\n1000.0\n"
    )


def test_a_bed_withstands_what_the_document_says_until_it_says_no_more(wd):
    """tcr.txt has a line for each of its four numbers; taken back, it is gone."""
    run = prepared(wd, bed_shear=BedShear(taumin=20.0))
    first = [line.split()[0] for line in (run.runs / "tcr.txt").read_text().splitlines()]
    assert first == ["20.0", "70.0", "0.02", "1.0"]
    change(wd, Wepp, bed_shear=None)
    stages.prepare("my-run", run, stages.NETWORK)
    assert not (run.runs / "tcr.txt").exists()


def covers_of(wd: Path, years, elements=(-1,), tops=(21, 22, 23)) -> None:
    """A table of covers whose value tells its band and the last digit of its year."""
    keys = [(b, y, t, e) for b in range(1, 7) for y in years for t in tops for e in elements]
    names = ("band", "year", "topaz_id", "mofe_id")
    columns = {name: [key[i] for key in keys] for i, name in enumerate(names)}
    values = {"value": [10.0 * band + year % 10 for band, year, *_ in keys]}
    (wd / "rap").mkdir(exist_ok=True)
    parquet.write_table(pa.table(columns | values), wd / "rap/rap_ts.parquet")


def test_land_that_grows_back_has_its_covers_year_by_year(wd):
    """p<id>.cov by bands from trees to bare ground, the fire's date, an eighth output; then not."""
    write_watershed(wd, channels=1, years=2, revegetation={"fire": (8, 4, 2001)})
    covers_of(wd, (2001, 2002))
    run = RunDirectory(wd)
    stages.prepare("my-run", run, *ALL)
    assert (run.runs / "p3.cov").read_text().splitlines() == [
        *("2001 \t2002", "61 \t62", "51 \t52", "41 \t42", "11 \t12", "31 \t32", "21 \t22")
    ]
    assert (run.runs / "firedate.txt").read_text() == "8 4 2001\n"
    assert (run.runs / "cancov.txt").exists()
    assert not (run.runs / "simfire.txt").exists()
    assert runfile.read(run.runs / "p2.run").graphics == "../output/H2.grph.dat"
    hidden = simulation.prepare(run, 2, Engine("wepp", wd / "wepp", Contract())).inputs()
    assert {run.runs / "p2.cov", run.runs / "firedate.txt"} <= set(hidden)
    change(wd, Wepp, revegetation=Revegetation(simulates_fire=True))
    stages.prepare("my-run", run, stages.ANSWERS)
    assert {path.name for path in run.runs.glob("*fire*")} == {"simfire.txt"}
    change(wd, Wepp, revegetation=None)
    stages.prepare("my-run", run, stages.ANSWERS)
    assert not [*run.runs.glob("*.cov"), *run.runs.glob("*fire*"), *run.runs.glob("cancov*")]


def test_covers_of_elements_lie_below_each_other_and_what_lacks_is_the_year_before(wd):
    """Six lines an element; a year without a value has that of the year before."""
    write_watershed(wd, channels=1, years=2, elements=2, revegetation={})
    covers_of(wd, (2001, 2002), elements=(1, 2))
    table = parquet.read_table(wd / "rap/rap_ts.parquet").to_pylist()
    kept = [r for r in table if (r["band"], r["year"], r["mofe_id"]) != (5, 2002, 2)]
    parquet.write_table(pa.Table.from_pylist(kept), wd / "rap/rap_ts.parquet")
    run = RunDirectory(wd)
    stages.prepare("my-run", run, stages.ANSWERS)
    lines = (run.runs / "p1.cov").read_text().splitlines()
    assert len(lines) == 13
    assert (lines[2], lines[8]) == ("51 \t52", "51 \t51")


@pytest.mark.parametrize(
    ("years", "tops", "says"),
    [((2001,), (21, 22, 23), "holds 1 years, 2 are"), ((2001, 2002), (21, 22), "hillslope 23")],
)
def test_covers_that_do_not_fit_the_run_are_named(wd, years, tops, says):
    """Too few years, a hillslope that was forgotten, a table that is none: the file and why."""
    write_watershed(wd, channels=1, years=2, revegetation={})
    covers_of(wd, years, tops=tops)
    with pytest.raises(BrokenDocument, match=rf"rap_ts\.parquet .*{says}"):
        stages.prepare("my-run", RunDirectory(wd), stages.ANSWERS)
    (wd / "rap/rap_ts.parquet").write_text("no table")
    with pytest.raises(BrokenDocument, match=r"rap_ts\.parquet is no table of covers"):
        stages.prepare("my-run", RunDirectory(wd), stages.ANSWERS)


def test_every_file_that_an_engine_reads_without_being_told_has_a_writer(wd):
    """With all coefficients in effect all hidden files are there, and none that is not known."""
    write_watershed(
        wd, channels=1, years=1, frost={}, groundwater={}, snow={}, wepp_ui=True, bed_shear={},
        phosphorus=Phosphorus(surface_runoff=1, lateral_flow=1, baseflow=1, sediment=1),
        evapotranspiration={}, time_of_concentration=True, asks_impoundments=True,
        revegetation={"fire": (8, 4, 1), "simulates_fire": True},
    )  # fmt: skip
    covers_of(wd, (1,))
    run = RunDirectory(wd)
    stages.prepare("my-run", run, *ALL)
    network = {f"pw0.{kind}" for kind in "str slp chn imp sol man cli run".split()}
    hills = {f"p{n}.{kind}" for n in (1, 2, 3) for kind in "slp sol man cli run cov".split()}
    hidden = {*simulation.HIDDEN, *simulation.NETWORK_HIDDEN}
    assert {path.name for path in run.runs.iterdir()} == network | hills | hidden


def test_each_plant_takes_water_as_the_document_says_by_its_name(wd):
    """pmetpara.txt has a line for all that grows, hillslopes and channels; hillsim takes them."""
    of = Evapotranspiration(kcb=1.1, plants={"Grass": Water(kcb=0.5, depletion=0.6)})
    run = prepared(wd, *ALL[:5], evapotranspiration=of)
    count, *lines = (run.runs / "pmetpara.txt").read_text().splitlines()
    named = {words[0]: words[1:] for words in (line.split(",") for line in lines)}
    grown = {p.head.name for path in run.runs.glob("*.man") for p in management.read(path).plants}
    assert int(count) == len(lines) == len(named)
    assert grown <= set(named)
    assert {words[0] for name, words in named.items() if name != "Grass"} == {"1.1"}
    assert hillsim.run("p1.run", run.runs, io.StringIO()).years == 1
    change(wd, Wepp, evapotranspiration=None)
    stages.prepare("my-run", run, stages.ANSWERS)
    assert not (run.runs / "pmetpara.txt").exists()


def test_the_network_is_written_as_the_channels_flow(wd):
    """pw0.str numbers hillslopes left, right, top and the channels that flow in."""
    run = prepared(wd)
    assert structure.read(run.runs / "pw0.str", 8).channels == (
        Feeds((8, 7, 6), (0, 0, 0)),
        Feeds((5, 4, 3), (0, 0, 0)),
        Feeds((2, 1, 0), (9, 10, 0)),
    )
    assert len(channels.read(run.runs / "pw0.chn").channels) == 3
    profiles = slope.read(run.runs / "pw0.slp")
    assert (profiles.version, len(profiles.elements)) == (99.1, 3)
    assert profiles.elements[-1].width == 2.0  # the outlet's, which the document has first
    assert len(soil.read(run.runs / "pw0.sol").elements) == 3
    assert management.read(run.runs / "pw0.man").elements == 3
    answers = runfile.read(run.runs / "pw0.run")
    assert answers.hillslopes == tuple(f"../output/H{n}.pass.dat" for n in range(1, 9))
    assert channels.read_routing(run.runs / "chan.inp").shown == (11,)


def test_builds_that_ask_for_impoundments_are_told_that_there_are_none(wd):
    """WEPPcloud's answer, Yes and a file of none; without it the file is gone again."""
    run = prepared(wd, asks_impoundments=True, time_of_concentration=True)
    assert runfile.read(run.runs / "pw0.run").imp == "pw0.imp"
    assert (run.runs / "pw0.imp").read_text() == "99.1\n0\n"
    assert (run.runs / "tc.txt").exists()
    change(wd, Wepp, asks_impoundments=False, time_of_concentration=False)
    stages.prepare("my-run", run, stages.NETWORK)
    assert not (run.runs / "pw0.imp").exists()
    assert not (run.runs / "tc.txt").exists()


@pytest.mark.parametrize(
    ("flows", "says"),
    [
        ({24: 0, 34: 0, 44: 24}, "2 channels are outlets"),
        ({24: 34, 34: 0, 44: 24}, "24 flows to 34, which is not below"),
        ({24: 0, 34: 94, 44: 24}, "34 flows to 94, which is not below"),
    ],
)
def test_a_network_that_is_none_is_named(wd, flows, says):
    """Two outlets, a circle, a channel that is nowhere: the document and the channel."""
    run = prepared(wd, stages.ANSWERS)
    parts = [part.model_copy(update={"downstream": flows[part.topaz_id]}) for part in _chans(wd)]
    change(wd, Watershed, channels=parts)
    with pytest.raises(BrokenDocument, match=says):
        stages.prepare("my-run", run, stages.NETWORK)


@pytest.mark.parametrize(
    ("lines", "kind", "says"),
    [
        (-31, NotPrepared, r"\.cli holds 1 whole years, 2 are wanted"),
        (-365, NotPrepared, r"\.cli holds 1 whole years, 2 are wanted"),
        (-400, NotPrepared, r"\.cli holds 0 whole years, 2 are wanted"),
        (16, NotPrepared, r"\.cli holds 0 whole years, 2 are wanted"),
        (15, FormatError, r"\.cli:.*first day"),
    ],
)
def test_a_climate_that_ends_early_is_told_before_anything_is_simulated(wd, lines, kind, says):
    """Its head declares the years; engines trust that, and die in the one that lacks a day."""
    run = years_of_two(wd)
    stages.prepare("my-run", run, stages.CLIMATES)
    for path in (wd / "climate").glob("*.cli"):
        whole = path.read_text().splitlines(keepends=True)
        path.unlink()
        path.write_text("".join(whole[:lines]))
    with pytest.raises(kind, match=says):
        stages.prepare("my-run", run, stages.CLIMATES)


def test_a_climate_that_ends_within_a_day_is_told_with_what_is_there(wd):
    """A file that was cut anywhere."""
    run = years_of_two(wd)
    for path in (wd / "climate").glob("*.cli"):
        text = path.read_text().rstrip()
        path.unlink()
        path.write_text(text[:-30])
    with pytest.raises(FormatError, match=r"\.cli: it ends within its days: '31 12 "):
        stages.prepare("my-run", run, stages.CLIMATES)


def years_of_two(wd: Path) -> RunDirectory:
    """The run, with weather of two years."""
    write_watershed(wd, channels=1, years=2)
    return RunDirectory(wd)


def _chans(wd: Path):
    return Watershed.load(wd).channels


def test_what_is_prepared_is_not_written_again_and_what_changed_is(wd):
    """As make does: the documents, their sources and the files themselves decide."""
    run = prepared(wd)
    assert stages.prepare("my-run", run, *ALL) == 0
    (run.runs / "p3.sol").write_text("spoilt")
    change(wd, Landuse, channels="grass")
    assert stages.prepare("my-run", run, *ALL) == 3  # soils, and managements of both kinds
    soil.read(run.runs / "p3.sol")
    assert stages.prepare("my-run", run, *ALL) == 0


def test_hillslopes_that_are_no_more_leave_nothing_behind(wd):
    """A watershed that shrank has no p<id> of the hillslopes that it lost."""
    run = prepared(wd, channels=9)
    write_watershed(wd, channels=3, years=1)
    stages.prepare("my-run", run, *ALL)
    assert run.hillslopes() == tuple(range(1, 9))
    assert not list(run.runs.glob("p9.*"))


@pytest.mark.parametrize(
    ("spoil", "kind", "says"),
    [
        (lambda wd: (wd / "soils.nodb").unlink(), NotPrepared, r"soils\.nodb does not exist"),
        (lambda wd: (wd / "climate/sample_ridge.cli").unlink(), NotPrepared, "ridge.cli cannot be"),
        (lambda wd: change(wd, Wepp, years=9), NotPrepared, "holds 1 whole years, 9 are wanted"),
        (lambda wd: change(wd, Soils, hillslopes={}), BrokenDocument, "hillslope 22 has no soils"),
        (
            lambda wd: change(wd, Landuse, covers={}),
            BrokenDocument,
            r"landuse\.nodb: there is no cover",
        ),
        (
            lambda wd: (wd / "watershed/slope_files/hillslopes/hill_22.slp").write_text("97.5\nx"),
            FormatError,
            r"hill_22\.slp:2",
        ),
        (
            lambda wd: (wd / "soils.nodb").write_text(
                '{"schema": "soils/1", "soils": {"a": "/x"}}'
            ),
            BrokenDocument,
            "soils.a: .* no path below the run",
        ),
    ],
)
def test_what_is_missing_or_broken_is_one_line_that_names_it(wd, spoil, kind, says):
    """Document, source, years, key, path: the message says where to look."""
    write_watershed(wd, channels=3, years=1)
    spoil(wd)
    with pytest.raises(kind, match=says) as caught:
        stages.prepare("my-run", RunDirectory(wd), *ALL)
    assert "\n" not in str(caught.value)
