"""nasty.py MODE N SECONDS: the shapes of nasty.c for a machine without a C compiler.

Writes one byte to its standard output when the tree stands; every process of it ends by itself
SECONDS after the first began. `growing` starts lasting members all the time, up to 60 for each of
the N. `usr1 N SECONDS FILE` is a tree whose members note each signal that
they get as a line "<pid> <signal>" in FILE: two of them start short-lived others all the time, one
is stopped, one leads a group of its own within the session.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable

MODE, COUNT = sys.argv[1], int(sys.argv[2])
END = time.monotonic() + float(sys.argv[3])


def late() -> bool:
    return time.monotonic() > END


def hold() -> None:
    while not late():
        time.sleep(0.2)
    os._exit(0)


def ready() -> None:
    os.write(1, b"r")


def deaf() -> None:
    for number in set(range(1, 32)) - {signal.SIGCHLD, signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)


def many(count: int, each: Callable[[int], None] = lambda _: hold()) -> None:
    for i in range(count):
        if os.fork() == 0:
            each(i)
            os._exit(0)


def flat() -> None:
    many(COUNT - 1)


def ignoring() -> None:
    deaf()
    flat()


def deep() -> None:
    for _ in range(COUNT - 1):
        if os.fork():
            hold()


def daemon() -> None:
    def leave(_: int) -> None:
        os.setsid()
        if os.fork():
            os._exit(0)
        deaf()
        hold()

    many(COUNT, leave)
    for _ in range(COUNT):
        os.wait()
    ready()
    os._exit(0)


def pgrp() -> None:
    def move(i: int) -> None:
        if i % 2:
            os.setpgid(0, 0)
        else:
            os.setsid()
        hold()

    many(COUNT - 1, move)
    time.sleep(0.05)


def stopped() -> None:
    def halt(_: int) -> None:
        os.kill(os.getpid(), signal.SIGSTOP)
        hold()

    many(COUNT - 1, halt)
    ready()
    os.kill(os.getpid(), signal.SIGSTOP)


def zombie() -> None:
    many(COUNT - 1, lambda _: None)


def threads() -> None:
    def body() -> None:
        many(COUNT)
        ready()
        hold()

    threading.Thread(target=body).start()
    hold()


def respawn() -> None:
    deaf()
    many(COUNT - 1)
    ready()
    while not late():
        os.wait()
        many(1)


def storm(session: bool = False, away: bool = False) -> None:
    deaf()
    if all(os.fork() for _ in range(COUNT // 4 + 1)):
        time.sleep(0.05 * away)
        ready()
    elif away:
        os.setsid()
    while not late():
        pid = os.fork()
        if pid == 0:
            if session:
                os.setsid()
            if os.fork() == 0:
                if session:
                    os.setsid()
                time.sleep(0.001)
            os._exit(0)
        os.waitpid(pid, 0)


def chain(session: bool = False) -> None:
    deaf()
    if all(os.fork() for _ in range(COUNT)):
        ready()
        os._exit(0)
    while not late():
        if os.fork():
            os._exit(0)
        if session:
            os.setsid()
    os._exit(0)


def growing() -> None:
    def grow(_: int) -> None:
        for _ in range(60):
            many(1)
            time.sleep(0.001)
        hold()

    many(COUNT - 1, grow)


def usr1() -> None:
    notes = os.open(sys.argv[4], os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(signum: int, _: object) -> None:
        os.write(notes, f"{os.getpid()} {signal.Signals(signum).name}\n".encode())

    def member(i: int) -> None:
        if i == 0:
            os.kill(os.getpid(), signal.SIGSTOP)
        elif i == 1:
            os.setpgid(0, 0)
        while i in (2, 3) and not late():
            many(1, lambda _: time.sleep(0.003))
            os.wait()
        hold()

    for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, note)
    many(COUNT - 1, member)
    time.sleep(0.1)


SHAPES: dict[str, Callable[[], None]] = {
    "stormsid": lambda: storm(session=True),
    "stormout": lambda: storm(session=True, away=True),
    "chainsid": lambda: chain(session=True),
}

SHAPES.get(MODE, globals().get(MODE, deep))()
ready()
hold()
