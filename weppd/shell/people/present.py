"""The jobs that this node has itself, as it knows them without the store.

A job that a cell brought to a weppd whose store came back empty has no record anywhere, and yet it
runs: it can be looked at, and cancelled. So can all of them while the store is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from weppd.core.state import Behind, Ending, Phase, Recording, Running, State, Waiting
from weppd.shell.people.diary import Diary, Entry
from weppd.shell.people.shapes import detail, row, shown_limits
from weppd.store import Store
from weppd.store.nouns import JobView

NOTE = "the store has no record of it; this is what its node knows"
AWAY = "the store is away; this is what this node knows of its own jobs"


def phase_of(state: State, jid: str) -> Phase | None:
    """Where the job stands on this node, None where it is not here."""
    return next((phase for phase in state.jobs.values() if phase.ticket.job.id == jid), None)


class Present:
    """Shows a job of those that this node has."""

    def __init__(self, state: Callable[[], State], diary: Diary) -> None:
        self._state, self._diary = state, diary

    def shown(self, jid: str) -> dict[str, Any] | None:
        """All that is known here of a job, None where it is not here, or over and recorded."""
        phase = phase_of(self._state(), jid)
        if phase is None:
            return None
        plan, entry = phase.ticket.plan, self._diary.entries.get(phase.ticket.eid)
        answer = detail(view(phase, entry)) | {"note": NOTE}
        if phase.ticket.job.function:
            answer |= {"cpus": plan.cpus, "timeout": plan.timeout}
            answer["limits"] = shown_limits(plan.limits)
        # What holds for a job that a cell brought is known to the cell alone.
        return answer

    async def strays(self, store: Store, state: str | None) -> list[dict[str, Any]]:
        """Rows of the jobs in `state`, or in any, that are here and on none of the store's lists.

        Each job of this node is asked for: there are no more than slots and claims.
        """
        here = self._here()
        known = await asyncio.gather(*(store.job(each.ticket.job.id) for each in here))
        lost = [phase for phase, record in zip(here, known, strict=True) if record is None]
        return [each | {"note": NOTE} for each in self._rows(lost, state)]

    def rows(self, state: str | None) -> list[dict[str, Any]]:
        """Rows of the jobs in `state`, or in any, that are here: those that run come first."""
        return sorted(self._rows(self._here(), state), key=lambda each: each["state"] != "started")

    def kin(self, name: str) -> list[dict[str, Any]]:
        """Rows of the jobs here that have this id, or whose run or whose parent has it."""
        views = self._views(self._here())
        return [row(each) for each in views if name in (each.id, each.runid, each.parent)]

    def _here(self) -> list[Phase]:
        return list(self._state().jobs.values())

    def _views(self, phases: Iterable[Phase]) -> Iterator[JobView]:
        for phase in phases:
            yield view(phase, self._diary.entries.get(phase.ticket.eid))

    def _rows(self, phases: Iterable[Phase], state: str | None) -> list[dict[str, Any]]:
        return [row(each) for each in self._views(phases) if state in (None, each.status)]


def view(phase: Phase, entry: Entry | None) -> JobView:
    """A job as its ticket and the diary's `entry` tell it; what neither knows is empty."""
    job, plan = phase.ticket.job, phase.ticket.plan
    waits = isinstance(phase, Waiting | Behind)
    since = phase.since if isinstance(phase, Running | Ending) else 0.0
    return JobView(
        id=job.id,
        status="queued" if waits else "started",
        queue=job.queue,
        function=plan.function or None,
        description=job.description,
        runid=job.runid,
        created_at=job.created_at,
        enqueued_at=job.enqueued_at,
        started_at=datetime.fromtimestamp(since, UTC).isoformat() if since else "",
        worker="" if isinstance(phase, Waiting) else phase.ticket.worker,
        parent=job.parent,
        place=job.place,
        meta={"pid": entry.pid} if entry and entry.pid else {},
        progress=entry.progress if entry else {},
        phase=_word(phase),
    )


def _word(phase: Phase) -> str:
    if isinstance(phase, Recording):
        return "recording"
    return "claimed" if isinstance(phase, Waiting | Behind) else "running"
