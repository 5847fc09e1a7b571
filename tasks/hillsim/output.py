"""What every run says of itself, and how an output file comes to be."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TextIO

from tasks.hillsim import VERSION, forms
from tasks.wepp.files.runfile import RunFile

BANNER = (
    "",
    f"     HILLSIM {VERSION}",
    "     hillslope runoff and erosion, an engine of its own for WEPP's files",
    "",
    f"     engine=hillsim {VERSION}",
    "",
)


def announce(run: RunFile, cwd: Path, out: TextIO) -> None:
    """Say which engine runs, and what of that which is asked for it does otherwise or not."""
    for line in BANNER:
        print(line, file=out)
    for kind, name in forms.unwritten(run):
        print(f" NOTE: {name}: the {kind} output is not written by this version", file=out)
    for note in forms.notes(run, cwd):
        print(f" NOTE: {note}", file=out)


def put(path: Path, text: str) -> None:
    """Write a file so that it appears whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(text.encode("latin-1", errors="replace"))
        draft.replace(path)
    except BaseException as error:
        draft.unlink(missing_ok=True)
        # A full disk says only that it is full.
        if isinstance(error, OSError):
            error.filename = error.filename or str(path)
        raise
