"""Trees of jobs for people: read in the store, cut to what can be looked at; and their retry."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from weppd.admin import NoSuchJob
from weppd.errors import Refused, StoreAway
from weppd.shell.people.present import AWAY, Present
from weppd.shell.people.rolls import Rolls
from weppd.store import Store
from weppd.store.forest import Node, forest
from weppd.store.nouns import Retried
from weppd.store.trees import Reading, order_of

#: Jobs of one stage that are shown one by one: those that went wrong or run come first.
SHOWN = 20
#: Jobs of an answer. What is beyond is counted.
MOST = 2000
FAILED = ("failed", "stopped", "canceled")
_ONLY = "only what failed, was stopped or cancelled is retried"
_FIRST = {"failed": 0, "stopped": 0, "started": 1}


class Groves:
    """Answers `tree` and `retry`."""

    def __init__(self, store: Store, present: Present, rolls: Rolls) -> None:
        self._store, self._present, self._rolls = store, present, rolls

    async def tree(self, name: str, every: bool) -> Mapping[str, Any]:
        """The tree below the job of that id, or all trees of the run of that id.

        While the store is away: what of it is here; StoreAway where nothing is.
        """
        try:
            return await self._rolls.asked(self._tree(name, every))
        except StoreAway as error:
            rows = [_leaf(each) for each in self._present.kin(name)]
            if not rows:
                raise
            return {"name": name, "jobs": rows, "note": f"{AWAY}: {error}"}

    async def _tree(self, name: str, every: bool) -> Mapping[str, Any]:
        roots = [name]
        walk = await self._store.tree(roots)
        if not walk.rows[name] and name not in walk.children:
            roots = await self._store.of_run(name)
            walk = await self._store.tree(roots)
            # A child that only its parent's meta names looks like a root of its own.
            below = {child for children in walk.children.values() for _, child in children}
            roots = [jid for jid in roots if jid not in below and walk.rows[jid]]
            if not roots:
                return {"name": name, "jobs": [self._alone(name)]}
        # Ten thousand jobs are work for a quarter of a second: the loop goes on meanwhile.
        rows = await asyncio.to_thread(_rows, walk, roots, SHOWN if not every else MOST)
        return {"name": name, "jobs": rows}

    def _alone(self, jid: str) -> dict[str, Any]:
        """A job that runs here and of which the store knows nothing."""
        job = self._present.shown(jid)
        if job is None:
            raise NoSuchJob(jid)
        return _leaf(job)

    async def retry(self, jid: str) -> Mapping[str, Any]:
        """Send a job round again, or what went wrong below one that finished."""
        done = await self._store.retry(jid)
        match done:
            case Retried("ok"):
                return {"retried": [jid], "woken": len(done.woken)}
            case Retried("unknown") if self._present.shown(jid):
                raise Refused(f"job {jid} runs: {_ONLY}")
            case Retried("other", "finished") | Retried("unknown"):
                return await self._below(jid, done.state)
            case Retried("waits"):
                how = done.status if done.status == "failed" else f"was {done.status}"
                why = f"it waits for {done.job}, which {how}: retry that one"
                raise Refused(f"job {jid} cannot be retried: {why}")
            case Retried("twin"):
                why = f"{done.job} waits or runs in its place, under the same unique key"
                raise Refused(f"job {jid} cannot be retried: {why}")
        word = "runs" if done.state == "live" else f"is {done.status}"
        raise Refused(f"job {jid} {word}: {_ONLY}")

    async def _below(self, jid: str, state: str) -> Mapping[str, Any]:
        walk = await self._store.tree([jid])
        bad = [each for each, row in walk.rows.items() if row and row[0].decode() in FAILED]
        if not bad and state == "unknown" and jid not in walk.children:
            raise NoSuchJob(jid)
        retried: list[str] = []
        woken: set[str] = set()
        # What fell with another is woken by it, and then is no failure of its own any more.
        for each in bad:
            if each not in woken:
                done = await self._store.retry(each)
                retried += [each] if done.state == "ok" else []
                woken.update(done.woken)
        if not retried:
            raise Refused(f"job {jid} is finished, and nothing below it went wrong")
        return {"retried": retried, "woken": len(woken - {*retried})}


def _leaf(job: Mapping[str, Any]) -> dict[str, Any]:
    """A job of this node in a tree: what is below it is the store's to tell."""
    name = (job["function"] or "").rpartition(".")[2]
    return {**job, "name": name, "children": []}


def _rows(walk: Reading, roots: Sequence[str], shown: int) -> list[dict[str, Any]]:
    cut = _Cut(walk, roots, shown)
    return [cut.shown(jid, "") for jid in roots[:MOST]]


class _Cut:
    """Takes the nodes of a forest to rows that fit a screen; each job is shown once."""

    def __init__(self, walk: Reading, roots: Sequence[str], shown: int) -> None:
        self._walk, self._shown, self._left = walk, shown, MOST
        self._nodes = forest(walk, roots, time.time())
        self._seen: set[str] = set()

    def shown(self, jid: str, label: str) -> dict[str, Any]:
        self._seen.add(jid)
        self._left -= 1
        node = self._nodes.get(jid)
        if node is None:
            return {"id": jid, "state": "expired", "name": _name(label, jid, None)}
        answer = {
            "id": jid,
            "state": node["status"],
            "name": _name(label, jid, node["description"]),
            "stage": order_of(label, jid) if label else "",
            "runid": node["runid"],
            "started_at": node["started_at"],
            "ended_at": node["ended_at"],
            "progress": _progress(node["progress"]),
            "error": _error(node),
        }
        return answer | self._children(jid)

    def _children(self, jid: str) -> dict[str, Any]:
        stages: dict[str, list[tuple[str, str]]] = {}
        for label, child in self._walk.children.get(jid, ()):
            if child not in self._seen:
                stages.setdefault(order_of(label, child), []).append((label, child))
        children: list[dict[str, Any]] = []
        more: Counter[str] = Counter()
        for _, stage in sorted(stages.items(), key=_stage):
            picked = self._picked(stage)
            for label, child in stage:
                if child in picked and child not in self._seen and self._left > 0:
                    children.append(self.shown(child, label))
                elif child not in self._seen:
                    more[self._state(child)] += 1
        return {"children": children, "more": dict(more)}

    def _picked(self, stage: list[tuple[str, str]]) -> set[str]:
        order = sorted((child for _, child in stage), key=lambda c: _FIRST.get(self._state(c), 2))
        return set(order[: self._shown])

    def _state(self, jid: str) -> str:
        node = self._nodes.get(jid)
        return str(node["status"]) if node else "expired"


def _stage(group: tuple[str, Any]) -> tuple[int, str]:
    return (int(group[0]), "") if group[0].isdecimal() else (1 << 30, group[0])


def _name(label: str, jid: str, description: str | None) -> str:
    """What a job is called in its tree: its label's word, else its function's last."""
    word = label.partition(",")[2] or label
    if word and not word.startswith("job:") and word != jid:
        return word.removeprefix("func:")
    return (description or "").partition("(")[0].rpartition(".")[2]


def _progress(told: Any) -> Any:
    return told if isinstance(told, dict) and "total" in told else None


def _error(node: Node) -> str | None:
    if node["status"] not in FAILED:
        return None
    lines = (node["reason"] or node["exc_info"] or "").strip().splitlines()
    return lines[-1] if lines else None
