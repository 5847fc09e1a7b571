"""The whole watershed day by day, `totalwatsed3.parquet`: what its hillslopes have and give.

Depths d of an element of area A are volumes d·A/1000 (m3 from mm and m2), which are added up over
the elements of all hillslopes; divided by the whole area they are depths again. What flows from
element to element is counted where it leaves the hillslope, at the last one: lateral flow and QOFE,
runoff over the whole length.

Percolation feeds a linear reservoir, which gives baseflow and loses water for good::

    S_0 = storage, B_0 = 0
    L_t = a·S_t                                 aquifer losses, mm
    S_t = S_(t-1) − B_(t-1) + percolation_t − L_(t-1)
    B_t = b·S_t                                 baseflow, mm

Streamflow is runoff, lateral flow and baseflow. A measure that an engine does not tell is null, and
so is what follows from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tasks.interchange import ash, sheet
from tasks.interchange.columns import CALENDAR, Product, floats
from tasks.interchange.decode import Floats, Ints
from tasks.interchange.hill.passes import PRODUCT as PASS
from tasks.interchange.hill.water import PRODUCT as WAT
from tasks.run.directory import NotPrepared
from tasks.wepp.files import groundwater as coefficients
from tasks.wepp.files.groundwater import Groundwater

Types = Mapping[int, str]
_NONE: Types = MappingProxyType({})
CLASSES = tuple(range(1, 6))
DENSITIES = (2600.0, 2650.0, 1800.0, 1600.0, 2650.0)
"""Of the particle classes, kg/m3: clay, silt, small and large aggregates, sand."""

_ALL = ("P", "RM", "Q", "Dp", "Ep", "Es", "Er")  # volumes over all elements
_LAST = ("latqcc", "QOFE")  # volumes that leave the hillslope
_MEANS = ("UpStrmQ", "SubRIn", "Total-Soil Water", "frozwt", "Snow-Water", "Tile", "Irr")
_DATES = tuple(column.name for column in CALENDAR)
_ABOUT = {column.name: column.description for column in WAT.columns}
PRODUCT = Product(
    "totalwatsed3.parquet",
    "Daily water and sediment of the whole watershed: sums over its hillslopes, their mean depths,"
    " baseflow from a linear groundwater reservoir, and streamflow.",
    (
        *CALENDAR,
        *floats(
            ("runvol", "m^3", "Runoff"),
            ("sbrunv", "m^3", "Lateral flow below the surface, by the pass files"),
            ("tdet", "kg", "Soil detached"),
            ("tdep", "kg", "Soil deposited"),
            *((f"seddep_{n}", "kg", f"Sediment of class {n} that leaves") for n in CLASSES),
            ("sed_vol_conc", "m^3/m^3", "Volume of sediment in the volume of runoff"),
            ("Area", "m^2", "Area of the watershed's hillslopes"),
            *((name, "m^3", _ABOUT[name]) for name in (*_ALL[:4], *_LAST, *_ALL[4:])),
            *((name, "mm", f"{_ABOUT[name]}, mean by area") for name in _MEANS),
            ("Precipitation", "mm", "Precipitation"),
            ("Rain+Melt", "mm", "Rain, irrigation and snow melt"),
            ("Percolation", "mm", "Percolation below the profile"),
            ("Lateral Flow", "mm", "Lateral flow below the surface"),
            ("Runoff", "mm", "Runoff, by the pass files"),
            ("Transpiration", "mm", "Transpiration of plants"),
            ("Evaporation", "mm", "Evaporation from soil and residue"),
            ("ET", "mm", "Transpiration and evaporation"),
            ("Baseflow", "mm", "Baseflow from the groundwater reservoir"),
            ("Aquifer losses", "mm", "Water that the groundwater reservoir loses for good"),
            ("Reservoir Volume", "mm", "Water in the groundwater reservoir"),
            ("Streamflow", "mm", "Runoff, lateral flow and baseflow"),
        ),
        *ash.COLUMNS,
    ),
)


def groundwater(runs: Path) -> Groundwater:
    """The reservoir of `gwcoeff.txt`; without it the usual one. FormatError, OSError."""
    path = runs / coefficients.NAME
    return coefficients.read(path) if path.exists() else Groundwater()


def reservoir(percolation: Floats, found: Groundwater) -> tuple[Floats, Floats, Floats]:
    """Storage, baseflow and losses of the reservoir, mm, for percolation by day, mm."""
    storage, baseflow = np.zeros((2, len(percolation)))
    for day, gained in enumerate(percolation.tolist()):
        if day == 0:
            storage[0] = found.storage_mm
            continue
        before = storage[day - 1]
        storage[day] = before - baseflow[day - 1] + gained - before * found.seepage
        baseflow[day] = found.baseflow * storage[day]
    return storage, baseflow, storage * found.seepage


def _nothing(rows: int) -> None: ...


def rows(target: Path) -> int:
    """How many rows of the hillslopes' tables in `target` are summed; OSError."""
    paths = (target / WAT.file, target / PASS.file)
    return sum(sheet.rows(path) for path in paths)


