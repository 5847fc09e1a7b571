"""Outcomes that cells left on disk: recorded as they are, and kept until that is done."""

from __future__ import annotations

from pathlib import Path

from weppd.cell import bequest
from weppd.cell.frames import pack
from weppd.core import effects as do
from weppd.core import events as on
from weppd.core.machine import decide
from weppd.core.schedule import Plan, Rules, Ticket
from weppd.core.state import fresh
from weppd.model import Claim, Finished, Job
from weppd.shell.host.bequests import Bequests


def frames(eid: str) -> bytes:
    """What a cell leaves of an execution."""
    hello = {"kind": "hello", "n": 1, "eid": eid, "job": "j", "class": "light"}
    over = {"kind": "over", "eid": eid, "verdict": {"kind": "finished"}, "status": 0}
    return pack(hello) + pack(over, b"result")


def test_what_is_read_goes_when_its_job_is_recorded(tmp_path: Path) -> None:
    """Neither before it is entered nor while it is being recorded."""
    bequest.leave(str(tmp_path), "e1", frames("e1"))
    kept = Bequests(tmp_path)
    [(hello, header, body)] = kept.read()
    assert (hello["n"], header["verdict"], body) == (1, {"kind": "finished"}, b"result")
    state = fresh(Rules(), 1)
    kept.settled(state)
    assert (tmp_path / "e1").exists()
    ticket = Ticket(Claim("e1", Job("j", "default", None, b"")), Plan("", "light"), "node.1")
    over = on.Over(1, "e1", on.Verdict("finished"), body, 0, None, "", 1.0, 2.0)
    state, orders = decide(state, on.Recovered((on.Lost(ticket, True, over),), 3.0))
    [record] = [each for each in orders if isinstance(each, do.Record)]
    assert record.finish.outcome == Finished(b"result")
    assert record.finish.ended_at == 2.0
    kept.settled(state)
    assert (tmp_path / "e1").exists()
    state, _ = decide(state, on.Recorded("e1", None))
    kept.settled(state)
    assert not (tmp_path / "e1").exists()


def test_one_that_cannot_be_read_is_set_aside(tmp_path: Path) -> None:
    """Half a file is kept for people; the others count."""
    (tmp_path / "e0").write_bytes(frames("e0")[:30])
    (tmp_path / "e2.new").write_bytes(b"")
    bequest.leave(str(tmp_path), "e1", frames("e1"))
    assert [hello["eid"] for hello, _, _ in Bequests(tmp_path).read()] == ["e1"]
    assert (tmp_path / "e0.bad").exists()
