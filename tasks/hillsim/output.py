"""What every run says of itself, and how an output file comes to be."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TextIO

from tasks.hillsim import VERSION, forms
from tasks.wepp.files.runfile import RunFile

_LINES = 500
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
    _write(path, [text])


def put_lines(path: Path, lines: Sequence[str]) -> None:
    """Write a file of these lines so that it appears whole or not at all."""
    # By pieces that stay in a processor's cache: a table of years would be copied through memory.
    starts = range(0, len(lines), _LINES)
    _write(path, ("\n".join(lines[at : at + _LINES]) + "\n" for at in starts))


def _write(path: Path, pieces: Iterable[str]) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb", buffering=0) as file:
            for piece in pieces:
                left = memoryview(piece.encode("latin-1", errors="replace"))
                while left:
                    left = left[file.write(left) :]
        draft.replace(path)
    except BaseException as error:
        draft.unlink(missing_ok=True)
        # A full disk says only that it is full.
        if isinstance(error, OSError):
            error.filename = error.filename or str(path)
        raise
