"""The process that forks a cell's children, and does nothing else.

::

    cell ──one byte and the child's socket──► forker ──clone(CLONE_PARENT)──► child, the cell's own
         ◄──────────── its number ───────────

After a fork each page that parent or child writes to is copied, at a fault each. A cell that forked
its children itself had near three hundred such faults for each job, as many as the job. A forker
writes to forty pages. It is forked from its cell before that has done anything, so it has little
that must be copied, and nothing of weppd's.

The child is the cell's (clone(2)): the cell waits for it, and by its death it dies. The cell does
without a forker where there can be none: where the kernel or a filter refuses the call, or the C
library does not keep the number of a thread where glibc does.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from _socket import CMSG_SPACE, SCM_RIGHTS, SO_RCVTIMEO, SOL_SOCKET, socketpair
from struct import pack, unpack

from weppd.cell import forkhooks, immortal
from weppd.cell.body.child import Child
from weppd.cell.csignal import (
    SIG_BLOCK,
    SIG_UNBLOCK,
    SIGCHLD,
    SIGKILL,
    SIGUSR1,
    pthread_sigmask,
)
from weppd.cell.tree.procfs import die_with_parent
from weppd.cell.tree.proctree import Tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable
    from typing import Any, NoReturn

    from weppd.cell.setup import Setup

#: Of clone(2). The last two, by which the child's number (tid) is where it is kept, are in a fork.
_CLONE_PARENT, _TID_FLAGS = 0x8000, 0x0100_0000 | 0x0020_0000
#: Numbers of clone(2), set_robust_list(2), get_robust_list(2) and prctl(2), and where among the
#: arguments of the first the child's number is. Not clone3(2): a unit with RestrictNamespaces= has
#: none.
_CALLS = {"x86_64": (56, 273, 274, 157, 3), "aarch64": (220, 99, 100, 167, 4)}
_PR_SET_PDEATHSIG = 1
#: How far before its list of robust futexes glibc keeps a thread's number.
_TID_BEFORE_LIST = 16
#: The answers by which a kernel, or a filter before it, says that it has no such call.
_UNKNOWN = (errno.ENOSYS, errno.EPERM, errno.EINVAL)
#: A forker that does not answer for so long is killed.
_PATIENCE_US = 5_000_000
_SWEEP_S = 1.0
_INT = "=i"
_LONG = ctypes.c_long
# Both keep the interpreter's lock: in the child of the call nothing else may have it.
_LIBC = ctypes.PyDLL(None, use_errno=True)
_PYTHON = ctypes.pythonapi


class Forks:
    """How the calling cell, which has one thread, comes by its children (`weppd.cell.body.child`).

    Made before the cell has opened anything: `forget()` closes what it has opened since, in a
    process just forked. `strays` are children of earlier jobs that could not be killed.
    """

    def __init__(self, setup: Setup, strays: set[int], forget: Callable[[], None]) -> None:
        self._child = Child(setup)
        self._strays = strays
        self._forget = forget
        self._cell = os.getpid()
        self._thread = Thread.find()
        self._socket: socket | None = None
        self._pid = 0
        if self._thread is not None:
            self._begin(self._thread, lambda: None)

    def spare(self) -> set[int]:
        """The cell's children that are no job's, but for the warm one."""
        return {*self._strays, self._pid}

    def listed(self) -> bytes:
        """How the list of the cell's children in /proc begins, where there is no stray."""
        return b"%d " % self._pid if self._pid else b""

    def fork(self, ours: int, its: int) -> int:
        """Fork one that lives by its end of a socket, SIGUSR1 blocked; its number.

        Not while a job runs: a child that nobody knows of is taken for what a forker that died has
        left, and killed. OSError if it is refused.
        """
        if self._thread is not None and not self._pid:
            self._begin(self._thread, lambda: self._close(ours, its))
        if self._socket is None:
            return self._fork_here(ours, its)
        pid = self._ask(self._socket, its)
        if not pid:
            self._end()
            return self._fork_here(ours, its)
        if pid < 0:
            raise OSError(-pid, os.strerror(-pid))
        return pid

    def reaped(self, pid: int) -> None:
        """The cell has reaped its child `pid`: if that was the forker, there is none now."""
        if pid == self._pid:
            self._pid = 0
            if self._socket is not None:
                self._socket.close()
            self._socket = None

    def _ask(self, forker: socket, its: int) -> int:
        """The new child's number, or an error's, negated; 0 from one that is dead or silent."""
        try:
            forker.sendmsg([b"f"], [(SOL_SOCKET, SCM_RIGHTS, pack(_INT, its))])
            answer = forker.recv(4)
        except OSError:
            return 0
        return int(unpack(_INT, answer)[0]) if answer else 0

    def _begin(self, thread: Thread, close: Callable[[], None]) -> None:
        ours, its = socketpair()
        ours.setsockopt(SOL_SOCKET, SO_RCVTIMEO, pack("ll", *divmod(_PATIENCE_US, 1_000_000)))
        # Its children have the signal blocked from their beginning, as they must.
        pthread_sigmask(SIG_BLOCK, (SIGUSR1,))
        # Not by os.fork: what libraries do then, for their locks and random numbers, is for its
        # children to do, and takes half a megabyte of memory with pandas.
        pid = int(_LIBC.syscall(*thread.cloning(0, SIGCHLD)))
        error = ctypes.get_errno()
        if pid == 0:
            ours.close()
            close()
            _live(its, self._child, self._cell, thread)
        pthread_sigmask(SIG_UNBLOCK, (SIGUSR1,))
        its.close()
        if pid > 0:
            self._pid, self._socket = pid, ours
            return
        ours.close()
        if error in _UNKNOWN:
            self._thread = None

    def _end(self) -> None:
        """End the forker, and a child whose number it did not live to say."""
        killed = Tree(0, self._strays.copy).kill(_SWEEP_S)
        self._strays.update(member.pid for member in killed.undead)
        self.reaped(self._pid)

    def _fork_here(self, ours: int, its: int) -> int:
        pthread_sigmask(SIG_BLOCK, (SIGUSR1,))
        try:
            pid = os.fork()
            if pid == 0:
                self._close(ours)
                die_with_parent()
                self._child.live(its, self._cell)
        finally:
            pthread_sigmask(SIG_UNBLOCK, (SIGUSR1,))
        return pid

    def _close(self, *more: int) -> None:
        self._forget()
        for each in more:
            os.close(each)


