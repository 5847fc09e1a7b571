"""Landuse from a map: what most of a hillslope is grows on it, what burnt is burnt, no guesses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pyarrow import parquet

from tasks import project_rq
from tasks.data.places import NoData
from tasks.landuse import classes
from tasks.run import locks
from tasks.run.directory import NotPrepared, ReadOnlyRun, RunDirectory
from tasks.run.locks import NoDbAlreadyLockedError
from tasks.run.nodb import BrokenDocument
from tasks.run.prep import RedisPrep
from tasks.run.steps import TaskEnum
from tasks.wepp import dispatch
from tasks.wepp.documents import Disturbed, Landuse
from tasks.wepp.files import management
from tasks.wepp.files.errors import FormatError
from tasks.wepp.prep.covers import LIBRARY
from tasks.wepp.samples import cover as sample_cover
from tests.unit import site_maps

#: Land cover below `site_maps.IDS`: 22 is mostly forest, 23 as much pasture as crops, 21 pasture.
COVER = (
    (11, 81, 81, 42, 42),
    (42, 42, 11, 82, 81),
    (42, 82, 11, 82, 81),
    (42, 71, 11, 81, 42),
)


@pytest.fixture
def wd(ctx, tmp_path: Path) -> Path:
    """A run, on a site with a map of land cover."""
    site_maps.write(tmp_path / "site/nlcd/2019.tif", COVER)
    ctx.settings = {**ctx.settings, "data": {"landuse": str(tmp_path / "site")}}
    return site_maps.a_run(tmp_path / "runs" / "my" / "my-run")


def built(wd: Path) -> Landuse:
    """The run's landuse, built by its task."""
    project_rq.build_landuse_rq("my-run")
    return Landuse.load(wd)


def test_each_hillslope_grows_what_most_of_its_cells_are(ctx, wd: Path) -> None:
    """The lowest class of equal ones; the page and the ledger hear of it, in this order."""
    found = built(wd)
    assert found.hillslopes == {21: ["81"], 22: ["42"], 23: ["81"]}
    assert {key: c.cover for key, c in found.covers.items()} == {
        "42": "old_forest", "81": "grass", "channels": "low_severity_fire",
    }  # fmt: skip
    assert found.channels == "channels"
    assert ctx.words() == ["STARTED", "COMPLETED", "TRIGGER"]
    assert ctx.messages[-1] == (
        "my-run:landuse",
        "rq:j1 TRIGGER   landuse LANDUSE_BUILD_TASK_COMPLETED",
    )
    assert RedisPrep(wd, "my-run")[str(TaskEnum.build_landuse)] is not None
    assert ctx.lines == [(None, "3 hillslopes: 42, 81", False)]


def test_no_model_begins_while_landuse_is_built(ctx, wd: Path, monkeypatch) -> None:
    """A run that is launched meanwhile would read the older document: it is refused."""
    from tasks.landuse import build

    def launched(root: Path) -> None:
        with pytest.raises(NoDbAlreadyLockedError, match="runtime-paths/wepp of my-run is locked"):
            dispatch.refuse("my-run", RunDirectory(root))
        raise NoData("it was tried")

    monkeypatch.setattr(build, "build", launched)
    with pytest.raises(NoData, match="it was tried"):
        built(wd)
    assert (locks.lock_statuses("my-run"), Landuse.path(wd).exists()) == ({}, False)


def test_the_shares_of_classes_are_kept_as_a_table(wd: Path) -> None:
    """A row for each class of each hillslope and channel, with shares that add up to one."""
    built(wd)
    rows = parquet.read_table(wd / "landuse/landuse.parquet").to_pylist()
    told = [(r["topaz_id"], r["wepp_id"], r["code"], r["cells"], r["landuse"]) for r in rows]
    assert told == [
        (21, 1, 42, 1, None), (21, 1, 81, 2, "81"),
        (22, 2, 42, 4, "42"), (22, 2, 71, 1, None), (22, 2, 82, 1, None),
        (23, 3, 81, 3, "81"), (23, 3, 82, 2, None),
        (24, 4, 11, 3, None),
    ]  # fmt: skip
    assert sum(row["fraction"] for row in rows) == pytest.approx(4.0)
    assert rows[0]["name"] == "Evergreen Forest"
    assert rows[-1]["name"] is None


def test_the_same_data_give_the_same_bytes(wd: Path) -> None:
    """Document, map and table, built again."""
    files = ("landuse.nodb", "landuse/nlcd.tif", "landuse/landuse.parquet")
    built(wd)
    first = [(wd / name).read_bytes() for name in files]
    built(wd)
    assert [(wd / name).read_bytes() for name in files] == first


