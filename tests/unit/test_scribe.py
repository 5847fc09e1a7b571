"""From spools to logs: lines, batches that survive a kill, the index, the canonical log."""

from __future__ import annotations

import contextlib
import json
import os
import random
from pathlib import Path

import pytest

from tests.waiting import eventually
from weppd.scribe import index, runlogs
from weppd.scribe.canonical import Told, canonical
from weppd.scribe.desk import Desk
from weppd.scribe.line import Line, cut, ends, parse, show
from weppd.scribe.sink import Piece, Sink


def a_record(text: str, item: str | None = None, seq: int = 0, volatile: bool = False) -> bytes:
    fields = {"t": 5.0, "level": "info", "item": item, "seq": seq, "volatile": volatile}
    return b"\x1e" + json.dumps({**fields, "text": text}).encode() + b"\n"


def test_raw_output_and_records_are_told_apart() -> None:
    """What the tree printed is volatile; what ctx.log said has its item and its own time."""
    printed, said = parse(b"printed\n" + a_record("said", "h0001"), 9.0)
    assert (printed.text, printed.volatile, printed.t) == ("printed", True, 9.0)
    assert (said.text, said.volatile, said.item, said.t) == ("said", False, "h0001", 5.0)


def test_a_raw_line_without_an_end_stops_where_a_record_begins() -> None:
    """A program that prints no newline does not swallow the next record."""
    lines = parse(b"half a line" + a_record("whole"), 1.0)
    assert [line.text for line in lines] == ["half a line", "whole"]


def test_a_broken_record_is_shown_as_it_is() -> None:
    """Nothing that a job wrote is left out, however odd."""
    (line,) = parse(b"\x1e{not json\n", 1.0)
    assert line.text == "{not json"


def test_an_unfinished_line_waits_for_its_end() -> None:
    """Half a line is not shown while its job runs, and is once it has ended."""
    assert cut(b"one\ntw", ended=False) == 4
    assert cut(b"one\ntw", ended=True) == 6


def test_a_line_shows_time_place_label_level_and_mark() -> None:
    """The columns that people and scripts read."""
    text = show(Line(0.0, "text", item="h0007", volatile=False), "2.1", "run_hillslopes_rq")
    assert text == "1970-01-01T00:00:00.000Z 2.1 run_hillslopes_rq INFO h0007 text\n"
    assert show(Line(0.0, "a\nb"), "", "f").count(" - f INFO ~ ") == 2


def test_only_the_scribe_can_close_a_log() -> None:
    """A job that prints the closing words does not end a log that is being followed."""
    forged = show(Line(0.0, "ended finished after 1.000 s"), "", "f")
    real = show(Line(0.0, "ended finished after 1.000 s", "WEPPD"), "", "f")
    assert not ends(forged.encode())
    assert ends(real.encode())


def test_the_canonical_log_is_the_same_in_whatever_order_things_were_done() -> None:
    """Two runs of the same inputs give the same bytes; volatile lines are not in it."""
    lines = [Line(1.0 * n, f"runoff {n}", item=f"h{n}", volatile=False) for n in range(1, 12)]
    lines.append(Line(3.0, "took 5 s", item="h1", seq=1))
    orders = []
    for seed in range(20):
        random.Random(seed).shuffle(lines)
        orders.append(canonical([Told("1", "f", tuple(lines)), Told("", "root")]))
    assert len(set(orders)) == 1
    assert "took" not in orders[0]
    assert [row.split()[3] for row in orders[0].splitlines()] == [f"h{n}" for n in range(1, 12)]


class Killed(BaseException):
    """The scribe was killed here."""


@pytest.mark.parametrize("moment", range(8))
def test_a_killed_scribe_neither_loses_nor_doubles(tmp_path, monkeypatch, moment: int) -> None:
    """Killed after any step of a batch and started again, it ends up with each line once."""
    one, two = tmp_path / "one", tmp_path / "two"
    state = tmp_path / "state.journal"
    Sink(state).append(a_batch(one, two, b"0\n", 1))
    steps = iter(range(100))

    def dying(fd: int, data: bytes, write=os.write) -> int:
        if next(steps) >= moment:
            raise Killed
        return write(fd, data)

    monkeypatch.setattr(os, "write", dying)
    with contextlib.suppress(Killed):
        Sink(state).append(a_batch(one, two, b"1\n", 2))
    monkeypatch.undo()
    again = Sink(state)
    if again.offsets["s"] == 1:
        again.append(a_batch(one, two, b"1\n", 2))
    assert (one.read_bytes(), two.read_bytes()) == (b"0\n1\n", b"0\n1\n")


def a_batch(one: Path, two: Path, text: bytes, offset: int) -> dict[Path, Piece]:
    return {one: Piece(text, {"s": offset}), two: Piece(text)}


def test_a_directory_that_vanished_costs_one_warning_and_nothing_else(tmp_path, caplog) -> None:
    """The other files of the batch are written, and the offsets move on."""
    sink = Sink(tmp_path / "state.json")
    for n in (1, 2):
        gone = Piece(b"a\n", {"s": n})
        assert not sink.append({tmp_path / "gone" / "x": gone, tmp_path / "y": Piece(b"b\n")})
    assert (tmp_path / "y").read_bytes() == b"b\nb\n"
    assert sink.offsets == {"s": 2}
    assert len(caplog.records) == 1


