"""The directories of runs, and that no link in one leads the scribe out of the roots.

Looked at anew each time, by whoever has a thread for the root: a file server may hang.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from weppd.runs import inside


class Homes:
    """What may hold runs: the directories `roots`, wherever these are linked to themselves."""

    def __init__(self, roots: Iterable[str]) -> None:
        self._roots = tuple(root for root in roots if root)

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


ANYWHERE = Homes(["/"])
