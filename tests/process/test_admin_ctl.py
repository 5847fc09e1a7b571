"""weppdctl against a served admin socket: what is asked, what is printed, the exit codes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.process.admin_thread import Served, served
from tests.unit.admin_house import a_job
from weppd.ctl.cli import cli
from weppd.ctl.talk import Talk
from weppd.errors import Refused, StoreAway

WEPPDCTL = (sys.executable, "-c", "from weppd.ctl.cli import main; main()")


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path / "admin.sock", a_job("j1"), a_job("j2", "finished")) as daemon:
        yield daemon


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Talk, "patience_s", 0.1)
    monkeypatch.setattr(Talk, "turn_s", 0.1)


def ctl(daemon: Served, *words: str, columns: int = 80) -> Result:
    env = {"COLUMNS": str(columns)}
    return CliRunner().invoke(cli, ["--socket", str(daemon.path), *words], env=env)


def eventually(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_status_shows_the_node(daemon: Served) -> None:
    """The one-shot status names the node, its slots and its queues."""
    result = ctl(daemon, "status")
    assert result.exit_code == 0
    assert result.output.startswith("weppd node1: open\nstore: up\n")
    assert "slots: 0 of 1 busy" in result.output


@pytest.mark.parametrize(
    "words",
    [
        *(("status",), ("jobs",), ("show", "j1"), ("cancel", "j1"), ("enqueue", "a.b")),
        *(("queues",), ("tree", "j1"), ("retry", "j1"), ("pause", "high"), ("resume",)),
    ],
)
def test_every_verb_has_json(daemon: Served, words: tuple[str, ...]) -> None:
    """--json prints one line that a program can read."""
    result = ctl(daemon, *words, "--json")
    assert result.exit_code == 0
    assert isinstance(json.loads(result.output), dict)
    assert result.output.count("\n") == 1


def test_jobs_asks_for_a_state_and_a_page(daemon: Served) -> None:
    """The options reach the daemon, and the table has one line for each job."""
    result = ctl(daemon, "jobs", "--state", "finished", "--limit", "7", "--offset", "0")
    assert daemon.house.asked == [("jobs", ("finished", 7, 0))]
    assert [line.split()[:2] for line in result.output.splitlines()[1:]] == [["j2", "finished"]]


def test_show_prints_what_is_known(daemon: Served) -> None:
    """`show` has the state and the function."""
    lines = ctl(daemon, "show", "j1").output.splitlines()
    assert lines[:2] == ["job        j1", "state      started"]


def test_cancel_says_what_ended_at_which_signal(daemon: Served) -> None:
    """The line tells the processes by rung, and that nothing of the job lives."""
    result = ctl(daemon, "cancel", "j1", "--grace", "0.5", "--reason", "wrong run")
    assert daemon.house.asked == [("cancel", ("j1", 0.5, True, os.geteuid(), "wrong run"))]
    assert result.output == (
        "job j1: stopped; 3 processes ended: 2 at SIGUSR1, 1 at SIGKILL; nothing of it lives\n"
    )


def test_a_sentence_is_no_wider_than_the_terminal(
    daemon: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What would leave the last column goes on below, indented; nothing of it is lost."""
    monkeypatch.setattr("weppd.ctl.talk._looked_at", lambda: True)
    result = ctl(daemon, "cancel", "j1", columns=40)
    assert result.output.splitlines() == [
        "job j1: stopped; 3 processes ended: 2 at",
        "  SIGUSR1, 1 at SIGKILL; nothing of it",
        "  lives",
    ]


def test_a_limit_that_is_none_is_named_once(daemon: Served) -> None:
    """The refusal names the field and the reason, in the API's own words alone."""
    result = ctl(daemon, "enqueue", "a.b", "--limit", "cpu.max=fast")
    assert result.exit_code == 1
    assert result.stderr.startswith('weppdctl: body: limits: cpu.max: give "max"')
    assert daemon.house.asked == []


def test_tree_draws_what_is_below(daemon: Served) -> None:
    """Each job below has a line of its own, a failed one its error's last line."""
    result = ctl(daemon, "tree", "j1", "--all")
    assert daemon.house.asked == [("tree", ("j1", True))]
    assert result.output.splitlines() == [
        "finished run_wepp_rq j1",
        "├─ failed   h7 c",
        "│    no such file",
        "└─ and 3 queued",
    ]
    assert ctl(daemon, "tree", "nobody").exit_code == 4


