"""What a cell is told at a job's start."""

from __future__ import annotations

import pickle
import zlib
from pathlib import Path

import pytest

from weppd.cell.frames import Splitter
from weppd.core.schedule import Plan, Rules, Ticket
from weppd.model import Callback, Claim, Job
from weppd.shell.start import UNPACKED, Places, Starts

PLACES = Places(Path("/log"), Path("/tmp"), Path("/run/witness"), (), "")
CALL = pickle.dumps(("m.f", None, (1,), {}))
LONG = bytes(UNPACKED + 1)


def start_frame(ticket, places, rules, behind=False):
    """The header and the body of the frame that a cell gets."""
    (frame,) = Splitter().feed(Starts(places, rules).frame(ticket, behind))
    return frame


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (CALL, CALL),
        (zlib.compress(CALL), CALL),
        (zlib.compress(LONG), zlib.compress(LONG)),
        (zlib.compress(CALL)[:-9], zlib.compress(CALL)[:-9]),
        (b"x is no zlib", b"x is no zlib"),
        (zlib.compress(zlib.compress(CALL)), zlib.compress(zlib.compress(CALL))),
        (b"", b""),
    ],
    ids=["plain", "packed", "long", "cut", "rubbish", "packed twice", "none"],
)
def test_a_short_payload_is_unpacked_for_its_process(data: bytes, told: bytes) -> None:
    """Whatever cannot be unpacked here, or is long, goes as it came: the job's process judges."""
    job = Job("j", "default", "m.f", data, b"meta")
    header, body = start_frame(Ticket(Claim("e", job), Plan("m.f"), "n.1"), PLACES, Rules())
    assert body[: header["meta_len"]] == b"meta"
    assert body[header["meta_len"] :] == told


def test_a_cell_is_told_how_many_share_the_cost_of_governing() -> None:
    """The slots of the node: one job's quota may cost more on a host that has few."""
    ticket = Ticket(Claim("e", Job("j", "default", "m.f", CALL)), Plan("m.f"), "n.1")
    assert start_frame(ticket, PLACES, Rules(slots=6))[0]["slots"] == 6


def test_what_says_nothing_of_a_job_is_not_told() -> None:
    """A job without a run, limits or callbacks is told in few words; one with them, of them."""
    ticket = Ticket(Claim("e", Job("j", "default", "m.f", CALL)), Plan("m.f", timeout=60), "n.1")
    told, _ = start_frame(ticket, PLACES, Rules())
    assert all(told.values())
    assert not {"runid", "lease", "witness", "limits", "behind", "parent"} & told.keys()
    run = Job("j", "default", "m.f", CALL, runid="r", parent="p", on_stopped=Callback("m.g", 5))
    told, _ = start_frame(Ticket(Claim("e", run), Plan("m.f"), "n.1"), PLACES, Rules(), True)
    assert (told["runid"], told["parent"], told["behind"]) == ("r", "p", True)
    assert (told["lease"], told["witness"]) == (36.0, "/run/witness/e")
    assert told["on_stopped"] == ["m.g", 5]


def test_each_job_of_a_plan_is_told_of_itself() -> None:
    """Two jobs share what is told of their plan, and nothing else; another plan has its own."""
    starts, plan = Starts(PLACES, Rules()), Plan("m.f", timeout=60)
    plans = plan, plan, Plan("m.g", timeout=5)
    told = []
    for n, each in enumerate(plans):
        frame = starts.frame(Ticket(Claim(f"e{n}", Job(f"j{n}", "high", "m.f", CALL)), each, "n.1"))
        told += [header for header, _ in Splitter().feed(frame)]
    assert [(t["eid"], t["job"], t["timeout"]) for t in told] == [
        ("e0", "j0", 60), ("e1", "j1", 60), ("e2", "j2", 5),
    ]  # fmt: skip
    assert [t["spool"] for t in told] == [f"/log/j{n}.out" for n in range(3)]


def test_plans_that_are_made_for_one_job_each_are_not_kept_for_ever() -> None:
    """Thousands of jobs with limits of their own: each is told its own, and few are remembered."""
    starts = Starts(PLACES, Rules())
    for n in range(1, 600):
        ticket = Ticket(Claim("e", Job("j", "default", "m.f", CALL)), Plan("m.f", timeout=n), "n.1")
        ((header, _),) = Splitter().feed(starts.frame(ticket))
        assert header["timeout"] == n
    assert len(starts._shared) <= 256
