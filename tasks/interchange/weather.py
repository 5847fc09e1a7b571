"""The weather of a run as a table, `climate/wepp_cli.parquet`, which pages ask for storms.

It is made of the first climate file in the folder, where nobody made it before. The intensity of a
storm of the generator's form, `i = ip exp(…)` on both limbs, is greatest over a span T (a share of
its duration) that lies T·tp before the peak and the rest after, which holds

    (1 − exp(−u T)) / (1 − exp(−u))         of the storm's depth, with 1 − exp(−u) = u / ip

(Nicks, Lane & Gander, NSERL Report 10, chapter 2.) With breakpoints it is looked for.
"""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pyarrow as pa

from tasks.hillsim.hydrology.storm import peak_scale, shape
from tasks.interchange import sheet
from tasks.interchange.calendar import TABLE
from tasks.interchange.columns import (
    DAY_OF_MONTH,
    JULIAN,
    MONTH,
    SIM_DAY_INDEX,
    YEAR,
    Product,
    floats,
)
from tasks.interchange.decode import Floats
from tasks.wepp.files import climate
from tasks.wepp.files.climate import Climate

SPANS = (10, 15, 30, 60)  # minutes
_MEASURES = {
    "prcp": ("mm", "Precipitation", "precip_mm"),
    "dur": ("h", "Duration of the storm", "duration_h"),
    "tp": ("", "Time to peak over duration", "tp"),
    "ip": ("", "Peak over mean intensity", "ip"),
    "tmax": ("C", "Highest temperature", "tmax_c"),
    "tmin": ("C", "Lowest temperature", "tmin_c"),
    "rad": ("langley/d", "Solar radiation", "rad_langley"),
    "w-vl": ("m/s", "Wind speed", "wind_ms"),
    "w-dir": ("deg", "Direction of the wind, from north", "wind_dir"),
    "tdew": ("C", "Dew point", "tdew_c"),
}
PRODUCT = Product(
    TABLE,
    "The weather of the run, day by day, with the intensities of its storms.",
    (
        *(YEAR, MONTH, DAY_OF_MONTH, JULIAN, SIM_DAY_INDEX),
        *floats(
            *((name, units, about) for name, (units, about, _) in _MEASURES.items()),
            ("storm_duration_hours", "h", "Duration of the storm"),
            ("storm_duration", "h", "Duration of the storm"),
            *(
                (f"peak_intensity_{span}", "mm/h", f"Greatest mean intensity of {span} minutes")
                for span in SPANS
            ),
        ),
    ),
)
_MOST = 60.0  # peak ratios above it are taken for it, as by the model


def ensure(root: Path, output: Path) -> Path | None:
    """The table of the climate folder of the run, made where it is missing.

    None where there is no folder, or none that may be written to.
    The folder is that of the nearest directory above `output`, up to `root`. FormatError, OSError.
    """
    for directory in (output, *output.parents):
        folder = directory / "climate"
        if (folder / TABLE).exists():
            return folder / TABLE
        if found := sorted(folder.glob("*.cli")):
            return _made(found[0], folder / TABLE)
        if directory == root:
            break
    return None


def _made(source: Path, target: Path) -> Path | None:
    try:
        return write(source, target)
    except OSError as error:
        # The folder may be that of another run, which is not to be written to.
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return None
        raise


def write(source: Path, target: Path) -> Path:
    """Write the table of the climate file at `source`; returns `target`. FormatError, OSError."""
    found = climate.read(source, years=0)
    sheet.write(target, PRODUCT.schema(), [table(found)])
    return target


def table(found: Climate) -> pa.Table:
    """The rows of a climate, a day each; years are as its file has them."""
    days = found.days
    measures = {name: np.array(getattr(days, field)) for name, (_, _, field) in _MEASURES.items()}
    peaks, hours = intensities(found), np.array(days.duration_h)
    return PRODUCT.batch(
        len(days),
        {
            **measures,
            "year": np.array(days.year),
            "month": np.array(days.month),
            "day_of_month": np.array(days.day),
            "julian": np.array(days.julian),
            "sim_day_index": np.arange(1, len(days) + 1),
            "storm_duration_hours": hours,
            "storm_duration": hours,
            **{f"peak_intensity_{span}": peaks[span] for span in SPANS},
        },
    )


def intensities(found: Climate) -> dict[int, Floats]:
    """The greatest mean intensity of each span of `SPANS`, mm/h, by day."""
    if found.breakpoints is not None:
        return {
            span: np.array([_wettest(points, span / 60.0) for points in found.breakpoints])
            for span in SPANS
        }
    days, scale = found.days, peak_scale(found.version)
    ratio = np.clip(np.array(days.ip) * scale, 1.0, _MOST)
    known, which = np.unique(ratio, return_inverse=True)
    exponent = np.array([shape(float(one)) if one > 1.0 else 0.0 for one in known])[which]
    depth, hours = np.array(days.precip_mm), np.array(days.duration_h)
    return {span: _storm(depth, hours, exponent, span / 60.0) for span in SPANS}


def _storm(depth: Floats, duration: Floats, exponent: Floats, span: float) -> Floats:
    """The mean intensity of the wettest `span` hours, mm/h, of storms with these exponents u."""
    part = np.divide(span, duration, out=np.ones(len(depth)), where=duration > span)
    even = exponent < 1e-6
    u = np.where(even, 1.0, exponent)
    share = np.where(even, part, -np.expm1(-u * part) / -np.expm1(-u))
    return depth * share / span


def _wettest(points: tuple[tuple[float, float], ...], span: float) -> float:
    """The greatest mean intensity of `span` hours, mm/h, of a day with breakpoints (h, mm)."""
    if len(points) < 2:
        return 0.0
    hours, depths = np.array(points).T
    # The wettest span begins or ends where the intensity changes.
    starts = np.concatenate((hours, hours - span))
    gained = np.interp(starts + span, hours, depths) - np.interp(starts, hours, depths)
    return float(gained.max()) / span