def test_a_line_that_a_full_disk_cut_short_is_not_glued_to_the_next(tmp_path) -> None:
    """The next batch begins on a line of its own."""
    path = tmp_path / "log"
    path.write_bytes(b"half")
    Sink(tmp_path / "state.json").append({path: Piece(b"whole\n")})
    assert path.read_bytes() == b"half\nwhole\n"


def an_open(tmp_path: Path, jid: str, run: Path | None = None, **more) -> dict:
    return {
        "eid": f"e-{jid}",
        "job": jid,
        "spool": str(tmp_path / f"{jid}.out"),
        "log": str(tmp_path / f"{jid}.log"),
        "run_dirs": [str(run)] if run else [],
        "label": "f",
        "function": "m.f",
        **more,
    }


def a_close(jid: str, outcome: str = "finished") -> dict:
    return {"eid": f"e-{jid}", "outcome": outcome, "seconds": 1.5, "reason": ""}


def test_a_job_of_a_run_is_in_the_run_s_log(tmp_path) -> None:
    """Beginning, lines and end stand in <run>/rq.log as in the job's own log."""
    run = tmp_path / "runs" / "r1"
    run.mkdir(parents=True)
    desk = Desk(tmp_path, lambda job, eid: None)
    desk.open(an_open(tmp_path, "j1", run))
    (tmp_path / "j1.out").write_bytes(b"hello\n" + a_record("said"))
    desk.look()
    desk.close(a_close("j1"))
    assert desk.settle(10)
    text = (run / "rq.log").read_text()
    assert text == (tmp_path / "j1.log").read_text()
    assert [w in text for w in ("began m.f", "~ hello", "said", "ended finished")] == [True] * 4


def test_a_scribe_that_starts_again_goes_on_where_the_other_stopped(tmp_path) -> None:
    """The next scribe is told the same opens, and adds only what is new, in both logs."""
    run = tmp_path / "runs" / "r1"
    run.mkdir(parents=True)
    first = Desk(tmp_path, lambda job, eid: None)
    first.open(an_open(tmp_path, "j1", run))
    (tmp_path / "j1.out").write_bytes(b"one\n")
    assert first.settle(10)
    with (tmp_path / "j1.out").open("ab") as spool:
        spool.write(b"two\n")
    second = Desk(tmp_path, lambda job, eid: None)
    second.open(an_open(tmp_path, "j1", run))
    second.close(a_close("j1"))
    assert second.settle(10)
    for path in (tmp_path / "j1.log", run / "rq.log"):
        words = path.read_text().split()
        assert [words.count(word) for word in ("one", "two", "began", "ended")] == [1, 1, 1, 1]


def test_a_job_without_words_and_run_leaves_one_record_and_no_file(tmp_path) -> None:
    """Nothing but a row of the day's index; its empty spool is gone."""
    desk = Desk(tmp_path, lambda job, eid: None)
    desk.open(an_open(tmp_path, "j1"))
    (tmp_path / "j1.out").touch()
    desk.close(a_close("j1"))
    desk.look()
    assert [row["job"] for row in index.entries(tmp_path)] == ["j1"]
    assert not (tmp_path / "j1.out").exists()
    assert not (tmp_path / "j1.log").exists()


def test_the_index_finds_a_job_and_all_below_it(tmp_path) -> None:
    """Children of children, whatever the order in which they ended."""
    rows = [("c", "b"), ("x", "y"), ("b", "a"), ("a", None)]
    path = index.path_for(tmp_path, 0.0)
    path.write_bytes(b"".join(index.entry({"job": j, "parent": p}, {}, 0.0) for j, p in rows))
    assert sorted(row["job"] for row in index.tree(tmp_path, "a")) == ["a", "b", "c"]


def test_old_logs_are_swept_and_young_ones_stay(tmp_path) -> None:
    """keep_days is what it says."""
    for name, age in (("old.log", 40), ("young.log", 10), ("scribe.json", 90)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (1e9 - age * 86_400,) * 2)
    assert index.sweep(tmp_path, 30, 1e9) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scribe.json", "young.log"]


def test_a_run_root_that_hangs_holds_up_no_other(tmp_path) -> None:
    """A run whose log cannot be opened (a pipe that nobody reads) stops only its own root."""
    hung, well = tmp_path / "a" / "r1", tmp_path / "b" / "r2"
    hung.mkdir(parents=True)
    well.mkdir(parents=True)
    os.mkfifo(hung / "rq.log")
    logs = runlogs.RunLogs(tmp_path, {})
    for run, jid in ((hung, "j1"), (well, "j2")):
        (tmp_path / f"{jid}.log").write_bytes(b"line\n")
        logs.grown((str(run),), tmp_path / f"{jid}.log", closed=True)
    eventually(lambda: (well / "rq.log").exists() and (well / "rq.log").read_bytes() == b"line\n")
    assert not logs.settle(0.05)
    os.close(os.open(hung / "rq.log", os.O_RDONLY | os.O_NONBLOCK))
