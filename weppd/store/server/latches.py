"""The locks that stand, of jobs and of other programs: looked at, and taken away."""

from __future__ import annotations

from weppd.store import locks
from weppd.store.server.queries import Queries
from weppd.store.server.runner import Runner


class Latches:
    """The locks of one store: `home` is the database of the jobs, `db` that of the locks."""

    def __init__(self, runner: Runner, queries: Queries, home: int, db: int) -> None:
        self._runner, self._queries, self._places = runner, queries, (home, db)

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
