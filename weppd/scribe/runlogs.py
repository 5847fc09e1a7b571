"""`<run>/rq.log` and `<run>/_logs/jobs.jsonl`: the only hand that touches a run directory, one
thread for each run root.

A thread that waits for a hung file server holds up the logs of its own root and nothing else: the
queue in front of it is bounded in bytes, and what does not fit is left out with a warning; it is in
the job's own log.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from pathlib import Path

from weppd.scribe import report
from weppd.scribe.sink import Sink

log = logging.getLogger("weppd.scribe")
MOST_WAITING = 10_000


class RunLogs:
    """The run logs of all roots; each root has its thread and its own account on local disk.

    What a thread is told is only that a job's own log has grown: it copies from where its account
    says that it was, so that a scribe that is killed goes on where it stopped.
    """

    def __init__(self, accounts: Path) -> None:
        self._accounts = accounts
        self._queues: dict[str, queue.Queue[tuple[str, bool]]] = {}
        self._dropped: set[str] = set()
        for path in accounts.glob("runs-*.json"):
            for source in Sink(path).offsets:
                self._tell(source, closed=not Path(source.split("\n")[0]).exists())
        for path, run_dirs in report.waiting(accounts):
            self.grown(run_dirs, path, closed=True)

    def grown(self, run_dirs: tuple[str, ...], path: Path, closed: bool) -> None:
        """A job's own log, or its report, has grown; its run is the first of `run_dirs` there."""
        self._tell("\n".join((str(path), *run_dirs)), closed)

    def settle(self, timeout_s: float) -> bool:
        """Wait until all is written, at most so long; whether it is."""
        done = threading.Event()
        threading.Thread(target=self._join, args=(done,), daemon=True).start()
        return done.wait(timeout_s)

    def _tell(self, source: str, closed: bool) -> None:
        root = str(Path(source.split("\n")[1]).parent)
        if root not in self._queues:
            self._queues[root] = queue.Queue(MOST_WAITING)
            threading.Thread(target=self._work, args=(root,), daemon=True).start()
        try:
            self._queues[root].put_nowait((source, closed))
        except queue.Full:
            if root not in self._dropped:
                self._dropped.add(root)
                log.warning("action=run_log root=%s problem='it hangs; lines are left out'", root)

    def _join(self, done: threading.Event) -> None:
        for each in list(self._queues.values()):
            each.join()
        done.set()

    def _work(self, root: str) -> None:
        source = self._queues[root]
        account = f"runs-{root.strip('/').replace('/', '+')[-150:]}.json"
        sink = Sink(self._accounts / account)
        while True:
            batch = [source.get()]
            while len(batch) < 500:
                try:
                    batch.append(source.get_nowait())
                except queue.Empty:
                    break
            copy(sink, dict(batch))
            for _ in batch:
                source.task_done()


def copy(sink: Sink, sources: dict[str, bool]) -> None:
    """Copy what has grown in each job's log to its run's; forget the sources that are closed."""
    texts: dict[Path, bytes] = {}
    offsets: dict[str, int] = {}
    for source in sources:
        path, *run_dirs = source.split("\n")
        home = next((Path(d) for d in run_dirs if Path(d).is_dir()), None)
        done = sink.offsets.get(source, 0)
        text, place = _new(Path(path), done)
        offsets[source] = done + len(text)
        if home is not None and text:
            texts[home / place] = texts.get(home / place, b"") + text
    for target in texts:
        _make_room(target)
    sink.append(texts, offsets)
    for source, closed in sources.items():
        if closed:
            _forget(sink, source)


def _new(path: Path, done: int) -> tuple[bytes, str]:
    """What of a job's log, or of its report, is not in the run yet; and its place there."""
    if path.suffix == report.SUFFIX:
        return report.read(path)[1][done:], report.PLACE
    return _rest(path, done), "rq.log"


def _make_room(path: Path) -> None:
    with contextlib.suppress(OSError):
        # A directory that cannot be made is told of when the file in it cannot be written.
        path.parent.mkdir(exist_ok=True)


def _forget(sink: Sink, source: str) -> None:
    path = Path(source.split("\n")[0])
    if path.suffix == report.SUFFIX:
        path.unlink(missing_ok=True)
    sink.forget(source)


def _rest(path: Path, offset: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return file.read()
    except FileNotFoundError:
        return b""
