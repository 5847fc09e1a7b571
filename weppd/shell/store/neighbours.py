"""The other nodes: their leases are watched, and the jobs of one that is gone are taken over.

Looked at with every heartbeat, by this node's own boot clock alone. What may be concluded is
`core.leases`' business; here the store is asked for leases and executions, the scribe for
witnesses, and what is concluded is carried out.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Collection
from typing import Any

from weppd.core import judge
from weppd.core.leases import Sight, Terms, look, may_take, silent, suspect
from weppd.core.schedule import Rules, Ticket
from weppd.errors import StoreAway
from weppd.model import Claim
from weppd.shell.host.peers import Link, Peers
from weppd.shell.start import Places
from weppd.store import Store
from weppd.store.nouns import Lease

log = logging.getLogger("weppd")


def now_s() -> float:
    """Seconds on the boot clock, which goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Neighbours:
    """What this node knows of the others. `ticket` makes a plan for a claim."""

    def __init__(
        self,
        store: Store,
        peers: Peers,
        places: Places,
        rules: Rules,
        terms: Terms,
        ticket: Callable[[Claim, str], Ticket],
    ) -> None:
        self._store, self._peers, self._places = store, peers, places
        self._rules, self._terms, self._ticket = rules, terms, ticket
        self._leases: dict[str, Sight] = {}
        self._seen: dict[str, Lease] = {}
        self._witnesses: dict[str, Sight] = {}
        peers.on("scribe", "witnessed", self._witnessed)

    def known(self) -> list[tuple[Lease, float]]:
        """Every other node's lease, and for how long (s) it stood still under our eyes."""
        return [(lease, self._leases[name].still_s) for name, lease in self._seen.items()]

    async def turn(self) -> None:
        """Look once, after a heartbeat of our own that went well; take over what may be."""
        try:
            leases = [one for one in await self._store.nodes() if one.node != self._rules.node]
            self._see(leases)
            for lease in leases:
                if suspect(self._leases[lease.node], self._terms):
                    await self._examine(lease)
        except StoreAway:
            # We do not know what we missed: every count begins anew.
            self._leases, self._witnesses, self._seen = {}, {}, {}
            raise

    async def vacate(self, lease: Lease, ours: Collection[str]) -> bool:
        """Whether the name of a node may be had: it is silent, and none of its jobs is left.

        To be asked again and again; its jobs are taken over as they may be, but for those `ours`
        (execution ids), whose cells live here.
        """
        try:
            self._see([lease])
            seen = self._leases[lease.node]
            left = not suspect(seen, self._terms) or await self._examine(lease, ours)
        except StoreAway:
            self._leases, self._witnesses = {}, {}
            raise
        return not left and silent(seen, lease.hold_s, self._terms)

    def _see(self, leases: list[Lease]) -> None:
        now = now_s()
        self._leases = {
            one.node: look(self._leases.get(one.node), one.seq, now, self._terms) for one in leases
        }
        self._seen = {one.node: one for one in leases}

    async def _examine(self, lease: Lease, ours: Collection[str] = ()) -> bool:
        """A node that has been quiet: ask for its jobs' witnesses, take what may be taken.

        Whether there were any beside `ours`.
        """
        claims = [c for c in await self._store.leftovers(lease.node) if c.eid not in ours]
        seen = self._leases[lease.node]
        for claim in claims:
            witness = self._witnesses.get(claim.eid)
            has_run = bool(self._places.run_dirs(claim.job.runid))
            if may_take(seen, lease.hold_s, has_run, witness, self._terms):
                await self._take(lease, claim)
        if claims:
            self._ask_witnesses(claims)
        elif silent(seen, lease.hold_s, self._terms) and not ours:
            log.warning("action=node_gone node=%s", lease.node)
            await self._store.deregister(lease.node, [])
        return bool(claims)

    async def _take(self, lease: Lease, claim: Claim) -> None:
        ticket = self._ticket(claim, f"{self._rules.node}.0")
        cause = f"worker lost: node {lease.node} is silent"
        end = judge.unbegun(ticket, judge.displaced(ticket, cause), time.time())
        if await self._store.take_over(lease, end, uuid.uuid4().hex):
            log.warning("action=take_over job=%s node=%s", claim.job.id, lease.node)
            self._witnesses.pop(claim.eid, None)

    def _ask_witnesses(self, claims: list[Claim]) -> None:
        of = [
            {"eid": claim.eid, "job": claim.job.id, "run_dirs": run_dirs}
            for claim in claims
            if (run_dirs := self._places.run_dirs(claim.job.runid))
        ]
        if of and self._peers.scribe is not None:
            self._peers.scribe.send({"kind": "witnesses", "of": of})

    def _witnessed(self, link: Link, header: dict[str, Any], body: bytes) -> None:
        now = now_s()
        for eid, text in header["seen"].items():
            self._witnesses[eid] = look(self._witnesses.get(eid), text, now, self._terms)
