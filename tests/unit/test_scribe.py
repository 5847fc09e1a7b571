"""From spools to logs: lines, batches that survive a kill, the index, the canonical log."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.waiting import eventually
from weppd.scribe import desk as desks
from weppd.scribe import index, reader, runlogs, witness
from weppd.scribe.canonical import Told, canonical
from weppd.scribe.desk import Desk
from weppd.scribe.homes import Homes
from weppd.scribe.journal import MOST, Journal
from weppd.scribe.line import Line, cut, ends, parse, show
from weppd.scribe.sink import Piece, Sink
from weppd.scribe.witness import Guarded, Witnesses


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
    """Nothing but a row of the day's index."""
    desk = Desk(tmp_path, lambda job, eid: None)
    desk.open(an_open(tmp_path, "j1"))
    desk.close(a_close("j1"))
    desk.look()
    assert [row["job"] for row in index.entries(tmp_path)] == ["j1"]
    assert not (tmp_path / "j1.log").exists()


def test_a_retry_keeps_its_spool_when_the_end_before_it_is_written_late(tmp_path) -> None:
    """A silent execution is written down while the next one has its file open already."""
    desk = Desk(tmp_path, lambda job, eid: None)
    desk.open(an_open(tmp_path, "j1"))
    desk.close(a_close("j1"))
    with (tmp_path / "j1.out").open("ab") as spool:
        desk.look()
        spool.write(b"second\n")
    again = {**an_open(tmp_path, "j1"), "eid": "again"}
    desk.open(again)
    desk.close({**a_close("j1"), "eid": "again"})
    desk.look()
    assert "second" in (tmp_path / "j1.log").read_text()


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


def read(tmp_path: Path, jid: str, **how: bool) -> bytes:
    """What weppdctl logs would print."""

    async def whole() -> bytes:
        chunks = await reader.open_log(tmp_path, jid, **{"canonical": False, "follow": False} | how)
        return b"".join([chunk async for chunk in chunks])

    return asyncio.run(asyncio.wait_for(whole(), 10))


def one_job(tmp_path: Path, jid: str, output: bytes, outcome: str = "finished", **more) -> None:
    """An execution from its beginning to its end, told in one word."""
    desk = Desk(tmp_path, lambda job, eid: None)
    with (tmp_path / f"{jid}.out").open("ab") as spool:
        spool.write(output)
    eid = more.pop("eid", f"e-{jid}")
    desk.close({**an_open(tmp_path, jid, **more), **a_close(jid, outcome), "eid": eid})
    assert desk.settle(10)


def test_a_job_that_is_put_back_on_its_queue_has_each_line_once(tmp_path: Path) -> None:
    """A failed job that somebody requeues goes on in the same log, as its second attempt."""
    run = tmp_path / "runs" / "r1"
    run.mkdir(parents=True)
    one_job(tmp_path, "j1", b"first\n", "failed", run=run)
    one_job(tmp_path, "j1", b"second\n", run=run, eid="e2")
    words = read(tmp_path, "j1").split()
    assert [words.count(word) for word in (b"first", b"second", b"ended")] == [1, 1, 2]
    assert b"attempt=2" in words
    assert (run / "rq.log").read_bytes() == read(tmp_path, "j1")


def test_a_job_that_was_tried_twice_is_left_out_of_the_canonical_log(tmp_path: Path) -> None:
    """Its record is there twice, and what it said at its second try may differ from run to run."""
    one_job(tmp_path, "root", a_record("root"))
    one_job(tmp_path, "child", a_record("steady"), parent="root", place="1")
    one_job(tmp_path, "again", a_record("wobbly"), "retry", parent="root", place="2")
    one_job(tmp_path, "again", a_record("wobbly"), parent="root", place="2", eid="e2")
    text = read(tmp_path, "root", canonical=True)
    assert text == b"- f INFO root\n1 f INFO steady\n"


