"""The weather as a table: dates, storms and how intense they are."""

from __future__ import annotations

import errno
import math
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from tasks import interchange
from tasks.hillsim.hydrology.storm import shape
from tasks.interchange import weather
from tests.unit import interchange_texts as texts
from tests.unit.hillsim_slopes import DRY, rainy
from tests.unit.hillsim_slopes import weather as climate_of
from tests.unit.test_interchange_rq import HILLS


def sampled(depth: float, hours: float, peak: float, ratio: float, minutes: int) -> float:
    """The wettest span of a double exponential storm, looked for in steps of its duration."""
    u = shape(ratio)
    time = np.linspace(0.0, 1.0, 200_001)
    rising = np.exp(np.minimum(0.0, u * (time / peak - 1.0)))
    falling = np.exp(np.minimum(0.0, u * (peak - time) / (1.0 - peak)))
    rate = ratio * np.where(time < peak, rising, falling)
    fallen = np.concatenate(([0.0], np.cumsum((rate[1:] + rate[:-1]) / 2.0 * np.diff(time))))
    span = min(len(time) - 1, round(minutes / 60.0 / hours * (len(time) - 1)))
    return float((fallen[span:] - fallen[:-span]).max()) * depth / (minutes / 60.0)


@pytest.mark.parametrize(
    ("hours", "peak", "ratio"), [(3.0, 0.3, 4.0), (0.5, 0.7, 9.0), (9, 0.1, 2)]
)
def test_intensities_are_those_of_the_storm_s_form(hours: float, peak: float, ratio: float) -> None:
    """The wettest 10 to 60 minutes, as a fine search finds them."""
    found = weather.intensities(climate_of([rainy(20.0, hours, peak, ratio)]))
    for minutes in weather.SPANS:
        wanted = sampled(20.0, hours, peak, ratio, minutes)
        assert found[minutes][0] == pytest.approx(wanted, rel=1e-3)


def test_even_rain_and_dry_days() -> None:
    """Rain without a peak is as intense as it is long; a day without rain is not intense."""
    found = weather.intensities(climate_of([rainy(6.0, 3.0, 0.0, 0.0), DRY, rainy(6.0, 0.25)]))
    assert found[10].tolist()[:2] == pytest.approx([2.0, 0.0])
    assert found[60].tolist() == pytest.approx([2.0, 0.0, 6.0])


def test_breakpoints_are_searched() -> None:
    """The steepest quarter of an hour between, or over, breakpoints."""
    points = ((1.0, 0.0), (1.25, 5.0), (2.0, 6.0))
    found = weather.intensities(climate_of([rainy(6.0)], breakpoints=(points,)))
    assert found[15][0] == pytest.approx(20.0)
    assert found[30][0] == pytest.approx((5.0 + 1.0 / 3.0) / 0.5)


def test_a_folder_that_is_not_ours_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child of a run reads its parent's climate; the tables are made all the same."""
    run = texts.run_of(tmp_path, HILLS)
    (run.root / "climate").mkdir()
    (run.root / "climate" / "station.cli").write_text(texts.climate(1999, 2))

    def refuse(source: Path, target: Path) -> Path:
        raise PermissionError(errno.EACCES, "Permission denied", str(target))

    monkeypatch.setattr(weather, "write", refuse)
    interchange.hillslopes(run)
    assert parquet.read_table(run.interchange / "H.wat.parquet")["year"][0].as_py() == 1999


def test_the_table_is_made_where_the_run_has_none(tmp_path: Path) -> None:
    """In the climate folder, once; its days are the calendar of all other tables."""
    run = texts.run_of(tmp_path, HILLS)
    folder = run.root / "climate"
    folder.mkdir()
    (folder / "station.cli").write_text(texts.climate(1999, 2, leap=(2,)))
    interchange.hillslopes(run)
    table = parquet.read_table(folder / "wepp_cli.parquet")
    assert table.num_rows == 365 + 366
    assert table["sim_day_index"].to_pylist()[-1] == 731
    last = table.slice(730).to_pylist()[0]
    assert (last["year"], last["month"], last["day_of_month"], last["julian"]) == (
        2000,
        12,
        31,
        366,
    )
    assert (last["tmax"], last["rad"], last["prcp"]) == (9.0, 143.0, 0.0)
    assert math.isfinite(last["peak_intensity_30"])
    assert table.schema.field("peak_intensity_30").metadata[b"units"] == b"mm/h"
    days = parquet.read_table(run.interchange / "H.wat.parquet")["year"].to_pylist()
    assert days == [1999, 1999]
    before = (folder / "wepp_cli.parquet").stat().st_mtime_ns
    interchange.hillslopes(run)
    assert (folder / "wepp_cli.parquet").stat().st_mtime_ns == before
