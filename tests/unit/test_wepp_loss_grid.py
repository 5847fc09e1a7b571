"""Losses along hillslopes, laid over the cells of a watershed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from tasks import wepp_rq
from tasks.run.atomic import replace_text
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.run.nodb import BrokenDocument
from tasks.wepp import loss_grid
from tasks.wepp.documents import Watershed
from tasks.wepp.files import grid
from tasks.wepp.files.errors import CutShort, FormatError
from tasks.wepp.samples.watershed import write_watershed

HEAD = "ncols 4\nnrows 3\nxllcorner 10.5\nyllcorner 20.0\ncellsize 30\nNODATA_value -9999\n"
IDS = "21 21 24 22\n21 21 24 22\n-9999 23 24 22\n"
AWAY = "60 30 0 30\n60 30 0 30\n-9999 30 0 60\n"


@pytest.fixture
def run(ctx, tmp_path: Path) -> RunDirectory:
    """A run of one channel with rasters, whose hillslopes were run."""
    root = tmp_path / "runs" / "my-run"
    watershed = write_watershed(root, channels=1, years=1)
    (root / "dem").mkdir()
    (root / "dem/subwta.asc").write_text(HEAD + IDS)
    (root / "dem/discha.asc").write_text(HEAD + AWAY)
    watershed.subcatchments, watershed.distance_to_channel = "dem/subwta.asc", "dem/discha.asc"
    replace_text(Watershed.path(root), watershed.dump())
    for stage in ("slopes", "managements", "soils", "climates", "remaining"):
        getattr(wepp_rq, f"_prep_{stage}_rq")("my-run")
    wepp_rq._run_hillslopes_rq("my-run")
    return RunDirectory(root)


def test_a_grid_reads_back_where_it_lay(tmp_path: Path):
    """Head and cells; what has no value has none again."""
    (tmp_path / "a.asc").write_text(HEAD + AWAY)
    found = grid.read(tmp_path / "a.asc")
    assert found.values.shape == (3, 4)
    assert np.isnan(found.values[2, 0])
    grid.write(tmp_path / "b.asc", found, 1)
    again = grid.read(tmp_path / "b.asc")
    assert again.head == found.head
    assert np.array_equal(again.values, found.values, equal_nan=True)


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("ncols 4\nnrows 3\n1 2", FormatError, "the head lacks cellsize"),
        (HEAD + "1 2 3", CutShort, "3 values, not 3 rows of 4 values"),
        (HEAD + IDS + "7", FormatError, "13 values are more than 3 x 4"),
        (HEAD + "x", FormatError, "could not convert"),
    ],
)
def test_a_broken_grid_is_named(tmp_path: Path, text, kind, says):
    """File, and what is wrong with it."""
    (tmp_path / "a.asc").write_text(text)
    with pytest.raises(kind, match=rf"a\.asc.*{says}"):
        grid.read(tmp_path / "a.asc")


def test_a_geotiff_is_the_grid_that_its_ascii_twin_is(tmp_path: Path):
    """Cells and place; a raster that lies askew is no grid, and what is no raster is named."""
    (tmp_path / "a.asc").write_text(HEAD + AWAY)
    ascii_twin = grid.read(tmp_path / "a.asc")
    cells = np.where(np.isnan(ascii_twin.values), -1, ascii_twin.values).astype("int32")
    for name, places in (("a", Affine(30, 0, 10.5, 0, -30, 110)), ("b", Affine.rotation(9))):
        with rasterio.open(
            tmp_path / f"{name}.tif", "w", driver="GTiff", height=3, width=4, count=1,
            dtype="int32", nodata=-1, crs="EPSG:32611", transform=places,
        ) as raster:  # fmt: skip
            raster.write(cells, 1)
    found = grid.read(tmp_path / "a.tif")
    assert np.array_equal(found.values, ascii_twin.values, equal_nan=True)
    for word, value in found.head.items():
        assert float(value) == float(ascii_twin.head[word])
    (tmp_path / "c.tif").write_text("no raster")
    for name, says in (("b", "no squares to the north"), ("c", "cannot be read as a raster")):
        with pytest.raises(FormatError, match=rf"{name}\.tif: .*{says}"):
            grid.read(tmp_path / f"{name}.tif")


def test_the_farthest_cell_is_the_top_and_the_nearest_is_close_to_the_foot():
    """By hand: a loss that grows down the slope, 3 cells 90, 60 and 0 m from the channel."""
    ids, away = np.array([[22.0, 22.0, 22.0, 24.0]]), np.array([[90.0, 60.0, 0.0, 0.0]])
    along, loss = np.array([0.0, 300.0]), np.array([0.0, 3.0])
    found = loss_grid.laid(ids, away, lambda top: (along, loss), {22})
    assert found[0, :3].tolist() == pytest.approx([0.0, 1.0, 3.0])
    assert np.isnan(found[0, 3])


def test_a_run_s_grid_has_each_hillslope_s_losses_and_no_channel(ctx, run):
    """Cells of a hillslope lie between the least and the greatest loss of its profile."""
    wepp_rq._post_make_loss_grid_rq("my-run")
    path = run.root / "wepp/plots/loss.asc"
    found, ids = grid.read(path).values, grid.read(run.root / "dem/subwta.asc").values
    assert np.isnan(found[ids == 24]).all()
    for number, top in enumerate((21, 22, 23), 1):
        _, loss = loss_grid.profile(run.output / f"H{number}.plot.dat")
        here = found[ids == top]
        assert (here >= loss.min() - 1e-4).all()
        assert (here <= loss.max() + 1e-4).all()
    born = path.stat().st_ino
    wepp_rq._post_make_loss_grid_rq("my-run")
    assert path.stat().st_ino == born


def test_a_watershed_without_rasters_has_no_grid(ctx, run):
    """That it was left out is told to the panel, and fails nothing."""
    document = Watershed.load(run.root).model_copy(update={"distance_to_channel": None})
    replace_text(Watershed.path(run.root), document.dump())
    wepp_rq._post_make_loss_grid_rq("my-run")
    said = "SKIPPED   _post_make_loss_grid_rq(my-run) -> its watershed has no rasters of"
    assert any(said in text for _, text in ctx.messages)
    assert not (run.root / "wepp/plots").exists()


def test_what_a_grid_lacks_is_named(ctx, run):
    """A raster, a plot, rasters that do not fit: which."""
    (run.root / "dem/discha.asc").write_text(HEAD.replace("nrows 3", "nrows 1") + "1 2 3 4\n")
    with pytest.raises(BrokenDocument, match="differ in their cells"):
        wepp_rq._post_make_loss_grid_rq("my-run")
    (run.output / "H2.plot.dat").unlink()
    with pytest.raises(NotPrepared, match=r"the plot: .*H2\.plot\.dat cannot be read"):
        wepp_rq._post_make_loss_grid_rq("my-run")
    (run.root / "dem/discha.asc").unlink()
    with pytest.raises(NotPrepared, match=r"the raster: .*discha\.asc cannot be read"):
        wepp_rq._post_make_loss_grid_rq("my-run")
