"""A job's locks, as its cell passes them on: what is asked, and when Cancelled may come."""

from __future__ import annotations

import pytest

from tests.process.fakeweppd import eventually

TASKS = "tests.process.celltasks"


@pytest.fixture
def cell(weppd):
    """A weppd with one cell that runs the tests' tasks."""
    weppd.spawn()
    weppd.set_up(modules=["tasks.noop"], allow=[f"{TASKS}.locked"])
    weppd.fork()
    return weppd


def answer(weppd, ask, value):
    """Answer a question of the job in cell 1."""
    reply = {"kind": "answer", "eid": ask["eid"], "id": ask["id"], "ok": True, "value": value}
    weppd.cell_peer(1).send(reply)


def test_a_lock_is_asked_for_and_let_go_around_the_block(cell):
    """The question names key, database, lifetime, owner and a token; the same ones at the end."""
    eid = cell.start(f"{TASKS}.locked", "a-key", 3)
    asked = cell.wait("ask", eid=eid, verb="lock")
    assert (asked["key"], asked["db"], asked["ttl"]) == ("a-key", 3, 21_600)
    answer(cell, asked, None)
    let_go = cell.wait("ask", eid=eid, verb="unlock")
    assert (let_go["key"], let_go["token"]) == ("a-key", asked["token"])
    answer(cell, let_go, True)
    assert cell.wait("over", eid=eid)["verdict"]["kind"] == "finished"
    assert cell.output(eid).splitlines() == ["inside", "outside"]


def test_a_lock_that_stays_held_by_another_fails_the_block_by_its_holder_s_name(cell):
    """LockHeld comes after the patience given, names key and holder, and the block is not run."""
    eid = cell.start(f"{TASKS}.locked", "a-key", 0, 0.6)
    for _ in range(2):
        answer(cell, cell.wait("ask", eid=eid, verb="lock"), "there:17")
    while not (over := [f for f in cell.frames if f["kind"] == "over"]):
        asks = [f for f in cell.frames if f["kind"] == "ask"]
        for ask in asks:
            cell.frames.remove(ask)
            answer(cell, ask, "there:17")
        cell.turn(0.1)
    verdict = over[0]["verdict"]
    assert (verdict["type"], verdict["message"]) == (
        "LockHeld", "lock a-key is held by there:17",
    )  # fmt: skip
    assert "inside" not in cell.output(eid)


def test_a_cancel_while_the_lock_is_taken_waits_and_then_lets_it_go(cell):
    """Cancelled comes when the job knows whether it has the lock, which it then lets go first."""
    eid = cell.start(f"{TASKS}.locked", "a-key", 0)
    asked = cell.wait("ask", eid=eid, verb="lock")
    cell.cancel(eid, ["USR1", 30])
    eventually(lambda: _signalled(cell, eid), "the job is cancelled")
    answer(cell, asked, None)
    answer(cell, cell.wait("ask", eid=eid, verb="unlock"), True)
    over = cell.wait("over", eid=eid)
    assert over["verdict"] == {"kind": "cancelled"}
    assert "inside" not in cell.output(eid)


def _signalled(weppd, eid):
    """Whether the job's process has taken SIGUSR1: it is pending no more, and was sent."""
    weppd.turn(0.05)
    hellos = [f for f in weppd.frames if f["kind"] == "began" and f["eid"] == eid]
    with open(f"/proc/{hellos[0]['pid']}/status") as status:
        pending = [line for line in status if line.startswith(("SigPnd", "ShdPnd"))]
    return all(int(line.split()[1], 16) == 0 for line in pending)


def test_a_lock_that_somebody_removed_is_said_and_fails_nothing(cell):
    """The job's log tells that the lock was not its own any more at the end of the block."""
    eid = cell.start(f"{TASKS}.locked", "a-key", 0)
    answer(cell, cell.wait("ask", eid=eid, verb="lock"), None)
    answer(cell, cell.wait("ask", eid=eid, verb="unlock"), False)
    assert cell.wait("over", eid=eid)["verdict"]["kind"] == "finished"
    assert "was no longer ours" in cell.output(eid)
