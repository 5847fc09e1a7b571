"""Where a run lives: run ids to directories, by arithmetic on strings.

Owns the grammar of run ids and the layouts of the run roots; touches no file. Whether a directory
is there is for its reader to find out.

::

    ordinary-run                      <root>/or/ordinary-run     or   <root>/ordinary-run
    batch;;<batch>;;<leaf>            <batch root>/<batch>/runs/<leaf>
    batch;;<batch>;;_base             <batch root>/<batch>/_base
    <parent>;;omni;;<scenario>        <parent's directory>/_pups/omni/scenarios/<scenario>
    <parent>;;omni-contrast;;<id>     <parent's directory>/_pups/omni/contrasts/<id>
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from weppd.errors import RunError

SEPARATOR = ";;"
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.,+@ -]*\Z")
_PUPS = {"omni": "scenarios", "omni-contrast": "contrasts"}


def split(runid: str) -> list[str]:
    """The parts of a run id; RunError names the part that is empty or could leave a root."""
    if not isinstance(runid, str) or not runid:
        raise RunError(f"run id {runid!r} is empty: give the id of a run, such as 'my-run'")
    parts = runid.split(SEPARATOR)
    for part in parts:
        if not _PART.match(part) or ".." in part or len(part) > 200:
            raise RunError(
                f"run id {runid!r} has the part {part!r}: parts hold letters, digits and _-.,+@"
                " and begin with a letter, a digit or _; '/' and '..' are refused"
            )
    return parts


def candidates(runid: str, roots: Iterable[str], batch_root: str = "") -> list[PurePosixPath]:
    """The directories where a run may be, the most likely first. RunError for a bad run id."""
    parts = split(runid)
    bases, rest = _bases(parts, list(roots), batch_root)
    if len(rest) % 2:
        raise RunError(f"run id {runid!r} ends in {rest[-1]!r}: a pup is '<parent>;;omni;;<name>'")
    for kind, name in zip(rest[::2], rest[1::2], strict=True):
        if kind not in _PUPS:
            raise RunError(f"run id {runid!r} has {kind!r}: pups are {', '.join(sorted(_PUPS))}")
        bases = [base / "_pups" / "omni" / _PUPS[kind] / name for base in bases]
    return bases


def _bases(
    parts: list[str], roots: list[str], batch_root: str
) -> tuple[list[PurePosixPath], list[str]]:
    if parts[0] == "batch" and len(parts) > 1:
        if len(parts) < 3:
            raise RunError(f"run id {SEPARATOR.join(parts)!r} names no leaf: batch;;<name>;;<leaf>")
        if not batch_root:
            raise RunError(f"run id {SEPARATOR.join(parts)!r} is of a batch: set [run] batch_root")
        home = PurePosixPath(batch_root) / parts[1]
        leaf = home / "_base" if parts[2] == "_base" else home / "runs" / parts[2]
        return [leaf], parts[3:]
    name = parts[0]
    both = [(PurePosixPath(r) / name[:2] / name, PurePosixPath(r) / name) for r in roots]
    return [path for pair in both for path in pair], parts[1:]


def inside(path: str, roots: Iterable[str]) -> bool:
    """Whether `path` is one of these directories or below one; all of them without links."""
    return any(path == root or path.startswith(root.rstrip("/") + "/") for root in roots if root)
