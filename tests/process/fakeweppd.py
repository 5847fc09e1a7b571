"""A weppd of a hundred lines: it listens, starts a zygote and cells, and talks frames with them."""

from __future__ import annotations

import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from pathlib import Path

from weppd.cell import launch
from weppd.cell.frames import Splitter, pack

WITHIN_S = 60.0


class Peer:
    """A connection from a zygote or a cell."""

    def __init__(self, sock):
        self.sock = sock
        self.splitter = Splitter()
        self.hello = None

    def send(self, header, body=b""):
        """Send one frame."""
        self.sock.sendall(pack(header, body))


class FakeWeppd:
    """Holds the socket, the zygote and what they said; every wait has a deadline and a reason."""

    def __init__(self, home: Path, python: str = sys.executable):
        self.home = home
        self.python = python
        self.socket = str(home / "cells.sock")
        self.cells = home / "cells"
        self.cells.mkdir(exist_ok=True)
        self.frames = []
        self.peers = []
        self.zygote = None
        self.listener = None
        self.listen()

    # -- the world

    def listen(self):
        """Begin to listen, as a weppd that starts."""
        Path(self.socket).unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.socket)
        self.listener.listen(64)

    def go_away(self):
        """Vanish as a killed weppd does: every connection is cut, the socket refuses."""
        self.listener.close()
        for peer in self.peers:
            peer.sock.close()
        self.peers = []

    def spawn(self, cls="light", extra=None, stderr=None):
        """Start a zygote; its stderr goes to <home>/zygote.err or to the descriptor given."""
        argv, env = launch.command(
            self.python, str(self.home), cls, self.socket, str(self.cells), extra=extra
        )
        with open(self.home / "zygote.err", "ab") as err:
            self.zygote = subprocess.Popen(
                argv, env=env, stdin=subprocess.DEVNULL, stdout=err, stderr=stderr or err
            )
        return self.zygote

    def set_up(self, **fields):
        """Send the setup to the zygote and return its answer."""
        hello = self.wait("hello", who="zygote")
        setup = {"modules": ["tasks.noop"], "digest": "d1", "jobs_per_child": 1, **fields}
        self.zygote_peer().send({"kind": "setup", **setup})
        return {**self.wait("ready"), "hello": hello}

    def fork(self, n=1):
        """Have the zygote fork cell `n`; its hello."""
        self.zygote_peer().send({"kind": "fork", "n": n})
        self.wait("forked", n=n)
        return self.wait("hello", who="cell", n=n)

    def start(self, function, *args, n=1, data=None, body=None, meta=b"", **fields):
        """Give a job to cell `n`; its execution id."""
        eid = uuid.uuid4().hex
        data = data or pickle.dumps((function, None, args, body or {}), 5)
        header = {
            "kind": "start", "eid": eid, "job": f"job-{eid[:8]}", "function": function,
            "serializer": "pickle", "runid": None, "queue": "default", "worker": f"w.{n}",
            "timeout": None, "on_timeout": [["USR1", 1], ["TERM", 1], ["KILL", 0]],
            "spool": str(self.home / f"{eid}.out"), "tmp": str(self.home / f"{eid}.tmp"),
            "cpus": 1, "place": "1", "label": "", "parent": None, "meta_len": len(meta),
            **fields,
        }  # fmt: skip
        self.cell_peer(n).send(header, meta + data)
        return eid

    def run(self, function, *args, **fields):
        """Run a job to its end and acknowledge it: the `over` header, with its body as "body"."""
        over = self.wait("over", eid=self.start(function, *args, **fields))
        self.cell_peer(fields.get("n", 1)).send({"kind": "ack", "eid": over["eid"]})
        return over

    def cancel(self, eid, *rungs, n=1, asked="cancel"):
        """Have cell `n` end an execution."""
        rungs = list(rungs) or [["USR1", 5], ["TERM", 2], ["KILL", 0]]
        self.cell_peer(n).send(
            {"kind": "cancel", "eid": eid, "rungs": rungs, "asked": asked, "reason": "a test"}
        )

    def output(self, eid):
        """What the job's tree wrote to its spool; a job that writes nothing makes none."""
        spool = self.home / f"{eid}.out"
        return spool.read_text() if spool.exists() else ""

    def zygote_peer(self):
        """The connection of the zygote."""
        return next(p for p in self.peers if p.hello and p.hello["who"] == "zygote")

    def cell_peer(self, n):
        """The newest connection of cell `n`."""
        return next(p for p in self.peers[::-1] if p.hello and p.hello.get("n") == n)

    # -- waiting

    def wait(self, kind, within=WITHIN_S, **fields):
        """The first frame not yet taken that matches; AssertionError with all that came if none."""
        deadline = time.monotonic() + within
        while True:
            for index, header in enumerate(self.frames):
                if header["kind"] == kind and all(header.get(k) == v for k, v in fields.items()):
                    return self.frames.pop(index)
            if time.monotonic() > deadline:
                errors = (self.home / "zygote.err").read_text()
                raise AssertionError(f"no {kind} {fields}; got {self.frames}; stderr:\n{errors}")
            self.turn(0.05)

    def turn(self, timeout):
        """Take what has arrived."""
        by_fd = {peer.sock.fileno(): peer for peer in self.peers}
        ready, _, _ = select.select([self.listener.fileno(), *by_fd], [], [], timeout)
        for fd in ready:
            if fd == self.listener.fileno():
                self.peers.append(Peer(self.listener.accept()[0]))
            else:
                self._read(by_fd[fd])

    def _read(self, peer):
        try:
            data = peer.sock.recv(1 << 16)
        except ConnectionResetError:
            data = b""
        if not data:
            peer.sock.close()
            self.peers.remove(peer)
            return
        for header, body in peer.splitter.feed(data):
            if header["kind"] == "hello":
                peer.hello = header
            self.frames.append({**header, "body": body})

    def close(self):
        """End the zygote and everything below it, by force."""
        if self.zygote is not None:
            for pid in [*descendants(self.zygote.pid), self.zygote.pid]:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.zygote.wait()
        self.go_away()


def forker_of(cell):
    """The number of the process that forks a cell's children: it is the first of them."""
    return int(Path(f"/proc/{cell}/task/{cell}/children").read_text().split()[0])


def jobs_of(cell):
    """The numbers of all below a cell but its forker: its warm child, or its job's processes."""
    return [pid for pid in descendants(cell) if pid != forker_of(cell)]


def descendants(pid):
    """The numbers of all living descendants of `pid`."""
    found, queue = [], [pid]
    while queue:
        one, threads = queue.pop(), []
        with suppress(FileNotFoundError):  # of a process that ends just now
            threads = list(Path(f"/proc/{one}/task").glob("*/children"))
        for children in threads:
            try:
                more = [int(word) for word in children.read_text().split()]
            except (FileNotFoundError, ProcessLookupError):
                continue
            found += more
            queue += more
    return found


def alive(pid):
    """Whether a process runs (a zombie does not)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(") ")[2][0] not in "ZX"


def eventually(condition, what, within=WITHIN_S):
    """Wait until `condition()` is true; AssertionError naming `what` if it never is."""
    deadline = time.monotonic() + within
    while not (value := condition()):
        assert time.monotonic() < deadline, f"never came true: {what}"
        time.sleep(0.01)
    return value
