"""Simulations that run to their ends: one by itself, or many with a line in the log for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from tasks.run.contents import Content
from tasks.run.progress import Progress
from tasks.run.status import Panel
from tasks.wepp import hillslopes
from tasks.wepp.hillslopes import Hillslope
from tasks.wepp.pool import fan_out
from tasks.wepp.reconcile import Reconciled
from tasks.wepp.simulation import Simulation
from weppd.task import current


def alone(simulation: Simulation, years: Years) -> float:
    """Run one simulation that has no row in a table, and tell its years; the seconds it took."""
    took: list[float] = []

    def ended(one: Simulation, code: int, seconds: float) -> None:
        one.conclude(code)
        took.append(seconds)

    fan_out([simulation], 1, Simulation.start, ended, years.look)
    years.end()
    return took[0]


def finish(
    work: Reconciled,
    size: int,
    step: Callable[[], None] | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> float:
    """Run what is left of `work`, `size` at a time, and enter it; the seconds that it took.

    `step` is called after each, `meanwhile` as of `fan_out`.
    """
    took = 0.0

    def ended(one: Simulation, code: int, seconds: float) -> None:
        nonlocal took
        work.add(one, one.conclude(code), seconds)
        took += seconds
        if step is not None:
            step()

    fan_out(work.taken(), size, Simulation.start, ended, meanwhile, work.aside)
    return took


def entered(
    work: Reconciled, step: Callable[[], None], at_last: Callable[[], None] | None = None
) -> list[tuple[Hillslope, float]]:
    """Run what is left of `work` as `simulate` does, enter it, and call `step` after each.

    `at_last` is called while the last of them run.
    """

    def ended(one: Simulation, made: Sequence[Content], seconds: float) -> None:
        work.add(one, made, seconds)
        step()

    def aside() -> bool:
        if work.aside():
            return True
        if at_last is not None and not work.left:
            at_last()
        return False

    return simulate(work.taken(), ended, aside=aside)


def simulate(
    simulations: Iterable[Simulation],
    done: Callable[[Simulation, Sequence[Content], float], None] | None = None,
    meanwhile: Callable[[], None] | None = None,
    aside: Callable[[], bool] | None = None,
) -> list[tuple[Hillslope, float]]:
    """Run them over the job's CPUs; `meanwhile` and `aside` as of `fan_out`.

    `done` is called after each, with what it made and the seconds that it took. The row of each and
    its seconds, in no order.
    """
    ctx = current()
    rows: list[tuple[Hillslope, float]] = []

    def ended(simulation: Simulation, code: int, seconds: float) -> None:
        made = simulation.conclude(code)
        row = hillslopes.row(simulation)
        rows.append((row, seconds))
        item = simulation.run.item(simulation.wepp_id)
        ctx.log(hillslopes.line(row), item=item)
        ctx.log(f"{seconds:.2f} s", item=item, volatile=True)
        if done:
            done(simulation, made, seconds)

    fan_out(simulations, ctx.cpus, Simulation.start, ended, meanwhile, aside)
    return rows


class Years:
    """How far a simulation is by the years that its engine says it has begun, told as progress."""

    def __init__(self, panel: Panel, simulation: Simulation) -> None:
        self._log, self._total = simulation.err_file, simulation.answers.years
        self._progress = Progress(panel, self._total, "years")
        self._told = self._read = self._last = 0

    def look(self) -> None:
        """Tell of the years that are over since the last look; the last one is over at the end."""
        self._tell(min(self._begun() - 1, self._total - 1))

    def end(self) -> None:
        """Tell that all are over."""
        self._tell(self._total)

    def _tell(self, over: int) -> None:
        if over > self._told:
            self._progress.step(over - self._told)
            self._told = over

    def _begun(self) -> int:
        try:
            with self._log.open("rb") as file:
                file.seek(self._read)
                text = file.read()
        except OSError:
            return 0
        # A line that is not whole yet is read again.
        whole = text[: text.rfind(b"\n") + 1]
        self._read += len(whole)
        found = _YEAR.findall(whole)
        self._last = int(found[-1]) if found else self._last
        return self._last


_YEAR = re.compile(rb"SIMULATION YEAR =\s*(\d+)")