def write(
    target: Path,
    ash_directory: Path,
    found: Groundwater,
    types: Types = _NONE,
    step: Callable[[int], None] = _nothing,
) -> None:
    """Write the table into `target`, where the hillslopes' tables are.

    `types` says whose ash is black and whose white; `step` is called with a number of rows as they
    are summed. NotPrepared where tables are missing, or areas in them; OSError.
    """
    water, handed = target / WAT.file, target / PASS.file
    for path in (water, handed):
        if not path.exists():
            raise NotPrepared(f"{path} does not exist: make the hillslopes' tables first")
    balance = _Balance(water, step)
    dates, days = balance.dates, balance.days
    values: dict[str, Any] = {**dates, **balance.volumes(), **_handed(handed, days, step)}
    values |= _depths(values, found)
    burnt = ash.Ash(ash_directory, balance.areas, types)
    values |= ash.columns(burnt, dates, values["runvol"], values["sed_vol_conc"])
    sheet.write(target / PRODUCT.file, PRODUCT.schema(), [PRODUCT.batch(len(days), values)])


class _Balance:
    """The water balance of all hillslopes, summed by day; `days` are those it has."""

    def __init__(self, path: Path, step: Callable[[int], None]) -> None:
        self._last = _last_elements(path)
        self._sums: dict[str, Floats] = {}
        self._null: set[str] = set()
        self._dates: dict[str, Ints] = {name: np.zeros(0, dtype=np.int64) for name in _DATES}
        self.areas: dict[int, float] = {}
        names = ["wepp_id", "ofe_id", *_DATES, "Area", *_ALL, *_LAST, *_MEANS]
        for batch in sheet.batches(path, names):
            self._add(batch, path)
            step(batch.num_rows)
        self.days = np.flatnonzero(self._dates["sim_day_index"])
        self.dates = {name: column[self.days] for name, column in self._dates.items()}

    def volumes(self) -> dict[str, Floats | None]:
        """Volumes, m3, by day; of the means their depths, mm; Area, m2. None: not told."""
        area = self._sums["Area"][self.days]
        found: dict[str, Floats | None] = {"Area": area}
        for name in (*_ALL, *_LAST, *_MEANS):
            total = self._sums[name][self.days]
            found[name] = _mm(total, area) if name in _MEANS else total
        return {name: None if name in self._null else found[name] for name in found}

    def _add(self, batch: pa.RecordBatch, path: Path) -> None:
        if batch["Area"].null_count:
            raise NotPrepared(f"{path} has no areas: neither slope nor pass files told them")
        day = _numpy(batch["sim_day_index"]).astype(np.int64)
        area, hill = _numpy(batch["Area"]), _numpy(batch["wepp_id"])
        self._sum("Area", day, area)
        last = _numpy(batch["ofe_id"]) == self._last[hill]
        for name in (*_ALL, *_LAST, *_MEANS):
            if batch[name].null_count:
                self._null.add(name)
            volume = _numpy(batch[name].fill_null(0.0)) * area / 1000.0
            self._sum(name, day, np.where(last, volume, 0.0) if name in _LAST else volume)
        for name, column in self._dates.items():
            self._dates[name] = grown = _grown(column, day)
            grown[day] = _numpy(batch[name])
        self._add_areas(hill, day, area)

    def _sum(self, name: str, day: Ints, amounts: Floats) -> None:
        total = _grown(self._sums.get(name, np.zeros(0)), day)
        total += np.bincount(day, amounts, minlength=len(total))
        self._sums[name] = total

    def _add_areas(self, hill: Ints, day: Ints, area: Floats) -> None:
        """The areas of the hillslopes, by their elements on their first day."""
        for number in np.unique(hill).tolist():
            if number not in self.areas:
                mine = hill == number
                first = day[mine] == day[mine][0]
                self.areas[number] = float(area[mine][first].sum())


