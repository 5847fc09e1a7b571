"""The faults: each does its harm to a world under load, and what an operator's systemd would do
about it. Returns the jobs that may have been harmed."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress

from tests.chaos.world import Cell, World, kill

Fault = Callable[[World], set[str]]


def weppd_killed(world: World) -> set[str]:
    """SIGKILL of weppd; another starts."""
    world.daemon.kill()
    world.daemon.start(wait=False)
    return set()


def weppd_stopped(world: World) -> set[str]:
    """SIGTERM (detach), and a start."""
    process = world.daemon.process
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    world.daemon.start(wait=False)
    return set()


def zygote_killed(world: World) -> set[str]:
    """SIGKILL of a zygote: its cells go on."""
    if zygotes := world.zygotes():
        kill(world.rng.choice(zygotes).pid)
    return set()


def cell_killed(world: World) -> set[str]:
    """SIGKILL of a cell, with a job where one has."""
    return _kill_cell(world, lambda cell: kill(cell.pid))


def child_killed(world: World) -> set[str]:
    """SIGKILL of a job's own process."""
    return _kill_cell(world, lambda cell: kill(cell.leader or 0) if cell.leader else None)


def cell_and_zygote_killed(world: World) -> set[str]:
    """SIGKILL of a cell and of all zygotes at once."""
    zygotes = world.zygotes()

    def both(cell: Cell) -> None:
        for zygote in zygotes:
            kill(zygote.pid)
        kill(cell.pid)

    return _kill_cell(world, both)


def all_killed(world: World) -> set[str]:
    """SIGKILL of weppd, the zygotes and a cell at once; weppd starts anew."""
    zygotes = world.zygotes()

    def all_three(cell: Cell) -> None:
        world.daemon.process.kill()
        for zygote in zygotes:
            kill(zygote.pid)
        kill(cell.pid)

    victims = _kill_cell(world, all_three)
    world.daemon.kill()
    world.daemon.start(wait=False)
    return victims


def scribe_killed(world: World) -> set[str]:
    """SIGKILL of the scribe."""
    for process in world.daemon.family():
        with suppress(Exception):
            if "weppd.scribe" in process.cmdline():
                kill(process.pid)
    return set()


def _kill_cell(world: World, harm: Callable[[Cell], object]) -> set[str]:
    """Do harm to a busy cell (an idle one where none is); the jobs that it may have had.

    A job that began between the look and the blow is on file by then, too.
    """
    cells = world.cells()
    busy = [cell for cell in cells if cell.job]
    if not cells:
        return set()
    cell = world.rng.choice(busy or cells)
    harm(cell)
    after = [c.job for c in world.files() if c.n == cell.n]
    return {jid for jid in (cell.job, *after) if jid}


FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        weppd_killed,
        weppd_stopped,
        zygote_killed,
        cell_killed,
        cell_and_zygote_killed,
        all_killed,
        child_killed,
        scribe_killed,
    )
}
