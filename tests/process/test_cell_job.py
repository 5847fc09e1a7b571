"""What a job finds in its process, and what its cell says about it afterwards."""

from __future__ import annotations

import json
import os
import pickle
import signal

import pytest

from tests.process.celltasks import Thing
from tests.process.fakeweppd import alive, eventually, forker_of, jobs_of


def test_process_of_a_job(weppd):
    """A job leads a session of its own, in its directory, with default signals and no secrets."""
    over = weppd.run("celltasks.facts", runid="r1", cpus=2, env={"EXTRA": "1"})
    facts = pickle.loads(over["body"])
    assert facts["sid"]
    assert facts["cpus"] == 2
    assert facts["job"] == over["job"]
    assert facts["settings"] == {"run": {"roots": ["/r"]}}
    assert facts["stdin"] == "/dev/null"
    assert facts["blocked"] == facts["ignored"] == []
    env = facts["env"]
    assert (env["WEPPD_JOB_ID"], env["RQ_JOB_ID"]) == (over["job"], over["job"])
    assert (env["WEPPD_RUNID"], env["WEPPD_CPUS"], env["EXTRA"]) == ("r1", "2", "1")
    strange = ("NOTIFY_", "LISTEN_", "LD_BIND_NOW")
    assert not [key for key in env if "REDIS" in key or key.startswith(strange)]


def test_descriptors_of_a_job(weppd):
    """A job inherits its output, its spool and its cell's socket, and nothing of weppd's."""
    facts = pickle.loads(weppd.run("celltasks.facts")["body"])
    # 0, 1, 2, the socket, the spool; the last is the listing's own.
    assert len(facts["fds"]) == 6


def test_descriptors_of_an_idle_cell_and_its_child(weppd):
    """A cell holds its file, its wake-up, its children's list and three sockets; a child one."""
    (child,) = eventually(lambda: jobs_of(weppd.cell), "a warm child")
    eventually(lambda: len(os.listdir(f"/proc/{child}/fd")) == 4, "0, 1, 2 and a socket")
    names = [
        os.readlink(f"/proc/{weppd.cell}/fd/{fd}") for fd in os.listdir(f"/proc/{weppd.cell}/fd")
    ]
    assert sum(name.startswith("socket:") for name in names) == 3
    assert len(names) == 3 + 7
    forker = forker_of(weppd.cell)
    eventually(lambda: len(os.listdir(f"/proc/{forker}/fd")) == 4, "0, 1, 2 and a socket")


def test_directory_for_temporary_files(weppd):
    """TMPDIR is the job's own and is gone, with all that is in it, when the job is over."""
    over = weppd.run("celltasks.facts")
    facts = pickle.loads(over["body"])
    assert facts["tmp_is_dir"]
    assert facts["env"]["TMPDIR"] == facts["tmp"] == str(weppd.home / f"{over['eid']}.tmp")
    assert not os.path.exists(facts["tmp"])


def test_result_and_usage(weppd):
    """A result travels as a pickle; usage counts the job's processes."""
    over = weppd.run("celltasks.echo", 1, "two", body={"three": None})
    assert over["verdict"] == {"kind": "finished", "none": False}
    assert pickle.loads(over["body"]) == ((1, "two"), {"three": None})
    assert over["usage"]["processes"] == 1
    assert over["usage"]["peak_bytes"] > 1 << 20
    assert over["began_at"] <= over["ended_at"]


def test_large_arguments_and_results(weppd):
    """Megabytes pass both ways: neither end stops at a full socket."""
    over = weppd.run("celltasks.echo", "x" * 5_000_000)
    assert over["verdict"]["kind"] == "finished"
    assert pickle.loads(over["body"])[0] == ("x" * 5_000_000,)


def test_no_place_for_output(weppd):
    """Where the spool cannot be opened the job runs all the same, its output in weppd's log."""
    over = weppd.run("celltasks.talk", spool=f"{weppd.home}/no/dir/x.out")
    assert over["verdict"]["kind"] == "finished"
    log = (weppd.home / "zygote.err").read_text()
    assert "no spool" in log
    assert "printed" in log


def test_no_place_for_temporary_files(weppd):
    """Where TMPDIR cannot be made the job fails with the system's reason and the path."""
    over = weppd.run("celltasks.echo", tmp=f"{weppd.home}/no/dir")
    assert over["verdict"]["type"] == "FileNotFoundError"
    assert "no/dir" in over["verdict"]["message"]


