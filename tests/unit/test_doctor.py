"""What `weppdctl doctor` finds, and what it says to do about it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from weppd.client import Queue
from weppd.doctor import (
    FAIL,
    NOTE,
    OK,
    WARN,
    Finding,
    adopt,
    places,
    probe,
    render,
    roll,
    service,
    worst,
)
from weppd.doctor import store as store_checks
from weppd.doctor.server import Server
from weppd.settings import Data, Redis, Run, Settings, Tasks, Wepp, Zygote

ROOTLY = pytest.mark.skipif(os.geteuid() != 0, reason="trying as another user needs root")


def levels(findings: Iterator[Finding]) -> list[tuple[str, str]]:
    return [(each.level, each.what) for each in findings]


def test_each_finding_says_what_to_do_within_80_columns() -> None:
    """A finding is a line, with the remedy below it, that a terminal of 80 columns can show."""
    text = render([Finding(FAIL, "run root", "x " * 60, "do " * 40), Finding(OK, "disk", "fine")])
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "→ do" in text
    assert text.splitlines()[-1] == "ok   disk         fine"


def test_the_worst_finding_counts() -> None:
    """One failure is enough for exit status 1; notes are not."""
    found = [Finding(OK, "a", ""), Finding(NOTE, "b", ""), Finding(WARN, "c", "")]
    assert worst(found) == WARN
    assert worst([*found, Finding(FAIL, "d", "")]) == FAIL
    assert worst([]) == OK


def test_a_root_is_tried_with_all_that_jobs_do(tmp_path: Path) -> None:
    """Create, append, hard-link, rename, set times, delete; and nothing is left behind."""
    assert probe.tried(str(tmp_path)) == {}
    assert list(tmp_path.iterdir()) == []


@ROOTLY
def test_a_root_that_jobs_cannot_write_is_found_as_their_user(tmp_path: Path) -> None:
    """Root may write everywhere; what counts is what the job's user may."""
    root = tmp_path / "runs"
    root.mkdir()
    for each in (root, *root.parents):
        if (
            Path(os.environ["PYTEST_DEBUG_TEMPROOT"]) in each.parents
        ):  # pytest's are private, however many
            each.chmod(0o755)
    account = places.Account("nobody", 65534, 65534, (65534,))
    told = replace(Settings(), run=Run(roots=(str(root),), batch_root=""))
    (found,) = places.roots(told, account)
    assert (found.level, "nobody cannot create a directory" in found.seen) == (FAIL, True)
    root.chmod(0o2777)
    assert [each.level for each in places.roots(told, account)] == [OK]


def test_a_missing_root_is_named() -> None:
    """A root that is not mounted is a warning, by its name."""
    told = replace(Settings(), run=Run(roots=("/no/such/root",), batch_root=""))
    (found,) = places.roots(told, places.Account.own())
    assert (found.level, "/no/such/root" in found.seen) == (WARN, True)


def test_the_executable_is_looked_for(tmp_path: Path) -> None:
    """A default executable that is missing fails, and one that is there is shown."""
    wanted = replace(Settings(), wepp=Wepp(bin_dir=str(tmp_path), default_bin="wepp_250915"))
    assert levels(places.executables(wanted)) == [(FAIL, "executables")]
    program = tmp_path / "wepp_250915"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert levels(places.executables(wanted)) == [(OK, "executables")]


def test_the_maps_of_the_site_are_looked_for(tmp_path: Path) -> None:
    """None at all is a note; one that is named and missing fails, by its key."""
    (found,) = places.data(Settings())
    assert (found.level, "[data] names no maps" in found.seen) == (NOTE, True)
    told = Data(dem=f"{tmp_path}/dem.tif", climate=str(tmp_path), extracts=str(tmp_path))
    missing, there = places.data(replace(Settings(), data=told))
    assert (missing.level, missing.seen) == (FAIL, f"[data] dem: {tmp_path}/dem.tif is no file")
    assert (there.level, "climate" in there.seen) == (OK, True)
    (tmp_path / "dem.tif").touch()
    told = replace(told, extracts="/no/such")
    assert [each.level for each in places.data(replace(Settings(), data=told))] == [OK, OK, WARN]


