"""Controllers of the kernel, handed down to the groups of jobs as systemd lets weppd do it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.process.fakeweppd import FakeWeppd, eventually
from tests.process.lab import delegated, hand_down, has_controllers, remove_group, take_back

pytestmark = pytest.mark.skipif(
    not has_controllers(),
    reason="no controllers in this cgroup v2: weppd holds all limits",
)
BENCH = Path(__file__).parents[1] / "bench"


@pytest.fixture
def above() -> Iterator[Path]:
    """A group that was delegated to us, with controllers."""
    place = delegated()
    yield Path(place)
    remove_group(place)


@pytest.fixture
def weppd(above: Path, tmp_path: Path) -> Iterator[FakeWeppd]:
    """A fake weppd whose zygote was in the group before the controllers were handed down."""
    fake = FakeWeppd(tmp_path)
    fake.spawn(extra={"PYTHONPATH": f"{Path(__file__).parent}:{BENCH}"})
    Path(above, "cgroup.procs").write_text(str(fake.zygote.pid))
    assert set(hand_down(str(above))) >= {"cpu", "memory", "pids"}
    fake.set_up(modules=["celltasks"], allow=["celltasks.*", "burners.*"])
    fake.cell = fake.fork(1)["pid"]
    yield fake
    fake.close()


def test_all_of_a_service_moves_and_its_controllers_go_down(above: Path, weppd: FakeWeppd) -> None:
    """weppd's own processes stand in a group of theirs, for one that hands down holds nobody."""
    assert (above / "cgroup.procs").read_text() == ""
    assert str(weppd.zygote.pid) in (above / "daemon/cgroup.procs").read_text().split()
    assert (above / f"weppd-cell-{weppd.cell}/memory.max").read_text() == "max\n"


def test_limits_lapse_to_the_cell_and_back(above: Path, weppd: FakeWeppd) -> None:
    """At a stop the unit takes the controllers away; the cell holds its job until they are back."""
    eid = weppd.start("burners.burn", "forking", 4, limits={"cpu.max": 0.25})
    group = above / f"weppd-cell-{weppd.cell}"
    eventually(lambda: (group / "cpu.max").read_text() == "25000 100000\n", "the kernel holds it")
    take_back(str(above))
    assert not (group / "cpu.max").exists()
    eventually(lambda: "frozen 1" in (group / "cgroup.events").read_text(), "the cell holds it")
    assert "cpu" in hand_down(str(above))
    eventually(lambda: (group / "cpu.max").read_text() == "25000 100000\n", "the kernel again")
    eventually(lambda: "nr_throttled 0\n" not in (group / "cpu.stat").read_text(), "throttled")
    weppd.cancel(eid, ["KILL", 0])
    over = weppd.wait("over", eid=eid)
    assert over["usage"]["stopped_s"] > 0
    assert over["undead"] == []