def test_pause_tells_which_queues_are_paused(daemon: Served) -> None:
    """The answer of pause names the queues; without a name all are asked for."""
    result = ctl(daemon, "pause", "high", "low")
    assert result.stdout == "weppd: open; 2 jobs run; paused: high, low\n"
    ctl(daemon, "resume")
    asked = [what[0] for verb, what in daemon.house.asked if verb in ("pause", "resume")]
    assert asked == [["high", "low"], []]


def test_a_pause_of_what_this_node_does_not_serve_is_said(daemon: Served) -> None:
    """On stderr: with a slip in the name, the queue that was meant goes on."""
    result = ctl(daemon, "pause", "high", "hihg", "--json")
    assert json.loads(result.stdout)["paused"] == ["high", "hihg"]
    assert "does not serve the queue hihg" in result.stderr
    assert ctl(daemon, "pause", "high").stderr == ""
    assert ctl(daemon, "pause").stderr == ""


@pytest.mark.parametrize("verb", ["show", "logs", "cancel", "retry"])
def test_what_can_be_no_id_is_no_job(daemon: Served, verb: str) -> None:
    """An empty variable is wrong usage, a path is a job that is not there: no route is named."""
    empty, path = ctl(daemon, verb, ""), ctl(daemon, verb, "../j1", "--json")
    assert (empty.exit_code, "give a job's id" in empty.output) == (2, True)
    assert (path.exit_code, json.loads(path.stderr)["type"]) == (4, "no-such-job")
    assert daemon.house.asked == []


def test_cancel_need_not_wait(daemon: Served) -> None:
    """--no-wait tells the daemon so."""
    ctl(daemon, "cancel", "j1", "--no-wait")
    assert daemon.house.asked == [("cancel", ("j1", None, False, os.geteuid(), ""))]


def test_enqueue_reads_json_where_it_is_json(daemon: Served) -> None:
    """7 is a number, run-1 and NaN are strings, --kw takes both, -- ends the options."""
    words = [
        "tasks.x.run",
        "--kw",
        "wepp_bin=null",
        "--kw",
        "n=[1,2]",
        "--cpus",
        "all",
        "-q",
        "high",
    ]
    result = ctl(daemon, "enqueue", *words, "--", "run-1", "7", "NaN", '"7"', "-1")
    assert result.output == "job job2: on queue high\n"
    function, args, kwargs, queue, more = daemon.house.asked[0][1]
    assert (function, args) == ("tasks.x.run", ["run-1", 7, "NaN", "7", -1])
    assert (kwargs, queue, more["cpus"]) == ({"wepp_bin": None, "n": [1, 2]}, "high", "all")


@pytest.mark.parametrize(("state", "code"), [("finished", 0), ("failed", 1), ("stopped", 1)])
def test_enqueue_waits_for_the_end(daemon: Served, state: str, code: int) -> None:
    """--wait exits 0 for a job that finished and 1 for one that did not."""

    def ends() -> None:
        eventually(lambda: "job2" in daemon.house.store)
        daemon.do(daemon.house.store["job2"].update, {"state": state, "error": "why"})

    threading.Thread(target=ends).start()
    result = ctl(daemon, "enqueue", "a.b", "--wait")
    assert (result.exit_code, result.output) == (code, f"job job2: {state}: why\n")


def test_a_queue_that_this_node_does_not_serve_is_named(daemon: Served) -> None:
    """On stderr, beside the answer: with a slip in its name the job would wait for ever."""
    result = ctl(daemon, "enqueue", "a.b", "-q", "low", "--json")
    assert (result.exit_code, json.loads(result.stdout)["queue"]) == (0, "low")
    assert "does not serve the queue low" in result.stderr
    assert ctl(daemon, "enqueue", "a.b", "-q", "high").stderr == ""


def test_a_function_that_this_node_does_not_know_is_named(daemon: Served) -> None:
    """On stderr, beside the answer: with a slip in its name the job can but fail."""
    result = ctl(daemon, "enqueue", "nowhere.f", "-q", "high", "--json")
    assert (result.exit_code, json.loads(result.stdout)["id"]) == (0, "job2")
    assert "fails where this node takes it: unknown task 'nowhere.f'" in result.stderr


