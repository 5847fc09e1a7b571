"""A lock that a job holds: taken and let go through weppd, which also keeps account of it.

The account is what makes it safe to die with a lock: whatever becomes of this process, the store
lets the lock go when it writes down the job's end. Cancelled waits while a question about the lock
is under way, so that the job knows what it holds.
"""

from __future__ import annotations

import os
from time import monotonic, sleep

from weppd.errors import LockHeld, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from weppd.task import Context

AGAIN_S = 0.25
LEAST_TTL_S = 15


class JobLock:
    """One lock of the job that `context` belongs to; a context manager. See `Context.lock`.

    `ask` puts a question to weppd and returns its answer. ValueError for what can be no lock.
    """

    def __init__(
        self,
        context: Context,
        ask: Callable[[dict[str, Any], bytes], Any],
        key: str,
        db: int | None,
        ttl: int,
        wait: float,
    ) -> None:
        if not isinstance(key, str) or not key:
            raise ValueError(f"lock({key!r}): the key is a text, such as 'nodb-lock:<run>:<file>'")
        if type(ttl) is not int or ttl < LEAST_TTL_S:
            raise ValueError(f"lock({key!r}, ttl={ttl!r}): give whole seconds from {LEAST_TTL_S}")
        self._context, self._ask, self._wait = context, ask, wait
        self._fields = {
            "key": key,
            "db": db,
            "ttl": ttl,
            "token": os.urandom(16).hex(),
            "owner": f"{os.uname().nodename}:{os.getpid()}",
        }
        self.held = False

    def __enter__(self) -> JobLock:
        """Take the lock; LockHeld if somebody else still has it when the patience is over."""
        until = monotonic() + self._wait
        while (holder := self._take()) is not None:
            if monotonic() >= until:
                raise LockHeld(f"lock {self._fields['key']} is held by {holder}")
            sleep(AGAIN_S)
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        """Let the lock go; a cancel that came meanwhile is raised then."""
        with self._context.shield():
            self._let_go()

    def _take(self) -> str | None:
        """None when the lock is ours, else who has it."""
        try:
            with self._context.shield():
                answer = self._ask({"verb": "lock", **self._fields}, b"")
                self.held = answer is None
        except BaseException:
            if self.held:
                self._let_go()
            raise
        return None if self.held else str(answer)

    def _let_go(self) -> None:
        self.held = False
        key = self._fields["key"]
        try:
            ours = self._ask({"verb": "unlock", **self._fields}, b"")
        except Refused as refusal:
            # It goes with the job's end at the latest: no reason to fail the work that it guarded.
            self._warn(f"lock {key} goes at the end of this job: {refusal}")
        else:
            if not ours:
                self._warn(f"lock {key} was no longer ours: somebody removed it")

    def _warn(self, text: str) -> None:
        self._context.log(text, level="warning", volatile=True)