def test_long_messages_are_cut(weppd):
    """An error whose text is megabytes long does not fill the log or the store."""
    over = weppd.run("celltasks.fail", "x" * 5_000_000)
    assert len(over["verdict"]["message"]) == 2000
    assert len(over["body"]) == 1 << 18


def test_json_jobs(weppd):
    """A job enqueued with RQ's JSON serializer gets and gives JSON."""
    data = json.dumps(["celltasks.echo", None, [1], {"x": [2]}]).encode()
    over = weppd.run("celltasks.echo", data=data, serializer="json")
    assert json.loads(over["body"]) == [[1], {"x": [2]}]


def test_failure_has_a_traceback_of_the_job_alone(weppd):
    """The traceback begins at the job's own line and is in the spool too."""
    over = weppd.run("celltasks.fail", "no slope file")
    assert over["verdict"] == {
        "kind": "failed", "type": "ValueError", "message": "no slope file",
    }  # fmt: skip
    text = over["body"].decode()
    assert text.startswith("Traceback (most recent call last):\n  File ")
    assert "celltasks.py" in text
    assert "weppd/cell" not in text
    assert "no slope file" in weppd.output(over["eid"])


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("celltasks.no_such", "no task is called celltasks.no_such"),
        ("os.system", "no task is called os.system"),
        ("celltasks.Path", "no task is called celltasks.Path"),
        ("celltasks.current", "is defined in weppd.task"),
        ("nodots", "no task is called nodots"),
        ("celltasks.Thing.__init__", "no task is called"),
    ],
)
def test_function_on_no_list(weppd, function, words):
    """What is no task and not admitted fails with one line that names it, and runs nothing."""
    over = weppd.run(function, "true")
    assert over["verdict"]["type"] == "UnknownTask"
    assert words in over["verdict"]["message"]
    assert over["body"].decode().count("\n") == 1


@pytest.mark.parametrize("data", [b"", b"\x80\x05garbage", b"\x78\x9cnot zlib", b"\x80\x05N."])
def test_payload_that_is_none(weppd, data):
    """Bytes that are no payload fail the job with one clear line; the cell goes on."""
    over = weppd.run("celltasks.echo", data=data or b"\x80")
    assert over["verdict"]["type"] == "PayloadError"
    assert "\n" not in over["verdict"]["message"]
    assert weppd.run("celltasks.echo")["verdict"]["kind"] == "finished"


def test_arguments_that_do_not_fit(weppd):
    """Wrong arguments fail with one line that names the function and the argument."""
    over = weppd.run("celltasks.fail", 1, 2, 3)
    assert over["verdict"]["type"] == "JobError"
    assert "celltasks.fail does not take these arguments" in over["verdict"]["message"]
    assert over["body"].decode().count("\n") == 1


def test_three_forms_of_functions(weppd):
    """A static method, an async function and an instance's method run as RQ runs them."""
    assert pickle.loads(weppd.run("celltasks.Thing.static", 1)["body"]) == 2
    assert pickle.loads(weppd.run("celltasks.coroutine", 5)["body"]) == 5
    data = pickle.dumps(("double", Thing(4), (), {})).replace(
        b"tests.process.celltasks", b"celltasks"
    )
    assert weppd.run("double", data=data)["verdict"]["type"] == "PayloadError"


def test_result_that_no_pickle_takes(weppd):
    """Such a job has finished, with RQ's own words in place of the result."""
    over = weppd.run("celltasks.unserializable")
    assert over["verdict"]["kind"] == "finished"
    assert pickle.loads(over["body"]) == "Unserializable return value"


def test_spool_holds_output_and_records_in_order(weppd):
    """Raw output and ctx.log lines are in one file, in order, the records as RFC 7464."""
    over = weppd.run("celltasks.talk")
    parts = weppd.output(over["eid"]).split("\x1e")
    assert parts[0] == "printed\n"
    records = [json.loads(part.partition("\n")[0]) for part in parts[1:]]
    assert [(r["item"], r["seq"], r["volatile"], r["text"]) for r in records] == [
        ("h0001", 0, False, "first"), ("h0001", 1, True, "second"), (None, 0, False, "other"),
    ]  # fmt: skip
    assert parts[-1].endswith("\nno end of line")


