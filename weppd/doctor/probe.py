"""What a job does in a root of runs, tried there by a process that has the job's user."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path


def tried(root: str) -> dict[str, str]:
    """The step that failed in `root` and its reason; empty where all work."""
    step = "create a directory"
    home = None
    try:
        home = Path(tempfile.mkdtemp(prefix=".weppd-doctor-", dir=root))
        one, two = home / "one", home / "two"
        step = "create a file"
        one.write_text("1")
        step = "append to a file"
        with one.open("a") as file:
            file.write("2")
            file.flush()
            os.fsync(file.fileno())
        step = "make a hard link"
        two.hardlink_to(one)
        step = "rename over a file"
        two.replace(home / "one.new")
        (home / "one.new").replace(one)
        step = "set a file's times"
        os.utime(one)
        step = "read back what was written"
        if one.read_text() != "12":
            return {"step": step, "why": "it was not what was written"}
        step = "delete files"
        shutil.rmtree(home)
        home = None
    except OSError as error:
        return {"step": step, "why": error.strerror or str(error)}
    finally:
        if home is not None:
            shutil.rmtree(home, ignore_errors=True)
    return {}
