"""The faults: each does its harm to a world under load, and what an operator's systemd would do
about it. Returns the jobs that may have been harmed."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.chaos.ledger import OVER, Record, empty
from tests.chaos.world import Cell, World, kill, wait_for
from weppd.client import Queue
from weppd.store.scripts import source

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


def nothing(world: World) -> set[str]:
    """No harm: what the other rows are to be compared with. A slot may be taken for up to two
    seconds by what a job leaves behind that will not end, and the next body waits for one."""
    return set()


def zygote_killed(world: World) -> set[str]:
    """SIGKILL of a zygote: its cells go on."""
    if zygotes := world.zygotes():
        kill(world.rng.choice(zygotes).pid)
    return set()


def cell_killed(world: World) -> set[str]:
    """SIGKILL of a cell, with a job where one has."""
    return _kill_cell(world, lambda cell: kill(cell.pid))


def forker_killed(world: World) -> set[str]:
    """SIGKILL of the process that forks a cell's children: no job of it may be harmed."""
    _kill_cell(world, lambda cell: kill(cell.forker) if cell.forker else None)
    return set()


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

    A job that began between the look and the blow is on file by then, too. One that has ended dies
    with its cell if nobody was told.
    """
    cells = world.cells()
    busy = [cell for cell in cells if cell.job]
    if not cells:
        return set()
    cell = world.rng.choice(busy or cells)
    harm(cell)
    looks = [cell, *(c for c in world.files() if c.n == cell.n)]
    return {jid for look in looks for jid in (look.job, *look.ended) if jid}


# -- the store


def redis_killed(world: World) -> set[str]:
    """SIGKILL of Redis, and a start with its append-only file."""
    world.restart_redis()
    return set()


def claim_cut(world: World) -> set[str]:
    """The line breaks some bytes into a claim, or into its answer."""
    return _cut(world, "claim")


def finish_cut(world: World) -> set[str]:
    """The line breaks some bytes into a finish, or into its answer."""
    return _cut(world, "finish")


def redis_failed_over(world: World) -> set[str]:
    """SIGKILL of Redis; its replica takes its place, with what had reached it."""
    world.forgot = True
    world.fail_over()
    return set()


def redis_went_back(world: World) -> set[str]:
    """SIGKILL of Redis, and a start with the append-only file of a moment ago, as after a power
    cut: claims and ends that were confirmed in that moment are forgotten."""
    world.forgot = True
    kept, files = world.home / "kept", world.redis.directory / "appendonlydir"
    shutil.copytree(files, kept)
    time.sleep(world.rng.uniform(0.2, 0.8))
    world.redis.kill()
    shutil.rmtree(files)
    kept.rename(files)
    world.restart_redis()
    return set()


def redis_emptied(world: World) -> set[str]:
    """FLUSHALL; what was on record before is kept in the ledger's archive."""
    world.forgot = True
    world.archive |= empty(world.client)
    return set()


def _cut(world: World, script: str) -> set[str]:
    digest = hashlib.sha1(source(script).encode()).hexdigest().encode()
    before, replies = world.line.cuts, world.rng.random() < 0.5
    world.line.cut_at(digest, world.rng.choice((0, 1, 5, 40, 200, 1000)), replies)
    wait_for(lambda: world.line.cuts > before, 10)
    return set()


# -- the machine


def logs_full(world: World) -> set[str]:
    """No room where the logs are, for a second."""
    return _full(world, "log", lambda: None)


def outbox_full(world: World) -> set[str]:
    """No room in the outbox, for the second in which Redis is away."""
    return _full(world, "state/outbox", world.redis.kill)


def _full(world: World, disk: str, harm: Callable[[], None]) -> set[str]:
    world.disks.fill(disk)
    harm()
    time.sleep(1.0)
    world.disks.free(disk)
    if world.redis.pid is None:
        world.restart_redis()
    return set()


def clock_stepped(world: World) -> set[str]:
    """The wall clock of weppd, its jobs and Redis jumps by an hour or two, to and fro."""
    world.clock.step(world.rng.choice([s for s in STEPS_S if s != world.clock.offset_s]))
    return set()


def out_of_memory(world: World) -> set[str]:
    """The kernel ends a job for want of memory, and the job's record says so."""
    GROUP.mkdir(exist_ok=True)
    (GROUP / "memory.limit_in_bytes").write_text(str(HOG_BYTES))
    jid = f"hog-{world.rng.getrandbits(48):012x}"
    queue = Queue("high", connection=world.client)
    queue.enqueue("tests.chaos.chaostasks.hog", str(world.ledger), str(GROUP), job_id=jid)
    world.load.jids[jid] = False
    wait_for(lambda: (world.record(jid) or NOTHING).status in OVER, 20)
    reason = (world.record(jid) or NOTHING).reason
    if "out of memory" not in reason or "peak memory of its tree" not in reason:
        world.complaints.append(f"{jid}: ended for want of memory, and says {reason!r}")
    return {jid}


STEPS_S = (-3600, 0, 3600)
HOG_BYTES = 48 * 2**20
GROUP = Path("/sys/fs/cgroup/memory/weppd-chaos")
NOTHING = Record("", "", (), "")


def unavailable(world: World, name: str) -> str:
    """Why a fault cannot be done here; empty where it can."""
    if name in ("logs_full", "outbox_full") and not world.disks.there:
        return "only root can make a disk that is full"
    if name == "clock_stepped" and not world.clock.can_step:
        return "no C compiler for the clock's shim"
    if name == "out_of_memory" and not os.access(GROUP.parent, os.W_OK):
        return "no control group for memory that may be written"
    return ""


KILLS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        weppd_killed,
        weppd_stopped,
        zygote_killed,
        cell_killed,
        cell_and_zygote_killed,
        all_killed,
        forker_killed,
        child_killed,
        scribe_killed,
    )
}
FAULTS = KILLS | {
    fault.__name__: fault
    for fault in (
        nothing,
        redis_killed,
        claim_cut,
        finish_cut,
        redis_failed_over,
        redis_went_back,
        redis_emptied,
        logs_full,
        outbox_full,
        clock_stepped,
        out_of_memory,
    )
}