def test_what_the_map_does_not_tell_counts_for_nothing(wd: Path, tmp_path: Path) -> None:
    """Cells without a class are kept as such; a hillslope of which nothing is told is refused."""
    told = [list(row) for row in COVER]
    told[1][:2] = told[2][:2] = [0, 0]
    site_maps.write(tmp_path / "site/nlcd/2019.tif", told, nodata=0)
    assert built(wd).hillslopes[22] == ["42"]
    rows = parquet.read_table(wd / "landuse/landuse.parquet").to_pylist()
    assert [(r["code"], r["cells"]) for r in rows if r["topaz_id"] == 22] == [
        (42, 1), (71, 1), (None, 4),
    ]  # fmt: skip
    told[3][:2] = [0, 0]
    path = site_maps.write(tmp_path / "site/nlcd/2019.tif", told, nodata=0)
    with pytest.raises(NoData, match=rf"{path}: it tells nothing of hillslope 22$"):
        built(wd)


@pytest.mark.parametrize(
    ("data", "fields", "says"),
    [
        ({}, {}, r"\[data\] landuse is not set in weppd.toml"),
        ({"landuse": "{site}/none"}, {}, "none is no directory"),
        (
            {},
            {"nlcd_db": "nlcd/1999"},
            r"'nlcd/1999' is not there: none of .*1999\.vrt, .*1999\.tif",
        ),
        ({}, {"nlcd_db": "../nlcd"}, "no name of a map"),
        ({"landuse_classes": "{site}/none.csv"}, {}, "landuse_classes: .*none.csv is no file"),
    ],
)
def test_data_that_the_site_has_not_are_refused(
    ctx, wd: Path, tmp_path, data, fields, says
) -> None:
    """One line names the setting, the map and where it was looked for; nothing is written."""
    given = {k: v.format(site=tmp_path / "site") for k, v in data.items()}
    usual = {} if "not set" in says else {"landuse": str(tmp_path / "site")}
    ctx.settings = {**ctx.settings, "data": usual | given}
    site_maps.change(wd, Landuse, **fields)
    before = (wd / "landuse.nodb").read_bytes()
    with pytest.raises(NoData, match=says):
        built(wd)
    assert (wd / "landuse.nodb").read_bytes() == before
    assert ctx.words() == ["STARTED", "EXCEPTION", "EXCEPTION_JSON"]


def test_a_class_without_a_row_is_named_with_its_hillslopes(wd: Path, tmp_path: Path) -> None:
    """Nothing grows by guess: the table is named, the code, and who wants it."""
    site_maps.write(tmp_path / "site/nlcd/2019.tif", [[11] * 5] * 4)
    with pytest.raises(NoData, match=r"nlcd\.csv has no row .*class 11 of hillslopes 21, 22, 23$"):
        built(wd)


def test_a_map_that_ends_before_the_watershed_is_refused(wd: Path, tmp_path: Path) -> None:
    """It lies elsewhere: the map and the hillslopes are named."""
    far = site_maps.place(4, 5, west=site_maps.WEST + 3000.0)
    site_maps.write(tmp_path / "site/nlcd/2019.tif", COVER, far)
    with pytest.raises(NoData, match="tells nothing of hillslopes 21, 22, 23"):
        built(wd)


def test_ids_without_cells_are_refused(wd: Path) -> None:
    """A hillslope of the watershed that its grid does not have is an error, not a default."""
    ids = [[0 if top == 23 else top for top in row] for row in site_maps.IDS]
    path = site_maps.write(wd / "dem/wbt/subwta.tif", ids, nodata=0)
    with pytest.raises(NoData, match=rf"{path}: no cell of it is hillslope 23$"):
        built(wd)


def test_a_run_that_is_not_ready_or_not_to_be_changed_is_left_alone(wd: Path) -> None:
    """Without a grid of subcatchments, and with a mark."""
    (wd / "READONLY").touch()
    with pytest.raises(ReadOnlyRun):
        built(wd)
    (wd / "READONLY").unlink()
    (wd / "dem/wbt/subwta.tif").unlink()
    with pytest.raises(NotPrepared, match="delineate the run's subcatchments first"):
        built(wd)


