"""`weppdctl top` on a terminal: it draws, it obeys its keys, and leaves the terminal as it was."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.process.admin_thread import Served, served
from tests.unit.admin_house import a_job
from weppd.ctl import usage
from weppd.ctl.usage import Process, Use, read_processes, use_of


class Terminal:
    """A program on a terminal: what it wrote, and keys for it."""

    def __init__(self, *argv: str) -> None:
        self._ours, its = pty.openpty()
        env = {**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "20"}
        self.program = subprocess.Popen(argv, stdin=its, stdout=its, stderr=its, env=env)
        os.close(its)
        self.text = ""

    def until(self, *words: str) -> None:
        """Read until all these words have been written since the last call."""
        end, seen = time.monotonic() + 30, ""
        while not all(word in seen for word in words):
            assert time.monotonic() < end, seen
            seen += os.read(self._ours, 65536).decode()
        self.text += seen

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self._ours, keys.encode())

    def close(self) -> int:
        """Its exit code."""
        try:
            while select.select([self._ours], [], [], 20)[0] and os.read(self._ours, 65536):
                pass
        except OSError:
            pass  # it has closed its side
        os.close(self._ours)
        try:
            return self.program.wait(20)
        finally:
            self.program.kill()


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "s", a_job("j1"), a_job("j2")) as daemon:
        daemon.house.slots = [
            {"name": f"node1.{n}", "job": f"j{n}", "phase": "running", "pid": os.getpid()}
            for n in (1, 2)
        ]
        daemon.house.lines["j2"] = [b"simulating day 12\n"]
        yield daemon


def top(daemon: Served) -> Terminal:
    return Terminal(sys.executable, "-m", "weppd.ctl", "--socket", str(daemon.path), "top")


def eventually(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_keys_choose_cancel_and_quit(daemon: Served) -> None:
    """Down marks the next job; c asks first, then cancels that job and no other; q ends with 0."""
    terminal = top(daemon)
    terminal.until("2 of 2 slots busy", "q quit")
    terminal.press("\x1b[B")
    terminal.until(">  2", "q quit")
    terminal.press("c")
    terminal.until("cancel job j2? y/n")
    terminal.press("n")
    terminal.until("q quit")
    terminal.press("c")
    terminal.until("cancel job j2? y/n")
    terminal.press("y")
    eventually(lambda: any(verb == "cancel" for verb, _ in daemon.house.asked))
    terminal.press("q")
    assert terminal.close() == 0
    cancels = [what[0] for verb, what in daemon.house.asked if verb == "cancel"]
    assert cancels == ["j2"]


def test_log_and_tree_are_pages_of_their_own(daemon: Served) -> None:
    """l shows the chosen job's log, t its tree; any key goes back."""
    terminal = top(daemon)
    terminal.until("q quit")
    terminal.press("j")
    terminal.until(">  2", "q quit")
    terminal.press("l")
    terminal.until("simulating day 12", "any key goes back")
    terminal.press("x")
    terminal.until("q quit")
    terminal.press("t")
    terminal.until("no such file", "any key goes back")
    terminal.press("x")
    terminal.until("q quit")
    terminal.press("q")
    assert terminal.close() == 0


def test_without_a_terminal_it_says_so(daemon: Served) -> None:
    """A pipe gets a usage error that names --json, not a screenful of escapes."""
    argv = [sys.executable, "-m", "weppd.ctl", "--socket", str(daemon.path), "top"]
    done = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 2
    assert "--json" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


def test_a_tree_is_summed_whole() -> None:
    """CPU and memory of children and grandchildren count, also of those that came and went between
    two looks; those of strangers and of the cell itself do not."""
    cell, stranger = Process(0, 9.0, 0.0, 10), Process(0, 7.0, 0.0, 900)
    before = {1: cell, 5: Process(1, 1.0, 0.0, 100), 6: Process(5, 2.0, 0.0, 200), 9: stranger}
    now = {
        1: cell._replace(own_s=20.0),
        5: Process(1, 1.5, 2.5, 100),  # it has buried 6, which worked 2.5 s in all
        7: Process(1, 0.5, 0.25, 50),
        9: stranger._replace(own_s=9.0),
    }
    assert use_of(1, now, before, 2.0) == Use(0.875, 150, 2)
    assert use_of(1, now, {}, 0.0) == Use(None, 150, 2)


def test_the_processes_of_this_host_are_read() -> None:
    """This very process is there, with its parent and some memory."""
    found = read_processes()[os.getpid()]
    assert found.parent == os.getppid()
    assert found.own_s > 0
    assert found.memory > 1 << 20


def test_points_of_running_jobs_gather_while_somebody_looks(monkeypatch) -> None:
    """A point a second at most; a job that ended is gone; limits are numbers."""
    monkeypatch.setattr(usage, "EVERY_S", 0.0)
    slot = {"name": "n.1", "job": "j", "pid": os.getpid(), "function": "f", "runid": None}
    status = {"slots": [slot | {"limits": {"cpu.max": "50%", "memory.max": "1G"}}]}
    recorder = usage.Recorder(lambda: status)
    recorder.look()
    (seen,) = recorder.look()
    assert (seen["job"], seen["cpu_max"], seen["memory_max"]) == ("j", 0.5, 1 << 30)
    (_, first, _), (_, second, _) = seen["points"]
    assert (first, second is not None) == (None, True)
    monkeypatch.setattr(usage, "EVERY_S", 60.0)
    assert len(recorder.look()[0]["points"]) == 2
    monkeypatch.setattr(usage, "EVERY_S", 0.0)
    status["slots"] = []
    assert recorder.look() == []
