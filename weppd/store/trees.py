"""Walks over trees of jobs, level by level, without a connection: they say what to ask next.

A walk is driven by whoever has a line to the store, waiting or not::

    while calls := walk.calls():      # (script, arguments…) each: one trip
        walk.took(run(calls))

`weppd:children:<parent>` (label → job) is the authority for who stands below whom; the keys
`jobs:<order>,…` of a job's meta, RQ's way to say it, are read beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from weppd.store.nouns import Asked, CancelAnswer, TreeCancel
from weppd.store.pickles import literals
from weppd.store.wire import stamp

#: Jobs in one call of a script: so long nobody else is served.
CHUNK = 200
#: Calls in one trip, so that a reply is never late for its size alone.
CALLS = 25
MARK = "jobs:"
# Up to so many entries a hash keeps the order in which they were put.
ORDERED = 128
Script = tuple[Any, ...]
# A pickled entry of meta takes four opcodes.
MOST_OPCODES = 1_000_000


def below(meta: bytes) -> dict[str, str]:
    """The children that a job's meta names: `jobs:<order>,…` → id."""
    if MARK.encode() not in meta:
        return {}
    found = literals(meta, MOST_OPCODES)
    return {k: v for k, v in found.items() if k.startswith(MARK) and isinstance(v, str)}


class Frontier:
    """The jobs that a walk has met and not yet asked about; each is met once."""

    def __init__(self, jids: Iterable[str]) -> None:
        self.seen: set[str] = set()
        self._next: list[str] = []
        self._asked: list[str] = []
        self.meet(jids)

    def meet(self, jids: Iterable[str]) -> None:
        """Put jobs on the walk's list, unless it has met them."""
        for jid in jids:
            if jid not in self.seen:
                self.seen.add(jid)
                self._next.append(jid)

    def chunks(self) -> list[list[str]]:
        """The next trip's jobs, in chunks."""
        most = CHUNK * CALLS
        self._asked, self._next = self._next[:most], self._next[most:]
        return [self._asked[i : i + CHUNK] for i in range(0, len(self._asked), CHUNK)]

    def answered(self, replies: Sequence[Sequence[Any]]) -> list[tuple[str, Any]]:
        """The last trip's jobs, each with its answer."""
        answers = [answer for reply in replies for answer in reply]
        return list(zip(self._asked, answers, strict=True))


class Reading:
    """Reads the trees below some jobs; `rows` is what `tree.lua` says of each that was met."""

    def __init__(self, jids: Iterable[str]) -> None:
        self.rows: dict[str, list[Any]] = {}
        self.children: dict[str, list[tuple[str, str]]] = {}
        self._frontier = Frontier(jids)

    def calls(self) -> list[Script]:
        """The calls of the next trip; none when all is read."""
        return [("tree", *chunk) for chunk in self._frontier.chunks()]

    def took(self, replies: Sequence[Any]) -> None:
        """Take the replies of the last trip's calls."""
        for jid, (*row, named) in self._frontier.answered(replies):
            self.rows[jid] = row
            if named or (row and MARK.encode() in row[4]):
                self.children[jid] = children = family(named, row[4] if row else b"")
                self._frontier.meet([child for _, child in children])


def family(named: Sequence[bytes], meta: bytes) -> list[tuple[str, str]]:
    """A job's children as (label, id): those of its record, then those that its meta adds."""
    words = [word.decode() for word in named]
    children = list(zip(words[::2], words[1::2], strict=True))
    if len(children) > ORDERED:
        children.sort(key=lambda child: (len(child[0]), child[0]))
    known = {child for _, child in children}
    return children + [(k, v) for k, v in below(meta).items() if v not in known]


def meta_key(label: str, child: str) -> str:
    """The key of a parent's meta under which a child stands, from its label."""
    if label == child:
        return f"{MARK}0,job:{child}"
    return label if label.startswith(MARK) else f"{MARK}{label}"


def mirror(named: Sequence[bytes], meta: bytes) -> dict[str, str | int]:
    """The entries that a job's meta lacks of its children; `named` are labels and ids in turn."""
    words = [word.decode() for word in named]
    known = set(below(meta).values())
    pairs = zip(words[::2], words[1::2], strict=True)
    return {meta_key(label, child): child for label, child in pairs if child not in known}


def order_of(label: str, child: str) -> str:
    """The stage of a child, from its label: what stands before the first comma."""
    return meta_key(label, child).removeprefix(MARK).split(",", 1)[0]


class Pruning:
    """Takes a felled tree's jobs off one queue: a few by name, many in one pass over the queue."""

    FEW = 16
    WINDOW = 2000

    def __init__(self, queue: str, jids: Sequence[str]) -> None:
        self._queue, self._jids = queue, jids
        self._at, self._length, self._done = 0, 1, False

    def calls(self) -> list[Script]:
        """The next trip's calls."""
        if self._done:
            return []
        if len(self._jids) <= self.FEW:
            self._done = True
            return [("prune", self._queue, 0, 0, 0, *self._jids)]
        if self._at >= self._length:
            self._done = True
            return [("prune", self._queue, 0, 0, 1)]
        starts = [self._at + i * self.WINDOW for i in range(CALLS)]
        self._at += CALLS * self.WINDOW
        return [("prune", self._queue, start, self.WINDOW, 0) for start in starts]

    def took(self, replies: Sequence[int]) -> None:
        """Take the replies of the last trip's calls."""
        self._length = replies[-1]


class Felling:
    """Cancels a job and all below it; `at` is the time that people see."""

    def __init__(self, jid: str, reason: str, at: float) -> None:
        self._root, self._frontier = jid, Frontier([jid])
        self._head = [reason, repr(at), stamp(at)]
        self._answer: CancelAnswer | None = None
        self._canceled: dict[str, None] = {}
        self._over: list[str] = []
        self._running: list[Asked] = []
        self._queues: dict[str, list[str]] = {}
        self._pruning: Pruning | None = None

    def calls(self) -> list[Script]:
        """The calls of the next trip; none when the walk is over."""
        close = self._root if self._answer is None else ""
        if chunks := self._frontier.chunks():
            return [("fell", close, *self._head, *chunk) for chunk in chunks]
        while (calls := self._pruning.calls() if self._pruning else []) == [] and self._queues:
            self._pruning = Pruning(*self._queues.popitem())
        return calls

    def took(self, replies: Sequence[Any]) -> None:
        """Take the replies of the last trip's calls."""
        if self._pruning is not None:
            self._pruning.took(replies)
            return
        for jid, (*words, meta, children, also, queue) in self._frontier.answered(replies):
            answer = CancelAnswer(*(word.decode() for word in words))
            self._answer = self._answer or answer
            self._note(jid, answer, queue.decode())
            taken = [each.decode() for each in also]
            self._canceled.update(dict.fromkeys(taken))
            self._frontier.meet([each.decode() for each in children])
            self._frontier.meet(below(meta).values())
            self._frontier.meet(taken)

    def _note(self, jid: str, answer: CancelAnswer, queue: str) -> None:
        if queue:
            self._queues.setdefault(queue, []).append(jid)
        if answer.state == "canceled":
            self._canceled[jid] = None
        elif answer.state == "running":
            self._running.append(Asked(jid, answer.node, answer.eid, answer.worker))
        elif answer.state == "over" and jid not in self._canceled:
            self._over.append(jid)

    def result(self) -> TreeCancel:
        """What the walk did."""
        assert self._answer is not None, "the walk has not begun"
        return TreeCancel(
            self._answer, tuple(self._canceled), tuple(self._running), tuple(self._over)
        )
