"""What every run says of itself, and how an output file comes to be."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from tasks.hillsim import VERSION, forms
from tasks.hillsim.errors import Refusal
from tasks.hillsim.numbers import Rows
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


def make_way(cwd: Path, inputs: Iterable[str], outputs: Iterable[str]) -> None:
    """Remove the outputs of an earlier run.

    Refusal, before anything is removed, of an output that would replace an input or another output;
    FileNotFoundError of one whose directory is not there.
    """
    taken = {os.path.realpath(cwd / name): f"is the input {name}" for name in inputs}
    wanted = [cwd / name for name in outputs]
    for path in wanted:
        place = os.path.realpath(path)
        if place in taken:
            raise Refusal(path, f"this output {taken[place]} as well: give it a name of its own")
        taken[place] = "is another output"
        if path.exists() and not path.is_file():
            raise Refusal(path, "this output would replace something that is no file")
        if not path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, "no such directory", str(path.parent))
    for path in wanted:
        path.unlink(missing_ok=True)


def put(path: Path, text: str) -> None:
    """Write a file so that it appears whole or not at all."""
    put_pieces(path, [text.encode("latin-1", errors="replace")])


def put_lines(path: Path, lines: Iterable[str]) -> None:
    """Write a file of these lines so that it appears whole or not at all."""
    put_pieces(path, Rows(lines).pieces())


def put_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file of these bytes so that it appears whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb", buffering=0) as file:
            for piece in pieces:
                left = memoryview(piece)
                while left:
                    left = left[file.write(left) :]
        draft.replace(path)
    except BaseException as error:
        draft.unlink(missing_ok=True)
        # A full disk says only that it is full.
        if isinstance(error, OSError):
            error.filename = error.filename or str(path)
        raise
