"""A job's locks, as its cell passes them on: what is asked, and when Cancelled may come."""

from __future__ import annotations

from tests.process.fakeweppd import eventually


def answer(weppd, ask, value):
    """Answer a question of the job in cell 1."""
    reply = {"kind": "answer", "eid": ask["eid"], "id": ask["id"], "ok": True, "value": value}
    weppd.cell_peer(1).send(reply)


def test_a_lock_is_asked_for_and_let_go_around_the_block(weppd):
    """The question names key, database, lifetime, owner and a token; the same ones at the end."""
    eid = weppd.start("celltasks.locked", "a-key", 3)
    asked = weppd.wait("ask", eid=eid, verb="lock")
    assert (asked["key"], asked["db"], asked["ttl"]) == ("a-key", 3, 21_600)
    answer(weppd, asked, None)
    let_go = weppd.wait("ask", eid=eid, verb="unlock")
    assert (let_go["key"], let_go["token"]) == ("a-key", asked["token"])
    answer(weppd, let_go, True)
    assert weppd.wait("over", eid=eid)["verdict"]["kind"] == "finished"
    assert weppd.output(eid).splitlines() == ["inside", "outside"]


def test_a_lock_that_stays_held_by_another_fails_the_block_by_its_holder_s_name(weppd):
    """LockHeld comes after the patience given, names key and holder, and the block is not run."""
    eid = weppd.start("celltasks.locked", "a-key", 0, 0.6)
    for _ in range(2):
        answer(weppd, weppd.wait("ask", eid=eid, verb="lock"), "there:17")
    while not (over := [f for f in weppd.frames if f["kind"] == "over"]):
        asks = [f for f in weppd.frames if f["kind"] == "ask"]
        for ask in asks:
            weppd.frames.remove(ask)
            answer(weppd, ask, "there:17")
        weppd.turn(0.1)
    verdict = over[0]["verdict"]
    assert (verdict["type"], verdict["message"]) == (
        "LockHeld", "lock a-key is held by there:17",
    )  # fmt: skip
    assert "inside" not in weppd.output(eid)


def test_a_cancel_while_the_lock_is_taken_waits_and_then_lets_it_go(weppd):
    """Cancelled comes when the job knows whether it has the lock, which it then lets go first."""
    eid = weppd.start("celltasks.locked", "a-key", 0)
    asked = weppd.wait("ask", eid=eid, verb="lock")
    weppd.cancel(eid, ["USR1", 30])
    eventually(lambda: _signalled(weppd, eid), "the job is cancelled")
    answer(weppd, asked, None)
    answer(weppd, weppd.wait("ask", eid=eid, verb="unlock"), True)
    over = weppd.wait("over", eid=eid)
    assert over["verdict"] == {"kind": "cancelled"}
    assert "inside" not in weppd.output(eid)


def _signalled(weppd, eid):
    """Whether the job's process has taken SIGUSR1: it is pending no more, and was sent."""
    weppd.turn(0.05)
    hellos = [f for f in weppd.frames if f["kind"] == "began" and f["eid"] == eid]
    with open(f"/proc/{hellos[0]['pid']}/status") as status:
        pending = [line for line in status if line.startswith(("SigPnd", "ShdPnd"))]
    return all(int(line.split()[1], 16) == 0 for line in pending)


def test_a_lock_that_somebody_removed_is_said_and_fails_nothing(weppd):
    """The job's log tells that the lock was not its own any more at the end of the block."""
    eid = weppd.start("celltasks.locked", "a-key", 0)
    answer(weppd, weppd.wait("ask", eid=eid, verb="lock"), None)
    answer(weppd, weppd.wait("ask", eid=eid, verb="unlock"), False)
    assert weppd.wait("over", eid=eid)["verdict"]["kind"] == "finished"
    assert "was no longer ours" in weppd.output(eid)
