"""What weppdctl must not load to be quick, and that its words are the daemon's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from tests.process.admin_thread import served
from tests.unit.admin_house import a_job
from weppd.admin import api, asks
from weppd.ctl import look, render
from weppd.ctl.cli import verbs
from weppd.model import Status

HEAVY = {"asyncio", "httpx", "pydantic", "rich", "redis", "starlette", "uvicorn", "psutil", "numpy"}
DAEMON = ("weppd.admin", "weppd.core", "weppd.store", "weppd.shell", "weppd.cell", "weppd.settings")
PROBE = """
import json, sys
from weppd.ctl.cli import cli
try:
    cli(prog_name="weppdctl")
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize("words", ["status", "jobs", "show j", "logs j", "cancel j", "enqueue a.b"])
def test_a_verb_loads_nothing_heavy(tmp_path: Path, words: str) -> None:
    """No verb loads a framework or the daemon: that is how it answers within 150 ms."""
    with served(tmp_path / "s", a_job("j")) as daemon:
        daemon.house.lines["j"] = [b"line\n"]
        done = subprocess.run(
            [sys.executable, "-c", PROBE, "--socket", str(daemon.path), *words.split()],
            capture_output=True,
            timeout=30,
            text=True,
        )
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    assert not loaded & HEAVY
    assert not [each for each in loaded if each.startswith(DAEMON)]


def test_doctor_loads_no_client_library_and_no_second_interpreter(tmp_path: Path) -> None:
    """It asks Redis by the daemon's own line, in the process that was started."""
    config = tmp_path / "weppd.toml"
    config.write_text(f'[redis]\nurl = "unix://{tmp_path}/none.sock"\n[run]\nroots = []\n')
    done = subprocess.run(
        [sys.executable, "-c", PROBE, "doctor", "--config", str(config)],
        capture_output=True,
        timeout=30,
        text=True,
    )
    assert "none.sock" in done.stdout
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    assert "weppd.doctor.store" in loaded
    assert not loaded & (HEAVY - {"asyncio"})


def test_verbs_have_the_same_names_on_both_sides() -> None:
    """Each verb of the API is a command of weppdctl, but for what programs ask alone, and each
    command is a verb, but for doctor, which asks no daemon, top, which asks for status, and ui."""
    programs = {"healthz", "readyz", "metrics", "events", "page"}
    routes = {each.verb.__name__ for each in api.VERBS} - programs | {"doctor", "top", "ui"}
    assert {name.rstrip("s") for name in verbs()} == {name.rstrip("s") for name in routes}


def test_the_states_are_the_models_states() -> None:
    """weppdctl, the API and the store use the same words for a job's state."""
    assert list(look.STATES) == list(get_args(asks.State)) == [each.value for each in Status]
    assert set(render.TERMINAL) == {each.value for each in Status if each.terminal}