def test_following_a_job_that_says_nothing_ends_with_it(tmp_path: Path) -> None:
    """Its log never comes; its record does, some time after its cell took its spool."""
    desk = Desk(tmp_path, lambda job, eid: None)
    desk.open(an_open(tmp_path, "j1"))
    (tmp_path / "j1.out").touch()
    timer = threading.Timer(0.6, lambda: (desk.close(a_close("j1")), desk.look()))
    timer.start()
    threading.Timer(0.1, (tmp_path / "j1.out").unlink).start()
    assert read(tmp_path, "j1", follow=True) == b"m.f finished after 1.5 s\n"
    timer.join()


def test_a_follower_waits_for_the_next_try() -> None:
    """The end of an attempt that is followed by another is not the log's end."""
    line = show(Line(0.0, "ended retry after 1.000 s: E", "WEPPD"), "", "f")
    assert not ends(line.encode())


def test_a_spool_of_any_length_is_read_in_pieces(tmp_path: Path, monkeypatch) -> None:
    """Every line once, and the end after the last of them."""
    monkeypatch.setattr(desks, "CHUNK", 1000)
    one_job(tmp_path, "j1", b"".join(b"line %d\n" % n for n in range(1000)))
    lines = read(tmp_path, "j1").splitlines()
    assert [int(line.rpartition(b" ")[2]) for line in lines[1:-1]] == list(range(1000))
    assert b"ended" in lines[-1]


def test_blank_lines_do_not_keep_the_scribe_awake(tmp_path: Path) -> None:
    """What was read and shows nothing counts as read."""
    desk = Desk(tmp_path, lambda job, eid: None)
    desk.open(an_open(tmp_path, "j1"))
    (tmp_path / "j1.out").write_bytes(b"\n\n\n")
    assert desk.look() > 0
    assert desk.look() == 0


def test_a_job_that_truncates_its_output_goes_on_from_its_beginning(tmp_path: Path) -> None:
    """`echo x > /dev/stdout` empties the spool; what comes then is shown."""
    desk = Desk(tmp_path, lambda job, eid: None)
    desk.open(an_open(tmp_path, "j1"))
    (tmp_path / "j1.out").write_bytes(b"a long line\n")
    desk.look()
    (tmp_path / "j1.out").write_bytes(b"x\n")
    desk.close(a_close("j1"))
    desk.look()
    assert read(tmp_path, "j1").count(b"~ x\n") == 1


def full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, room: Callable[[str], bool]) -> None:
    """Make the disk full for the files that `room` says no to."""

    def write(fd: int, data: bytes, write=os.write) -> int:
        path = os.readlink(f"/proc/self/fd/{fd}")
        if path.startswith(str(tmp_path)) and not room(path):
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(fd, data)

    monkeypatch.setattr(os, "write", write)


@pytest.mark.parametrize("suffix", [".log", ".journal", ".jsonl", ".report"])
def test_a_full_disk_costs_no_line_that_the_spool_has(tmp_path, monkeypatch, suffix) -> None:
    """When there is room again all is written, each line once, whichever file had no room."""
    run = tmp_path / "runs" / "r1"
    run.mkdir(parents=True)
    written: list[str] = []
    desk = Desk(tmp_path, lambda job, eid: written.append(eid))
    (tmp_path / "j1.out").write_bytes(b"hello\n")
    with monkeypatch.context() as patch:
        full(patch, tmp_path, lambda path: not path.endswith(suffix))
        desk.close({**an_open(tmp_path, "j1", run), **a_close("j1")})
        for _ in range(3):
            desk.look()
        assert written == []
        assert "the disk is full" in desk.trouble
    assert desk.settle(10)
    assert desk.trouble == ""
    assert written == ["e-j1"]
    words = (run / "rq.log").read_text().split()
    assert [words.count(word) for word in ("began", "hello", "ended")] == [1, 1, 1]
    assert [row["eid"] for row in index.entries(tmp_path)] == ["e-j1"]
    assert (run / "_logs" / "jobs.jsonl").read_text().count("e-j1") == 1


