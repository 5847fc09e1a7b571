"""What of a WEPP run is made already: a line per step that began or was done, `wepp/steps.jsonl`.

::

    {"step": "hillslope:7", "state": "begun", "inputs": "<sha256>"}
    {"step": "hillslope:7", "state": "done", "inputs": "<sha256>", "seconds": 1.93,
     "outputs": {"wepp/output/H7.loss.dat": [5120, "<sha256>"]}}

A step is done while its last line says so, its inputs are the same, and its outputs are there as
they were written. A step that began and was killed is not done, whatever its files look like. The
stamps of the pages (`tasks.run.prep`) are a projection of this; a run made by an older program has
no such file, and nothing of it is done. Files that were taken away when nobody needed them any more
are the outputs of the step `removed`.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.run import contents
from tasks.run.contents import Content

LEDGER = "wepp/steps.jsonl"
REMOVED = "removed"
Measured = dict[str, tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Entry:
    """The last word on a step; `outputs` are (bytes, sha256) by path below the run."""

    state: str
    inputs: str
    outputs: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    seconds: float = 0.0


class StepLedger:
    """The steps of the run in directory `root`; read once, then kept in step with what is added.

    `guard` is held while lines are added: appends of two hosts overwrite each other on NFS.
    ValueError names the line of a file that is no ledger; a last line that was cut off is none.
    """

    def __init__(
        self, root: Path, guard: Callable[[], AbstractContextManager[object]] = nullcontext
    ) -> None:
        self._root, self._guard = root, guard
        self._path = root / LEDGER
        self._entries = _read(self._path)

    def entry(self, step: str) -> Entry | None:
        """The last word on `step`."""
        return self._entries.get(step)

    def is_done(self, step: str, inputs: str, *, without_removed: bool = False) -> bool:
        """Whether `step` was done from the inputs with this digest, and its outputs still stand.

        `without_removed` takes those for standing that were removed as they had been made.
        """
        entry = self._entries.get(step)
        if entry is None or entry.state != "done" or entry.inputs != inputs:
            return False
        removed = self._removed() if without_removed else {}
        return all(
            removed.get(name) == tuple(was) or _stands(self._root / name, *was)
            for name, was in entry.outputs.items()
        )

    def outputs(self, prefix: str) -> dict[str, tuple[str, int, str]]:
        """What the steps whose names begin so have made: (digest of inputs, bytes, sha) by path."""
        return {
            name: (entry.inputs, *was)
            for step, entry in self._entries.items()
            if step.startswith(prefix) and step != REMOVED and entry.state == "done"
            for name, was in entry.outputs.items()
        }

    def remove(
        self, paths: Iterable[Path], step: Callable[[int], None] = lambda files: None
    ) -> None:
        """Remove files that steps have made, and note that they were there as they had been made.

        A file that no step has made, or that is not as it was made, stays. `step` is called with 1
        for each that is removed.
        """
        made = {n: (size, sha) for n, (_, size, sha) in self.outputs("").items()}
        names = [self._name(path) for path in paths]
        gone = {n: made[n] for n in names if n in made and _stands(self._root / n, *made[n])}
        if gone:
            self._add({REMOVED: Entry("done", "", {**self._removed(), **gone})})
        for name in gone:
            (self._root / name).unlink(missing_ok=True)
            step(1)

    def begin(self, steps: Mapping[str, str]) -> None:
        """Note that these steps begin, by the digest of their inputs; they are not done now."""
        self._add({step: Entry("begun", inputs) for step, inputs in steps.items()})

    def done(self, steps: Mapping[str, tuple[Iterable[Path], float]]) -> None:
        """Note that these steps are done: the files that each made, and the seconds it took.

        KeyError for a step that did not begin; FileNotFoundError for a file that is not there.
        """
        self.enter(
            {step: (self.measured(made), seconds) for step, (made, seconds) in steps.items()}
        )

    def enter(self, steps: Mapping[str, tuple[Measured, float]]) -> None:
        """Note that these steps are done, whose files have been `measured`; errors as of `done`."""
        self._add(
            {
                step: Entry("done", self._entries[step].inputs, outputs, seconds)
                for step, (outputs, seconds) in steps.items()
            }
        )

    def count(self) -> int:
        """How many steps are done, by their last lines."""
        return sum(e.state == "done" for step, e in self._entries.items() if step != REMOVED)

    def removed(self) -> frozenset[str]:
        """The paths of what was removed, and was not made again since."""
        return frozenset(n for n in self._removed() if not (self._root / n).exists())

    def _removed(self) -> Mapping[str, tuple[int, str]]:
        entry = self._entries.get(REMOVED)
        return entry.outputs if entry else {}

    def forget(self) -> None:
        """Begin afresh: nothing is done."""
        self._path.unlink(missing_ok=True)
        self._entries.clear()

    def measured(self, outputs: Iterable[Path]) -> Measured:
        """Files as an entry has them: (bytes, sha256) by path below the run."""
        return self.named(map(contents.read, outputs))

    def named(self, made: Iterable[Content]) -> Measured:
        """Files that have been read, as an entry has them."""
        return dict(sorted((self._name(one.path), one.measure) for one in made))

    def _name(self, path: Path) -> str:
        """What lines call a file; ValueError for one that is not below the run."""
        name = str(path).removeprefix(f"{self._root}/")
        if name == str(path):
            raise ValueError(f"{path} is not below the run {self._root}")
        return name

    def _add(self, entries: Mapping[str, Entry]) -> None:
        if not entries:
            return
        lines = [json.dumps(_line(step, entry)) for step, entry in entries.items()]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._guard(), self._path.open("ab+") as file:
            _end_line(file)
            file.write("".join(f"{line}\n" for line in lines).encode())
            file.flush()
            os.fsync(file.fileno())
        self._entries.update(entries)


def digest(files: Iterable[Path], *words: object) -> str:
    """The digest of a step's inputs: the names and content of `files`, and `words` beside them.

    FileNotFoundError for a file that is not there.
    """
    sha = hashlib.sha256(json.dumps([str(word) for word in words]).encode())
    for path in sorted(files):
        sha.update(f"\0{path.name}\0".encode())
        sha.update(_sha256(path))
    return sha.hexdigest()


#: Digests by a file's number, size and time: names that are hard links to one file read it once.
_SEEN: dict[tuple[int, int, int, int], bytes] = {}
_SEEN_MOST = 4096


def _sha256(path: Path) -> bytes:
    stat = path.stat()
    key = (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)
    if key not in _SEEN:
        if len(_SEEN) >= _SEEN_MOST:
            _SEEN.clear()
        _SEEN[key] = contents.sha256(path)
    return _SEEN[key]


def _line(step: str, entry: Entry) -> dict[str, Any]:
    line: dict[str, Any] = {"step": step, "state": entry.state, "inputs": entry.inputs}
    if entry.state == "done":
        line |= {"outputs": dict(entry.outputs), "seconds": round(entry.seconds, 3)}
    return line


def _read(path: Path) -> dict[str, Entry]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    entries: dict[str, Entry] = {}
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if line:
            entry = _parsed(line, cut_off=number == len(lines), where=f"{path}:{number}")
            entries.update(entry)
    return entries


def _parsed(line: str, cut_off: bool, where: str) -> dict[str, Entry]:
    try:
        row = json.loads(line)
        outputs = {name: (size, sha) for name, (size, sha) in row.get("outputs", {}).items()}
        seconds = float(row.get("seconds", 0.0))
        return {row["step"]: Entry(row["state"], row["inputs"], outputs, seconds)}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if cut_off or not line.endswith("}"):
            # Its writer was killed: the step has its earlier line, or none.
            return {}
        raise ValueError(f"{where} is no line of a ledger: remove the file to begin afresh") from (
            error
        )


def _end_line(file: Any) -> None:
    """Let what a killed writer cut off stand on a line of its own."""
    size = file.seek(0, os.SEEK_END)
    if size:
        file.seek(size - 1)
        if file.read(1) != b"\n":
            file.write(b"\n")


def _stands(path: Path, size: int, sha: str) -> bool:
    try:
        return path.stat().st_size == size and contents.read(path).measure == (size, sha)
    except FileNotFoundError:
        return False
