"""`python -m weppd.scribe --socket PATH`: tails what jobs say, for as long as there is a weppd."""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import logging
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from weppd import logs
from weppd.cell.frames import VERSION, Splitter, pack
from weppd.errors import FrameError
from weppd.scribe import index
from weppd.scribe.desk import Desk, guarded
from weppd.scribe.homes import Homes
from weppd.scribe.witness import Witnesses

log = logging.getLogger("weppd.scribe")
SOONEST_S, LATEST_S = 0.05, 1.0
#: A job that goes on talking is not read line by line: a look costs more than what it finds.
TALKING_S = 0.3
ALONE_S = 60.0
SWEEP_S = 3600.0
SETTLE_S = 5.0


class Scribe:
    """The loop: frames from weppd, passes over the spools, patience while weppd is away."""

    def __init__(
        self, path: str, jobs: Path, keep_days: float, witnesses: Witnesses, homes: Homes
    ) -> None:
        self._path, self._jobs, self._keep_days = path, jobs, keep_days
        self._witnesses = witnesses
        self._written: list[str] = []
        self._desk = Desk(jobs, lambda job, eid: self._written.append(eid), witnesses.over, homes)
        self._sock: socket.socket | None = None
        self._splitter = Splitter()
        self._alone_since = time.monotonic()
        self._swept = 0.0
        self._pause = SOONEST_S
        self._told = False
        self._retired = False
        self._trouble = ""

    def run(self) -> None:
        """Until weppd says retire, or stays away with nothing left to write."""
        while not self._retired and not self._abandoned():
            if self._sock is None:
                self._connect()
            self._listen()
            self._look()
            self._witnesses.turn(self._desk.guarded())
            self._sweep()
        self._desk.settle(SETTLE_S)
        self._confirm()

    def _abandoned(self) -> bool:
        alone = self._sock is None and time.monotonic() - self._alone_since > ALONE_S
        return alone and not self._desk.busy

    def _connect(self) -> None:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            sock.connect(self._path)
            sock.sendall(pack({"kind": "hello", "v": VERSION, "who": "scribe", "pid": os.getpid()}))
            self._trouble = ""  # weppd may be a new one, which has not heard of it
        except OSError:
            sock.close()
            return
        self._sock, self._splitter = sock, Splitter()

    def _listen(self) -> None:
        """Wait for frames, at most until the next look at the spools is due.

        While there is much to do they gather in the socket meanwhile: a pass costs as much for one
        execution as for a hundred.
        """
        if self._sock is None or self._pause == SOONEST_S:
            time.sleep(SOONEST_S)
        wait = 0.0 if self._pause == SOONEST_S else self._pause if self._desk.busy else LATEST_S
        while self._sock is not None and select.select([self._sock], [], [], wait)[0]:
            self._receive(self._sock)
            wait = 0.0

    def _receive(self, sock: socket.socket) -> None:
        try:
            data = sock.recv(1 << 18)
            frames = self._splitter.feed(data)
        except (OSError, FrameError) as error:
            log.warning("action=peer problem=%r", str(error))
            data, frames = b"", []
        for header, _ in frames:
            self._obey(header)
        if not data:
            sock.close()
            self._sock, self._alone_since = None, time.monotonic()

    def _obey(self, header: dict[str, Any]) -> None:
        kind = header.get("kind")
        if kind == "told":
            self._told = True
            for each in header["open"]:
                self._desk.open(each)
            for each in header["closed"]:
                self._desk.close(each)
        elif kind == "witnesses":
            self._witnesses.ask(guarded(each) for each in header["of"])
        elif kind == "retire":
            self._retired = True

    def _look(self) -> None:
        moved, told = self._desk.look(), self._told
        self._confirm()
        self._told = False
        if moved:
            self._pause = SOONEST_S if told else TALKING_S
        else:
            self._pause = min(self._pause * 1.3, LATEST_S)

    def _confirm(self) -> None:
        written, self._written = self._written, []
        if written:
            self._say({"kind": "wrote", "eids": written})
        if seen := self._witnesses.seen():
            self._say({"kind": "witnessed", "seen": seen})
        if (trouble := self._desk.trouble) != self._trouble:
            self._trouble = trouble
            self._say({"kind": "trouble", "text": trouble})

    def _say(self, header: dict[str, Any]) -> None:
        if self._sock is not None:
            # weppd is gone or will soon read: what it does not hear, it tells the next one again.
            with contextlib.suppress(OSError):
                self._sock.sendall(pack(header))

    def _sweep(self) -> None:
        if time.monotonic() - self._swept > SWEEP_S:
            self._swept = time.monotonic()
            index.sweep(self._jobs, self._keep_days, time.time(), self._desk.jobs)
            self._witnesses.sweep(time.time())


def _turn(lock: int, parent: int) -> bool:
    """Wait until nobody else writes; False if our weppd ended: the next has a scribe of its own."""
    while True:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if os.getppid() != parent:
                return False
            time.sleep(SOONEST_S)
        else:
            return True


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(prog="weppd.scribe")
    parser.add_argument("--socket", required=True)
    parser.add_argument("--jobs", required=True, type=Path)
    parser.add_argument("--keep-days", type=float, default=30.0)
    parser.add_argument("--cells", required=True, type=Path)
    parser.add_argument("--local", required=True, type=Path)
    parser.add_argument("--witness-s", type=float, default=10.0)
    parser.add_argument("--node", default="")
    parser.add_argument("--root", action="append", default=[])
    parser.add_argument("--parent", type=int, default=os.getppid())
    options = parser.parse_args()
    logs.begin("info", os.environ)
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    said = "action=signal name=SIGUSR1 who=scribe note=ignored"
    signal.signal(signal.SIGUSR1, lambda *_: log.warning(said))
    # weppd starts us with it blocked: before there is a handler it would end us.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1])
    with (options.jobs / "scribe.lock").open("w") as lock:
        # One writer: a scribe of an earlier weppd first writes out what it has, and ends.
        if not _turn(lock.fileno(), options.parent):
            return 0
        homes = Homes(options.root, options.node)
        witnesses = Witnesses(options.cells, options.local, options.witness_s, homes)
        Scribe(options.socket, options.jobs, options.keep_days, witnesses, homes).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
