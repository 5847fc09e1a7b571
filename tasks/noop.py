"""Tiny tasks for demonstrations, benchmarks and tests: nothing, waiting, a tree, a failure."""

from __future__ import annotations

import os
import time

from weppd.task import current, task

_KINDS = {
    "plain": "exec sleep {seconds}",
    "session": "exec setsid sleep {seconds}",
    "deaf": "trap '' USR1 TERM HUP INT; exec sleep {seconds}",
    "nested": "sleep {seconds} & sleep {seconds} & wait",
}


@task(short=True)
def noop(*args: object) -> None:
    """Do nothing with any arguments."""


@task()
def sleep(seconds: float) -> float:
    """Wait and return how long was asked for."""
    time.sleep(seconds)
    return seconds


@task()
def until(path: str) -> str:
    """Wait until a file or directory is at `path`, and return the path."""
    while not os.access(path, os.F_OK):
        time.sleep(0.02)
    return path


@task()
def say(text: str, lines: int = 1) -> int:
    """Write `text` to the run's log as `lines` numbered lines."""
    for number in range(1, lines + 1):
        current().log(f"{text} {number}", item=f"l{number:04d}")
    return lines


@task()
def tree(processes: int = 3, seconds: float = 600, kind: str = "plain") -> int:
    """Start `processes` shells that sleep and wait for them all.

    `kind` is how a shell's tree behaves: "plain", "session" (one that leaves the session), "deaf"
    (ignores every polite signal) or "nested" (children of children). ValueError for another.
    """
    if kind not in _KINDS:
        raise ValueError(f"kind {kind!r}: one of {', '.join(_KINDS)}")
    import subprocess  # here: it costs a light child more than all else in this module

    script = _KINDS[kind].format(seconds=seconds)
    shells = [subprocess.Popen(["sh", "-c", script]) for _ in range(processes)]
    for shell in shells:
        shell.wait()
    return processes


@task()
def fail(message: str = "asked to fail") -> None:
    """Raise RuntimeError(message)."""
    raise RuntimeError(message)
