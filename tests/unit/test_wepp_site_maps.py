"""Numbers that maps tell: rasters beside WEPPcloud's documents, looked at where the run lies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import rasterio
from pyarrow import parquet
from rasterio import warp

from tasks import wepp_rq
from tasks.run.directory import RunDirectory
from tasks.run.foreign import ForeignDocument
from tasks.wepp.files import channels, soil
from tasks.wepp.prep import stages
from tests.unit.site_documents import BELOW, BESIDE, an_object, change, write_site

TOPS = (22, 23, 31, 32, 33, 41, 42, 43)
WEST, NORTH, STEP = -117.0, 47.0, 0.01
OUTLET, CENTRE = (-116.995, 46.995), (-116.985, 46.985)  # cells (0, 0) and (1, 1)
NODATA = -9999.0
#: A raster that has its cells from another file.
VRT = b"""<VRTDataset rasterXSize="1" rasterYSize="1"><SRS>EPSG:4326</SRS>
<GeoTransform>-117, 1, 0, 47, 0, -1</GeoTransform><VRTRasterBand dataType="Float32" band="1">
<SimpleSource><SourceFilename>/vsicurl/http://elsewhere/k.tif</SourceFilename></SimpleSource>
</VRTRasterBand></VRTDataset>"""


@pytest.fixture
def wd(ctx, tmp_path: Path) -> Path:
    return tmp_path / "runs" / "my-run"


def a_map(path: Path, values: list[list[float]], crs: str = "EPSG:4326") -> str:
    """A raster of these cells from (WEST, NORTH) on, in degrees or in metres of UTM 11."""
    (east,), (north,) = warp.transform("EPSG:4326", crs, [WEST], [NORTH])
    step = STEP if crs == "EPSG:4326" else 1000.0
    cells = np.array(values, dtype="float32")
    with rasterio.open(
        path, "w", driver="GTiff", height=cells.shape[0], width=cells.shape[1], count=1,
        dtype="float32", crs=crs, nodata=NODATA,
        transform=rasterio.transform.from_origin(east, north, step, step),
    ) as raster:  # fmt: skip
        raster.write(cells, 1)
    return str(path)


def locate(wd: Path, dialect: str, **hillslopes: tuple[float, float]) -> None:
    """Tell where the run lies: its outlet, its centre, and that of each hillslope."""
    outlet = an_object(dialect, "Outlet", {"actual_loc": {"py/tuple": list(OUTLET)}})
    change(wd, "watershed", _outlet=outlet, _centroid=list(CENTRE))
    places = [hillslopes.get(f"h{top}", CENTRE) for top in TOPS]
    columns = {
        "topaz_id": [str(top) for top in TOPS],
        "centroid_lon": [place[0] for place in places],
        "centroid_lat": [place[1] for place in places],
    }
    parquet.write_table(pa.table(columns), wd / "watershed/hillslopes.parquet")


@pytest.mark.parametrize("dialect", [BESIDE, BELOW])
def test_maps_win_over_the_document_where_they_say_something(wd, tmp_path, dialect):
    """At the outlet water and phosphorus, at the centre plants and beds; else the document."""
    write_site(wd, dialect)
    locate(wd, dialect)
    phosphorus = {"surf_runoff": 0.1, "lateral_flow": 0.2, "baseflow": 0.3, "sediment": 400.0}
    change(
        wd,
        "wepp",
        phosphorus_opts=an_object(dialect, "PhosphorusOpts", phosphorus),
        _run_pmet=True,
        _pmet_kcb=0.9,
        _pmet_rawp=0.5,
        baseflow_gwstorage_map=a_map(tmp_path / "storage.tif", [[150.0, 1.0], [1.0, 1.0]]),
        baseflow_bfcoeff_map=a_map(tmp_path / "none.tif", [[NODATA, 0.9], [0.9, 0.9]]),
        p_sediment_map=a_map(tmp_path / "sediment.tif", [[1000.0, 1.0], [1.0, 1.0]]),
        p_baseflow_map=a_map(tmp_path / "zero.tif", [[0.0, 1.0], [1.0, 1.0]]),
        _pmet_kcb_map=a_map(tmp_path / "kcb.tif", [[0.1, 0.1], [0.1, 0.75]]),
        channel_critical_shear_map=a_map(tmp_path / "shear.tif", [[1.0, 1.0], [1.0, 35.0]]),
    )
    run = RunDirectory(wd)
    stages.prepare("my-run", run, stages.SOILS, stages.COVERS, stages.ANSWERS, stages.NETWORK)
    told = {p.name: p.read_text().split() for p in run.runs.glob("*.txt")}
    assert told["gwcoeff.txt"] == ["150.0", "0.02", "0.0", "1.0"]
    assert told["phosphorus.txt"][2:] == ["0.1", "0.2", "0.3", "1000.0"]
    kcbs = {line.split(",")[1:3][0] for line in told["pmetpara.txt"][1:]}
    assert kcbs == {"0.75"}
    assert {bed.tauc for bed in channels.read(run.runs / "pw0.chn").channels} == {35.0}
    assert {bed.tauc for bed in soil.read(run.runs / "pw0.sol").elements} == {35.0}


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32611"])
def test_what_lies_below_each_soil_is_that_of_its_hillslope_s_centre(wd, tmp_path, crs):
    """In degrees or in metres; outside of the map, or where it is nothing, as the document says."""
    write_site(wd, BESIDE)
    locate(wd, BESIDE, h22=(-116.997, 46.997), h23=(-110.0, 40.0))
    told = a_map(tmp_path / "ks.tif", [[0.5, 0.0, 0.0], [0.0, 0.03, 0.0], [0.0, 0.0, 0.0]], crs)
    change(wd, "wepp", _kslast=0.02, _kslast_map=told)
    run = RunDirectory(wd)
    stages.prepare("my-run", run, stages.SOILS)
    assert [_below(run, number) for number in (1, 2, 3)] == [0.5, 0.02, 0.03]
    a_map(Path(told), [[0.7]], crs)
    assert stages.prepare("my-run", run, stages.SOILS) == 1
    assert _below(run, 1) == pytest.approx(0.7)


def _below(run: RunDirectory, number: int) -> float | None:
    (element,) = soil.read(run.runs / f"p{number}.sol").elements
    return pytest.approx(element.restricting.ksat) if element.restricting else None


def test_streets_and_houses_keep_what_lies_below_them(wd):
    """A soil that says that its land is developed is as tight as it says itself."""
    write_site(wd, BESIDE)
    change(wd, "wepp", _kslast=0.02)
    for path in (wd / "soils").glob("*.sol"):
        lines = path.read_text().splitlines()
        start = next(n for n, line in enumerate(lines) if line.startswith("7778"))
        lines[start] = "9002"
        head = next(n for n, line in enumerate(lines) if line.startswith("'"))
        lines.insert(head, "0 'developed low intensity' 'loam' 1.3 0.3")
        path.write_text("\n".join(_curved(lines, head + 1)) + "\n")
    run = RunDirectory(wd)
    stages.prepare("my-run", run, stages.SOILS)
    assert _below(run, 1) == 0.01


def _curved(lines: list[str], head: int) -> list[str]:
    """Layers with the numbers of a curve behind their own, as 9002 has them."""
    count = int(lines[head].split("'")[-1].split()[0])
    layers = range(head + 1, head + 1 + count)
    return [
        f"{x} 0.05 0.45 0.02 1.4 20 0.12 0.3" if n in layers else x for n, x in enumerate(lines)
    ]


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (None, r"kslast_map: .*k\.tif does not exist"),
        (b"no raster", r"kslast_map: .*k\.tif is no GeoTIFF"),
        (VRT, r"kslast_map: .*k\.tif is no GeoTIFF, no ERDAS Imagine file and no ESRI ASCII grid"),
    ],
)
def test_a_map_that_cannot_be_read_is_named_before_a_job_is_enqueued(ctx, wd, tmp_path, made, says):
    """One line: the document, the map, and why."""
    write_site(wd, BESIDE)
    locate(wd, BESIDE)
    path = tmp_path / "k.tif"
    if made:
        path.write_bytes(made)
    change(wd, "wepp", _kslast_map=str(path))
    with pytest.raises(ForeignDocument, match=says) as caught:
        wepp_rq.run_wepp_rq("my-run")
    assert "\n" not in str(caught.value)
    assert ctx.children == []


def test_a_map_of_a_run_that_tells_no_place_is_refused(wd, tmp_path):
    """The message says what place is not told, and by whom."""
    write_site(wd, BESIDE)
    told = a_map(tmp_path / "k.tif", [[0.5]])
    change(wd, "wepp", _kslast_map=told)
    with pytest.raises(ForeignDocument, match=r"watershed\.nodb: kslast_map wants the centre of"):
        stages.prepare("my-run", RunDirectory(wd), stages.SOILS)
    change(wd, "wepp", _kslast_map=None, channel_critical_shear_map=told)
    with pytest.raises(ForeignDocument, match="channel_critical_shear_map wants a place"):
        stages.prepare("my-run", RunDirectory(wd), stages.SOILS)


def test_centres_of_older_documents_are_those_of_their_hillslopes(wd, tmp_path):
    """Without a table beside the document, the place stands in the document."""
    write_site(wd, BELOW)
    centre = an_object(BELOW, "Centroid", {"lnglat": {"py/tuple": [-116.997, 46.997]}})
    hills = {str(t): an_object(BELOW, "Hill", {"topaz_id": t, "centroid": centre}) for t in TOPS}
    change(wd, "watershed", _subs_summary=hills)
    change(wd, "wepp", _kslast_map=a_map(tmp_path / "k.tif", [[0.5]]))
    run = RunDirectory(wd)
    stages.prepare("my-run", run, stages.SOILS)
    assert _below(run, 8) == 0.5
