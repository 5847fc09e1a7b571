"""Extracts of land cover and soils: what is in them, the same bytes, and what is refused."""

from __future__ import annotations

import json
import os
import shutil
import tarfile
import time
from pathlib import Path

import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st

from tasks.data.places import NoData
from tasks.extracts import archive, shelf
from tasks.extracts.archive import NotPacked
from tasks.land_and_soil_rq import land_and_soil_rq
from tasks.terrain import BadTerrain
from tasks.wepp.documents import Landuse, Soils
from tasks.wepp.files import management, soil
from tests.unit import site_maps

#: Within the site's maps: 117 west is 500 km east in UTM zone 11.
EXTENT = [-117.0, 46.045, -116.995, 46.05]


@pytest.fixture
def site(ctx, tmp_path: Path) -> Path:
    """A site with maps of 100 x 100 cells, of two classes and two soils; its directory."""
    home = tmp_path / "site"
    cover = [[42 if column < 6 else 11 for column in range(100)] for _ in range(100)]
    units = [[7 if row % 2 else 8 for _ in range(100)] for row in range(100)]
    site_maps.write(home / "nlcd/2019.tif", cover)
    site_maps.write(home / "ssurgo/gNATSGSO/2025.tif", units)
    site_maps.write_soil(home / "sol/7.sol")
    data = {"landuse": str(home), "soils": str(home), "soil_files": str(home / "sol")}
    data |= {"extracts": str(tmp_path / "out"), "max_map_dimension_px": 100}
    data |= {"extracts_days": 10.0, "extracts_gib": 0.0}
    ctx.settings = {**ctx.settings, "data": data}
    return home


def unpacked(path: str, to: Path) -> list[str]:
    """Unpack an archive; the names in it, as they come."""
    with tarfile.open(path, "r:gz") as tar:
        names = tar.getnames()
        tar.extractall(to, filter="data")
    return names


def test_an_extract_has_maps_documents_and_files(ctx, site: Path, tmp_path: Path) -> None:
    """As WEPPcloud's have them; what the site has no file for is told, in the documents too."""
    path, seconds = land_and_soil_rq(None, EXTENT)
    assert path == str(tmp_path / "out/j1.tar.gz")
    assert seconds > 0.0
    assert sorted((tmp_path / "out").iterdir()) == [Path(path)]
    names = unpacked(path, tmp_path / "x")
    assert names == [
        "./landuse", "./landuse.nodb", "./landuse/42.man", "./landuse/nlcd.tif", "./ron.nodb",
        "./soils", "./soils.nodb", "./soils/7.sol", "./soils/ssurgo.tif",
    ]  # fmt: skip
    landuse, soils = Landuse.load(tmp_path / "x"), Soils.load(tmp_path / "x")
    assert landuse.covers["42"].file == "landuse/42.man"
    assert management.read(tmp_path / "x/landuse/42.man").initials[0].cancov == 0.85
    assert soils.soils == {"7": "soils/7.sol"}
    assert soil.read(tmp_path / "x/soils/7.sol")
    assert (landuse.model_extra, soils.model_extra) == ({"lacking": [11]}, {"lacking": [8]})
    ron = json.loads((tmp_path / "x/ron.nodb").read_text())
    assert (ron["config"], ron["map"]["extent"], ron["map"]["zoom"]) == (
        "disturbed9002",
        EXTENT,
        12,
    )
    said = [text.split(maxsplit=1)[1] for _, text in ctx.messages]
    assert said[:3] == [
        "STARTED   land_and_soil_rq(j1)",
        "STATUS    1 classes of land cover have no row in the table: 11",
        "STATUS    1 soils have no file: 8",
    ]
    assert said[3].startswith(f"COMPLETED land_and_soil_rq(j1) -> ({path}, ")
    assert {channel for channel, _ in ctx.messages} == {"land_and_soil_rq:j1"}


def test_its_maps_cover_the_extent_on_lines_of_thirty_metres(site: Path, tmp_path: Path) -> None:
    """In UTM, so that cells have one size; each has the class of the site's cell below it."""
    unpacked(land_and_soil_rq(None, EXTENT)[0], tmp_path / "x")
    with rasterio.open(tmp_path / "x/landuse/nlcd.tif") as made:
        assert (made.crs.to_epsg(), made.res) == (32611, (30.0, 30.0))
        assert made.bounds.left % 30.0 == made.bounds.top % 30.0 == 0.0
        with rasterio.open(site / "nlcd/2019.tif") as source:
            for x, y in ((500_100.0, 5_099_300.0), (500_380.0, 5_099_500.0)):
                assert list(made.sample([(x, y)])) == list(source.sample([(x, y)]))


