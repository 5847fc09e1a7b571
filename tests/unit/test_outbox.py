"""The outbox: finishes that wait for the store, on disk."""

from __future__ import annotations

import asyncio
import logging
import resource
from pathlib import Path

import pytest

from tests.contract.build import a_failure, a_job, an_end, claimed
from weppd.errors import StoreAway
from weppd.model import (
    Callback,
    Canceled,
    Claim,
    Failed,
    Finish,
    Finished,
    Job,
    Outcome,
    Retried,
    Stopped,
    Usage,
)
from weppd.store.outbox import Outbox, dump, parse
from weppd.store.twin.memory import MemoryStore

JOB = Job(
    id="j",
    queue="default",
    function="tasks.f",
    data=b"\x00\xff",
    meta=b"\x80",
    retry_intervals=(1, 2),
    on_failure=Callback("mod.bad", 5),
    extra={"group_id": "g", "odd": "\udcff"},
)


@pytest.mark.parametrize(
    "outcome",
    [
        Finished(b"\x80\x05K\x01."),
        Finished(None),
        Failed("why", "trace", "exception"),
        Stopped("by anna"),
        Canceled("by anna"),
        Retried("again", 5, False, True, "trace", True),
    ],
)
def test_a_finish_survives_the_disk(outcome: Outcome) -> None:
    """Every kind of end comes back from its file as it was."""
    usage = Usage(1.5, 0.25, 1 << 30, 12)
    finish = Finish(Claim("e" * 32, JOB), outcome, "n.1", 1.0, 2.5, 99, usage, {"TERM": 2}, 3)
    assert parse(dump(finish)) == finish


def test_what_was_kept_is_sent_in_order_once_the_store_is_back(tmp_path: Path) -> None:
    """Files stay while the store is away and are gone, in their order, when it has them."""

    async def story() -> None:
        store = MemoryStore()
        jids = await store.enqueue([a_job() for _ in range(3)])
        outbox = Outbox(tmp_path / "outbox")
        for claim in await claimed(store, 3):
            outbox.put(an_end(claim))
        store.away = True
        with pytest.raises(StoreAway):
            await outbox.replay(store)
        assert len(outbox) == 3
        store.away = False
        assert await Outbox(tmp_path / "outbox").replay(store) == 3
        assert len(outbox) == 0
        assert [v.id for v in await store.jobs("finished", 9)][::-1] == jids

    asyncio.run(story())


def test_a_finish_that_the_store_has_already_counts_as_sent(tmp_path: Path) -> None:
    """A reply that was lost puts a finish here that is on record: its replay is a success."""

    async def story() -> None:
        store = MemoryStore()
        await store.enqueue([a_job()])
        (claim,) = await claimed(store)
        await store.exchange([an_end(claim)], None)
        outbox = Outbox(tmp_path)
        outbox.put(an_end(claim, a_failure()))
        assert await outbox.replay(store) == 1
        assert len(outbox) == 0
        assert len(await store.jobs("finished", 9)) == 1

    asyncio.run(story())


def test_a_broken_file_is_set_aside_by_name_and_the_rest_is_sent(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is kept as .bad for a person to look at, and logged."""

    async def story() -> None:
        store = MemoryStore()
        await store.enqueue([a_job()])
        (claim,) = await claimed(store)
        (tmp_path / "000000000001-broken.json").write_text("{")
        outbox = Outbox(tmp_path)
        outbox.put(an_end(claim))
        with caplog.at_level(logging.ERROR):
            assert await outbox.replay(store) == 1
        assert [p.name for p in tmp_path.iterdir()] == ["000000000001-broken.json.bad"]
        assert "000000000001-broken.json" in caplog.text

    asyncio.run(story())


def test_a_file_half_written_at_a_power_cut_is_no_finish(tmp_path: Path) -> None:
    """Only a renamed file counts; its number is not used twice."""
    (tmp_path / "000000000007-abc.json.new").write_text("{")
    outbox = Outbox(tmp_path)
    assert len(outbox) == 0
    outbox.put(Finish(Claim("e", JOB), Finished(), "n.1", 1.0, 2.0))
    assert len(Outbox(tmp_path)) == 1


def test_a_finish_that_has_no_room_leaves_nothing(tmp_path: Path) -> None:
    """Where it cannot be written whole there is no part of it, and it can be put again."""
    outbox = Outbox(tmp_path)
    finish = Finish(Claim("e" * 32, JOB), Finished(b"x" * 4096), "n.1", 1.0, 2.5)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            outbox.put(finish)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []
    outbox.put(finish)
    assert len(outbox) == 1