def _last_elements(path: Path) -> Ints:
    """The number of the last element of each hillslope, by WEPP id."""
    last = np.zeros(1, dtype=np.int64)
    for batch in sheet.batches(path, ["wepp_id", "ofe_id"]):
        hill = _numpy(batch["wepp_id"])
        last = _grown(last, hill)
        np.maximum.at(last, hill, _numpy(batch["ofe_id"]))
    return last


def _handed(path: Path, days: Ints, step: Callable[[int], None]) -> dict[str, Floats]:
    """What the pass files tell, summed by day, for `days`; 0 on those they lack."""
    names = ["runvol", "sbrunv", "tdet", "tdep"]
    sums = {name: np.zeros(int(days.max(initial=0)) + 1) for name in names}
    sums |= {f"seddep_{n}": np.zeros_like(sums["runvol"]) for n in CLASSES}
    wanted = ["sim_day_index", *names, *(f"sedcon_{n}" for n in CLASSES)]
    for batch in sheet.batches(path, wanted):
        day = _numpy(batch["sim_day_index"])
        inside = day < len(sums["runvol"])
        day, runoff = day[inside], _numpy(batch["runvol"])[inside]
        for name in names:
            amounts = _numpy(batch[name])[inside]
            sums[name] += np.bincount(day, amounts, minlength=len(sums[name]))
        for n in CLASSES:
            mass = _numpy(batch[f"sedcon_{n}"])[inside] * runoff
            sums[f"seddep_{n}"] += np.bincount(day, mass, minlength=len(sums["runvol"]))
        step(batch.num_rows)
    found = {name: total[days] for name, total in sums.items()}
    solids = sum(found[f"seddep_{n}"] / rho for n, rho in zip(CLASSES, DENSITIES, strict=True))
    runoff = found["runvol"]
    found["sed_vol_conc"] = np.divide(solids, runoff, out=np.zeros(len(days)), where=runoff > 0.0)
    return found


def _depths(values: Mapping[str, Any], found: Groundwater) -> dict[str, Floats | None]:
    """Depths over the whole area, mm, with the groundwater's part."""
    area: Floats = values["Area"]
    depths: dict[str, Floats | None] = {}
    for name, volume in _DEPTHS.items():
        depths[name] = None if values[volume] is None else _mm(values[volume], area)
    evaporated = [values["Es"], values["Er"]]
    depths["Evaporation"] = _mm(_plus(*evaporated), area)
    depths["ET"] = _plus(depths["Transpiration"], depths["Evaporation"])
    percolation = depths["Percolation"]
    names = ("Reservoir Volume", "Baseflow", "Aquifer losses")
    held = (None, None, None) if percolation is None else reservoir(percolation, found)
    depths |= dict(zip(names, held, strict=True))
    depths["Streamflow"] = _plus(depths["Runoff"], depths["Lateral Flow"], depths["Baseflow"])
    return depths


_DEPTHS = {
    "Precipitation": "P",
    "Rain+Melt": "RM",
    "Percolation": "Dp",
    "Lateral Flow": "latqcc",
    "Runoff": "runvol",
    "Transpiration": "Ep",
}


def _plus(*parts: Floats | None) -> Floats | None:
    """The sum; None where a part is not told."""
    total: Floats | None = None
    for part in parts:
        if part is None:
            return None
        total = part if total is None else total + part
    return total


def _mm(volume: Floats | None, area: Floats) -> Floats | None:
    return None if volume is None else volume / area * 1000.0


def _grown(column: npt.NDArray[Any], index: Ints) -> npt.NDArray[Any]:
    """The column, with room for every index."""
    more = int(index.max(initial=-1)) + 1 - len(column)
    return np.pad(column, (0, more)) if more > 0 else column


def _numpy(column: pa.Array) -> npt.NDArray[Any]:
    found: npt.NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return found
