"""What the kernel says about one process: its children, its stat line, its boot; and prctl(2).

Owns the reading of /proc and the two prctl calls that a cell needs. Decides nothing. Standard
library only. A process that is gone reads as None or as no children: that is the normal end of a
process, not an error.
"""

from __future__ import annotations

import ctypes
import os
import signal

from weppd.cell.tree.records import Member

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_SA_NOCLDSTOP = 1
#: Where sa_flags stands in struct sigaction: behind the handler and 128 bytes of mask.
_SA_FLAGS = ctypes.sizeof(ctypes.c_void_p) + 128
#: rt_sigaction(2); its structure takes 32 bytes at most, and all zeros is the default.
_SIGACTION, _ACTION = {"x86_64": 13, "aarch64": 134}, 32
#: By which threads are cancelled, and told of another user: below SIGRTMIN.
_LIBRARYS = (32, 33)
_LIBC = ctypes.CDLL(None, use_errno=True)
# Made once: a child of a cell makes the call, and each object that it makes costs memory pages.
_ON, _KILL = ctypes.c_ulong(1), ctypes.c_ulong(signal.SIGKILL)

#: More children than this are not listed for certain.
MANY = 30_000
#: Bytes of a file that are read; `MANY` numbers of eight digits take no more.
_MOST = 1 << 18


def stat(pid: int) -> Member | None:
    """The stat line of `pid`, or None when there is no such process (proc_pid_stat(5))."""
    line = _read(f"/proc/{pid}/stat")
    if not line:
        return None
    # The name may hold spaces and brackets; the last ')' ends it.
    head, _, tail = line.rpartition(b") ")
    fields = tail.split()
    name = head.partition(b" (")[2].decode("utf-8", "replace")
    return Member(pid, int(fields[19]), fields[0].decode(), int(fields[1]), name)


def start_time(pid: int) -> int | None:
    """When `pid` began, in clock ticks since boot; None when there is no such process."""
    member = stat(pid)
    return None if member is None else member.start


def children(pid: int) -> list[int]:
    """The children of all threads of `pid`, oldest first; none when it is gone.

    The list of another, running process may lack some that came or went while it was read
    (proc_tid_children(5)). A single-threaded caller's own list lacks none that was its child when
    the call began, for only the caller itself takes children off it, by waiting for them.
    """
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - three times as fast as Path's
    except OSError:
        return []
    found: list[int] = []
    for thread in threads:
        found += children_of(pid, thread)
    return found


def children_of(pid: int, thread: int | str) -> list[int]:
    """Those that one thread of `pid` started, oldest first; none when it is gone."""
    return _numbers(_read(f"/proc/{pid}/task/{thread}/children"))


def own_children() -> list[int]:
    """The caller's children, oldest first, zombies included. Only for a single-threaded caller.

    Of more than `MANY` the youngest may be missing: a storm of forks makes them faster than they
    can be read, and whoever wanted to read them all would never come to end them.

    OSError where the kernel has no such file (CONFIG_PROC_CHILDREN): without it no tree can be
    ended for certain, so that a cell must not start.
    """
    fd = open_own_children()
    try:
        return _numbers(_drain(fd))
    finally:
        os.close(fd)


def first_children() -> list[int]:
    """Some of the caller's children, the oldest; none only if there are none. OSError as above."""
    fd = open_own_children()
    try:
        return _numbers(os.read(fd, _MOST))
    finally:
        os.close(fd)


def open_own_children() -> int:
    """The open file of the caller's children, for one who reads it often. OSError as above."""
    pid = os.getpid()
    return os.open(f"/proc/{pid}/task/{pid}/children", os.O_RDONLY | os.O_CLOEXEC)


def boot_id() -> str:
    """The identity of this boot of the kernel: a process of another boot is dead for certain."""
    return _read("/proc/sys/kernel/random/boot_id").decode().strip()


def become_subreaper() -> None:
    """Make the caller the parent of every orphan among its descendants (prctl(2)), for life.

    Not inherited by fork: each cell and each zygote calls it for itself. OSError if refused.
    """
    _prctl(_PR_SET_CHILD_SUBREAPER, _ON)


def die_with_parent() -> None:
    """Have the kernel kill the caller when its parent dies (prctl(2), PR_SET_PDEATHSIG).

    By the death of one that died before the call it is not: compare os.getppid() afterwards.
    """
    _prctl(_PR_SET_PDEATHSIG, _KILL)


def deaf_to_stops() -> None:
    """Have SIGCHLD come for ends only, not each time a child is stopped or goes on.

    Sets SA_NOCLDSTOP (sigaction(2)) on the handler that is installed, for which the module signal
    has no way: a cell that holds a quota would be woken by its own signals.
    """
    action = ctypes.create_string_buffer(256)  # struct sigaction of glibc and musl: 152 bytes
    if _LIBC.sigaction(int(signal.SIGCHLD), None, action) == 0:
        flags = ctypes.c_int.from_buffer(action, _SA_FLAGS)
        flags.value |= _SA_NOCLDSTOP
        _LIBC.sigaction(int(signal.SIGCHLD), action, None)


def hear_the_librarys_own() -> None:
    """Ignore the C library's own signals no longer: posix_spawn(3) starts all programs so.

    What ignores them hands that on through fork and exec to all that it starts, to whose libraries
    and runtimes they may mean something. sigaction(3) refuses these numbers, the kernel does not.
    To be called before there are threads: from then on they are the library's. On other machines
    than those whose numbers are known here all stays as it is.
    """
    number = _SIGACTION.get(os.uname().machine)
    if number is None or ctypes.sizeof(ctypes.c_long) != 8:
        return
    was = ctypes.create_string_buffer(_ACTION)
    for signum in _LIBRARYS:
        # The handler is the first word; one that is none of ours stays.
        if _LIBC.syscall(number, signum, None, was, 8) == 0 and _word(was) == signal.SIG_IGN:
            _LIBC.syscall(number, signum, ctypes.create_string_buffer(_ACTION), None, 8)


def _word(action: ctypes.Array[ctypes.c_char]) -> int:
    return ctypes.c_long.from_buffer(action).value


def offer_to_oom_killer(score: int) -> None:
    """Have the kernel rather end the caller, and all that it starts, than others (proc(5)).

    Lowering a score needs a privilege: without it, it stays as it is.
    """
    try:
        fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, b"%d" % score)
        finally:
            os.close(fd)
    except OSError:
        pass


def _prctl(option: int, value: ctypes.c_ulong) -> None:
    if _LIBC.prctl(option, value, 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"prctl({option}, {value.value}): {os.strerror(error)}")


def _read(path: str) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return _drain(fd)
    except OSError:  # ESRCH: it went while we read
        return b""
    finally:
        os.close(fd)


def _drain(fd: int) -> bytes:
    # A file of /proc gives short reads: only an empty one is its end.
    parts = [os.read(fd, _MOST)]
    size = len(parts[0])
    while parts[-1] and size < _MOST:
        parts.append(os.read(fd, _MOST))
        size += len(parts[-1])
    return b"".join(parts)


def _numbers(text: bytes) -> list[int]:
    # The last word may be cut, where the reading was.
    return [int(word) for word in text[: text.rfind(b" ") + 1].split()]
