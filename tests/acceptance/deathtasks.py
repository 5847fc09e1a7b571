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
