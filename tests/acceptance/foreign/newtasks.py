"""Tasks as an operator's own module holds them: marked, with a context, one of another class."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import oldtasks

from weppd.task import current, task


@task()
def count(runid, items, pause_s):
    """Tell of `items` items, one after the other."""
    context = current()
    for done in range(1, items + 1):
        context.progress(done, items, f"item {done}")
        time.sleep(pause_s)
    return items


@task()
def hoard(runid, group):
    """Enter the memory control group and allocate until the kernel says no."""
    (Path(group) / "cgroup.procs").write_text(str(os.getpid()))
    return oldtasks.die(runid, "memory")


@task(timeout=1)
def brief(runid):
    """Run longer than allowed."""
    time.sleep(600)


@task(zygote="other")
def elsewhere(runid=None):
    """Run in the class `other`."""
    return oldtasks.where(runid)


@task(zygote="nowhere")
def homeless():
    """Ask for a class that no one has set up."""


@task()
def end_cell(runid):
    """Kill the cell above this job, when it has had time to say that it runs one."""
    time.sleep(0.5)
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(600)


@task(short=True)
def nothing(runid=None):
    """Do nothing for a run."""
