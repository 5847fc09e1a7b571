"""The signal calls of C, below the module `signal`.

That module turns every number into an enumeration and back, in Python; a child of a cell does it
once per job, and after a fork each memory page that is touched costs a page fault.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from signal import ITIMER_REAL as ITIMER_REAL
    from signal import SIG_BLOCK as SIG_BLOCK
    from signal import SIG_DFL as SIG_DFL
    from signal import SIG_IGN as SIG_IGN
    from signal import SIG_UNBLOCK as SIG_UNBLOCK
    from signal import SIGALRM as SIGALRM
    from signal import SIGCHLD as SIGCHLD
    from signal import SIGHUP as SIGHUP
    from signal import SIGINT as SIGINT
    from signal import SIGKILL as SIGKILL
    from signal import SIGTERM as SIGTERM
    from signal import SIGUSR1 as SIGUSR1
    from signal import pthread_sigmask as pthread_sigmask
    from signal import set_wakeup_fd as set_wakeup_fd
    from signal import setitimer as setitimer
    from signal import signal as signal
else:
    from _signal import (
        ITIMER_REAL,
        SIG_BLOCK,
        SIG_DFL,
        SIG_IGN,
        SIG_UNBLOCK,
        SIGALRM,
        SIGCHLD,
        SIGHUP,
        SIGINT,
        SIGKILL,
        SIGTERM,
        SIGUSR1,
        pthread_sigmask,
        set_wakeup_fd,
        setitimer,
        signal,
    )

__all__ = [
    "ITIMER_REAL", "SIGALRM", "SIGCHLD", "SIGHUP", "SIGINT", "SIGKILL", "SIGTERM", "SIGUSR1",
    "SIG_BLOCK", "SIG_DFL", "SIG_IGN", "SIG_UNBLOCK", "pthread_sigmask", "set_wakeup_fd",
    "setitimer", "signal",
]  # fmt: skip
