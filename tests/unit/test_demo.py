"""The pieces of the demonstration that need no daemon."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

from rich.console import Console

from tasks.demo import processes
from tasks.demo.screen import Screen
from tests.waiting import eventually


def shown(act) -> str:
    """What `act(screen)` prints where no terminal is."""
    text = io.StringIO()
    act(Screen(Console(file=text, width=80, highlight=False)))
    return text.getvalue()


def test_without_a_terminal_progress_is_plain_lines():
    """A CI log gets one line for each change, no bar and no control characters."""

    def act(screen: Screen) -> None:
        with screen.progress("hillslopes") as step:
            for done in (0, 1, 1, 2):
                step(done, 2, "ETA 0:01" if done < 2 else "done")

    lines = ["0/2 hillslopes, ETA 0:01", "1/2 hillslopes, ETA 0:01", "2/2 hillslopes, done"]
    assert [line.strip() for line in shown(act).splitlines()] == lines


def test_tables_are_plain_and_an_empty_one_says_so():
    """The table of a cancelled job's processes is a sentence when nothing of it lives."""
    text = shown(lambda s: s.table(("pid", "process"), [("12", "wepp [x]"), ("7", "sh")], "empty"))
    assert "wepp [x]" in text
    assert "\x1b" not in text
    assert shown(lambda s: s.table(("pid",), [], "its process tree: empty")).strip() == (
        "its process tree: empty"
    )


def test_a_tree_is_seen_alive_and_seen_gone(tmp_path: Path):
    """The demonstration's proof of a cancel: named processes before, none of them after."""
    shell = subprocess.Popen(["sh", "-c", "sleep 600 & sleep 600 & wait"])

    def all_named():
        # A fork is seen as another "sh" until its exec.
        living = processes.tree(shell.pid)
        return sorted(one.name for one in living) == ["sh", "sleep", "sleep"] and living

    before = eventually(all_named)
    assert [one.pid for one in processes.still_alive(before)] == [one.pid for one in before]
    for one in before:
        subprocess.run(["kill", "-9", str(one.pid)], check=True)
    shell.wait()
    eventually(lambda: not processes.still_alive(before))
    assert processes.tree(shell.pid) == []