class Thread:
    """What a C library knows of the calling thread, the only one, and a fork must renew: its number
    and, near it, its list of robust futexes, which stands at `head`.

    What its calls take is made ahead: a child returns from the first and makes the other two, and
    each object that it touches costs it a memory page. `listing` tells the kernel of the list, in a
    new process, and `dying` has that die with its parent.
    """

    def __init__(self, calls: tuple[int, int, int, int, int], head: int, length: int) -> None:
        self._call, setting, _, prctl, self._place = calls
        self._tid = head - _TID_BEFORE_LIST
        self.listing = setting, _LONG(head), length
        self.dying = prctl, _PR_SET_PDEATHSIG, int(SIGKILL), 0, 0, 0

    @staticmethod
    def find() -> Thread | None:
        """Those of the calling thread; None if they are not where glibc has them."""
        calls = _CALLS.get(os.uname().machine) if sys.maxsize > 1 << 32 else None
        if calls is None:
            return None
        head, length = ctypes.c_void_p(), ctypes.c_size_t()
        asked = _LONG(calls[2]), _LONG(0), ctypes.byref(head), ctypes.byref(length)
        if _LIBC.syscall(*asked) or not head.value:
            return None
        found = Thread(calls, head.value, length.value)
        return found if ctypes.c_int.from_address(found._tid).value == os.getpid() else None

    def cloning(self, flags: int, signum: int) -> tuple[Any, ...]:
        """What syscall(2) takes for a clone(2) with these flags, which sets the thread's number."""
        given: list[Any] = [flags | _TID_FLAGS | signum, 0, 0, 0, 0]
        given[self._place] = _LONG(self._tid)
        return self._call, *given


def _live(sock: socket, child: Child, cell: int, thread: Thread) -> NoReturn:
    """Be the forker: fork for each byte that comes, until the cell is gone; never returns."""
    try:
        die_with_parent()
        if os.getppid() == cell:
            child.prepare()
            immortal.make()
            _serve(sock, child, cell, thread)
    except BaseException:  # noqa: BLE001 - the last frame of the process: say it, and exit
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(0)


def _serve(sock: socket, child: Child, cell: int, thread: Thread) -> None:
    # With CLONE_PARENT the signal at its end is the forker's own: SIGCHLD.
    cloning, listing, dying = thread.cloning(_CLONE_PARENT, 0), thread.listing, thread.dying
    syscall, close, live = _LIBC.syscall, os.close, child.live
    put_back = forkhooks.leave_out()
    before, after = _PYTHON.PyOS_BeforeFork, _PYTHON.PyOS_AfterFork_Parent
    in_child, own, space = _PYTHON.PyOS_AfterFork_Child, sock.fileno(), CMSG_SPACE(4)
    while True:
        asked, passed, _, _ = sock.recvmsg(1, space)
        if not asked:
            return
        its = int(unpack(_INT, passed[0][2])[0])
        before()
        pid = syscall(*cloning)
        if pid == 0:
            in_child()
            put_back()
            syscall(*listing)
            syscall(*dying)
            close(own)
            live(its, cell)
        after()
        close(its)
        sock.send(pack(_INT, pid if pid > 0 else -ctypes.get_errno()))