def test_either_order_of_latitudes_is_the_same_extract(site: Path, tmp_path: Path) -> None:
    """The same bytes as well: neither time nor owner is in them, but the extent as understood."""
    west, south, east, north = EXTENT
    first = Path(land_and_soil_rq(None, EXTENT)[0]).read_bytes()
    again = land_and_soil_rq(None, f"{west}, {north}, {east}, {south}")[0]
    assert Path(again).read_bytes() == first


@pytest.mark.parametrize(
    ("told", "error", "says"),
    [
        ([-117.0, 46.0], ValueError, "four numbers are wanted"),
        ("here", ValueError, "four numbers are wanted"),
        (None, ValueError, "four numbers are wanted"),
        ([-117.0, 46.0, float("nan"), 46.1], ValueError, "four numbers are wanted"),
        ([-116.0, 46.0, -117.0, 46.1], ValueError, "west to east"),
        ([-117.0, 46.0, -116.9, 46.0], ValueError, "neither of them nothing"),
        ([-117.0, 85.0, -116.9, 86.0], ValueError, "from -80 to 84"),
        ([-117.0, 46.0, -116.0, 47.0], BadTerrain, r"is 2\d+ x 3\d+ cells: .* allows 100 each"),
        ([-30.0, 46.0, -29.99, 46.01], NoData, r"2019\.tif: it tells nothing of the extent"),
    ],
)
def test_an_extent_that_is_none_or_in_the_sea_is_refused(
    ctx, site: Path, tmp_path: Path, told, error, says
) -> None:
    """One line says what was wrong; nothing is left behind, and the channel hears of it."""
    with pytest.raises(error, match=says):
        land_and_soil_rq(None, told)
    assert not list(tmp_path.glob("out/*"))
    assert ctx.words() == ["STARTED", "EXCEPTION", "EXCEPTION_JSON"]


def test_maps_may_be_named_and_those_that_are_not_there_are_refused(site: Path) -> None:
    """Other names than the usual ones, below the site's directories."""
    (site / "ssurgo/gNATSGSO/2025.tif").rename(site / "older.tif")
    with pytest.raises(NoData, match="gNATSGSO/2025' is not there"):
        land_and_soil_rq(None, EXTENT)
    assert land_and_soil_rq(None, EXTENT, "own", "nlcd/2019", "older")
    (site / "sol/7.sol").unlink()
    with pytest.raises(NoData, match="has no file of any soil"):
        land_and_soil_rq(None, EXTENT, ssurgo_db="older")


def aged(path: Path, days: float) -> Path:
    """A file, or a directory of one file, made or fetched so many days ago; and read just now."""
    for each in (path, *path.rglob("*")):
        os.utime(each, (time.time(), time.time() - days * shelf.DAY_S))
    return path


def test_an_extract_removes_those_that_nobody_fetched_for_long(ctx, site: Path, tmp_path: Path):
    """And what jobs that were killed left; but nothing that is in use, or is no extract."""
    out = tmp_path / "out"
    for name in ("old.tar.gz", "fetched.tar.gz", "notes.txt", ".k.tar.gz.0123abcd.tmp"):
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text(name)
    for name in ("killed/ron.nodb", "begun/ron.nodb", "theirs/x"):
        (out / name).parent.mkdir()
        (out / name).write_text(name)
    aged(out / "old.tar.gz", 11)
    shelf.use(aged(out / "fetched.tar.gz", 11))
    for name in ("notes.txt", ".k.tar.gz.0123abcd.tmp", "killed", "theirs"):
        aged(out / name, 99)
    path, _ = land_and_soil_rq(None, EXTENT)
    left = sorted(each.name for each in out.iterdir())
    assert left == ["begun", "fetched.tar.gz", Path(path).name, "notes.txt", "theirs"]
    assert any("1 older extracts removed" in text for _, text, _ in ctx.lines)


