"""Locks of jobs and of other programs in Redis: taken and let go, looked at, taken away."""

from __future__ import annotations

import time

from weppd.model import Claim
from weppd.store import locks
from weppd.store.server.queries import Queries
from weppd.store.server.runner import Runner


class Latches:
    """The locks of one store: `home` is the database of the jobs, `db` that of the locks."""

    def __init__(self, runner: Runner, queries: Queries, home: int, db: int) -> None:
        self._runner, self._queries, self._places = runner, queries, (home, db)

    async def take(self, claim: Claim, lock: locks.Lock) -> locks.Taken:
        """Take a lock for a job, while this is its execution."""
        wanted = (*self._place(lock), lock.token, lock.ttl, locks.value(lock, time.time()))
        word, text = await self._runner.one("lock", claim.job.id, claim.eid, *wanted)
        return locks.Taken(word.decode(), locks.holder(text) if word == b"held" else "")

    async def let_go_of(self, jid: str, lock: locks.Lock) -> bool:
        """Let go of a job's lock; whether it was the job's."""
        return bool(await self._runner.one("unlock", jid, *self._place(lock), lock.token))

    def _place(self, lock: locks.Lock) -> tuple[int, int, str]:
        """The database to come back to, that of the lock, and its key."""
        home, db = self._places
        return home, db if lock.db is None else lock.db, lock.key

    async def standing(self, run: str) -> list[locks.Standing]:
        """The locks of a run, or of all runs, by key; a page at a time, so that nobody waits."""
        found: dict[str, tuple[bytes, int]] = {}
        cursor, wanted = b"0", locks.pattern(run)
        while True:
            cursor, page = await self._runner.one("locks", *self._places, cursor, wanted)
            found |= {key.decode("utf-8", "replace"): (raw, ms) for key, raw, ms in page}
            if cursor == b"0":
                break
        held = await self._queries.held(self._places[1]) if found else {}
        return [
            locks.standing(key, raw, max(0, ms) / 1000, held)
            for key, (raw, ms) in sorted(found.items())
        ]

    async def free(self, key: str, token: str) -> bool:
        """Take a lock away, if it is still the one with this token; whether it was."""
        run, _, file = key.removeprefix(locks.PREFIX).partition(":")
        return bool(await self._runner.one("free", *self._places, key, token, run, file))