def test_every_problem_of_the_settings_is_a_finding(tmp_path: Path) -> None:
    """Wrong settings are listed key by key; the other checks need them and do not run."""
    config = tmp_path / "weppd.toml"
    config.write_text('[daemon]\nslots = 0\n[stop]\nmode = "never"\n')
    told, findings = service.config(str(config), {})
    assert told is None
    assert [each.level for each in findings] == [FAIL, FAIL]


def test_a_password_that_everybody_may_read_is_found(tmp_path: Path) -> None:
    """The settings file with Redis's password in it wants mode 640; the password is not shown."""
    config = tmp_path / "weppd.toml"
    config.write_text('[redis]\nurl = "redis://:secret@localhost/9"\n')
    config.chmod(0o644)
    _, (found,) = service.config(str(config), {})
    assert (found.level, "secret" in found.seen) == (WARN, False)
    config.chmod(0o640)
    _, (found,) = service.config(str(config), {})
    assert found.level == OK


@pytest.mark.parametrize(("key", "value"), [("KillMode", "control-group"), ("PrivateTmp", "yes")])
def test_a_drop_in_that_endangers_jobs_is_found(key: str, value: str) -> None:
    """What running jobs need of the unit is asked of systemd, all drop-ins counted."""
    known = {"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled"}
    known |= service.CONTRACT
    assert levels(service.unit(known)) == [(OK, "unit")]
    found = list(service.unit({**known, key: value}))
    assert [each.level for each in found] == [FAIL, OK]
    assert f"{key}={value}" in found[0].seen


def test_redis_is_looked_at(redis_url: str) -> None:
    """Version, persistence, memory, latency and clock of a live Redis each have a finding."""
    told = replace(Settings(), redis=Redis(url=redis_url))
    with Server(told) as server:
        found = list(store_checks.look(told, server))
    text = " ".join(each.seen for each in found)
    assert worst(found) != FAIL
    for word in ("append-only", "memory:", "answers in", "from Redis's host"):
        assert word in text


def test_a_redis_that_evicts_is_found() -> None:
    """A Redis that may throw jobs away when it is full is a failure."""
    info = {"maxmemory": str(1 << 30), "maxmemory_policy": "allkeys-lru", "used_memory": "1"}
    assert levels(store_checks._memory(info)) == [(FAIL, "redis")]
    assert levels(store_checks._memory({**info, "maxmemory_policy": "noeviction"})) == [
        (OK, "redis")
    ]


def test_a_redis_that_is_away_is_one_finding(tmp_path: Path) -> None:
    """Its address is shown, its password is not."""
    told = replace(Settings(), redis=Redis(url=f"unix://:secret@{tmp_path}/none.sock?db=9"))
    with Server(told) as server:
        (found,) = store_checks.look(told, server)
        assert list(adopt.look(told, server, roll.Roll())) == []
    assert found.level == FAIL
    assert "none.sock" in found.seen
    assert "secret" not in found.seen


