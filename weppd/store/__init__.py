"""The store: where jobs come from and where their ends are written, as a Protocol.

Owns the words that both hands share, `weppd.store.server.redis.RedisStore` for production and
`weppd.store.twin.memory.MemoryStore`, its twin for tests; the same contract tests hold both to
them. What the bytes look like is for `weppd.store.wire`; when to call what is for the shell.

Every call raises `StoreAway` when the store does not answer in time (the call may be tried again),
`StoreChanged` when what answers is not the server that was met, and `StoreError` when the answer is
none that anybody can use. Times are seconds since the epoch and only fill fields that people and
RQ's readers see; nothing here compares the clocks of two machines.

A node has one claim outstanding at a time: the store remembers the last token of each node.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from weppd.model import Claim, Finish
    from weppd.store.locks import Lock, Standing, Taken
    from weppd.store.nouns import (
        Asked,
        CancelAnswer,
        Change,
        ClaimAsk,
        Command,
        Exchanged,
        JobSpec,
        JobView,
        Known,
        Lease,
        Met,
        Node,
        Pulse,
        QueueCounts,
        Retried,
        Running,
        Tenant,
        Took,
        TreeCancel,
    )
    from weppd.store.trees import Reading


#: For so long (s) a node is the scheduler after it last was; it says so every second.
SCHEDULER_S = 5.0


class Store(Protocol):
    """A shared store of jobs. All calls may run concurrently, except that the caller keeps one
    exchange with a claim at a time."""

    async def open(self) -> None:
        """Connect, check the server (not a cluster, new enough) and load what is needed."""

    async def close(self) -> None:
        """Let go of all connections. A closed store may be opened again."""

    async def parted(self) -> None:
        """Wait until the line breaks, or a heartbeat finds that the store was emptied; then until
        the store was greeted, it returns at once."""

    async def move_in(self, node: str, home: str, where: str, force: bool = False) -> Tenant:
        """Take a node's name for the weppd in the place `home` (`where` for people). While another
        has it, it is taken by force alone; who has lost it finds AlreadyRunning at its next pulse,
        and its `deregister` does nothing."""

    async def greet(self, node: str, settle_s: float) -> Change:
        """What the store is to this node now. If it is another server with an older memory, no
        node claims there until all have reasserted what they run, for `settle_s` at most.

        After any answer but SAME the other calls of this protocol raise StoreChanged until
        `reassert` was called, and the answer stays what it is until `met` was.
        """

    async def reassert(self, node: str, known: Sequence[Known]) -> Met:
        """Enter again what the store has forgotten of these executions; of two of one job, on
        whatever nodes, the later claim counts. Their jobs are taken off the queues, and off any
        other list on which the store had them meanwhile."""

    async def met(self, node: str) -> None:
        """This node has said all: what it runs, and the ends that the store forgot."""

    async def exchange(self, finishes: Sequence[Finish], claim: ClaimAsk | None) -> Exchanged:
        """Record finishes, then claim, in one round trip.

        Each finish is fenced by its eid: OK, ALREADY (this very finish is on record), FENCED
        (another execution owns the job; nothing was written) or ABSENT (the store had forgotten
        the job; it was re-created from the claim and recorded). All four are final answers.
        """

    async def began(self, claim: Claim, worker: str, pid: int, at: float) -> None:
        """Enter that an execution runs: worker, start, meta's pid and runid; publish started."""

    async def hand_back(self, claims: Sequence[Claim]) -> int:
        """Put claims back at the head of their queues, in their order, no retry spent. Returns
        how many were; a claim that is not ours any more, or was cancelled, is not put back."""

    async def wait(
        self, queues: Sequence[str], timeout_s: float, node: str = "", took: Took = None
    ) -> Exchanged | None:
        """Block until one of these queues (last seen empty) has a job; None after `timeout_s`.

        Takes nothing, unless the last claim of `node` was `posted`: then the answer may have its
        claims, with its token. They are this node's whether or not it hears of them: its next claim
        is to have that token. `took` is given them at once: where it says True it has taken them,
        and the answer has none. May return once too often, never too late."""

    async def pulse(self, node: Node, running: Sequence[Running]) -> Pulse:
        """Beat: bump the lease, keep the workers' hashes and the executions fresh, look for
        cancels of what is running."""

    async def cancel(self, jid: str, reason: str) -> CancelAnswer:
        """Cancel a job that has not begun (and what waits for it), or ask for a running one."""

    async def cancel_tree(self, jid: str, reason: str) -> TreeCancel:
        """Cancel a job and everything below it, also through parents that are over.

        The tree is closed first: from then on nothing can be enqueued anywhere below the job, so
        the walk finds all there will ever be (but for what rq's own clients add).
        """

    async def enqueue(self, specs: Sequence[JobSpec]) -> list[str]:
        """Enqueue jobs; returns their ids in order. Refused for a doubled unique id, an unknown
        dependency, or a parent that is being cancelled: then nothing of that spec was written,
        but those before it were."""

    async def job(self, jid: str) -> JobView | None:
        """One job, or None."""

    async def jobs(self, state: str, limit: int, offset: int = 0, also: str = "") -> list[JobView]:
        """Jobs of all queues in one state: queued and deferred in order, the others newest first.
        With `also`, those of that state among them, where RQ keeps both in one set: failed and
        stopped. StoreError for a word that is no state."""

    async def tree(self, jids: Sequence[str]) -> Reading:
        """Read the trees below some jobs."""

    async def of_run(self, runid: str) -> list[str]:
        """The jobs of a run that began and stand below no other, the latest first."""

    async def pause(self, queues: Sequence[str], on: bool) -> frozenset[str]:
        """Have all nodes take no job of these queues, or take them again; those that are paused
        now. A claim that asks for a paused queue says `suspended`, and does not name it empty."""

    async def retry(self, jid: str) -> Retried:
        """Put a job that failed, was stopped or cancelled on its queue again; what was cancelled
        because of that waits for it again."""

    async def scrub(self) -> int:
        """Take entries of executions that nobody has off RQ's lists, where they would stand for
        ever; returns how many were."""

    async def counts(self) -> dict[str, QueueCounts]:
        """The counts of every queue that a producer ever used, by name."""

    async def lock(self, claim: Claim, lock: Lock) -> Taken:
        """Take a lock for a claimed job; asked again with the same token it answers alike.

        It is renewed by `pulse` for as long as the job is named there, and is gone when the job's
        end can be seen, and when the claim is handed back.
        """

    async def unlock(self, jid: str, lock: Lock) -> bool:
        """Let go of a lock of a job; False if it was not the job's any more."""

    async def held(self, run: str) -> list[Standing]:
        """The locks of documents of a run that stand, or of all runs where it is empty, by key;
        those of other programs too."""

    async def free(self, key: str, token: str) -> bool:
        """Take a lock away from whoever holds it, if it is still the one with this token; whether
        it was. A job that held it finds out when it lets go of it, or at its next pulse."""

    async def progress(self, jid: str, fields: Mapping[str, Any]) -> None:
        """Keep a job's progress (plain JSON values) in a field of weppd's own, and show it to RQ's
        readers as `meta["progress"]`; a job that was deleted is not re-created."""

    async def publish(self, channel: str, text: str) -> None:
        """Publish on a status channel, and keep it among the channel's last thousand. Redis has
        one space of channels for all its databases."""

    def commands(self, workers: Sequence[str]) -> AsyncIterator[Command]:
        """RQ clients' commands to these workers, for as long as the connection holds: then
        StoreAway. What was sent while nobody listened is lost."""

    async def leftovers(self, node: str) -> list[Claim]:
        """The executions that are entered for this node and have not ended, for recovery."""

    async def nodes(self) -> list[Lease]:
        """The leases of all nodes, by name."""

    async def take_over(self, lease: Lease, finish: Finish, fresh: str) -> bool:
        """Record the end of an execution of a node that is gone; whether it was done.

        Nothing is done if the node's lease has moved from `lease`, or the execution is not its any
        more. The record is entered under the execution id `fresh`, which fences the old one.
        """

    async def take_turns(self, wishes: Sequence[tuple[Claim, str]]) -> frozenset[str]:
        """Take the turn of a key for each of these claims: one job at a time has it, till its end.

        Returns the jobs that did not get it. Their executions are gone: they are parked, and go
        back to the heads of their queues when the turn comes to them, in the order in which they
        were parked; one that was asked to end is canceled. Asked again it answers alike.
        """

    async def pass_turns(self) -> int:
        """Pass on the turns that no event will, as after a job was deleted; how many were."""

    async def deregister(self, node: str, workers: Sequence[str], hold_s: float = 0.0) -> None:
        """Take the node's workers off RQ's lists, and its lease; if executions go on without it,
        the lease stays, and others give it `hold_s` seconds to come back."""

    async def due(self, now: float, node: str, lease_s: float = SCHEDULER_S) -> int:
        """Move scheduled jobs whose time has come to their queues; returns how many.

        One node is the scheduler: whose call moves them has the lease for `lease_s` from then on,
        and others' calls do nothing until that is over or it takes its leave.
        """

    async def free_deferred(self, node: str) -> int:
        """Release or cancel deferred jobs that no event will: what only a client's write can
        leave behind; and end what a worker of RQ's own had begun that is gone. Returns how many.
        One node looks after the deferred at a time; a call looks at some thousands of jobs and goes
        on there the next time."""


__all__ = [
    "SCHEDULER_S",
    "Asked",
    "CancelAnswer",
    "Change",
    "ClaimAsk",
    "Command",
    "Exchanged",
    "JobSpec",
    "JobView",
    "Known",
    "Lease",
    "Lock",
    "Met",
    "Node",
    "Pulse",
    "QueueCounts",
    "Retried",
    "Retry",
    "Running",
    "Standing",
    "Store",
    "Taken",
    "Tenant",
    "TreeCancel",
]
