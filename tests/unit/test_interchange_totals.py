"""The daily table of the watershed adds up to what its hillslopes have."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from tasks import hillsim, interchange
from tasks.interchange.totals import Groundwater, reservoir
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.wepp.files import passfile
from tasks.wepp.files.passfile import Event, NoEvent, PassFile, Subevent
from tasks.wepp.samples.hillslopes import write_sample
from tests.unit import interchange_texts as texts

SIZES = (2e-6, 1e-5, 3e-5, 3e-4, 2e-4)


def water(element: int, day: int, **changed: float) -> tuple[float, ...]:
    """A row of the water balance; P 10, RM 9, Q 2, Ep 1, Es 2, Er 0.5, Dp 3 mm unless `changed`."""
    names = "P RM Q Ep Es Er Dp UpStrmQ SubRIn latqcc soil frozwt snow QOFE".split()
    usual = (10.0, 9.0, 2.0, 1.0, 2.0, 0.5, 3.0, 0.0, 0.0, 0.25, 100.0, 0.0, 0.0, 2.0)
    values = {**dict(zip(names, usual, strict=True)), **changed}
    return (element, day, 1, *values.values())


def handed(area: float, *days: passfile.Day) -> str:
    return passfile.dump(PassFile("p1.cli", 1, 1, area, SIZES, days))


def storm(day: int, volume: float, sediment: tuple[float, ...]) -> Event:
    return Event(
        1, day, 60.0, 1.0, 1.0, 0.1, volume, 0.0, 1.5, 0.1, 20.0, 5.0, sediment, (0.2,) * 5
    )


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    """Hillslope 1 of 1000 m2, hillslope 2 of two elements of 300 and 700 m2, over two days."""
    reports = {
        "H1.wat.dat": texts.wat(water(1, 1), water(1, 2, P=0.0, Dp=1.0)),
        "H2.wat.dat": texts.wat(
            water(1, 1, Q=4.0, QOFE=4.0, latqcc=0.5),
            water(2, 1, Q=4.0, QOFE=5.71, latqcc=1.0, UpStrmQ=4.0, SubRIn=0.5),
            water(1, 2, P=0.0),
            water(2, 2, P=0.0),
        ),
        "H1.pass.dat": handed(1000.0, storm(1, 2.0, (1.0, 0.0, 0.0, 0.0, 2.0)), NoEvent(1, 2)),
        "H2.pass.dat": handed(
            1000.0, storm(1, 4.0, (0.0, 3.0, 0.0, 0.0, 0.0)), Subevent(1, 2, 1e-3, 1.0)
        ),
    }
    run = texts.run_of(tmp_path, reports)
    (run.runs / "p2.slp").write_text("97.5\n2\n100 50\n2 6.0\n0,.1 1,.1\n2 14.0\n0,.1 1,.1\n")
    interchange.hillslopes(run)
    return run


def rows_of(run: RunDirectory) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = parquet.read_table(
        run.interchange / "totalwatsed3.parquet"
    ).to_pylist()
    return found


def test_a_day_reckoned_by_hand(run: RunDirectory) -> None:
    """Volumes over all elements, flows at the last ones, depths over 2000 m2."""
    interchange.totalwatsed3(run)
    first, second = rows_of(run)
    wanted = {
        "year": 1, "julian": 1, "sim_day_index": 1, "water_year": 1,
        "runvol": 6.0, "sbrunv": 3.0, "tdet": 40.0, "tdep": 10.0,
        "seddep_1": 2.0, "seddep_2": 12.0, "seddep_3": 0.0, "seddep_5": 4.0,
        "sed_vol_conc": (2.0 / 2600.0 + 12.0 / 2650.0 + 4.0 / 2650.0) / 6.0,
        "Area": 2000.0, "P": 20.0, "RM": 18.0, "Q": 6.0, "Dp": 6.0,
        "latqcc": 0.25 + 0.7, "QOFE": 2.0 + 5.71 * 0.7,
        "Ep": 2.0, "Es": 4.0, "Er": 1.0,
        "UpStrmQ": 4.0 * 700.0 / 2000.0, "SubRIn": 0.5 * 700.0 / 2000.0,
        "Total-Soil Water": 100.0, "Tile": None, "Irr": None,
        "Precipitation": 10.0, "Rain+Melt": 9.0, "Percolation": 3.0,
        "Lateral Flow": 0.95 / 2.0, "Runoff": 3.0, "Transpiration": 1.0,
        "Evaporation": 2.5, "ET": 3.5, "Reservoir Volume": 200.0, "Baseflow": 0.0,
        "Aquifer losses": 0.0, "Streamflow": 3.0 + 0.475, "ash_transport": None,
    }  # fmt: skip
    assert {name: first[name] for name in wanted} == pytest.approx(wanted)
    assert second["Percolation"] == pytest.approx((1.0 + 3.0) / 2.0)
    assert second["Reservoir Volume"] == pytest.approx(202.0)
    assert second["Baseflow"] == pytest.approx(8.08)
    assert (second["runvol"], second["sbrunv"], second["sed_vol_conc"]) == (0.0, 1.0, 0.0)
    assert second["Streamflow"] == pytest.approx((0.25 + 0.175) / 2.0 + 8.08)


def test_the_reservoir_of_the_run(run: RunDirectory) -> None:
    """`gwcoeff.txt` gives storage, baseflow and seepage."""
    told = "100.0\tInitial groundwater storage (mm)\n0.5\n0.25\n1.0 Threshold area (ha)\n"
    (run.runs / "gwcoeff.txt").write_text(told)
    interchange.totalwatsed3(run)
    first, second = rows_of(run)
    assert (first["Reservoir Volume"], first["Aquifer losses"]) == (100.0, 25.0)
    assert second["Reservoir Volume"] == pytest.approx(100.0 + 2.0 - 25.0)
    assert second["Baseflow"] == pytest.approx(38.5)


def test_the_reservoir_loses_no_water() -> None:
    """What percolates is stored, flows off as baseflow, or is lost."""
    percolation = np.random.default_rng(1).gamma(0.5, 4.0, 1000)
    storage, baseflow, losses = reservoir(percolation, Groundwater(200.0, 0.04, 0.01))
    gained = percolation[1:].sum() - baseflow[:-1].sum() - losses[:-1].sum()
    assert storage[-1] - storage[0] == pytest.approx(gained)
    assert (storage > 0.0).all()


def test_what_an_engine_does_not_tell_is_null(tmp_path: Path) -> None:
    """Builds of 2024 tell no percolation: no baseflow, no streamflow, but rain and runoff."""
    row = "  1   1    1  12.50   3.25 185.00 23.46 16.07 0.50 1.50 0.25 19.6 112.2\n"
    reports = {
        "H1.wat.dat": f"{texts.SHORT_HEAD}\n{row}",
        "H1.pass.dat": handed(1000.0, storm(1, 2.0, (0.0,) * 5)),
    }
    run = texts.run_of(tmp_path, reports)
    interchange.hillslopes(run)
    interchange.totalwatsed3(run)
    (day,) = rows_of(run)
    assert (day["Precipitation"], day["Runoff"], day["ET"]) == (12.5, 2.0, 2.25)
    assert [day[name] for name in ("Dp", "Percolation", "Baseflow", "Streamflow")] == [None] * 4


def test_tables_or_areas_that_are_missing_are_named(tmp_path: Path) -> None:
    """The hillslopes' tables come first; without areas depths are no volumes."""
    run = texts.run_of(tmp_path, {"H1.wat.dat": texts.wat(water(1, 1))})
    with pytest.raises(NotPrepared, match=r"H\.wat\.parquet does not exist"):
        interchange.totalwatsed3(run)
    interchange.hillslopes(run)
    with pytest.raises(NotPrepared, match="has no areas"):
        interchange.totalwatsed3(run)


