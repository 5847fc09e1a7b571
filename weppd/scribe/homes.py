"""The directories of runs: that no link leads out of the roots, and which files in them are ours.

::

    <run>/rq.log           <run>/_logs/jobs.jsonl             of the node that wrote there first
    <run>/_logs/rq.b.log   <run>/_logs/jobs.b.jsonl           of any other node, called b
    <run>/_logs/node       the name of the first

Every file has one writer: on a network file system lines that two hosts append overwrite each
other. Looked at by whoever has a thread for the root: a file server may hang.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from weppd.runs import inside

LOGS = "_logs"
KNOWN = 10_000
_STRANGE = re.compile(r"[^\w.-]")


class Homes:
    """What may hold runs: the directories `roots`, wherever these are linked to themselves. `node`
    is our name; without one, all files are ours."""

    def __init__(self, roots: Iterable[str], node: str = "") -> None:
        self._roots = tuple(root for root in roots if root)
        self._node = _STRANGE.sub("_", node)
        self._first: dict[Path, str] = {}

    def find(self, run_dirs: Iterable[str]) -> Path | None:
        """The first of these that is a directory inside the roots."""
        for each in run_dirs:
            with contextlib.suppress(OSError):
                # One that may not be entered, or is stale, is none.
                if Path(each).is_dir() and self.hold(each):
                    return Path(each)
        return None

    def hold(self, path: str | os.PathLike[str]) -> bool:
        """Whether `path`, with all links followed, is inside a root.

        The roots that it is in by its name are asked first: another may be on a server that hangs.
        """
        name, real = os.fspath(path), os.path.realpath(path)
        own = [root for root in self._roots if inside(name, [root])]
        others = [root for root in self._roots if root not in own]
        return any(inside(real, [os.path.realpath(root)]) for root in (*own, *others))

    def place(self, home: Path, name: str) -> Path:
        """Where this node writes what is called `name` in a run: rq.log or _logs/jobs.jsonl."""
        first = self._first.get(home) or self._came_first(home)
        if first == self._node:
            return home / name
        whole = Path(name)
        return home / LOGS / f"{whole.stem}.{self._node}{whole.suffix}"

    def _came_first(self, home: Path) -> str:
        """Who did; we do now, where nobody has."""
        mark = home / LOGS / "node"
        if not self._node or not self.hold(mark.parent):
            return self._node
        beside = mark.with_name(f".node.{self._node}")
        try:
            mark.parent.mkdir(exist_ok=True)
            beside.write_text(f"{self._node}\n")
            # A link is made by one alone, whole, also on NFS.
            with contextlib.suppress(FileExistsError):
                mark.hardlink_to(beside)
            beside.unlink()
            first = mark.read_text().strip() or self._node
        except OSError:
            return self._node  # a full disk, or links are not to be had: asked again next time
        if len(self._first) >= KNOWN:
            self._first.clear()
        self._first[home] = first
        return first


ANYWHERE = Homes(["/"])
