"""What a cell is told at a job's start."""

from __future__ import annotations

import pickle
import zlib
from pathlib import Path

import pytest

from weppd.core.schedule import Plan, Rules, Ticket
from weppd.model import Callback, Claim, Job
from weppd.shell.start import UNPACKED, Places, start_frame

PLACES = Places(Path("/log"), Path("/tmp"), Path("/run/witness"), (), "")
CALL = pickle.dumps(("m.f", None, (1,), {}))
LONG = bytes(UNPACKED + 1)


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
