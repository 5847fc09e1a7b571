"""What every run says of itself, and how its output files come to be."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import TextIO

from tasks.hillsim import VERSION, forms
from tasks.hillsim.errors import Refusal
from tasks.hillsim.numbers import Rows
from tasks.wepp.files.forms import RunFile

BANNER = (
    "",
    f"     HILLSIM {VERSION}",
    "     hillslope runoff and erosion, an engine of its own for WEPP's files",
    "",
    f"     engine=hillsim {VERSION}",
    "",
)


def announce(run: RunFile, cwd: Path, out: TextIO, more: Iterable[str] = ()) -> None:
    """Say which engine runs, and what of that which is asked for it does otherwise or not.

    `more` are sentences of what else it does so.
    """
    for line in BANNER:
        print(line, file=out)
    for kind, name in forms.unwritten(run):
        print(f" NOTE: {name}: the {kind} output is not written by this version", file=out)
    for note in chain(forms.notes(run, cwd), more):
        print(f" NOTE: {note}", file=out)


def make_way(cwd: Path, inputs: Iterable[str], outputs: Iterable[str]) -> None:
    """Remove the outputs of an earlier run, and what one that was killed had begun of them.

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
        _draft(path).unlink(missing_ok=True)


def _draft(path: Path) -> Path:
    # Of one name, so that the next run finds what a killed one left; the end of a WEPP run of all
    # jobs sweeps the files that are called so.
    return path.with_name(f".{path.name}.tmp")


class Drafts:
    """The output files of one run, in a `with`: all are there when it ends well, else none is.

    Each is written whole beside its place; they take their places together. So a full disk does
    not leave some of a run's files, which look as if the run had come to its end.
    """

    def __init__(self) -> None:
        self._drafts: list[tuple[Path, Path]] = []

    def __enter__(self) -> Drafts:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: object
    ) -> None:
        if kind is not None:
            self._drop()
            return
        try:
            for draft, path in self._drafts:
                draft.replace(path)
        except OSError:
            self._drop()
            raise

    def _drop(self) -> None:
        for draft, path in self._drafts:
            if draft.exists():
                draft.unlink()
            else:
                path.unlink(missing_ok=True)

    def put(self, path: Path, text: str) -> None:
        """Write a file of this text."""
        self.put_pieces(path, [text.encode("latin-1", errors="replace")])

    def put_lines(self, path: Path, lines: Iterable[str]) -> None:
        """Write a file of these lines."""
        self.put_pieces(path, Rows(lines).pieces())

    def put_pieces(self, path: Path, pieces: Iterable[bytes]) -> None:
        """Write a file of these bytes. OSError names it."""
        draft = _draft(path)
        self._drafts.append((draft, path))
        try:
            # Two that write the same at once are not to mix their lines: the second fails here.
            with draft.open("xb", buffering=0) as file:
                for piece in pieces:
                    left = memoryview(piece)
                    while left:
                        left = left[file.write(left) :]
        except OSError as error:
            # A full disk says only that it is full.
            error.filename = error.filename or str(path)
            raise
