"""Trees of jobs: a cancel reaches all there is below a job, and all there will be."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.build import NODE, a_job, claimed, ended, running
from weppd.errors import Refused
from weppd.model import Retried
from weppd.store.nouns import JobSpec

Run = Callable[[Callable[[Any, Any], Any]], Any]


def a_child(parent: str, name: str, **more: Any) -> JobSpec:
    """A job below another."""
    return a_job(id=name, parent=parent, label=f"jobs:1,func:{name}", **more)


async def state(store: Any, jid: str) -> tuple[str, str]:
    """A job's status and the reason for it."""
    view = await store.job(jid)
    return view.status, view.reason


def test_a_cancel_goes_through_parents_that_are_over(run: Run) -> None:
    """Queued grandchildren of a finished dispatcher are cancelled, and what waits for them."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id="root")])
        (root,) = await claimed(store)
        await store.enqueue([a_child("root", "stage"), a_job(id="stranger")])
        await ended(store, root)
        (stage,) = await claimed(store)
        await store.enqueue([a_child("stage", f"h{i}") for i in range(3)])
        await store.enqueue([a_child("stage", "last", depends_on=("h0", "h1", "h2"))])
        await ended(store, stage)
        got = await store.cancel_tree("root", "by anna")
        assert got.root.state == "over"
        assert set(got.canceled) == {"h0", "h1", "h2", "last"}
        assert set(got.over) == {"root", "stage"}
        assert got.running == ()
        assert await state(store, "h1") == ("canceled", "by anna")
        assert (await state(store, "last"))[0] == "canceled"
        assert [c.job.id for c in await claimed(store, 3)] == ["stranger"]

    run(story)


def test_what_runs_below_is_asked_and_its_node_is_named(run: Run) -> None:
    """A running descendant gets a durable request, which its node hears at its next beat."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id="root"), a_child("root", "a"), a_child("root", "b")])
        root, a = await claimed(store, 2)
        await ended(store, root)
        got = await store.cancel_tree("root", "by anna")
        assert [(r.job, r.node, r.eid, r.worker) for r in got.running] == [("a", "n", a.eid, "n.2")]
        assert got.canceled == ("b",)
        pulse = await store.pulse(NODE, [running(a, "n.2")])
        assert pulse.asked == {"a": "by anna"}

    run(story)


def test_nothing_is_enqueued_below_a_tree_that_is_cancelled(run: Run) -> None:
    """A dispatcher deep in the tree is refused from the moment the cancel begins at the top."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id="root"), a_child("root", "stage")])
        root, _ = await claimed(store, 2)
        await ended(store, root)
        await store.cancel_tree("root", "by anna")
        for parent in ("root", "stage"):
            with pytest.raises(Refused, match="is being cancelled"):
                await store.enqueue([a_child(parent, "late")])
        assert await store.job("late") is None

    run(story)


def test_a_tree_that_rq_made_is_found_by_its_meta(run: Run) -> None:
    """Children that stand only in meta's jobs:* keys, as rq's own tasks write them, are found."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id="root"), a_job(id="c1"), a_job(id="c2")])
        meta = {"runid": "r", "jobs:0,func:a": "c1", "jobs:1,func:b": "c2", "jobs:2,func:x": "gone"}
        door.set("root", meta=pickle.dumps(meta))
        got = await store.cancel_tree("root", "by anna")
        assert set(got.canceled) == {"root", "c1", "c2"}

    run(story)


def test_an_unknown_job_is_unknown(run: Run) -> None:
    """A cancel of what is not there says so."""

    async def story(store: Any, door: Any) -> None:
        got = await store.cancel_tree("nobody", "by anna")
        assert (got.root.state, got.canceled, got.running) == ("unknown", (), ())

    run(story)


