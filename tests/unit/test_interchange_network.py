"""Reports of the channel network become tables."""

from __future__ import annotations

import gzip
import math
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from tasks import interchange
from tasks.interchange.net import passes as net_pass
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.wepp.files.errors import CutShort, FormatError
from tests.unit import interchange_network as net
from tests.unit import interchange_texts as texts

DATA = Path(__file__).parents[3] / "shared" / "data" / "wepp" / "watershed"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"no real WEPP files at {DATA}")


def a_run(root: Path, **changed: str) -> RunDirectory:
    """A run whose network has been simulated; year 1 has a 29 February."""
    run = texts.run_of(root, net.reports(**changed), leap=(1,))
    (run.runs / "pw0.str").write_text(net.STRUCTURE)
    return run


def rows_of(run: RunDirectory, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = parquet.read_table(
        run.interchange / f"{table}.parquet"
    ).to_pylist()
    return found


def test_the_master_pass_file_has_a_row_a_day_and_hillslope(tmp_path: Path) -> None:
    """Measures stand line by line for all hillslopes, concentrations hillslope by hillslope."""
    run = a_run(tmp_path)
    interchange.watershed(run)
    rows = rows_of(run, "pass_pw0.events")
    assert [(row["julian"], row["wepp_id"], row["event"]) for row in rows] == [
        (day, hill, kind)
        for day, kind in enumerate(("NO EVENT", "SUBEVENT", "EVENT"), 1)
        for hill in (1, 2)
    ]
    assert [row["sbrunv"] for row in rows] == [0.0, 0.0, 3.0, 4.0, 7.0, 7.5]
    first, second = rows[4:]
    assert (first["dur"], first["drrunv"], first["peakro"], first["tdep"]) == (1.0, 9.0, 10.0, 12.0)
    assert (second["dur"], second["tdep"], second["gwbfv"]) == (1.5, 12.5, 0.0)
    assert [second[f"sedcon_{n}"] for n in range(1, 6)] == [201.0, 202.0, 203.0, 204.0, 205.0]
    assert [first[f"frcflw_{n}"] for n in range(1, 6)] == [0.1, 0.2, 0.3, 0.4, 0.0]


def test_the_hillslopes_of_the_master_pass_file(tmp_path: Path) -> None:
    """Areas, diameters and climates; the facts of the simulation are in the tables' metadata."""
    run = a_run(tmp_path)
    interchange.watershed(run)
    first, second = rows_of(run, "pass_pw0.metadata")
    assert (first["wepp_id"], first["climate_file"], first["area"]) == (1, "p1.cli", 13200.0)
    assert (first["dia_4"], second["dia_4"], second["srp"]) == (4e-4, 3e-4, None)
    for name in ("events", "metadata"):
        facts = parquet.read_schema(run.interchange / f"pass_pw0.{name}.parquet").metadata
        assert (facts[b"nhill"], facts[b"begin_year"], facts[b"npart"]) == (b"2", b"1", b"5")
        assert facts[b"dataset_version"] == b"1.0"


def test_weppclouds_master_pass_file_has_phosphorus_and_groundwater(tmp_path: Path) -> None:
    """Four concentrations behind the area, two measures more of every day."""
    text = net.PASS.replace("E+05\n", "E+05 .1 .2 .3 4.5\n")
    text = text.replace("NO EVENT      1     1\n", "NO EVENT      1     1\n5. 6.\n7. 8.\n")
    text = text.replace("0.0 0.0\n0.0 0.0\n", "0.0 0.0\n" * 4) + net.EVENT + "9. 10.\n11. 12.\n"
    run = a_run(tmp_path, **{"pass": text})
    interchange.watershed(run)
    first, _ = rows_of(run, "pass_pw0.metadata")
    assert [first[name] for name in ("srp", "slfp", "bfp", "scp")] == [0.1, 0.2, 0.3, 4.5]
    rows = rows_of(run, "pass_pw0.events")
    assert [(row["gwbfv"], row["gwdsv"]) for row in rows] == [
        (5.0, 7.0), (6.0, 8.0), (0.0, 0.0), (0.0, 0.0), (9.0, 11.0), (10.0, 12.0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("     2   --> NUMBER", "     3   --> NUMBER", "3 hillslopes are declared, 2 are named"),
        ("--> VERSION NUMBER", "", "the head lacks version"),
        ("3.0 4.0\n", "3.0\n", r"pass_pw0\.txt:16: SUBEVENT with 7 values"),
        ("3.0 4.0\n", "3.0 x\n", r"pass_pw0\.txt:18: 'x' is no number"),
        (".13200E+05", "x", "'x' is no number"),
        ("0.2E-03      .14", "      .14", "hillslope 2 has 5 values"),
    ],
)
def test_a_corrupt_master_pass_file_is_named(tmp_path: Path, old: str, new: str, says: str) -> None:
    """One clear message with file and line."""
    run = a_run(tmp_path, **{"pass": (net.PASS + net.EVENT).replace(old, new, 1)})
    with pytest.raises(FormatError, match=says):
        interchange.watershed(run)


@pytest.mark.parametrize("keep", [0, 300, -20])
def test_a_master_pass_file_that_was_cut_is_an_error(tmp_path: Path, keep: int) -> None:
    """Empty, cut in its head, or in its last event."""
    run = a_run(tmp_path, **{"pass": (net.PASS + net.EVENT)[:keep]})
    with pytest.raises(FormatError, match=r"pass_pw0\.txt"):
        interchange.watershed(run)


def test_quiet_days_of_many_hillslopes_come_a_few_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the days are cut up, the table is the same."""
    run = a_run(tmp_path)
    interchange.watershed(run)
    whole = (run.interchange / "pass_pw0.events.parquet").read_bytes()
    monkeypatch.setattr(net_pass, "_ROWS", 2)
    interchange.watershed(run)
    assert (run.interchange / "pass_pw0.events.parquet").read_bytes() == whole


def test_peaks_balances_and_soil_of_the_channels(tmp_path: Path) -> None:
    """Numbers under the names that readers know, with the climate's 29 February."""
    run = a_run(tmp_path)
    interchange.watershed(run)
    peaks = rows_of(run, "chan.out")
    assert [(row["Elmt_ID"], row["Peak_Discharge (m^3/s)"]) for row in peaks] == [
        (3, 0.0138), (4, 0.025),
    ]  # fmt: skip
    assert (peaks[0]["month"], peaks[0]["day_of_month"], peaks[0]["Time (s)"]) == (2, 29, 1800.0)
    (routed,) = rows_of(run, "chanwb")
    assert (routed["Inflow (m^3)"], routed["Loss (m^3)"], routed["Balance (m^3)"]) == (
        47.09, 10.54, 0.01,
    )  # fmt: skip
    (ground,) = rows_of(run, "chnwb")
    assert (ground["wepp_id"], ground["OFE"], ground["J"], ground["Y"]) == (1, 1, 60, 1)
    assert (ground["P (mm)"], ground["UpStrmQ (mm)"], ground["QOFE (mm)"]) == (12.5, 313.9, 3.25)
    assert (ground["Surf (mm)"], ground["Area (m^2)"]) == (8.23, 150.0)
    (soil,) = rows_of(run, "soil_pw0")
    assert (soil["ofe_id"], soil["day"], soil["Suct"], soil["TSW"]) == (2, 60, 19.74, None)


def test_volumes_of_a_river_that_touch_are_told_apart(tmp_path: Path) -> None:
    """Ten million cubic metres a day fill their column to the one before."""
    row = "     1     60      4      2        47.09"
    row += "10000036.5412345678.90       0.00   ********       0.01"
    run = a_run(tmp_path, chanwb=net.ROUTED[: net.ROUTED.index("     1     60")] + row + "\n")
    interchange.watershed(run)
    (found,) = rows_of(run, "chanwb")
    assert (found["Inflow (m^3)"], found["Outflow (m^3)"]) == (47.09, 10000036.54)
    assert (found["Storage (m^3)"], found["Balance (m^3)"]) == (12345678.90, 0.01)
    assert math.isnan(found["Loss (m^3)"])


def test_events_at_the_outlet_name_its_element(tmp_path: Path) -> None:
    """Stock builds do not tell the outlet's element nor pollutants; the structure file does."""
    run = a_run(tmp_path)
    interchange.watershed(run)
    (row,) = rows_of(run, "ebe_pw0")
    assert (row["year"], row["julian"], row["sim_day_index"]) == (1, 60, 60)
    assert (row["precip"], row["runoff_volume"], row["peak_runoff"]) == (14.9, 36.54, 0.0138)
    assert (row["sediment_yield"], row["total_pollutant"], row["element_id"]) == (2.5, None, 4)
    told = net.EVENTS.rstrip() + "  0.1  0.2  0.3    7\n"
    (run.output / "ebe_pw0.txt").write_text(told)
    interchange.watershed(run)
    (row,) = rows_of(run, "ebe_pw0")
    assert (row["soluble_pollutant"], row["total_pollutant"], row["element_id"]) == (0.1, 0.3, 7)


def test_losses_by_year_and_in_a_mean_year(tmp_path: Path) -> None:
    """Numbers that touch are told apart, stars are NaN, areas stand in the mean years."""
    run = a_run(tmp_path)
    interchange.watershed(run)
    first, second = rows_of(run, "loss_pw0.all_years.hill")
    assert (first["year"], first["hillslope"], first["Runoff Volume"]) == (1, 1, 1842.3)
    assert (second["Subrunoff Volume"], second["Soil Loss"]) == (3333856.2, 1111799.1)
    assert math.isnan(second["Sediment Yield"])
    mean = rows_of(run, "loss_pw0.hill")
    assert [(row["Hillslopes"], row["Hillslope Area"]) for row in mean] == [(1, 1.32), (2, 1.44)]
    assert mean[0]["Baseflow Volume"] is None
    (channel,) = rows_of(run, "loss_pw0.chn")
    assert (channel["Type"], channel["channel"], channel["Soil Loss"]) == ("Channel", 1, 328.2)
    assert (channel["Subsuface Flow Volume"], channel["Contributing Area"]) == (205.7, 7.58)


def test_the_outlet_as_keys_values_and_units(tmp_path: Path) -> None:
    """Tonnes have one spelling; what follows about particles is in a table of its own."""
    run = a_run(tmp_path)
    interchange.watershed(run)
    assert [(row["key"], row["value"], row["units"]) for row in rows_of(run, "loss_pw0.out")] == [
        ("Total contributing area to outlet", 7.58, "ha"),
        ("Total sediment discharge from outlet", 143.5, "tonne"),
        ("Sed. delivery per unit area of watershed", 18.9, "tonne/ha"),
        ("Sediment Delivery Ratio for Watershed", 1.11, ""),
    ]
    classes = rows_of(run, "loss_pw0.class_data")
    assert [row["Fraction In Flow Exiting"] for row in classes] == [0.047, 0.953]
    assert [row["year"] for row in rows_of(run, "loss_pw0.all_years.class_data")] == [1, 1]
    assert len(rows_of(run, "loss_pw0.all_years.out")) == 4


def test_weppclouds_losses_have_baseflow_and_pollutants(tmp_path: Path) -> None:
    """Ten values of a hillslope, nine of a channel."""
    run = a_run(tmp_path, loss=net.YEAR + net.CLOUD_MEAN)
    interchange.watershed(run)
    (hill,) = rows_of(run, "loss_pw0.hill")
    assert (hill["Baseflow Volume"], hill["Sediment Yield"], hill["Hillslope Area"]) == (3, 6, 7)
    assert (hill["Solub. React. Pollutant"], hill["Total Pollutant"]) == (8.0, 10.0)
    (channel,) = rows_of(run, "loss_pw0.chn")
    assert (channel["Contributing Area"], channel["Particulate Pollutant"]) == (6.0, 8.0)


def test_a_loss_report_that_was_cut_is_an_error(tmp_path: Path) -> None:
    """The mean years are its last section."""
    run = a_run(tmp_path, loss=net.YEAR)
    with pytest.raises(CutShort, match="without its mean years"):
        interchange.watershed(run)
    (run.output / "loss_pw0.txt").write_text(net.YEAR + net.MEAN.replace("1.32", "1.32 7.00"))
    with pytest.raises(FormatError, match="7 values are no row of a loss report"):
        interchange.watershed(run)


def test_missing_reports_are_named_together(tmp_path: Path) -> None:
    """What the engine has not written, in one message."""
    run = a_run(tmp_path)
    for name in ("chan.out", "loss_pw0.txt"):
        (run.output / name).unlink()
    with pytest.raises(NotPrepared, match=r"lacks chan\.out, loss_pw0\.txt"):
        interchange.watershed(run)


def test_reports_that_lie_where_the_engine_ran_or_were_compressed(tmp_path: Path) -> None:
    """`chan.out` is written beside the inputs; the big ones are compressed afterwards."""
    run = a_run(tmp_path)
    interchange.watershed(run)
    names = sorted(path.name for path in run.interchange.iterdir())
    whole = {name: (run.interchange / name).read_bytes() for name in names}
    (run.output / "chan.out").rename(run.runs / "chan.out")
    for name in ("pass_pw0.txt", "soil_pw0.txt", "loss_pw0.txt"):
        data = (run.output / name).read_bytes()
        (run.output / name).unlink()
        (run.output / f"{name}.gz").write_bytes(gzip.compress(data, mtime=0))
    interchange.watershed(run)
    assert {name: (run.interchange / name).read_bytes() for name in names} == whole


def test_times_of_concentration_at_the_outlet(tmp_path: Path) -> None:
    """Optional; of the last channel alone, beside the report itself."""
    run = a_run(tmp_path)
    interchange.watershed(run)
    assert not (run.output / "tc_out.parquet").exists()
    rows = "3 C 1 60 1 x .4 1. .2\n4 C 2 60 1 x .52 1.5 .3\n"
    rows += "4 C 2 61 1 x .6 ***** .3\n1 H 9 1 1 x 1 1 1\n"
    (run.runs / "tc_out.txt").write_text("Element Type Id Day Year X Tc Dur Peak\n------\n" + rows)
    interchange.watershed(run)
    found = parquet.read_table(run.output / "tc_out.parquet").to_pylist()
    assert [(row["day"], row["year"], row["Time of Conc (hr)"]) for row in found] == [
        (60, 1, 0.52), (61, 1, 0.6),
    ]  # fmt: skip
    assert math.isnan(found[1]["Storm Duration (hr)"])
    (run.runs / "tc_out.txt").write_text("4 C 2 60 1 x .52 1.5 abc\n")
    with pytest.raises(FormatError, match=r"tc_out\.txt:1: 'abc' is no number"):
        interchange.watershed(run)


@needs_data
def test_a_real_network_hands_on_what_its_hillslopes_gave(tmp_path: Path) -> None:
    """The engine merged the hillslopes' pass files: the same numbers in both tables, day by day."""
    run = RunDirectory(tmp_path)
    run.output.mkdir(parents=True)
    run.runs.symlink_to(DATA / "runs")
    for path in (DATA / "output").iterdir():
        (run.output / path.name).symlink_to(path)
    interchange.hillslopes(run)
    interchange.watershed(run)
    merged = {(r["wepp_id"], r["sim_day_index"]): r for r in rows_of(run, "pass_pw0.events")}
    storms = 0
    for row in rows_of(run, "H.pass"):
        if row["event"] == "EVENT":
            storms += 1
            other = merged[row["wepp_id"], row["sim_day_index"]]
            assert {k: other[k] for k in row if k != "event"} == {
                k: row[k] for k in row if k != "event"
            }
    assert storms > 100
    routed = rows_of(run, "chanwb")
    for row in routed:
        assert abs(row["Balance (m^3)"]) < 0.02
    outlet = {row["key"]: row["value"] for row in rows_of(run, "loss_pw0.out")}
    yearly = sum(row["Outflow (m^3)"] for row in routed) / 5
    assert yearly == pytest.approx(outlet["Avg. Ann. water discharge from outlet"], rel=1e-3)
