"""What the jobs of every peer do: they leave a mark. Standard library only, no thought of a queue.

A mark is 16 bytes at the end of a file: the job's number and the boot-independent monotonic clock
(ns) at its first line. Appended in one write, so that a job that ran twice has left two.
"""

from __future__ import annotations

import os
import struct
import subprocess
import time

MARK = struct.Struct("<qq")


def mark(number: int, log: str) -> None:
    """Leave a mark: the no-op of these measurements, which proves that it ran."""
    now = time.monotonic_ns()
    fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.write(fd, MARK.pack(number, now))
    os.close(fd)


def heavy(number: int, log: str) -> None:
    """The same by a task that needs numpy and pandas."""
    import numpy
    import pandas

    assert numpy
    assert pandas
    mark(number, log)


def doze(number: int, log: str, seconds: float) -> None:
    """Leave a mark, and another after so many seconds, with the number negated."""
    mark(number, log)
    time.sleep(seconds)
    mark(-number, log)


def family(number: int, log: str, sessions: int) -> None:
    """Wait for four shells with five sleeps each, `sessions` of them in new sessions."""
    shell = "for i in 1 2 3 4 5; do sleep 600 & done; wait"
    shells = [
        subprocess.Popen(["sh", "-c", shell], start_new_session=n < sessions) for n in range(4)
    ]
    time.sleep(0.5)
    mark(number, log)
    for each in shells:
        each.wait()


BODIES = {"mark": mark, "heavy": heavy, "doze": doze, "family": family}
