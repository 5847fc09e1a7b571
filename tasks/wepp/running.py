"""Simulations that run to their ends: one by itself, or many with a line in the log for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tasks.wepp import hillslopes
from tasks.wepp.hillslopes import Hillslope
from tasks.wepp.pool import fan_out
from tasks.wepp.simulation import Simulation
from weppd.task import current


def alone(simulation: Simulation) -> float:
    """Run one simulation that has no row in a table; the seconds that it took."""
    took: list[float] = []

    def ended(one: Simulation, code: int, seconds: float) -> None:
        one.conclude(code)
        took.append(seconds)

    fan_out([simulation], 1, Simulation.start, ended)
    return took[0]


def simulate(
    simulations: Sequence[Simulation], done: Callable[[Simulation, float], None] | None = None
) -> list[Hillslope]:
    """Run them over the job's CPUs; `done` is called after each. The rows, in no order."""
    ctx = current()
    rows: list[Hillslope] = []

    def ended(simulation: Simulation, code: int, seconds: float) -> None:
        simulation.conclude(code)
        row = hillslopes.row(simulation, seconds)
        rows.append(row)
        item = f"h{row.wepp_id:04d}"
        ctx.log(hillslopes.line(row), item=item)
        ctx.log(f"{seconds:.2f} s", item=item, volatile=True)
        if done:
            done(simulation, seconds)

    fan_out(simulations, ctx.cpus, Simulation.start, ended)
    return rows
