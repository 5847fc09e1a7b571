"""What weppd begins before the rest of it is imported: its lock, its directories, its zygotes.

A zygote needs about as long as weppd itself until it can fork a cell, so both come up at once. This
room imports little.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from weppd import __version__, logs
from weppd.cell.tree import procfs
from weppd.settings import Settings
from weppd.settings_redis import masked
from weppd.shell.host import families, handing, premises
from weppd.shell.host.spawn import spawned

log = logging.getLogger("weppd")
#: Of the daemon: as much less likely to be ended by the kernel for its memory as jobs are more.
OOM_SCORE_ADJ = -300


@dataclass
class Dawn:
    """One life of weppd, so far: a word that tells it from others, its lock, zygotes by class."""

    lock: premises.NodeLock
    generation: str = field(default_factory=lambda: uuid.uuid4().hex)
    zygotes: dict[str, int] = field(default_factory=dict)

    def end(self) -> None:
        """Give the lock up, and end the zygotes that nobody took over (and out of `zygotes`)."""
        for pid in self.zygotes.values():
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        self.lock.release()


def begin(told: Settings) -> Dawn:
    """Begin a life with these settings. AlreadyRunning where another weppd has the lock.

    From now on a stop waits until there is somebody to carry it out.
    """
    daemon = told.daemon
    logs.begin(daemon.log_level, os.environ)
    runtime, state, log_dir = Path(daemon.runtime_dir), Path(daemon.state_dir), Path(daemon.log_dir)
    premises.make_dirs(runtime, state, log_dir)
    lock = premises.NodeLock(runtime / "weppd.lock")
    lock.take()
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
    procfs.offer_to_oom_killer(OOM_SCORE_ADJ)
    handing.hand_down(told.limits.backend)
    what = __version__, daemon.name, daemon.slots, daemon.admin_socket, masked(told.redis.url)
    log.info("action=begin version=%s name=%s slots=%d socket=%s redis=%s", *what)
    dawn = Dawn(lock)
    for name, command, setup in families.zygotes(told, dawn.generation):
        # One that cannot be started is tried again, and told of, when weppd is there.
        with contextlib.suppress(OSError):
            dawn.zygotes[name] = spawned(command, families.packed(setup))
    return dawn
