"""A subreaper of its own for each test, and nasty trees below it.

A tree can be ended for certain only by a single-threaded subreaper; pytest must not become one for
good. So the body of such a test runs in a forked child, whose failure is raised again here.
"""

from __future__ import annotations

import functools
import os
import select
import shutil
import subprocess
import sys
import time
import traceback
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from weppd.cell.tree.group import Group
from weppd.cell.tree.procfs import become_subreaper, die_with_parent, stat
from weppd.cell.tree.proctree import Tree

HERE = Path(__file__).parent
LIFE_S = 20
MARK = "WEPPD_TEST_TREE"


def eventually(claim: Callable[[], Any], within: float = 10.0) -> Any:
    """The first true value of `claim()`; AssertionError when there is none in time."""
    deadline = time.monotonic() + within
    while not (value := claim()):
        assert time.monotonic() < deadline, f"not true within {within} s: {claim}"
        time.sleep(0.002)
    return value


def in_subreaper(body: Callable[..., None]) -> Callable[..., None]:
    """Run the test's body in a forked, single-threaded subreaper."""

    @functools.wraps(body)
    def test(*args: Any, **kwargs: Any) -> None:
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            _run(functools.partial(body, *args, **kwargs), write)
        os.close(write)
        eventually(lambda: os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG), within=60)
        os.set_blocking(read, False)
        try:
            complaint = os.read(read, 65536)
        except BlockingIOError:  # a survivor holds the other end
            complaint = b""
        os.close(read)
        assert complaint == b"fine", complaint.decode()

    return test


def _run(body: Callable[[], None], write: int) -> None:
    try:
        die_with_parent()
        become_subreaper()
        body()
        os.write(write, b"fine")
    except BaseException:
        os.write(write, traceback.format_exc().encode()[-60000:])
        raise
    finally:
        Tree(0).kill(5)  # a test that failed halfway leaves nothing either
        os._exit(0)


@functools.cache
def compiled() -> str | None:
    """nasty.c as a program, or None where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    program = HERE / "__pycache__" / f"nasty-{os.getpid()}"
    program.parent.mkdir(exist_ok=True)
    subprocess.run([compiler, "-O1", "-o", program, HERE / "nasty.c", "-pthread"], check=True)
    return str(program)


def new_group() -> str | None:
    """A new control group (cgroup v2) that is marked as systemd marks those it delegates.

    None where none can be made: no cgroup v2, or not root.
    """
    for mount in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified"):
        place = f"{mount}/weppd-test-{uuid.uuid4().hex}"
        try:
            os.mkdir(place)
        except OSError:
            continue
        with suppress(OSError):
            os.setxattr(place, "user.delegate", b"1")
            if os.path.exists(f"{place}/cgroup.kill"):
                return place
        os.rmdir(place)  # not a control group, only a directory where others are mounted
    return None


def delegated() -> str:
    """`new_group`, or the test is skipped."""
    return new_group() or pytest.skip("no control group of version 2 can be made here")


def has_controllers() -> bool:
    """Whether this kernel's cgroup v2 has controllers to hand down, and we may."""
    place = new_group()
    if place is None:
        return False
    with open(f"{place}/cgroup.controllers", encoding="ascii") as file:
        words = set(file.read().split())
    remove_group(place)
    return words >= {"cpu", "memory", "pids"}


_HAND = """
import pathlib, sys
from weppd.shell.host.handing import hand_down
pathlib.Path(sys.argv[1], "cgroup.procs").write_text("0")
print(*hand_down("auto"))
"""


def hand_down(above: str) -> list[str]:
    """The controllers that a service which is started in this group hands down to jobs."""
    env = {**os.environ, "INVOCATION_ID": "a-service"}
    argv = [sys.executable, "-c", _HAND, above]
    return subprocess.run(argv, env=env, check=True, capture_output=True, text=True).stdout.split()


def take_back(above: str) -> None:
    """Turn the controllers off, as weppd's unit does after each stop."""
    with open(f"{above}/cgroup.subtree_control", encoding="ascii") as file:
        words = file.read().split()
    for word in words:
        with open(f"{above}/cgroup.subtree_control", "w", encoding="ascii") as file:
            file.write(f"-{word}")


def remove_group(place: str) -> None:
    """Remove a control group with all below it, once the last of it is gone."""
    for inner in [entry.path for entry in os.scandir(place) if entry.is_dir()]:
        remove_group(inner)
    eventually(lambda: _removed(place))


def _removed(place: str) -> bool:
    """Whether the kernel lets a group go: not before the last of its dead is taken apart."""
    try:
        os.rmdir(place)
    except OSError:
        return False
    return True


def start(
    mode: str,
    count: int,
    mark: str,
    *,
    program: str | None = None,
    extra: str = "",
    group: Group | None = None,
) -> int:
    """Start a nasty tree as a child in a session of its own; its leader once the tree stands.

    `mark` goes into the environment of all its members.
    """
    script = [sys.executable, "-I", "-S", "-W", "ignore", str(HERE / "nasty.py")]
    command = [*([program] if program else script), mode, str(count), str(LIFE_S)]
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.dup2(write, 1)
        if group is not None and not group.put(os.getpid()):
            os._exit(9)
        os.execve(command[0], [*command, extra] if extra else command, {MARK: mark})
    os.close(write)
    stands = select.select([read], [], [], 10)[0] and os.read(read, 1) == b"r"
    os.close(read)
    assert stands, f"nasty {mode} did not come up"
    return pid


def new_mark() -> str:
    """A mark that no other tree has."""
    return uuid.uuid4().hex


def survivors(mark: str) -> list[int]:
    """Who lives with this mark in its environment, anywhere on the machine."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            marked = wanted in Path(f"/proc/{entry}/environ").read_bytes()
        except OSError:
            continue
        member = stat(int(entry))
        if marked and member is not None and member.alive:
            found.append(int(entry))
    return found
