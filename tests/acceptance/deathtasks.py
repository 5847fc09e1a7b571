"""Tasks whose ends are looked at closely."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from weppd.task import current, task


@task()
def litter(mark: str) -> None:
    """Fill the directory for temporary files, and have a deaf child that goes on filling it."""
    tmp = current().tmp
    (tmp / "deep" / "down").mkdir(parents=True)
    (tmp / "deep" / "down" / "file").write_text("x")
    (tmp / "link").symlink_to("/etc")
    script = "trap '' USR1 TERM; n=0; while :; do n=$((n+1)); : > f$n; sleep 0.01; done"
    subprocess.Popen(["sh", "-c", script], cwd=tmp)
    Path(mark).write_text(str(tmp))
    time.sleep(600)


def ignored_signals() -> int:
    """The signals that a program ignores which the caller starts, as a mask."""
    told = subprocess.run(["cat", "/proc/self/status"], capture_output=True, check=True, text=True)
    (line,) = (line for line in told.stdout.splitlines() if line.startswith("SigIgn:"))
    return int(line.split()[1], 16)


@task()
def ignored() -> int:
    """What a program of a job ignores."""
    return ignored_signals()