def test_an_answer_that_cannot_be_written_is_one_line(daemon: Served) -> None:
    """As on a full disk: no traceback, and not 0."""
    argv = [sys.executable, "-m", "weppd.ctl", "--socket", str(daemon.path), "jobs", "--json"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "weppdctl: the output cannot be written: No space left on device\n"


@pytest.mark.parametrize("words", ["show x", "cancel x", "logs x", "logs -f x"])
def test_an_unknown_job_exits_4(daemon: Served, words: str) -> None:
    """Scripts can tell a job that is not there from everything else."""
    result = ctl(daemon, *words.split())
    assert (result.exit_code, result.stdout) == (4, "")
    assert result.stderr == "weppdctl: no job x: it never was, or its record has expired\n"


@pytest.mark.parametrize("fault", [Refused("not now"), StoreAway("redis does not answer")])
def test_a_refusal_exits_1_with_the_daemons_words(daemon: Served, fault: Exception) -> None:
    """What the daemon says is what the operator reads; with --json it is the whole problem."""
    daemon.house.fault = fault
    result = ctl(daemon, "jobs")
    assert (result.exit_code, result.stderr) == (1, f"weppdctl: {fault}\n")
    assert json.loads(ctl(daemon, "jobs", "--json").stderr)["detail"] == str(fault)


@pytest.mark.parametrize(
    "words",
    [
        ("jobs", "--state", "lost"),
        ("frobnicate",),
        ("enqueue", "a.b", "--kw", "x"),
        ("enqueue", "a.b", "--cpus", "some"),
        ("cancel",),
        ("cancel", "j", "--grace", "-1"),
    ],
)
def test_wrong_usage_exits_2(daemon: Served, words: tuple[str, ...]) -> None:
    """A slip on the command line never reaches the daemon."""
    assert ctl(daemon, *words).exit_code == 2
    assert daemon.house.asked == []


def test_no_daemon_exits_3(tmp_path: Path, impatient: None) -> None:
    """Nobody there, a file that is no socket, and a socket that nobody serves: all are 3."""
    (tmp_path / "file").write_text("")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "dead"))
    for name in ("nothing", "file", "dead"):
        result = CliRunner().invoke(cli, ["status", "--socket", str(tmp_path / name)])
        assert (result.exit_code, result.stdout) == (3, "")
        assert str(tmp_path / name) in result.stderr


def test_a_daemon_that_hangs_exits_3(tmp_path: Path, impatient: None) -> None:
    """A stopped daemon still has its socket: weppdctl says so in place of waiting for ever."""
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(tmp_path / "deaf"))
        deaf.listen(5)
        result = CliRunner().invoke(cli, ["--socket", str(tmp_path / "deaf"), "status"])
    assert result.exit_code == 3
    assert result.stderr.endswith("deaf: weppd is there, but does not answer\n")


def test_a_daemon_that_has_no_time_yet_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """systemd holds its socket while it starts, or its host is busy: it answers all in the end."""
    monkeypatch.setattr(Talk, "patience_s", 0.1)
    done: list[Result] = []
    said = '{"mood": "paused", "running": 0}'
    with socket.socket(socket.AF_UNIX) as late:
        late.bind(str(tmp_path / "late"))
        late.listen(5)
        words = ["--socket", str(tmp_path / "late"), "drain", "--json"]
        caller = threading.Thread(target=lambda: done.append(CliRunner().invoke(cli, words)))
        caller.start()
        asked, _ = late.accept()
        look, _ = late.accept()
        caller.join(3 * Talk.patience_s)
        assert caller.is_alive()
        for each in (look, asked):
            each.recv(65536)
            each.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(said)}\r\n\r\n{said}".encode())
            each.close()
        caller.join(20)
    assert (done[0].exit_code, done[0].stdout) == (0, f"{said}\n")


