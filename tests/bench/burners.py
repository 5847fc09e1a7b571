"""Jobs that use all CPU time they can get, for the tests and the bench of limits."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time

#: CPU seconds that each short-lived process of a forking tree uses.
SLICE_S = 0.005


def burn(shape: str, count: int, groups: tuple[str, ...] = (), nice: int = 0) -> None:
    """Burn with `count` processes of a shape, for ever, in these control groups.

    "busy": they spin; "forking": each starts short-lived children one after the other; "sessions":
    each spins in a session of its own; "orphans": each is replaced by a child of its own every few
    milliseconds, in a session of its own.
    """
    for path in groups:
        _write(f"{path}/cgroup.procs", "0")
    if nice:
        _write("/proc/self/autogroup", str(nice))
    work = {"busy": _spin, "forking": _fork, "sessions": _alone, "orphans": _replace}[shape]
    for _ in range(count - 1):
        if os.fork() == 0:
            work()
    if shape in ("sessions", "orphans"):
        if os.fork() == 0:
            work()
        while True:
            signal.pause()
    work()


def burn_and_tidy(mark: str) -> None:
    """Burn with three shells beside itself, and leave a note when it is cancelled."""
    for _ in range(3):
        subprocess.Popen(["sh", "-c", "while :; do :; done"])
    try:
        _write(mark, "began")
        _spin()
    except BaseException:
        _use(0.1)  # ten seconds' worth under the limit that the test gives it
        _write(mark, "tidied")
        raise


def share(size: int, count: int, seconds: float = 600.0) -> None:
    """Have `size` bytes of memory that `count` processes share."""
    held = bytearray(size)
    held[:: os.sysconf("SC_PAGE_SIZE")] = b"x" * len(held[:: os.sysconf("SC_PAGE_SIZE")])
    for _ in range(count - 1):
        if os.fork() == 0:
            break
    else:
        print("shared", flush=True)
    time.sleep(seconds)


def idle(seconds: float = 600.0) -> None:
    """Use nothing."""
    time.sleep(seconds)


def eat(size: int, parts: int = 1, seconds: float = 600.0) -> None:
    """Have `size` bytes of memory, in `parts` processes."""
    for _ in range(parts - 1):
        if os.fork() == 0:
            break
    held = bytearray(size // parts)
    held[:: os.sysconf("SC_PAGE_SIZE")] = b"x" * len(held[:: os.sysconf("SC_PAGE_SIZE")])
    time.sleep(seconds)


def herd(count: int, seconds: float = 600.0) -> None:
    """Start `count` processes that sleep."""
    for _ in range(count):
        if os.fork() == 0:
            time.sleep(seconds)
            os._exit(0)
    time.sleep(seconds)


def _spin() -> None:
    while True:
        pass


def _fork() -> None:
    while True:
        pid = os.fork()
        if pid == 0:
            _use(SLICE_S)
            os._exit(0)
        os.waitpid(pid, 0)


def _alone() -> None:
    os.setsid()
    _spin()


def _replace() -> None:
    while True:
        os.setsid()
        _use(SLICE_S)
        if os.fork():
            os._exit(0)


def _use(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def _write(path: str, text: str) -> None:
    try:
        with open(path, "w") as file:
            file.write(text)
    except OSError:
        pass  # no such group, or not allowed: the measurement says what it was made with


def break_out() -> None:
    """Take all CPUs, in two threads, for as long as one may."""
    threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    for thread in os.listdir("/proc/self/task"):
        os.sched_setaffinity(int(thread), range(os.cpu_count() or 1))
    print("out", flush=True)
    time.sleep(600)
