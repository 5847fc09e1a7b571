"""Every error that weppd raises on purpose, drawn as a tree.

::

    WeppdError
    ├── SettingsError          the operator's: the configuration file or the environment
    ├── JobError               the producer's: this job cannot run as it was enqueued
    │   ├── PayloadError       the bytes in `data` are not what an allowed job may be
    │   └── UnknownTask        the function's name is on no list
    ├── RunError               the producer's: the run id or its directory
    ├── StoreError             the world's: Redis answered wrongly or not at all
    │   ├── StoreAway          no connection; the call may be tried again
    │   │   ├── StoreChanged   not the store that was met: what runs is entered there first
    │   │   └── StoreDenied    the password or the user's rights are wrong, by now
    │   └── StoreFault         it refuses at work what it took at the start
    ├── FrameError             a peer on the cells' socket broke the protocol
    ├── AlreadyRunning         another weppd holds this node's lock
    └── Refused                a caller asked for what may not be done
        └── LockHeld           somebody else holds the lock

Messages are one line that names the thing, says where it is and what to do.
"""

from __future__ import annotations

from collections.abc import Sequence


class WeppdError(Exception):
    """Base of all errors raised on purpose; never raised itself."""


class SettingsError(WeppdError):
    """The settings cannot be used; `problems` has a line for each key at fault."""

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__(f"{source}: " + "; ".join(self.problems))


class JobError(WeppdError):
    """A job cannot run as it was enqueued."""


class PayloadError(JobError):
    """The payload is not what an allowed job may be."""


class UnknownTask(JobError):
    """No registered task and no allowed function has this name."""


class RunError(WeppdError):
    """A run id is malformed, leaves the roots, or has no directory."""


class StoreError(WeppdError):
    """The store answered in a way that weppd cannot use."""


class StoreAway(StoreError):
    """The store does not answer; the call may be tried again."""


class StoreChanged(StoreAway):
    """It is another server, or it lost its memory: nothing is asked of it before it was met."""


class StoreDenied(StoreAway):
    """The store refuses the password, or the user may not do this; somebody may mend it there."""


class StoreFault(StoreError):
    """The store gave an answer, while weppd was at work, that none of its settings explains."""


class FrameError(WeppdError):
    """A peer sent bytes that are no frame of this protocol."""


class AlreadyRunning(WeppdError):
    """Another weppd of this name holds the node's lock."""


class Refused(WeppdError):
    """The caller may not do this, or not now."""


class LockHeld(Refused):
    """Somebody else holds the lock."""
