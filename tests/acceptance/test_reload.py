"""What is changed while weppd runs: noticed, checked, then taken up whole or refused."""

from __future__ import annotations

import json
import os

import pytest

from tests.waiting import eventually

GREET = """
from weppd.task import task

@task()
def greet():
    return {word!r}
"""


@pytest.fixture
def watched(daemon):
    """A daemon that watches its settings and a module of tasks of its own."""
    code = daemon.home / "code"
    code.mkdir()
    (code / "greetings.py").write_text(GREET.format(word="hello"))
    daemon.tables["daemon"]["watch"] = True
    daemon.tables["tasks"] = {"modules": ["greetings", "tasks.noop"]}
    daemon.tables["zygote.light"] = {"env": {"PYTHONPATH": str(code)}}
    daemon.start()
    return daemon


def replace(path, text: str) -> None:
    """Write as editors do: beside, then renamed."""
    beside = path.with_name(f".{path.name}.swp")
    beside.write_text(text)
    os.replace(beside, path)


def greeting(daemon) -> str:
    """What the task says now."""
    job = daemon.queue().enqueue("greetings.greet")
    return daemon.ends(job.id)["result"]


def slots(daemon) -> int:
    """How many slots there are now; none while weppd begins again."""
    code, out, _ = daemon.ctl("status", "--json")
    return len(json.loads(out)["slots"]) if code == 0 else 0


def test_a_changed_file_is_taken_up_by_itself(watched):
    """An editor's rename of the settings, and of a task module, is noticed; running jobs go on."""
    gate = watched.home / "gate"
    job = watched.queue().enqueue("tasks.noop.until", str(gate))
    eventually(lambda: watched.state(job.id) == "started", within=20)
    assert greeting(watched) == "'hello'"
    watched.tables["daemon"]["slots"] = 3
    settings = (watched.home / "weppd.toml").read_text().replace('"slots" = 2', '"slots" = 3')
    replace(watched.home / "weppd.toml", settings)
    eventually(lambda: slots(watched) == 3, within=30)
    replace(watched.home / "code/greetings.py", GREET.format(word="good morning"))
    eventually(lambda: greeting(watched) == "'good morning'", within=40, every=0.5)
    gate.touch()
    assert watched.ends(job.id)["state"] == "finished"
    assert watched.process.poll() is None


def test_what_is_wrong_is_refused_whole(watched):
    """A half-written module refuses the good settings beside it; mended, both are taken up."""
    module = watched.home / "code/greetings.py"
    replace(module, "def greet(:\n")
    settings = (watched.home / "weppd.toml").read_text().replace('"slots" = 2', '"slots" = 3')
    replace(watched.home / "weppd.toml", settings)
    eventually(lambda: "greetings.py:1" in watched.stderr, within=30)
    assert "action=reload refused=" in watched.stderr
    assert slots(watched) == 2
    replace(module, GREET.format(word="hello again"))
    eventually(lambda: slots(watched) == 3, within=40)
    assert greeting(watched) == "'hello again'"


def test_what_cannot_change_while_it_runs_says_so(daemon):
    """A moved runtime directory or another Redis would lose the jobs that run: refused, named."""
    daemon.start()
    daemon.tables["daemon"]["runtime_dir"] = f"{daemon.home}/elsewhere"
    daemon.tables["redis"]["url"] = "redis://elsewhere:6379/9"
    assert daemon.config.exists()
    code, _, err = daemon.ctl("reload")
    assert code == 1
    assert "daemon.runtime_dir: cannot change while weppd runs" in err
    assert "redis.url: cannot change while weppd runs" in err
    assert daemon.ends(daemon.queue().enqueue("tasks.noop.noop").id)["state"] == "finished"


def test_reload_returns_when_the_new_settings_are_in_use(daemon):
    """What is asked next is answered by them, and the job that runs is where it was."""
    daemon.start()
    gate = daemon.home / "gate"
    job = daemon.queue().enqueue("tasks.noop.until", str(gate))
    eventually(lambda: daemon.state(job.id) == "started", within=20)
    daemon.tables["daemon"]["slots"] = 3
    assert daemon.config.exists()
    code, out, err = daemon.ctl("reload")
    assert (code, "began again" in out) == (0, True), err
    assert slots(daemon) == 3
    gate.touch()
    assert daemon.ends(job.id)["state"] == "finished"
