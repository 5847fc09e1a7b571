"""The fan-out keeps to its size, stops at the first failure and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from tasks.wepp.pool import fan_out
from weppd.task import Cancelled, LocalContext, using


class Shells:
    """Starts shell scripts and remembers their processes, and how many lived at once."""

    def __init__(self) -> None:
        self.all: list[subprocess.Popen[bytes]] = []
        self.most = 0

    def start(self, script: str) -> subprocess.Popen[bytes]:
        living = sum(process.returncode is None for process in self.all)
        self.most = max(self.most, living + 1)
        self.all.append(subprocess.Popen(["sh", "-c", script]))
        return self.all[-1]


def test_no_more_run_at_once_than_the_size_and_all_are_run():
    """Ten pieces of work on three CPUs: three at a time, each ended once, with its exit code."""
    shells, ended = Shells(), []
    fan_out([f"exit {n}" for n in range(10)], 3, shells.start, lambda *end: ended.append(end[:2]))
    assert sorted(ended) == [(f"exit {n}", n) for n in range(10)]
    assert shells.most <= 3


def test_a_size_of_nothing_still_gets_on():
    """A job that may use no CPU of its own runs its processes one after the other."""
    shells, ended = Shells(), []
    fan_out(["true", "true"], 0, shells.start, lambda *end: ended.append(end[1]))
    assert ended == [0, 0]
    assert shells.most == 1


def test_the_next_is_at_work_while_the_outcome_of_one_is_looked_at():
    """Reading its outputs takes a while, in which no CPU of the job's need be idle."""
    shells, begun = Shells(), []
    fan_out(["true"] * 3, 1, shells.start, lambda *_: begun.append(len(shells.all)))
    assert begun == [2, 3, 3]


def test_what_is_aside_is_done_piece_by_piece_while_processes_run():
    """A look at what has ended comes between two pieces, and none is called for behind a no."""
    shells, said = Shells(), []
    pieces = iter(range(1000))

    def aside() -> bool:
        said.append(next(pieces))
        return len(ended) < 2 or len(said) < 5

    ended: list[str] = []
    scripts = ["true", "true", "exec sleep 0.1"]
    fan_out(scripts, 2, shells.start, lambda *end: ended.append(end[0]), aside=aside)
    assert ended == scripts
    assert len(said) > 2


def test_what_is_wrong_aside_ends_the_processes():
    """It is the fan-out's error, at once, not when all that runs is over."""
    shells = Shells()

    def aside() -> bool:
        raise LookupError("hillslope 7")

    with pytest.raises(LookupError, match="hillslope 7"):
        fan_out(["exec sleep 600"] * 2, 2, shells.start, lambda *end: None, aside=aside)
    assert [process.returncode for process in shells.all] == [-signal.SIGKILL] * 2


def test_the_first_failure_ends_the_rest_and_starts_no_more():
    """A broken hillslope does not cost hours of the others', nor leave them running."""
    shells = Shells()

    def ended(script: str, code: int, seconds: float) -> None:
        if code:
            raise RuntimeError(script)

    with pytest.raises(RuntimeError, match="exit 3"):
        fan_out(["exec sleep 600", "exit 3", "true", "true"], 2, shells.start, ended)
    assert len(shells.all) == 2
    assert shells.all[0].returncode == -signal.SIGKILL


class Shielding(LocalContext):
    """A context whose shield holds a cancel back until it ends, as a job's does.

    By a count of shields, not a mask: the signal may come to any thread of the tests' runner.
    """

    def __init__(self) -> None:
        super().__init__()
        self.depth, self.noted = 0, False

    def cancel(self, number: int, frame: object) -> None:
        """What a job does when it is told to stop."""
        self.noted = True
        self.settle()

    def settle(self) -> None:
        """Raise a cancel that was noted, unless a shield holds it back."""
        if self.noted and not self.depth:
            self.noted = False
            raise Cancelled

    @contextmanager
    def shield(self):
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1
            self.settle()


@pytest.fixture
def cancellable():
    """A context in which SIGUSR1 cancels."""
    context = Shielding()
    before = signal.signal(signal.SIGUSR1, context.cancel)
    with using(context):
        yield
    signal.signal(signal.SIGUSR1, before)


def test_a_cancel_while_it_waits_ends_every_process(cancellable):
    """Cancelled, raised by a signal in the middle of the fan-out, leaves no process of it."""
    shells = Shells()
    cancelling = "kill -USR1 $PPID; exec sleep 600"
    with pytest.raises(Cancelled):
        fan_out(["exec sleep 600", cancelling], 2, shells.start, lambda *end: None)
    assert [process.returncode for process in shells.all] == [-signal.SIGKILL] * 2


def test_a_start_that_fails_ends_what_runs(tmp_path: Path):
    """An executable that vanishes in the middle does not leave its siblings behind."""
    shells = Shells()

    def start(script: str) -> subprocess.Popen[bytes]:
        return shells.start(script) if script != "gone" else subprocess.Popen([tmp_path / "gone"])

    with pytest.raises(FileNotFoundError):
        fan_out(["exec sleep 600", "gone"], 2, start, lambda *end: None)
    assert shells.all[0].returncode == -signal.SIGKILL


def test_file_descriptors_do_not_pile_up():
    """Ten thousand hillslopes do not run out of descriptors: each pidfd is closed."""
    before = len(os.listdir("/proc/self/fd"))
    fan_out([[sys.executable, "-SEc", ""]] * 8, 4, subprocess.Popen, lambda *end: None)
    assert len(os.listdir("/proc/self/fd")) == before


def test_meanwhile_is_called_while_nothing_ends():
    """A long simulation can be looked at; its end is not held back by the looking."""
    shells, looked = Shells(), []
    ended: list[tuple[str, int]] = []
    fan_out(
        ["sleep 1.5"], 1, shells.start, lambda *end: ended.append(end[:2]), lambda: looked.append(1)
    )
    assert ended == [("sleep 1.5", 0)]
    assert looked