def test_ash_is_added_where_there_is_some(run: RunDirectory) -> None:
    """Black ash of hillslope 1, white of hillslope 2, in the year of the fire only."""
    (run.root / "ash").mkdir()
    for number, julian in ((1, True), (2, False)):
        days = {"julian": [1, 1]} if julian else {"mo": [1, 1], "da": [1, 1]}
        masses = {
            f"{name} (tonne/ha)": [value, 99.0]
            for name, value in (
                ("wind_transport", 1.0), ("water_transport", 2.0),
                ("ash_transport", 3.0), ("transportable_ash", 4.0),
            )
        }  # fmt: skip
        table = pa.table({"year0": [1, 0], "year": [1, 1], **days, **masses})
        parquet.write_table(table, run.root / "ash" / f"H{number}_ash.parquet")
    interchange.totalwatsed3(run, ash_types={1: "black", 2: "white"})
    first, second = rows_of(run)
    assert (first["wind_transport"], first["ash_transport"]) == pytest.approx((0.2, 0.6))
    assert (first["water_transport_black"], first["water_transport_white"]) == (0.2, 0.2)
    assert first["water_transport_black_per_ha"] == pytest.approx(2.0)
    assert first["transportable_ash_per_ha"] == pytest.approx(4.0)
    black, white = 300.0 / 220.0, 300.0 / 310.0
    assert first["ash_vol_conc"] == pytest.approx((black + white) / 6.0)
    assert first["sed+ash_vol_conc"] == pytest.approx(first["sed_vol_conc"] + (black + white) / 6.0)
    assert first["ash_black_pct_by_vol"] == pytest.approx(100.0 * black / (black + white))
    assert (second["ash_transport"], second["ash_vol_conc"]) == (0.0, 0.0)


def test_the_watershed_is_the_sum_of_its_hillslopes(tmp_path: Path) -> None:
    """Over a year of an engine: nothing is lost on the way from hillslopes to watershed."""
    run = RunDirectory(tmp_path)
    write_sample(tmp_path, hillslopes=2, years=1)
    for number in run.hillslopes():
        hillsim.run(run.run_file(number), run.runs, io.StringIO())
    interchange.hillslopes(run)
    interchange.totalwatsed3(run)
    total = parquet.read_table(run.interchange / "totalwatsed3.parquet")
    hills = parquet.read_table(run.interchange / "H.wat.parquet")
    given = parquet.read_table(run.interchange / "H.pass.parquet")
    assert total["sim_day_index"].to_pylist() == list(range(1, 366))

    def volume(name: str) -> float:
        return float((hills[name].to_numpy() * hills["Area"].to_numpy()).sum() / 1000.0)

    for name in ("P", "RM", "Dp", "Ep", "Es", "Er", "latqcc", "QOFE"):
        assert total[name].to_numpy().sum() == pytest.approx(volume(name))
    sediment = sum(
        (given[f"sedcon_{n}"].to_numpy() * given["runvol"].to_numpy()).sum() for n in range(1, 6)
    )
    left = sum(total[f"seddep_{n}"].to_numpy().sum() for n in range(1, 6))
    assert left == pytest.approx(sediment)
    # Water that hangs on leaves and litter has no column: less than a millimetre.
    gained = total["Rain+Melt"].to_numpy() - total["ET"].to_numpy()
    gone = total["Percolation"].to_numpy() + total["Lateral Flow"].to_numpy()
    off = total["QOFE"].to_numpy() / total["Area"].to_numpy() * 1000.0
    held = total["Total-Soil Water"].to_numpy() + total["frozwt"].to_numpy()
    assert (gained - gone - off)[1:].sum() == pytest.approx(held[-1] - held[0], abs=1.0)
