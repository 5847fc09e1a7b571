"""Trees in a control group of their own, where one was delegated: the kernel freezes and kills."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.conftest import ALLOW
from tests.process.fakeweppd import FakeWeppd
from tests.process.lab import (
    compiled,
    delegated,
    eventually,
    in_subreaper,
    new_mark,
    remove_group,
    start,
    survivors,
)
from tests.process.test_proctree import SHAPES, TIMES, _sleeper, _untouched
from weppd.cell.tree.group import Group
from weppd.cell.tree.proctree import Tree

pytestmark = pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")


@pytest.fixture
def group() -> Iterator[Group]:
    """A control group for a tree, below one that was delegated to us."""
    above = delegated()
    yield Group(f"{above}/tree")
    remove_group(above)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_control_group_ends_every_shape_as_well(shape: str, group: Group) -> None:
    """Where the kernel kills the group, nothing of the tree lives, and all of it is reaped."""

    @in_subreaper
    def ending() -> None:
        warm = _sleeper()
        for _ in range(TIMES):
            mark = new_mark()
            leader = start(shape, 8, mark, program=compiled(), group=group)
            tree = Tree(leader, lambda: (warm,), group)
            assert tree.kill(15).undead == ()
            assert tree.empty()
            assert survivors(mark) == []
            assert group.pids() == []
            assert tree.status is not None
            assert _untouched(warm)

    ending()


@pytest.mark.parametrize("shape", ["growing", "storm", "chainsid", "stopped"])
def test_a_control_group_holds_what_moves_while_it_is_signalled(shape: str, group: Group) -> None:
    """Frozen, each living member gets the signal once, a stopped one too; then all go on."""

    @in_subreaper
    def signalling() -> None:
        mark = new_mark()
        tree = Tree(start(shape, 8, mark, group=group), group=group)
        inside = tree.signal(signal.SIGUSR1)
        assert inside > 0
        assert b"frozen 0" in Path(f"{group.path}/cgroup.events").read_bytes()
        if shape in ("growing", "stopped"):  # the others are deaf
            eventually(lambda: tree.reap() is not None and tree.empty(), within=5)
            assert tree.status == signal.SIGUSR1
        tree.kill(5)
        assert survivors(mark) == []

    signalling()


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[FakeWeppd, Path]]:
    """A fake weppd whose zygote and cell 1 live in a delegated group, and that group."""
    above = Path(delegated())
    fake = FakeWeppd(tmp_path)
    fake.spawn(extra={"PYTHONPATH": str(Path(__file__).parent)})
    (above / "cgroup.procs").write_text(str(fake.zygote.pid))
    fake.set_up(modules=["celltasks"], allow=ALLOW)
    fake.cell = fake.fork(1)["pid"]
    yield fake, above
    fake.close()
    remove_group(str(above))


def test_a_cell_in_a_delegated_group_keeps_its_jobs_in_one_of_their_own(
    inside: tuple[FakeWeppd, Path], tmp_path: Path
) -> None:
    """The job and all it starts are in the cell's group, the cell is not; a cancel empties it."""
    weppd, above = inside
    group = Group(str(above / f"weppd-cell-{weppd.cell}"))
    for _ in range(2):
        mark = tmp_path / "mark"
        mark.unlink(missing_ok=True)
        eid = weppd.start("celltasks.tree", 4, str(mark), True)
        eventually(lambda at=mark: at.exists() and at.read_text() == "began")
        leader = weppd.wait("began", eid=eid)["pid"]
        held = eventually(lambda: len(pids := group.pids()) == 13 and pids)
        assert leader in held
        assert weppd.cell not in held
        weppd.cancel(eid, ["USR1", 0.2], ["KILL", 0])
        over = weppd.wait("over", eid=eid)
        assert (over["undead"], sum(over["rungs"].values())) == ([], 13)
        weppd.cell_peer(1).send({"kind": "ack", "eid": eid})
        eventually(lambda old=held: len(now := group.pids()) == 1 and not set(now) & set(old))


def test_a_dead_cell_s_group_is_emptied_and_removed(
    inside: tuple[FakeWeppd, Path], tmp_path: Path
) -> None:
    """A cell that is killed takes its tree with it, and the zygote leaves no empty group behind."""
    weppd, above = inside
    mark = tmp_path / "mark"
    weppd.start("celltasks.tree", 4, str(mark), True)
    eventually(lambda: mark.exists() and mark.read_text() == "began")
    held = Group(str(above / f"weppd-cell-{weppd.cell}")).pids()
    os.kill(weppd.cell, signal.SIGKILL)
    assert weppd.wait("gone", n=1)["undead"] == []
    assert not any(Path(f"/proc/{pid}/exe").exists() for pid in held)
    assert [entry.name for entry in above.iterdir() if entry.is_dir()] == []