def test_an_rq_deployment_is_counted_before_it_is_taken_over(redis_url: str) -> None:
    """--adopt-rq says how many jobs wait, which are no tasks here, and whose workers still live."""
    modules = ("tasks.noop", "tasks.project_rq")
    told = replace(Settings(), redis=Redis(url=redis_url), tasks=Tasks(modules=modules))
    with redis.Redis.from_url(redis_url) as server:
        server.flushdb()
        first = Queue("default", connection=redis_url).enqueue("tasks.noop.noop")
        Queue("default", connection=redis_url).enqueue("other.module.later", depends_on=first)
        Queue("default", connection=redis_url).enqueue("wepppy.rq.project_rq.run_ash_rq", "my-run")
        Queue("batch", connection=redis_url).enqueue("other.module.run", "my-run")
        Queue("batch", connection=redis_url).enqueue("tasks.noop.no_such_task")
        server.zadd("rq:scheduled:default", {"later": 1})
        server.sadd("rq:workers", "rq:worker:old", "rq:worker:dead")
        server.hset("rq:worker:old", "birth", "x")
        with Server(told) as store:
            found = list(adopt.look(told, store, roll.call(told, places.Account.own())))
        server.flushdb()
    seen = {(each.level, each.seen) for each in found}
    assert (OK, "default: 2 queued, 0 started, 1 deferred, 1 scheduled") in seen
    assert (WARN, "batch: 2 queued, 0 started, 0 deferred, 0 scheduled") in seen
    assert (WARN, "1 beside this node: old") in seen
    for name in ("run", "later"):
        said = f"other.module.{name} is no task here, and 1 of those looked at call it"
        assert (FAIL, said) in seen
    assert (
        FAIL,
        "tasks.noop.no_such_task is no task here, and 1 of those looked at call it",
    ) in seen
    (todo,) = {each.todo for each in found if "other.module.run is" in each.seen}
    assert '"other.module.*", to [security] allow; or mark it with @task()' in todo
    (absent,) = [each for _, each in seen if "can only fail" in each]
    assert absent.startswith("1 of those looked at can only fail: run_ash_rq is no task of weppd")
    assert (OK, "5 looked at: 5 pickle") in seen


def test_a_module_of_tasks_that_cannot_be_imported_is_found() -> None:
    """It is named with its error; whether its functions are tasks is not guessed."""
    told = replace(Settings(), tasks=Tasks(modules=("tasks.noop", "tasks.no_such_module")))
    found = roll.call(told, places.Account.own())
    assert found.knows("tasks.noop.noop") is True
    assert found.knows("tasks.noop.no_such_task") is False
    assert found.knows("tasks.no_such_module.f") is None
    (problem,) = found.findings()
    assert (problem.level, "tasks.no_such_module: ModuleNotFoundError" in problem.seen) == (
        WARN,
        True,
    )


@pytest.mark.parametrize("python", ["/no/such/python", "/bin/false"])
def test_an_interpreter_that_does_not_work_is_one_finding(python: str) -> None:
    """[zygote.light] python that cannot be started, or says nothing: no task is guessed about."""
    told = replace(Settings(), zygotes={"light": Zygote(python=python)})
    found = roll.call(told, places.Account.own())
    (problem,) = found.findings()
    assert (problem.level, python in problem.seen) == (WARN, True)
    assert found.knows("tasks.noop.noop") is None


def test_weppdctl_doctor_answers_in_json(tmp_path: Path, redis_url: str) -> None:
    """`weppdctl doctor --json` lists findings, and ends with 1 where something fails."""
    config = tmp_path / "weppd.toml"
    home = tmp_path / "runs"
    home.mkdir()
    config.write_text(
        f'[daemon]\nadmin_socket = "{tmp_path}/a.sock"\n[redis]\nurl = "{redis_url}"\n'
        f'[run]\nroots = ["{home}"]\nbatch_root = ""\n[wepp]\ndefault_bin = "hillsim"\n'
        '[tasks]\nmodules = ["tasks.noop", "no_such_module"]\n'
    )
    ask = [sys.executable, "-m", "weppd.ctl", "doctor", "--json", "--config", str(config)]
    done = subprocess.run(ask, capture_output=True, text=True, timeout=60)
    found = json.loads(done.stdout)
    assert {each["what"] for each in found} >= {"config", "socket", "run root", "redis", "disk"}
    (lost,) = [each for each in found if each["what"] == "tasks"]
    assert (lost["level"], "no_such_module: ModuleNotFoundError" in lost["seen"]) == (WARN, True)
    assert done.returncode == int(any(each["level"] == FAIL for each in found))