def test_a_run_whose_quota_is_spent_gets_its_lines_later(tmp_path, monkeypatch) -> None:
    """The job's own log is whole meanwhile; nobody waits for the run's."""
    run = tmp_path / "runs" / "r1"
    run.mkdir(parents=True)
    monkeypatch.setattr(runlogs, "FULL_S", 0.01)
    with monkeypatch.context() as patch:
        full(patch, tmp_path, lambda path: not path.startswith(str(run)))
        one = Desk(tmp_path, lambda job, eid: None)
        one.close({**an_open(tmp_path, "j1", run), **a_close("j1")})
        assert not one.settle(0.1)
        assert b"ended" in read(tmp_path, "j1")
    assert one.settle(10)
    assert (run / "rq.log").read_bytes() == read(tmp_path, "j1")


def test_what_an_earlier_scribe_owes_a_run_is_written_by_the_next(tmp_path, monkeypatch) -> None:
    """Killed between the job's log and the run's: the run's is completed, and no line is twice."""
    run = tmp_path / "runs" / "r1"
    run.mkdir(parents=True)
    with monkeypatch.context() as patch:
        patch.setattr(runlogs.RunLogs, "_tell", lambda self, source, news: None)
        first = Desk(tmp_path, lambda job, eid: None)
        first.close({**an_open(tmp_path, "j1", run), **a_close("j1")})
        first.look()
    assert not (run / "rq.log").exists()
    for _ in range(2):
        assert Desk(tmp_path, lambda job, eid: None).settle(10)
        assert (run / "rq.log").read_bytes() == read(tmp_path, "j1")


def test_a_run_that_comes_while_its_job_goes_on_has_the_whole_log(tmp_path: Path) -> None:
    """A job may make the run's directory itself; one that vanished costs nothing."""
    run = tmp_path / "runs" / "r1"
    desk = Desk(tmp_path, lambda job, eid: None)
    desk.open(an_open(tmp_path, "j1", run))
    desk.open(an_open(tmp_path, "j2", tmp_path / "runs" / "gone"))
    assert desk.settle(10)
    run.mkdir(parents=True)
    desk.close(a_close("j1"))
    desk.close(a_close("j2"))
    assert desk.settle(10)
    assert (run / "rq.log").read_bytes() == read(tmp_path, "j1")
    assert b"ended finished" in read(tmp_path, "j2")


def test_a_link_in_a_run_s_directory_is_not_followed(tmp_path: Path) -> None:
    """Whoever may write into a run cannot have the scribe append to another file."""
    run, other = tmp_path / "runs" / "r1", tmp_path / "other"
    run.mkdir(parents=True)
    other.touch()
    (run / "rq.log").symlink_to(other)
    one_job(tmp_path, "j1", b"hello\n", run=run)
    assert other.read_bytes() == b""


def test_a_run_that_is_a_link_out_of_the_roots_gets_no_word(tmp_path: Path) -> None:
    """Nor does a run whose directory for logs or witnesses is one; a root may be a link itself."""
    disk, away = tmp_path / "disk", tmp_path / "etc"
    for each in (disk / "r1", disk / "r2" / "_weppd", away):
        each.mkdir(parents=True)
    (tmp_path / "runs").symlink_to(disk)
    (disk / "r0").symlink_to(away)
    (disk / "r1" / "_logs").symlink_to(away)
    (disk / "r1" / "_weppd").symlink_to(away)
    homes = Homes([str(tmp_path / "runs")])
    desk = Desk(tmp_path, lambda job, eid: None, homes=homes)
    for n in range(3):
        desk.open(an_open(tmp_path, f"j{n}", tmp_path / "runs" / f"r{n}"))
        desk.close(a_close(f"j{n}"))
    assert desk.settle(10)
    assert sorted(path.name for path in away.iterdir()) == []
    assert sorted(path.name for path in (disk / "r1").iterdir()) == ["_logs", "_weppd", "rq.log"]
    assert sorted(path.name for path in (disk / "r2").iterdir()) == ["_logs", "_weppd", "rq.log"]
    witnesses = Witnesses(tmp_path, tmp_path, 0.0, homes)
    for n in range(3):
        witnesses.ask([Guarded(f"e{n}", f"j{n}", (str(tmp_path / "runs" / f"r{n}"),))])
    seen: dict[str, str] = {}
    eventually(lambda: seen.update(witnesses.seen()) or seen, within=10)
    assert seen == {"e2": "absent"}


