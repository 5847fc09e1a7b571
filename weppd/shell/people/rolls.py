"""Jobs for people, listed or one by one: as the store has them, or, while that is away, as this
node has its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from weppd.core.schedule import Rules, Traits, limits_of, renamed, timeout_of
from weppd.errors import StoreAway
from weppd.limits import LimitError
from weppd.shell.people.diary import Diary
from weppd.shell.people.present import AWAY, Present
from weppd.shell.people.shapes import detail, row, shown_limits
from weppd.shell.start import Places
from weppd.store import Store
from weppd.store.nouns import JobView

ALL_STATES = ("started", "queued", "deferred", "scheduled", "failed", "canceled", "finished")
#: A store that is known to be away is given so many seconds to be back.
BACK_S = 1.0
_Found = TypeVar("_Found")


class Rolls:
    """Answers `jobs` and `show`; `away` says why the store is away, empty where it is not."""

    def __init__(
        self,
        store: Store,
        present: Present,
        diary: Diary,
        places: Places,
        rules: Rules,
        registry: Mapping[str, Traits],
        away: Callable[[], str],
    ) -> None:
        self._store, self._present, self._diary = store, present, diary
        self._places, self._rules, self._registry = places, rules, registry
        self._away = away

    async def asked(self, asking: Coroutine[Any, Any, _Found]) -> _Found:
        """What the store answers; StoreAway soon where it is known to be away."""
        try:
            return await asyncio.wait_for(asking, BACK_S if self._away() else None)
        except TimeoutError:
            raise StoreAway(self._away() or "it does not answer") from None

    async def jobs(self, state: str | None, limit: int, offset: int) -> Mapping[str, Any]:
        """At most `limit` jobs in `state`; without one, of all states, the live ones first. Before
        all others come those that run here and that the store has forgotten. While the store is
        away: those that are here."""
        try:
            rows = await self.asked(self._rows(state, limit, offset))
        except StoreAway as error:
            here = self._present.rows(state)[offset : offset + limit]
            return {"jobs": here, "note": f"{AWAY}: {error}"}
        return {"jobs": rows}

    async def _rows(self, state: str | None, limit: int, offset: int) -> list[dict[str, Any]]:
        if state == "created":
            return []  # such a job is on no list yet: only who has its id finds it
        strays = await self._present.strays(self._store, state)
        first = strays[offset : offset + limit]
        offset = max(0, offset - len(strays))
        return [*first, *await self._listed(state, limit - len(first), offset)]

    async def _listed(self, state: str | None, limit: int, offset: int) -> list[dict[str, Any]]:
        if state is not None:
            views = await self._store.jobs(state, limit, offset)
            return [self._with_progress(row(view), view) for view in views]
        found: list[JobView] = []
        counts = (await self._store.counts()).values()
        for each in ALL_STATES:
            there = sum(getattr(queue, each) for queue in counts)
            if offset < there and len(found) < limit:
                also = "stopped" if each == "failed" else ""
                found += await self._store.jobs(each, limit - len(found), offset, also)
            offset = max(0, offset - there)
        return [self._with_progress(row(v), v) for v in found]

    async def job(self, jid: str) -> Mapping[str, Any] | None:
        """One job with everything known of it, None where there is none. While the store is away:
        what is known here; StoreAway where it is not here."""
        answer = await self._known(jid)
        if answer is not None:
            runs = self._places.run_dirs(answer["runid"])
            log = f"{self._places.jobs}/{jid}.log"
            answer |= {"log": log, "node": self._rules.node, "run_dirs": runs}
        return answer

    async def _known(self, jid: str) -> dict[str, Any] | None:
        before = self._present.shown(jid)
        try:
            view = await self.asked(self._store.job(jid))
            here = self._present.shown(jid)
            if view is None and here is None and before is not None:
                # Its end came to the store between the two looks.
                view = await self.asked(self._store.job(jid))
        except StoreAway:
            if (here := self._present.shown(jid)) is None:
                raise
            return here | {"note": AWAY}
        return self._told(view) if view is not None else here

    def _told(self, view: JobView) -> dict[str, Any]:
        answer = self._with_progress(detail(view), view)
        function = renamed(view.function or "", self._rules.alias)
        traits = self._registry.get(function) or Traits()
        answer["cpus"] = view.cpus or traits.cpus
        answer["timeout"] = timeout_of(view.timeout, traits, self._rules)[0]
        try:
            answer["limits"] = shown_limits(limits_of(view.queue, traits, view.limits, self._rules))
        except LimitError as error:
            answer["limits"] = {"none": {"value": str(error), "source": "refused"}}
        return answer

    def _with_progress(self, answer: dict[str, Any], view: JobView) -> dict[str, Any]:
        entry = self._diary.entries.get(view.eid)
        if entry is not None and entry.progress:
            answer["progress"] = dict(entry.progress)
        return answer
