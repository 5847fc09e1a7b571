"""What a cancelled job leaves behind: no file, and no process but one that cannot die, by name."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest

from tests.acceptance.conftest import ROOT
from tests.acceptance.deathtasks import ignored_signals
from tests.acceptance.test_cancel import sleepers
from tests.waiting import eventually

FREEZER = Path("/sys/fs/cgroup/freezer")


@pytest.fixture
def deaths(daemon):
    """A daemon with short graces that knows the tasks."""
    daemon.tables["tasks"] = {"modules": ["tests.acceptance.deathtasks", "tasks.noop"]}
    daemon.tables["zygote.light"] = {"env": {"PYTHONPATH": str(ROOT)}}
    daemon.tables["cancel"] = {"usr1_grace": 0.3, "term_grace": 0.2, "kill_grace": 1.0}
    return daemon


@pytest.mark.parametrize("how", ["the ladder", "SIGKILL at once"])
def test_temporary_files_are_gone_before_the_verb_returns(deaths, tmp_path, how):
    """Also while a child that does not listen writes more of them; what a link points to stays."""
    if how == "SIGKILL at once":
        deaths.tables["cancel"] |= {"usr1_grace": 0.0, "term_grace": 0.0}
    deaths.start()
    mark = tmp_path / "mark"
    job = deaths.queue().enqueue("tests.acceptance.deathtasks.litter", str(mark))
    tmp = Path(eventually(lambda: mark.exists() and mark.read_text(), within=15))
    eventually(lambda: len(list(tmp.iterdir())) > 5, within=10)
    code, out, err = deaths.ctl("cancel", job.id, "--json")
    assert (code, json.loads(out)["survivors"]) == (0, 0), err
    assert not tmp.exists()
    assert Path("/etc/passwd").exists()


@pytest.fixture
def freezer():
    """A control group (v1) whose processes can be frozen: then no signal ends them (state D)."""
    group = FREEZER / f"weppd-test-{uuid.uuid4().hex}"
    try:
        group.mkdir()
    except OSError:
        pytest.skip("no freezer of cgroup v1 here, or not root: nothing else makes a state D")
    yield group
    (group / "freezer.state").write_text("THAWED")
    eventually(lambda: not (group / "cgroup.procs").read_text(), within=10)
    group.rmdir()


def test_a_process_that_cannot_die_is_named_and_not_waited_for(deaths, freezer):
    """The verb returns in time with exit code 1 and its pid; the slot goes on; it dies at last."""
    deaths.start()
    job = deaths.queue().enqueue("tasks.noop.tree", 3, 600)
    stuck, *others = eventually(lambda: len(s := sleepers(deaths)) == 3 and s, within=15)
    (freezer / "cgroup.procs").write_text(str(stuck.pid))
    (freezer / "freezer.state").write_text("FROZEN")
    eventually(lambda: stuck.status() == "disk-sleep", within=5)
    code, out, _ = deaths.ctl("cancel", job.id, "--json")
    answer = json.loads(out)
    assert (code, answer["survivors"], answer["undead"]) == (1, 1, [stuck.pid])
    assert not any(other.is_running() for other in others)
    assert deaths.state(job.id) == "stopped"
    assert str(stuck.pid) in deaths.ctl("show", job.id, "--json")[1]
    done = [deaths.queue().enqueue("tasks.noop.tree", 1, 0) for _ in range(4)]
    assert [deaths.ends(each.id)["state"] for each in done] == ["finished"] * 4
    assert stuck.is_running()
    (freezer / "freezer.state").write_text("THAWED")
    eventually(lambda: not stuck.is_running(), within=10)


def test_a_program_of_a_job_ignores_no_signal_that_others_do_not(deaths):
    """None of those that its cell ignores, and none that posix_spawn left ignored."""
    deaths.start()
    mask = deaths.queue().enqueue("tests.acceptance.deathtasks.ignored").result(timeout=30)
    assert mask & ~ignored_signals() == 0, f"{mask:x}"
