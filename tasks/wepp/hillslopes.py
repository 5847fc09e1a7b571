"""The table of a run's hillslopes: what each yielded in a mean year, and by which engine.

`wepp/output/interchange/hillslopes.parquet`, one row a hillslope, ascending by id. Each field
carries its unit and a description; the schema carries `dataset_version`. The file appears whole or
not at all, and the same outputs give the same bytes: how long each took stands in the run's ledger,
`wepp/steps.jsonl`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.run.atomic import replacing
from tasks.wepp import annual
from tasks.wepp.simulation import Simulation

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = "2.0"


@dataclass(frozen=True, slots=True)
class Hillslope:
    """One row. Yields are means over the simulated years, None where a single storm was simulated.

    Soil loss is the mean over the area of net detachment, as the loss report gives it; the sediment
    yield is what leaves the foot of the whole hillslope.
    """

    wepp_id: int
    years: int
    runoff_mm_yr: float | None
    soil_loss_t_ha_yr: float | None
    sediment_yield_t_yr: float | None
    engine: str


_ABOUT = {
    "wepp_id": ("", "WEPP id of the hillslope, the number in p<id>.run"),
    "years": ("yr", "Simulated years"),
    "runoff_mm_yr": ("mm/yr", "Mean annual runoff from rain, snow melt and winter storms"),
    "soil_loss_t_ha_yr": ("t/ha/yr", "Mean annual soil loss over the area of net detachment"),
    "sediment_yield_t_yr": ("t/yr", "Mean annual sediment that leaves the hillslope"),
    "engine": ("", "What simulated: an executable by name, or hillsim, the embedded engine"),
}


def row(simulation: Simulation) -> Hillslope:
    """The row of a simulation that has been found whole, from its loss report."""
    mean = annual.read(simulation.output("loss"))
    return Hillslope(
        wepp_id=simulation.wepp_id,
        years=simulation.answers.years,
        runoff_mm_yr=mean.runoff_mm if mean else None,
        soil_loss_t_ha_yr=mean.soil_loss_t_ha if mean else None,
        sediment_yield_t_yr=mean.sediment_yield_t if mean else None,
        engine=simulation.engine.name,
    )


def line(row: Hillslope) -> str:
    """The row as a line of a run's log: what the same inputs give again."""
    if row.runoff_mm_yr is None:
        return f"single storm done, engine={row.engine}"
    return (
        f"runoff {row.runoff_mm_yr:.2f} mm/yr, soil loss {row.soil_loss_t_ha_yr:.2f} t/ha/yr,"
        f" sediment yield {row.sediment_yield_t_yr:.4f} t/yr, engine={row.engine}"
    )


def preload() -> None:
    """Import what `write` needs, which takes as long as an engine for many a hillslope."""
    from pyarrow import parquet  # noqa: F401


def write(path: Path, rows: Sequence[Hillslope]) -> None:
    """Write the table at `path`; a reader sees the former file or the whole new one."""
    import pyarrow as pa
    from pyarrow import parquet

    ordered = sorted(rows, key=lambda row: row.wepp_id)
    columns = {one.name: [getattr(row, one.name) for row in ordered] for one in fields(Hillslope)}
    table = pa.table(columns, schema=_schema())
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        parquet.write_table(table, file, compression="snappy", use_dictionary=True)


def read(path: Path) -> list[Hillslope]:
    """The rows of the table at `path`, ascending by id."""
    from pyarrow import parquet

    return [Hillslope(**row) for row in parquet.read_table(path).to_pylist()]


def _schema() -> pa.Schema:
    import pyarrow as pa

    kinds = {"int": pa.int32(), "float": pa.float64(), "str": pa.string()}
    kinds["float | None"] = pa.float64()
    columns = []
    for column in fields(Hillslope):
        units, description = _ABOUT[column.name]
        about = {"units": units, "description": description}
        columns.append(pa.field(column.name, kinds[str(column.type)], metadata=about))
    return pa.schema(columns, metadata={"dataset_version": VERSION})
