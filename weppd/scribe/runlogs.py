"""`<run>/rq.log` and `<run>/_logs/jobs.jsonl`: the only hand that touches a run directory, one
thread for each run root.

A thread that waits for a hung file server holds up the logs of its own root and nothing else. What
waits for it is no text, only the names of logs that have grown: it copies from where its account,
on local disk, says that it was. A thread that has nothing to do for a while ends.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from weppd.scribe import report
from weppd.scribe.homes import ANYWHERE, Homes
from weppd.scribe.line import ends
from weppd.scribe.sink import Piece, Sink

log = logging.getLogger("weppd.scribe")
MOST_WAITING = 10_000
CHUNK = 4 << 20
IDLE_S, FULL_S = 60.0, 1.0


@dataclass(slots=True)
class News:
    """A source has grown: copy it from `start`, unless more is copied; it may be its end."""

    start: int = 0
    closed: bool = False
    forget: bool = False


@dataclass(slots=True)
class Root:
    """What one root's thread has to do, and whether it is at it."""

    waiting: dict[str, News] = field(default_factory=dict)
    at_work: bool = False


def source_of(path: Path, run_dirs: Iterable[str]) -> str:
    """A source's name in accounts: the local file, and the places where its run may be."""
    return "\n".join((str(path), *run_dirs))


def root_of(source: str) -> str:
    """The directory of runs whose file system this source's run is on."""
    home = source.split("\n")[-1].partition("/_pups/")[0]
    return str(Path(home).parent)


def account_of(accounts: Path, root: str) -> Path:
    """The file in which a root's thread keeps account."""
    return accounts / f"runs-{root.strip('/').replace('/', '+')[-150:]}.journal"


class RunLogs:
    """The run logs of all roots. `owed` are the sources that an earlier scribe had not finished,
    and from where each began."""

    def __init__(self, accounts: Path, owed: Mapping[str, int], homes: Homes = ANYWHERE) -> None:
        self._accounts, self._homes = accounts, homes
        self._roots: dict[str, Root] = {}
        self._changed = threading.Condition()
        self._copied: list[str] = []
        self._dropped: set[str] = set()
        for source, start in owed.items():
            self._tell(source, News(start, _is_over(Path(source.split("\n")[0]))))
        for path, run_dirs in report.waiting(accounts):
            self.grown(run_dirs, path, closed=True)

    def grown(self, run_dirs: tuple[str, ...], path: Path, closed: bool, start: int = 0) -> None:
        """A job's own log, or its report, has grown; its run is the first of `run_dirs` there."""
        self._tell(source_of(path, run_dirs), News(start, closed))

    def copied(self) -> list[str]:
        """The logs that were closed and stand in their runs, each told once."""
        with self._changed:
            copied, self._copied = self._copied, []
        return copied

    def forget(self, sources: Iterable[str]) -> None:
        """Nobody will ask for these sources again."""
        for source in sources:
            self._tell(source, News(forget=True))

    def settle(self, timeout_s: float) -> bool:
        """Wait until all is written, at most so long; whether it is."""
        with self._changed:
            return self._changed.wait_for(self._is_settled, timeout_s)

    def _is_settled(self) -> bool:
        return not any(root.at_work or root.waiting for root in self._roots.values())

    def _tell(self, source: str, news: News) -> None:
        name = root_of(source)
        with self._changed:
            if name not in self._roots:
                self._roots[name] = Root()
                threading.Thread(target=self._work, args=(name,), daemon=True).start()
            waiting = self._roots[name].waiting
            if source in waiting or len(waiting) < MOST_WAITING:
                waiting[source] = news
            elif name not in self._dropped:
                self._dropped.add(name)
                log.warning("action=run_log root=%s problem='it hangs; lines are left out'", name)
            self._changed.notify_all()

    # -- the thread of one root

    def _work(self, name: str) -> None:
        root, account = self._roots[name], Sink(account_of(self._accounts, name))
        while batch := self._next(name, root, account):
            again, full = copy(account, batch, self._homes)
            with self._changed:
                root.at_work = False
                for source, news in again.items():
                    root.waiting.setdefault(source, news)
                over = [s for s, news in batch.items() if news.closed and s not in root.waiting]
                self._copied += [s for s in over if not _is_report(s)]
                self._changed.notify_all()
            if full:
                time.sleep(FULL_S)

    def _next(self, name: str, root: Root, account: Sink) -> dict[str, News]:
        """What waits, as soon as something does; nothing after a while: then the thread ends."""
        with self._changed:
            if not self._changed.wait_for(lambda: root.waiting, IDLE_S):
                del self._roots[name]
                if not account.offsets:
                    account_of(self._accounts, name).unlink(missing_ok=True)
            batch, root.waiting = root.waiting, {}
            root.at_work = bool(batch)
            return batch


def copy(account: Sink, batch: Mapping[str, News], homes: Homes) -> tuple[dict[str, News], bool]:
    """Copy what has grown in each source to its run.

    Returns what must be done again, as a disk is full or there is more; and whether one is full.
    """
    pieces: dict[Path, Piece] = {}
    places: dict[str, Path] = {}
    again: dict[str, News] = {}
    for source, news in batch.items():
        if not news.forget and (home := homes.find(source.split("\n")[1:])) is not None:
            text, place = _new(source, account.offsets.get(source, news.start))
            target = homes.place(home, place)
            if not homes.hold(target.parent):
                continue
            places[source] = target
            piece = pieces.setdefault(target, Piece())
            piece.text += text
            piece.offsets[source] = account.offsets.get(source, news.start) + len(text)
            if len(text) == CHUNK:
                again[source] = news
    for target in pieces:
        _make_room(target)
    full = account.append(pieces) if pieces else frozenset()
    again |= {source: batch[source] for source, target in places.items() if target in full}
    _tidy(account, {source: news for source, news in batch.items() if source not in again})
    return again, bool(full)


def _tidy(account: Sink, batch: Mapping[str, News]) -> None:
    """Forget the reports that are written, and what nobody asks for any more."""
    reports = [source for source, news in batch.items() if news.closed and _is_report(source)]
    for source in reports:
        Path(source.split("\n")[0]).unlink(missing_ok=True)
    account.forget([*reports, *(source for source, news in batch.items() if news.forget)])


def _new(source: str, done: int) -> tuple[bytes, str]:
    """What of a job's log, or of its report, is not in the run yet; and its place there."""
    path = Path(source.split("\n")[0])
    if _is_report(source):
        return report.read(path)[1][done:], report.PLACE
    return _rest(path, done), "rq.log"


def _is_report(source: str) -> bool:
    return source.partition("\n")[0].endswith(report.SUFFIX)


def _is_over(path: Path) -> bool:
    """Whether a log has had its last line; one that was swept away has, too."""
    with contextlib.suppress(FileNotFoundError):
        return ends(_rest(path, max(0, path.stat().st_size - 4096)))
    return True


def _make_room(path: Path) -> None:
    with contextlib.suppress(OSError):
        # A directory that cannot be made is told of when the file in it cannot be written.
        path.parent.mkdir(exist_ok=True)


def _rest(path: Path, offset: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read(CHUNK)
    except FileNotFoundError:
        return b""
