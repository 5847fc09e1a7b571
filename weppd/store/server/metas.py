"""What weppd adds to the metas of jobs, beside what tasks keep there.

A meta is one serialised dict that the task's own process may write as well, so every change is a
compare and set. What is shown there is a mirror: progress, children and ends have fields of weppd's
own, which RQ's readers do not know.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from weppd.model import Finish, Status
from weppd.store.extending import Item, with_items
from weppd.store.packing import MetaChange
from weppd.store.pickles import literals
from weppd.store.record import Record
from weppd.store.server.line import Line
from weppd.store.server.runner import Runner
from weppd.store.trees import mirror

TRIES = 5
SMALL = 1024
_TOLD = 256


class Metas:
    """Changes metas in the Redis behind `line`; `prefix` is RQ's, `own` weppd's."""

    def __init__(self, line: Line, runner: Runner, prefix: str, own: str) -> None:
        self._line, self._runner = line, runner
        self._prefix, self._own = prefix, own
        #: Of jobs that tell progress: their meta without it, and as it was left.
        self._left: OrderedDict[str, MetaChange] = OrderedDict()

    async def changes(
        self, finishes: Sequence[Finish], records: Sequence[Record]
    ) -> list[MetaChange]:
        """What each end makes of its job's meta: (before, after), both empty where it stays.

        The meta of a job that finished is taken to be the one that was claimed, so that most ends
        cost no trip; what is larger, or failed, is read first.
        """
        metas: list[MetaChange] = [(b"", b"")] * len(finishes)
        read: list[int] = []
        for i, (finish, written) in enumerate(zip(finishes, records, strict=True)):
            before = finish.claim.job.meta
            if written.status is Status.FINISHED and len(before) <= SMALL:
                metas[i] = (before, with_items(before, written.meta) or b"")
            elif written.meta:
                read.append(i)
        keys = [self._job(finishes[i].claim.job.id) for i in read]
        found = await self._line.calls([("HGET", key, "meta") for key in keys]) if keys else []
        for i, reply in zip(read, found, strict=True):
            before = self._line.checked(reply) or b""
            metas[i] = (before, with_items(before, records[i].meta) or b"")
        return metas

    async def amend(self, jid: str, items: Mapping[str, Item]) -> None:
        """Have these items in a meta that changed under us; nothing is written if they are."""
        for _ in range(TRIES):
            before = await self._line.call("HGET", self._job(jid), "meta") or b""
            if items.items() <= literals(before).items():
                return
            after = with_items(before, items)
            if after is None or await self._runner.one("meta", jid, before, after):
                return

    async def mirror(self, jid: str) -> None:
        """Show a job's children in its meta too, where production's readers look for them."""
        commands = [("HGETALL", f"{self._own}children:{jid}"), ("HGET", self._job(jid), "meta")]
        children, meta = (self._line.checked(reply) for reply in await self._line.calls(commands))
        if items := mirror(children, meta or b""):
            await self.amend(jid, items)

    async def progress(self, jid: str, fields: Mapping[str, Any]) -> None:
        """Keep a job's progress in its field, and show it as `meta["progress"]`.

        The last one told takes the place of the one before: a meta does not grow with them.
        """
        text = json.dumps(dict(fields))
        base, left = self._left.pop(jid, (b"", b""))
        for _ in range(TRIES):
            after = with_items(base, {"progress": dict(fields)}) or b""
            found = await self._runner.one("progress", jid, text, left, after)
            if found is None:
                self._left[jid] = (base, after)
                break
            base = left = found
        while len(self._left) > _TOLD:
            self._left.popitem(last=False)

    def _job(self, jid: str) -> str:
        return f"{self._prefix}:job:{jid}"