def test_notes_reach_weppd(weppd):
    """Progress is thinned out but its last word is sent; status is passed on as it is."""
    over = weppd.run("celltasks.talk")
    notes = [f for f in weppd.frames if f["kind"] == "note" and f["eid"] == over["eid"]]
    progress = [f["done"] for f in notes if f["what"] == "progress"]
    assert progress[-1] == 100
    assert len(progress) < 10
    status = [f for f in notes if f["what"] == "status"]
    assert [(f["channel"], f["text"]) for f in status] == [("run:wepp", "rq:job STARTED f")]


def test_enqueue_asks_weppd(weppd):
    """ctx.enqueue sends name and payload, and returns the id of weppd's answer."""
    eid = weppd.start("celltasks.ask")
    ask = weppd.wait("ask", eid=eid)
    assert pickle.loads(ask["body"]) == ("tasks.noop.noop", None, (1,), {"x": 2})
    assert (ask["verb"], ask["label"], ask["depends_on"], ask["timeout"]) == (
        "enqueue", "child", ["a"], 9,
    )  # fmt: skip
    assert ask["description"] == "tasks.noop.noop(1, x=2)"
    weppd.cell_peer(1).send(
        {"kind": "answer", "eid": eid, "id": ask["id"], "ok": True, "value": ask["job"]}
    )
    assert pickle.loads(weppd.wait("over", eid=eid)["body"]) == ask["job"]


def test_refused_enqueue_raises(weppd):
    """A refusal reaches the task as Refused with weppd's reason."""
    eid = weppd.start("celltasks.ask")
    ask = weppd.wait("ask", eid=eid)
    weppd.cell_peer(1).send(
        {"kind": "answer", "eid": eid, "id": ask["id"], "ok": False, "error": "being cancelled"}
    )
    over = weppd.wait("over", eid=eid)
    assert (over["verdict"]["type"], over["verdict"]["message"]) == (
        "Refused", "enqueue: being cancelled",
    )  # fmt: skip


def test_child_serves_several_jobs(weppd):
    """With jobs_per_child a process serves as many, and not one more; no status while it lives."""
    overs = [weppd.run("celltasks.pid", jobs_per_child=3) for _ in range(4)]
    pids = [pickle.loads(over["body"]) for over in overs]
    assert pids[0] == pids[1] == pids[2] != pids[3]
    assert [over["status"] for over in overs] == [None, None, 0, None]
    assert all(over["usage"]["processes"] == 1 for over in overs)


@pytest.mark.parametrize(
    "function", ["celltasks.thread_left", "celltasks.leave_behind", "celltasks.leave_orphan"]
)
def test_child_that_left_something_serves_no_more(weppd, function):
    """A thread or a process left behind ends the child after its job; the next gets a fresh one."""
    arguments = (2,) if function.endswith("behind") else ()
    over = weppd.run(function, *arguments, jobs_per_child=9)
    assert over["status"] == 0
    assert over["verdict"]["kind"] == "finished"
    assert weppd.run("celltasks.pid", jobs_per_child=9)["pid"] != over["pid"]


def test_no_late_imports_in_a_cell(weppd):
    """A cell maps no new file after a job, a failure and a cancel: an upgrade cannot break it."""

    def maps():
        with open(f"/proc/{weppd.cell}/maps") as lines:
            return {line.split()[-1] for line in lines if "/" in line}

    before = maps()
    weppd.run("celltasks.echo", 1)
    weppd.run("celltasks.fail", "x")
    eid = weppd.start("celltasks.wait")
    weppd.cancel(eid)
    weppd.wait("over", eid=eid)
    assert maps() == before


def test_end_of_a_cell_that_is_retired(weppd):
    """An idle cell told to retire exits, its warm child too; the zygote says so."""
    (child,) = eventually(lambda: jobs_of(weppd.cell), "a warm child")
    weppd.cell_peer(1).send({"kind": "retire"})
    gone = weppd.wait("gone", n=1)
    assert (gone["pid"], gone["status"]) == (weppd.cell, 0)
    eventually(lambda: not alive(child), "the warm child ends")


def test_zygote_ignores_polite_signals(weppd):
    """SIGTERM, SIGHUP, SIGINT and SIGUSR1 end neither zygote nor cell."""
    for pid in (weppd.zygote.pid, weppd.cell):
        for signum in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGUSR1):
            os.kill(pid, signum)
    assert weppd.run("celltasks.echo", 1)["verdict"]["kind"] == "finished"
    assert weppd.fork(2)["phase"] == "idle"