def test_what_all_extracts_take_is_bounded(ctx, site: Path, tmp_path: Path):
    """Those that were fetched longest ago go first; none that was used within a day."""
    ctx.settings["data"] |= {"extracts_gib": 2500 / 2**30}
    for name, days in (("a", 3), ("b", 8), ("c", 7), ("d", 0.5)):
        path = tmp_path / f"out/{name}.tar.gz"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x" * 1000)
        aged(path, days)
    land_and_soil_rq(None, EXTENT)
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == ["d.tar.gz", "j1.tar.gz"]


def test_a_download_that_goes_on_finds_the_file_unchanged(tmp_path: Path):
    """It is noted that an archive is used, but not again within the hours after."""
    path = tmp_path / "a.tar.gz"
    path.touch()
    aged(path, 0.1)
    before = path.stat().st_mtime
    shelf.use(path)
    assert path.stat().st_mtime == before
    shelf.use(aged(path, 5))
    assert path.stat().st_mtime >= before
    shelf.use(tmp_path / "gone.tar.gz")


@given(
    st.lists(st.tuples(st.integers(0, 50), st.floats(0, 30)), max_size=12),
    st.sampled_from([0.0, 3.0, 20.0]),
    st.sampled_from([0.0, 40.0, 200.0]),
)
def test_what_is_kept_is_in_use_or_within_the_bounds(found, days: float, most: float):
    """No more goes than must: without the last that went, it would have been too much."""
    now = 40 * shelf.DAY_S
    kept = [
        shelf.Kept(Path(str(number)), size, now - ago * shelf.DAY_S)
        for number, (size, ago) in enumerate(found)
    ]
    gone = shelf.condemned(kept, now, days, most)
    left = [each for each in kept if each not in gone]
    free = [each for each in left if now - each.used > shelf.IN_USE_S]
    assert all(now - each.used > shelf.IN_USE_S for each in gone)
    assert days == 0 or all(now - each.used <= days * shelf.DAY_S for each in free)
    assert not most or not free or sum(each.size for each in left) <= most
    young = [each for each in gone if not days or now - each.used <= days * shelf.DAY_S]
    assert not young or sum(each.size for each in [*left, young[-1]]) > most > 0


def test_a_job_id_that_is_no_name_of_a_file_is_refused(ctx, site: Path) -> None:
    """It is the name of the archive."""
    ctx.job_id = "../../etc"
    with pytest.raises(ValueError, match="name an extract"):
        land_and_soil_rq(None, EXTENT)


@pytest.fixture(params=["zlib", "pigz"])
def packer(request, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each of the two that deflate; pigz where it is installed."""
    if request.param == "zlib":
        monkeypatch.setattr(archive.shutil, "which", lambda _: None)
    elif shutil.which("pigz") is None:
        pytest.skip("pigz is not installed here")
    return request.param


def a_tree(root: Path, mode: int, when: float) -> Path:
    """A directory of two files, made in one order or the other."""
    for name in ("b/x", "a") if when else ("a", "b/x"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name * 5000)
        (root / name).chmod(mode)
    return root


def test_the_same_files_are_the_same_archive(packer: str, tmp_path: Path) -> None:
    """Whoever made them, when, and in which order."""
    for name, mode, when in (("one", 0o600, 0.0), ("two", 0o666, 1.0)):
        root = a_tree(tmp_path / name, mode, when)
        assert archive.pack(root, tmp_path / f"{name}.tar.gz", 2) == 2
    assert (tmp_path / "one.tar.gz").read_bytes() == (tmp_path / "two.tar.gz").read_bytes()
    assert unpacked(str(tmp_path / "one.tar.gz"), tmp_path / "x") == ["./a", "./b", "./b/x"]
    assert (tmp_path / "x/b/x").read_text() == "b/x" * 5000


def test_pigz_that_fails_leaves_no_archive(tmp_path: Path, monkeypatch) -> None:
    """Its words are told; the archive that was there before stays."""
    program = tmp_path / "bin/pigz"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho no space >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    (tmp_path / "t.tar.gz").write_text("before")
    with pytest.raises(NotPacked, match="ended with 3: no space"):
        archive.pack(a_tree(tmp_path / "one", 0o644, 0.0), tmp_path / "t.tar.gz")
    assert (tmp_path / "t.tar.gz").read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "one", "t.tar.gz"]