def test_a_run_may_bring_its_own_map_and_table(ctx, wd: Path, tmp_path: Path) -> None:
    """A page's upload wins over the site's; `*` is the row of all others."""
    text = management.dump(sample_cover.management(LIBRARY["grass"], 1))
    (tmp_path / "man/own").mkdir(parents=True)
    (tmp_path / "man/own/meadow.man").write_text(text)
    ctx.settings = {**ctx.settings, "wepp": {"management_dir": str(tmp_path / "man")}}
    site_maps.write(wd / "landuse/own.tif", [[7, 7, 7, 8, 8]] * 4)
    rows = {
        "7": {"management": "own/meadow.man", "canopy": 0.3},
        "*": {"cover": "corn_no_till"},
        "channels": {"cover": "grass"},
    }
    (wd / "landuse/own.json").write_text(json.dumps(rows))
    site_maps.change(wd, Landuse, map="landuse/own.tif", classes="landuse/own.json")
    found = built(wd)
    assert found.hillslopes == {21: ["7"], 22: ["7"], 23: ["*"]}
    assert (found.covers["7"].file, found.covers["7"].canopy) == ("landuse/meadow.man", 0.3)
    assert found.covers["7"].repeats
    assert found.covers["channels"].cover == "grass"
    assert (wd / "landuse/meadow.man").read_text() == text
    (tmp_path / "man/own/meadow.man").write_text("no management")
    with pytest.raises(FormatError, match=r"meadow\.man"):
        built(wd)


SEVERITY = (
    (0, 3, 3, 3, 0),
    (1, 1, 0, 0, 3),
    (1, 1, 0, 0, 3),
    (0, 0, 0, 0, 0),
)


def burn(wd: Path, values=SEVERITY, **options) -> dict[int, int]:
    """Upload a burn map and take it."""
    site_maps.write(wd / "disturbed/sbs.tif", values, **options)
    return project_rq.init_sbs_map_rq("my-run", "sbs.tif")


def test_what_burnt_is_burnt_cover_and_what_does_not_burn_stays(ctx, wd: Path) -> None:
    """Forest burnt a little is that; pasture has no burnt row, and stays; the page knows of it."""
    assert burn(wd) == {0: 0, 1: 1, 2: 2, 3: 3}
    prep = RedisPrep(wd, "my-run")
    assert prep.has_sbs
    assert prep[str(TaskEnum.init_sbs_map)] is not None
    assert built(wd).hillslopes == {21: ["81"], 22: ["low_fire"], 23: ["81"]}
    assert Landuse.load(wd).covers["low_fire"].cover == "low_severity_fire"


def test_baer_values_are_read_as_what_they_mean(wd: Path) -> None:
    """130 to 133; what the map does not tell is unburnt."""
    baer = [[n + 130 if n else 255 for n in row] for row in SEVERITY]
    assert burn(wd, baer, nodata=255)[131] == 1
    assert built(wd).hillslopes[22] == ["low_fire"]


def test_a_severity_that_the_table_does_not_tell_is_refused(wd: Path) -> None:
    """NLCD's table has no cover of moderately burnt forest: which hillslope wants one is said."""
    burn(wd, [[2] * 5] * 4)
    with pytest.raises(NoData, match=r"class 42 burnt moderate \(hillslope 22\)$"):
        built(wd)


def test_the_ground_of_burnt_land_is_told_to_the_soils(wd: Path) -> None:
    """By the word of its row, for the hillslopes that have one."""
    burn(wd)
    (wd / "landuse/own.csv").parent.mkdir(exist_ok=True)
    (wd / "landuse/own.csv").write_text(
        "code,cover,low,ground\n42,old_forest,x,\n81,grass,,\nx,high_severity_fire,,burnt\n"
    )
    site_maps.change(wd, Landuse, classes="landuse/own.csv")
    assert built(wd).grounds == {22: "burnt"}


@pytest.mark.parametrize(
    ("name", "values", "options", "error", "says"),
    [
        ("none.tif", SEVERITY, {}, NotPrepared, "'none.tif'.*disturbed holds no such file"),
        ("../sbs.tif", SEVERITY, {}, NoData, "file of the run"),
        ("sbs.tif", [[0, 1, 2, 9]], {}, NoData, r"sbs\.tif: value 9: 0 to 3 or 130 to 133"),
        ("sbs.tif", [[3, 130]], {}, NoData, "values 3, 130: "),
        ("sbs.tif", [[0, 0]], {"nodata": 0}, NoData, "tells nothing"),
    ],
)
def test_what_is_no_burn_map_is_refused(wd: Path, name, values, options, error, says) -> None:
    """File, value and what to do; the run keeps the map that it had."""
    site_maps.write(wd / "disturbed/sbs.tif", values, **options)
    with pytest.raises(error, match=says):
        project_rq.init_sbs_map_rq("my-run", name)
    assert Disturbed.or_new(wd).sbs_map is None
    assert not RedisPrep(wd, "my-run").has_sbs