def test_each_node_writes_files_of_its_own(tmp_path: Path) -> None:
    """Who wrote first in a run has its plain files, also as another scribe later on; whoever else
    runs a job of it has files with the node's name."""
    run = tmp_path / "runs" / "r1"
    run.mkdir(parents=True)
    for n, node in enumerate(("a", "b:1", "a")):
        jobs = tmp_path / f"{node}-{n}"
        jobs.mkdir()
        desk = Desk(jobs, lambda job, eid: None, homes=Homes([str(tmp_path / "runs")], node))
        desk.open(an_open(jobs, f"j{n}", run))
        desk.close(a_close(f"j{n}"))
        assert desk.settle(10)
    told = {p.name: p.read_text() for p in (run / "rq.log", *(run / "_logs").iterdir())}
    assert told.pop("node") == "a\n"
    assert {name: text.count("\n") for name, text in told.items()} == {
        "rq.log": 4, "jobs.jsonl": 2, "rq.b_1.log": 2, "jobs.b_1.jsonl": 1,
    }  # fmt: skip
    assert '"job":"j1"' in told["jobs.b_1.jsonl"]


def test_an_end_that_is_told_again_is_confirmed_and_not_written_twice(tmp_path: Path) -> None:
    """weppd did not hear that it was written: it tells this scribe, or the next one."""
    one_job(tmp_path, "j1", b"hello\n")
    heard: list[str] = []
    for _ in range(2):
        desk = Desk(tmp_path, lambda job, eid: heard.append(eid))
        desk.close({**an_open(tmp_path, "j1"), **a_close("j1")})
        desk.look()
    assert heard == ["e-j1", "e-j1"]
    assert len(list(index.entries(tmp_path))) == 1


def test_the_journal_stays_small(tmp_path: Path) -> None:
    """A thousand batches leave a file of a few hundred KB, and the last offsets."""
    path = tmp_path / "x.journal"
    journal = Journal(path)
    for n in range(5000):
        journal.intend({"/a/file/of/some/length": n})
        journal.done({"source": n, f"mark{n}": 1}, [f"mark{n - 1}"])
    assert path.stat().st_size < 2 * MOST
    assert Journal(path).offsets == {"source": 4999, "mark4999": 1}


def test_rubbish_in_the_journal_stops_no_scribe(tmp_path: Path) -> None:
    """A power failure may leave anything; what can be read counts."""
    path = tmp_path / "x.journal"
    path.write_bytes(b'{"done":{"s":1}}\n\0\0\0\n{"done":{"s":2}')
    assert Journal(path).offsets == {"s": 1}


def test_spools_of_open_jobs_are_not_swept(tmp_path: Path) -> None:
    """A job that was silent for a month keeps its log."""
    (tmp_path / "j1.out").touch()
    os.utime(tmp_path / "j1.out", (0, 0))
    assert index.sweep(tmp_path, 30, 1e9, keep=frozenset({"j1"})) == 0
    assert index.sweep(tmp_path, 30, 1e9) == 1


def test_times_of_executions_that_nobody_ended_are_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the last hour stay, and those of living cells for as long as these live."""
    monkeypatch.setattr(witness, "living_executions", lambda cells: frozenset({"lives"}))
    for name, age_s in (("lives", 9000), ("young", 60), ("old", 9000)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (10_000 - age_s, 10_000 - age_s))
    assert Witnesses(tmp_path, tmp_path, 10.0).sweep(10_000.0) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lives", "young"]
