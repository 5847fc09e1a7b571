"""The one verb: a job and everything below it ends, wherever each of them stands.

The store closes the tree and cancels what has not begun; what runs here ends by the machine, what
runs elsewhere by the durable request that its node hears. A dispatcher of rq's own may add a job
while it dies, which no script can refuse: so the tree is walked again when those that ran are over.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from weppd.admin import NoSuchJob
from weppd.core import events as on
from weppd.core.schedule import Rules
from weppd.core.state import Waiting
from weppd.errors import StoreAway
from weppd.model import Finish
from weppd.shell.people.diary import WORDS, Diary
from weppd.shell.people.present import phase_of
from weppd.shell.supervisor import Supervisor
from weppd.store import Store
from weppd.store.nouns import Asked, JobView, TreeCancel

log = logging.getLogger("weppd")
Rungs = tuple[tuple[str, float], ...]
# A walk after the first finds something only where somebody enqueued while dying.
WALKS = 3
LOOK_S = 0.2
# What a node may take to hear of a request, beyond its ladder.
HEARING_S = 15.0


@dataclass
class _Felled:
    """One cancel under way: what is known of each job of its tree."""

    jid: str
    rungs: Rungs
    reason: str
    was: str = ""
    state: str = ""
    note: str = ""
    canceled: set[str] = field(default_factory=set)
    here: dict[str, asyncio.Future[Finish]] = field(default_factory=dict)
    there: dict[str, Asked] = field(default_factory=dict)
    ends: dict[str, Finish | JobView] = field(default_factory=dict)


class Cancels:
    """Ends jobs and their trees for the admin API."""

    def __init__(self, supervisor: Supervisor, store: Store, diary: Diary, rules: Rules) -> None:
        self._supervisor, self._store, self._diary, self._rules = supervisor, store, diary, rules
        self._under_way: set[asyncio.Task[None]] = set()

    async def cancel(
        self, jid: str, grace: float | None, wait: bool, reason: str
    ) -> Mapping[str, Any]:
        """End a job and all below it; with `wait`, answer when what ran of it is over."""
        began = time.monotonic()
        tree = _Felled(jid, self._rungs(grace), reason)
        self._end_here(tree, jid)
        await self._walk(tree)
        if not tree.was:
            raise NoSuchJob(jid)
        ending = asyncio.ensure_future(self._until_over(tree))
        self._under_way.add(ending)
        ending.add_done_callback(self._under_way.discard)
        if wait:
            # A caller who goes away does not stop what he began.
            await asyncio.shield(ending)
        return _account(tree, wait, time.monotonic() - began)

    def _rungs(self, grace: float | None) -> Rungs:
        if grace is None:
            return self._rules.rungs
        return tuple((name, grace if name == "USR1" else s) for name, s in self._rules.rungs)

    def _end_here(self, tree: _Felled, jid: str) -> bool:
        """Have the machine end a job of this node; False where it is not of this node."""
        phase = phase_of(self._supervisor.state, jid)
        if phase is None:
            return False
        if jid not in tree.here:
            tree.here[jid] = self._diary.wait_for(jid)
            self._supervisor.tell(on.CancelAsked(jid, tree.rungs, tree.reason, time.time()))
        if jid == tree.jid and not tree.was:
            tree.was = "queued" if isinstance(phase, Waiting) else "started"
            tree.state = "ending"
        return True

    async def _walk(self, tree: _Felled) -> bool:
        """Walk the tree in the store; whether that found anything new to end."""
        try:
            found = await self._store.cancel_tree(tree.jid, tree.reason)
        except StoreAway as error:
            # What runs here ends all the same, and the caller hears what was not looked for.
            if not tree.here:
                raise
            tree.note = f"what stands below it was not looked for: {error}"
            return False
        self._note_root(tree, found)
        before = len(tree.canceled) + len(tree.here) + len(tree.there)
        tree.canceled.update(found.canceled)
        for asked in found.running:
            if asked.job not in tree.ends and not self._end_here(tree, asked.job):
                tree.there.setdefault(asked.job, asked)
        return len(tree.canceled) + len(tree.here) + len(tree.there) > before

    def _note_root(self, tree: _Felled, found: TreeCancel) -> None:
        if tree.was:
            return
        match found.root.state:
            case "canceled":
                tree.was, tree.state = "queued", "canceled"
            case "running":
                tree.was = tree.state = "started"
            case "over":
                tree.was = tree.state = found.root.status
            case _ if found.canceled or found.running or found.over:
                tree.was = tree.state = "finished"

    async def _until_over(self, tree: _Felled) -> None:
        """Wait for the ends of what ran, and look again for what was added meanwhile."""
        for left in reversed(range(WALKS)):
            for jid, future in list(tree.here.items()):
                if jid not in tree.ends:
                    tree.ends[jid] = await future
            await self._until_over_there(tree)
            ran = bool(tree.here or tree.there)
            if not left or not ran or tree.note or not await self._walk(tree):
                return

    async def _until_over_there(self, tree: _Felled) -> None:
        until = time.monotonic() + sum(s for _, s in tree.rungs) + HEARING_S
        for jid, asked in tree.there.items():
            while jid not in tree.ends and time.monotonic() < until:
                view = await self._look(jid)
                if view is None or _is_over(view, asked):
                    tree.ends[jid] = view or JobView(jid, "", "", None)
                else:
                    await asyncio.sleep(LOOK_S)

    async def _look(self, jid: str) -> JobView | None:
        while True:
            try:
                return await self._store.job(jid)
            except StoreAway:
                await asyncio.sleep(1.0)


def _is_over(view: JobView, asked: Asked) -> bool:
    if not asked.eid:
        return view.status != "started"
    return view.eid != asked.eid or view.phase not in ("claimed", "running")


def _account(tree: _Felled, waited: bool, seconds: float) -> dict[str, Any]:
    """The answer to the caller: the root's state, and counts over the whole tree."""
    rungs: Counter[str] = Counter()
    undead: list[str] = []
    canceled, stopped = set(tree.canceled), 0
    for jid, end in tree.ends.items():
        ladder, left = _remains(end)
        rungs.update(ladder)
        undead += left
        word = WORDS[type(end.outcome)] if isinstance(end, Finish) else end.status
        began = not isinstance(end, Finish) or bool(end.started_at)
        if word == "stopped" or (word == "canceled" and began):
            stopped += 1
        elif word == "canceled":
            canceled.add(jid)
        if jid == tree.jid:
            # A retry that a cancel met is no retry.
            tree.state = "canceled" if word == "retry" else word or tree.state
    ending = [jid for jid in (*tree.here, *tree.there) if jid not in tree.ends]
    return {
        "job": tree.jid,
        "was": tree.was,
        "state": tree.state,
        "waited": waited and not ending,
        "canceled": len(canceled),
        "stopped": stopped,
        "ending": len(ending),
        "rungs": dict(rungs),
        "survivors": len(undead),
        "undead": [int(word) for each in undead if (word := each.split()[0]).isdigit()],
        "seconds": round(seconds, 4) if tree.ends else None,
        "note": tree.note,
    }


def _remains(end: Finish | JobView) -> tuple[Mapping[str, int], list[str]]:
    """How many processes ended at which signal, and which would not."""
    if isinstance(end, Finish):
        return end.rungs, list(end.undead)
    return end.usage.get("rungs") or {}, [str(each) for each in end.usage.get("undead") or ()]