def test_other_values_are_taken_once_the_run_says_what_they_mean(wd: Path) -> None:
    """Their severities stand in disturbed.nodb; one that is left out is named."""
    site_maps.change(wd, Disturbed, severities={4: 1})
    with pytest.raises(NoData, match="value 5 is not among the severities told"):
        burn(wd, [[4, 5, 4, 4, 4]] * 4)
    site_maps.change(wd, Disturbed, severities={4: 1, 5: 0})
    assert burn(wd, [[4, 5, 4, 4, 4]] * 4) == {4: 1, 5: 0}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("code,cover\n42,oak\n", "class 42: .*'oak' is no cover of the library: old_forest"),
        ("code,cover,colour\n42,grass,red\n", "class 42: colour: Extra"),
        ("code,name\n42,wood\n", "class 42: .*give one of cover and management"),
        ("code,cover,low\n42,grass,x\n", "class 42: low: there is no row 'x'"),
        ("code,cover\n42,grass\n42,grass\n", "class 42 comes twice"),
        ("code,cover,canopy\n42,grass,2\n", "class 42: canopy: Input should be less"),
        ("code,cover\n,grass\n", "a row has no code"),
        ("code,cover\n42,grass,1\n", "class 42: more: Extra"),
    ],
)
def test_a_table_with_a_mistake_says_where(tmp_path: Path, text, says) -> None:
    """File, class and column."""
    path = tmp_path / "classes.csv"
    path.write_text(text)
    with pytest.raises(BrokenDocument, match=rf"classes\.csv: {says}"):
        classes.read(path)


def test_the_table_that_comes_with_the_tasks_is_whole() -> None:
    """Each of its classes has a cover of the library; water and towns are left to the site."""
    table = classes.read(classes.NLCD)
    assert table.key(42) == "42"
    assert [code for code in (11, 12, 22, 23, 24) if table.key(code)] == []


def a_pointer(path: Path, to: str) -> None:
    """A raster, by its name, that only names another one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        '<VRTDataset rasterXSize="5" rasterYSize="4"><SRS>EPSG:32611</SRS>'
        "<GeoTransform>500000,30,0,5100000,0,-30</GeoTransform>"
        '<VRTRasterBand dataType="Int32" band="1"><SimpleSource>'
        f"<SourceFilename>{to}</SourceFilename><SourceBand>1</SourceBand>"
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )


def test_what_was_uploaded_reads_no_other_file(wd: Path, tmp_path: Path) -> None:
    """A VRT that is called .tif would read any file or address; the site's own maps may be such."""
    source = tmp_path / "site/nlcd/2019.tif"
    for name in ("disturbed/sbs.tif", "landuse/own.tif"):
        a_pointer(wd / name, str(source))
    with pytest.raises(NoData, match=r"sbs\.tif is no GeoTIFF, no ERDAS Imagine"):
        project_rq.init_sbs_map_rq("my-run", "sbs.tif")
    site_maps.change(wd, Landuse, map="landuse/own.tif")
    with pytest.raises(NoData, match=r"own\.tif is no GeoTIFF"):
        built(wd)
    a_pointer(tmp_path / "site/linked.vrt", str(source))
    site_maps.change(wd, Landuse, map=None, nlcd_db="linked")
    assert built(wd).hillslopes[22] == ["42"]


def test_a_burn_map_may_be_an_ascii_grid(wd: Path) -> None:
    """With its projection beside it, as they come; without it says what is missing."""
    rows = "\n".join(" ".join(map(str, row)) for row in SEVERITY)
    head = "NCOLS 5\nNROWS 4\nXLLCORNER 500000\nYLLCORNER 5099880\nCELLSIZE 30\n"
    (wd / "disturbed").mkdir()
    (wd / "disturbed/sbs.asc").write_text(f"{head}{rows}\n")
    with pytest.raises(NoData, match=r"sbs\.asc has no projection"):
        project_rq.init_sbs_map_rq("my-run", "sbs.asc")
    (wd / "disturbed/sbs.prj").write_text(site_maps.UTM.to_wkt(version="WKT1_ESRI"))
    project_rq.init_sbs_map_rq("my-run", "sbs.asc")
    assert built(wd).hillslopes[22] == ["low_fire"]