def test_who_was_asked_to_end_does_not_go_round_again(run: Run) -> None:
    """A job that would be retried, or handed back, just when a cancel came is canceled."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id="a"), a_job(id="b"), a_job(id="w", depends_on=("a",))])
        a, b = await claimed(store, 2)
        for jid in ("a", "b"):
            await store.cancel_tree(jid, "by anna")
        await ended(store, a, Retried("its cell died", crash=True))
        assert await store.hand_back([b]) == 0
        for jid in ("a", "b"):
            assert await state(store, jid) == ("canceled", "by anna")
        assert (await state(store, "w"))[0] == "canceled"
        assert await claimed(store, 3) == []
        assert (await store.counts())["default"].canceled == 3

    run(story)


def test_a_cancelled_job_that_is_put_back_may_have_children_again(run: Run) -> None:
    """Whoever requeues the top of a cancelled tree by hand opens the tree again."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id="root")])
        (root,) = await claimed(store)
        await store.cancel_tree("root", "by anna")
        await ended(store, root, Retried("again"))
        door.requeue("root")
        assert [c.job.id for c in await claimed(store)] == ["root"]
        assert await store.enqueue([a_child("root", "new")]) == ["new"]

    run(story)


def test_a_wide_tree_is_cancelled_in_chunks(run: Run) -> None:
    """More children than one call takes are all found, once each."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id="root")])
        (root,) = await claimed(store)
        await store.enqueue([a_child("root", f"h{i}") for i in range(450)])
        await ended(store, root)
        got = await store.cancel_tree("root", "by anna")
        assert sorted(got.canceled) == sorted(f"h{i}" for i in range(450))
        counts = (await store.counts())["default"]
        assert (counts.queued, counts.canceled) == (0, 450)

    run(story)


def test_a_parent_s_meta_names_its_children_when_it_is_over(run: Run) -> None:
    """Production's readers find weppd's children where rq's tasks put them: in meta, once each."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id="root", meta={"mine": 1})])
        (root,) = await claimed(store)
        await store.enqueue([a_child("root", "a"), a_child("root", "b")])
        await store.enqueue([a_job(id="c", parent="root"), a_job(id="d", parent="root", label="x")])
        await store.began(root, "n.1", 4711, 1.0)
        await ended(store, root)
        assert (await store.job("root")).meta == {
            "mine": 1,
            "pid": 4711,
            "runid": "my-run",
            "jobs:1,func:a": "a",
            "jobs:1,func:b": "b",
            "jobs:0,job:c": "c",
            "jobs:x": "d",
        }

    run(story)


def test_a_tree_is_cancelled_below_a_parent_that_left_no_record(run: Run) -> None:
    """A dispatcher whose result is not kept (result_ttl 0) does not hide its children."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id="root", result_ttl=0)])
        (root,) = await claimed(store)
        await store.enqueue([a_child("root", "a")])
        await ended(store, root)
        assert await store.job("root") is None
        got = await store.cancel_tree("root", "by anna")
        assert (got.root.state, got.canceled) == ("unknown", ("a",))

    run(story)


def test_what_only_a_client_s_write_left_deferred_is_freed(run: Run) -> None:
    """Behind a job that an RQ client marked or deleted, what waits is cancelled or released."""

    async def story(store: Any, door: Any) -> None:
        await store.enqueue([a_job(id=name) for name in ("a", "b", "c")])
        await store.enqueue([a_job(id="wa", depends_on=("a",)), a_job(id="wb", depends_on=("b",))])
        await store.enqueue([a_job(id="wc", depends_on=("c",))])
        await store.enqueue([a_job(id="wwa", depends_on=("wa",))])
        await store.enqueue([a_job(id="any", depends_on=("a", "c"), allow_failures=True)])
        door.set("a", status="canceled")
        door.delete("b")
        assert await store.free_deferred("n") == 2
        assert (await state(store, "wa")) == ("canceled", "its dependency a was canceled")
        assert (await state(store, "wwa")) == await state(store, "wa")
        assert (await state(store, "wb"))[0] == "queued"
        assert (await state(store, "wc"))[0] == "deferred"
        assert (await state(store, "any"))[0] == "deferred"
        assert await store.free_deferred("n") == 0
        counts = (await store.counts())["default"]
        assert (counts.deferred, counts.canceled) == (2, 2)

    run(story)
