"""What other nodes wrote of a job, in the files of its run: for `weppdctl logs`.

::

    <run>/rq.log, <run>/_logs/node     of the node that wrote there first, and its name
    <run>/_logs/rq.b.log               of any other node, called b

They are read by who asks, with his rights: weppd itself touches no run. A job's lines begin with
the one that has `job=<id>`, and go on with those of its place and label up to the one that ends it;
a job that was tried twice has two such stretches, maybe on two nodes.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE_S = 5.0
_STRANGE = re.compile(r"[^\w.-]")
_BEGAN = re.compile(rb"(\S+) (\S+ .*) WEPPD ~ began \S+ job=(\S+) ")
_ENDED = b" WEPPD ~ ended "


@dataclass(slots=True)
class Found:
    """The lines, oldest first, and what could not be read, a sentence each."""

    lines: list[bytes] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def look(run_dirs: Iterable[str], node: str, jid: str, *, own: bool = False) -> Found:
    """What nodes other than `node` wrote of a job; with `own`, what `node` did.

    `run_dirs` are the places where its run may be. A file server that hangs is waited for
    `PATIENCE_S` seconds.
    """
    found: list[Found] = []
    homes = list(run_dirs)
    reader = threading.Thread(
        target=lambda: found.append(_look(homes, node, jid, own)), daemon=True
    )
    reader.start()
    reader.join(PATIENCE_S)
    where = " or ".join(homes)
    return found[0] if found else Found([], [f"{where} does not answer within {PATIENCE_S:g} s"])


def moment(line: bytes) -> bytes:
    """The time that a line begins with; it sorts as text."""
    return line.partition(b" ")[0]


def _look(homes: list[str], node: str, jid: str, own: bool) -> Found:
    answer = Found()
    try:
        home = next((Path(each) for each in homes if Path(each).is_dir()), None)
        files = [] if home is None else list(_files(home, node))
    except OSError as error:
        return Found([], [f"{error.filename}: {error.strerror}"])
    if home is None and homes:
        answer.unread.append(f"its run is not here: there is no {' nor '.join(homes)}")
    for path, writer in files:
        if (writer == _STRANGE.sub("_", node)) is own:
            try:
                with path.open("rb") as file:
                    answer.lines += _stretches(file, jid.encode())
            except OSError as error:
                answer.unread.append(f"{path}: {error.strerror}")
    answer.lines.sort(key=moment)
    return answer


def _files(home: Path, node: str) -> Iterator[tuple[Path, str]]:
    """The logs of a run, each with the node that wrote it."""
    mark, first = home / "_logs" / "node", _STRANGE.sub("_", node)
    if mark.is_file():
        first = mark.read_text(encoding="utf-8", errors="replace").strip() or first
    if (home / "rq.log").exists():
        yield home / "rq.log", first
    for path in sorted((home / "_logs").glob("rq.*.log")):
        yield path, path.name.removeprefix("rq.").removesuffix(".log")


def _stretches(lines: Iterable[bytes], jid: bytes) -> Iterator[bytes]:
    head = b""
    for line in lines:
        if began := _BEGAN.match(line):
            if began[3] == jid:
                head = began[2] + b" "
            elif head == began[2] + b" ":
                head = b""  # another job of this place: the first one's end was never written
        if head and line.partition(b" ")[2].startswith(head):
            yield line if line.endswith(b"\n") else line + b"\n"
            if _ENDED in line:
                head = b""