def test_a_daemon_that_works_long_is_waited_for(
    daemon: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cancel may take longer than the time after which a silent daemon counts as hung."""
    # A loaded machine must get round to an answer within it.
    monkeypatch.setattr(Talk, "patience_s", 1.0)
    done: list[Result] = []
    caller = threading.Thread(target=lambda: done.append(ctl(daemon, "cancel", "j1")))
    daemon.house.hold = asyncio.Event()
    caller.start()
    # Long enough for several looks at a daemon that has not answered yet.
    caller.join(3 * Talk.patience_s)
    assert caller.is_alive()
    daemon.do(daemon.house.hold.set)
    caller.join(20)
    assert done[0].exit_code == 0


def test_a_restart_is_waited_for(tmp_path: Path) -> None:
    """A verb asked while the daemon restarts is answered by the next one."""
    path = tmp_path / "admin.sock"
    later = Served(path, a_job("j1"))
    timer = threading.Timer(0.3, later.start)
    timer.start()
    try:
        assert ctl(later, "show", "j1").exit_code == 0
    finally:
        timer.join(10)
        later.stop()


def test_logs_are_printed_as_they_are(daemon: Served) -> None:
    """Bytes that are no UTF-8 pass through; --canonical asks for the lines that compare."""
    daemon.house.lines["j1"] = [b"one\n", b"tw\xff", b"o\n"]
    result = ctl(daemon, "logs", "j1", "--canonical")
    assert (result.exit_code, result.stdout_bytes) == (0, b"one\ntw\xffo\n")
    assert daemon.house.asked == [("log", ("j1", True, False))]


def test_logs_as_json_are_a_line_each(daemon: Served) -> None:
    """--json makes one object of each line, the last one too where its end is missing."""
    daemon.house.lines["j1"] = [b"one\ntw", b"o\nthree"]
    lines = ctl(daemon, "logs", "j1", "--json").output.splitlines()
    assert [json.loads(line)["line"] for line in lines] == ["one", "two", "three"]


def test_a_log_that_is_on_another_node_is_named(daemon: Served) -> None:
    """Nothing is printed for what this node did not run, but where it is."""
    daemon.house.lines |= {"j8": [], "j9": []}
    daemon.house.store["j9"] = a_job("j9", worker="node2.east.3", runid="my-run", node="node1")
    daemon.house.store["j8"] = a_job("j8", worker="node1.2", node="node1")
    elsewhere, here = ctl(daemon, "logs", "j9"), ctl(daemon, "logs", "j8")
    assert (elsewhere.exit_code, elsewhere.stdout_bytes) == (0, b"")
    assert (
        "j9 ran on node node2.east: ask there, or read _logs/rq.node2.east.log" in elsewhere.output
    )
    assert here.output == ""


def test_locks_are_listed_and_one_is_taken_away_by_its_name(daemon: Served) -> None:
    """A line each in 80 columns: held by whom, and whether he lives; exit 4 for one that is not."""
    lines = ctl(daemon, "locks", "my-run").output.splitlines()
    assert [line.split()[0] for line in lines] == ["LOCK", "my-run:wepp.nodb", "my-run:soils.nodb"]
    assert lines[1].endswith("lives: job j1")
    assert lines[2].endswith("unseen: web1:12")
    assert max(map(len, lines)) <= 80
    assert json.loads(ctl(daemon, "locks", "--json").output)["locks"][1]["lives"] is None
    freed = ctl(daemon, "unlock", "my-run:soils.nodb", "--force")
    assert freed.output == "lock my-run:soils.nodb is free; it was held by web1:12\n"
    assert daemon.house.asked[-1] == ("unlock", ("my-run:soils.nodb", True, os.getuid()))
    unknown = ctl(daemon, "unlock", "my-run:other.nodb")
    assert (unknown.exit_code, "nobody holds it" in unknown.output) == (4, True)


def in_run(run: Path, name: str, *lines: str) -> None:
    """Lines of a run's log, each `<second> <column>…`, as a scribe writes them."""
    (run / name).parent.mkdir(parents=True, exist_ok=True)
    head = "2026-11-25T04:33:"
    (run / name).write_text("".join(f"{head}{line[:2]}.000Z{line[2:]}\n" for line in lines))


def test_what_other_nodes_wrote_of_a_job_is_among_its_lines(daemon: Served, tmp_path: Path) -> None:
    """By time, and no other job's; what cannot be read is named; a job that moved reads whole."""
    run = tmp_path / "my-run"
    began = "WEPPD ~ began tasks.f job={} params=0 weppd=1 attempt=1"
    in_run(run, "rq.log", f"01 - job {began.format('j1')}", "02 - job INFO from the first")
    in_run(run, "_logs/node", "")
    (run / "_logs/node").write_text("node0\n")
    in_run(
        run, "_logs/rq.node2.log",
        f"03 1 job {began.format('j7')}", "03 1 job INFO not mine",
        f"04 2.1 a b {began.format('j1')}", "05 1 job INFO not mine", "06 2.1 a b INFO and after",
        "07 2.1 a b WEPPD ~ ended retry after 1 s", "08 2.1 a b INFO not mine",
    )  # fmt: skip
    in_run(run, "_logs/rq.node1.log", "09 - job INFO what this node has told already")
    daemon.house.store["j1"] |= {"node": "node1", "run_dirs": ["/nowhere", str(run)]}
    local = [f"2026-11-25T04:33:{second}.500Z - job INFO here\n" for second in ("01", "06")]
    daemon.house.lines["j1"] = [line.encode() for line in local]
    result = ctl(daemon, "logs", "j1")
    said = [line.partition(" INFO ")[2] for line in result.output.splitlines() if " INFO " in line]
    assert said == ["here", "from the first", "and after", "here"]
    assert result.output.count("WEPPD") == 3


def test_what_cannot_be_read_of_a_job_that_moved_is_named(daemon: Served, tmp_path: Path) -> None:
    """A run that is not here, a file that is none; of a job that is whole here nothing is said."""
    run = tmp_path / "my-run"
    (run / "_logs/rq.node2.log").mkdir(parents=True)
    daemon.house.lines["j1"] = [b"here\n"]
    job = daemon.house.store["j1"]
    job |= {"node": "node1", "worker": "node1.2", "run_dirs": ["/nowhere"]}
    assert ctl(daemon, "logs", "j1").output == "here\n"
    job["worker"] = "node2.1"
    lost = ctl(daemon, "logs", "j1")
    assert "weppdctl: its run is not here: there is no /nowhere" in lost.output
    job |= {"worker": "node1.2", "crashes": 1, "run_dirs": [str(run)]}
    assert "_logs/rq.node2.log: Is a directory" in ctl(daemon, "logs", "j1").output


def test_a_log_that_was_swept_here_is_read_from_its_run(daemon: Served, tmp_path: Path) -> None:
    """Logs are kept for so many days, runs for longer."""
    run = tmp_path / "my-run"
    in_run(run, "rq.log", "01 - job WEPPD ~ began t.f job=j1 params=0", "02 - job INFO of old")
    daemon.house.lines["j1"] = []
    daemon.house.store["j1"] |= {"node": "node1", "run_dirs": [str(run)]}
    assert ctl(daemon, "logs", "j1").output.splitlines()[1].endswith("INFO of old")


def test_following_a_log_goes_on_in_the_next_daemon(tmp_path: Path) -> None:
    """`logs -f` outlives a restart of weppd: no line is lost and none comes twice."""
    path = tmp_path / "admin.sock"
    first, second = Served(path, a_job("j1")), Served(path, a_job("j1"))
    first.house.lines["j1"] = [b"one\n", b"two\n"]
    second.house.lines["j1"] = [b"one\ntwo\nth", b"ree\n"]
    first.start()
    with subprocess.Popen(
        [*WEPPDCTL, "--socket", str(path), "logs", "-f", "j1"], stdout=subprocess.PIPE
    ) as caller:
        assert caller.stdout is not None
        read = [caller.stdout.readline() for _ in range(2)]
        first.stop()
        second.start()
        read.append(caller.stdout.readline())
        second.house.store["j1"]["state"] = "finished"
        second.do(second.house.closed.set)
        rest, _ = caller.communicate(timeout=20)
        second.stop()
    assert (read, rest, caller.returncode) == ([b"one\n", b"two\n", b"three\n"], b"", 0)


def test_a_reader_who_leaves_early_is_no_traceback(daemon: Served) -> None:
    """`weppdctl logs J | head -1` ends quietly."""
    daemon.house.lines["j1"] = [b"x" * 70_000 + b"\n"] * 40
    shell = f'"$0" -c "$1" --socket "{daemon.path}" logs j1 | head -c 5'
    done = subprocess.run(
        ["sh", "-c", shell, sys.executable, WEPPDCTL[2]], capture_output=True, timeout=30
    )
    assert (done.stdout, done.stderr) == (b"xxxxx", b"")


@pytest.mark.parametrize(("extra", "coloured"), [({}, False), ({"NO_COLOR": "1"}, False)])
def test_a_pipe_has_no_colours(daemon: Served, extra: dict[str, str], coloured: bool) -> None:
    """Escape sequences go to terminals only."""
    done = subprocess.run(
        [*WEPPDCTL, "jobs"],
        env={**os.environ, "WEPPDCTL_SOCKET": str(daemon.path), **extra},
        capture_output=True,
        timeout=30,
    )
    assert done.returncode == 0
    assert (b"\x1b" in done.stdout) is coloured


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_a_terminal_has_colours_unless_told(daemon: Served, no_color: str, coloured: bool) -> None:
    """On a terminal states are coloured; NO_COLOR turns that off."""
    ours, theirs = os.openpty()
    env = {**os.environ, "NO_COLOR": no_color, "TERM": "xterm", "COLUMNS": "80"}
    command = [*WEPPDCTL, "--socket", str(daemon.path), "jobs"]
    done = subprocess.run(command, env=env, stdout=theirs, timeout=30)
    os.close(theirs)
    shown = os.read(ours, 65536)
    os.close(ours)
    assert done.returncode == 0
    assert (b"\x1b[36m" in shown) is coloured


def test_watch_shows_again_until_interrupted(daemon: Served) -> None:
    """--watch asks the daemon again and ends quietly with Ctrl-C."""
    with subprocess.Popen(
        [*WEPPDCTL, "--socket", str(daemon.path), "status", "--watch", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as caller:
        assert caller.stdout is not None
        shown = [json.loads(caller.stdout.readline())["name"] for _ in range(2)]
        caller.send_signal(signal.SIGINT)
        _, err = caller.communicate(timeout=20)
    assert (shown, caller.returncode, err) == (["node1", "node1"], 0, b"")


def test_reload_returns_when_the_daemon_serves_anew(daemon: Served) -> None:
    """A look at its status tells; with a timeout of 0 nobody waits."""
    result = ctl(daemon, "reload")
    assert (result.exit_code, result.output[:18]) == (0, "weppd: began again")
    assert json.loads(ctl(daemon, "reload", "--json").output)["since"] == 2.0
    assert ctl(daemon, "reload", "--timeout", "0").output == "weppd: reloading; 2 jobs run\n"


def test_reload_of_a_busy_daemon_says_that_it_goes_on_and_waits(daemon: Served) -> None:
    """Longer than any other answer is waited for; then it is done."""
    daemon.house.begin_again = lambda: None
    argv = [*WEPPDCTL, "--socket", str(daemon.path), "reload"]
    with subprocess.Popen(argv, stdout=-1, stderr=-1, text=True) as asking:
        assert asking.stderr is not None
        assert "weppd is beginning again" in asking.stderr.readline()
        daemon.do(daemon.house.renewed)
        out, _ = asking.communicate(timeout=60)
    assert (asking.returncode, out[:18]) == (0, "weppd: began again")


@pytest.mark.usefixtures("impatient")
def test_reload_of_a_daemon_that_checks_for_long_is_done_all_the_same(daemon: Served) -> None:
    """Its loop does not turn meanwhile, for ten times as long as weppdctl has patience."""
    house = daemon.house

    def checked() -> None:
        threading.Event().wait(10 * Talk.patience_s)
        house.renewed()

    house.begin_again = checked
    result = ctl(daemon, "reload")
    assert (result.exit_code, [verb for verb, _ in house.asked].count("reload")) == (0, 1)


@pytest.mark.usefixtures("impatient")
def test_reload_that_comes_to_no_end_is_given_up_by_name(daemon: Served) -> None:
    """No daemon serves anew: exit code 3, and the line says where to look."""
    daemon.house.begin_again = lambda: None
    result = ctl(daemon, "reload", "--timeout", "1")
    assert result.exit_code == 3
    assert "does not serve anew after 1 s" in result.output


def test_reload_that_is_refused_says_why(daemon: Served) -> None:
    """Nobody waits for what will not come."""

    def refused() -> None:
        raise Refused("reload refused: daemon.slots: give a number")

    daemon.house.begin_again = refused
    result = ctl(daemon, "reload")
    assert (result.exit_code, "daemon.slots" in result.output) == (1, True)
