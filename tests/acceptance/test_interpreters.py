"""Jobs under another interpreter than weppd's: its packages, its version, and nothing of ours."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.acceptance.test_rq_tasks import FOREIGN
from tests.interpreters import pythons


@pytest.fixture
def house(daemon):
    """A daemon with a second class of cells, `other`, still without an interpreter."""
    env = {"PYTHONPATH": str(FOREIGN)}
    daemon.tables["zygote.light"] = {"env": env}
    daemon.tables["zygote.other"] = {"env": env}
    daemon.tables["tasks"]["modules"] = ["newtasks"]
    daemon.tables["security"] = {"allow": ["oldtasks.*"]}
    return daemon


def where(daemon, function: str) -> dict:
    """What a job of that function found around itself."""
    job = daemon.queue().enqueue(function, "my-run")
    assert daemon.ends(job.id)["state"] == "finished", daemon.show(job.id)["error"]
    return job.result()


@pytest.mark.slow
def test_a_class_has_its_own_environment_and_preload(house, rq2_python):
    """[zygote.other] with a second virtual environment: its packages are there, ours are not."""
    house.tables["zygote.other"] |= {"python": str(rq2_python), "preload": ["rq"]}
    house.start()
    there, here = where(house, "newtasks.elsewhere"), where(house, "oldtasks.where")
    assert there["prefix"] == str(rq2_python.parent.parent)
    assert "rq" in there["roots"]
    assert here["prefix"] == sys.prefix
    assert "rq" not in here["roots"]
    assert not {"psutil", "starlette", "pydantic", "numpy", "click"} & set(there["roots"])


@pytest.mark.parametrize("python", pythons("3.10", "3.12", "3.13"))
def test_another_version_needs_nothing_but_its_standard_library(house, python):
    """A bare interpreter of another version runs jobs; the cell brought only its own modules."""
    house.tables["zygote.other"]["python"] = python
    house.start()
    seen = where(house, "newtasks.elsewhere")
    told = subprocess.run(
        [python, "-c", "import sys; print(sys.prefix, sys.version_info[1])"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert f"{seen['prefix']} {seen['version'][1]}" == told.stdout.strip()
    # The interpreter's own site directory may load this one, through a .pth file of setuptools.
    assert set(seen["roots"]) - {"_distutils_hack"} <= {"weppd", "newtasks", "oldtasks", "__main__"}
    alien = ("weppd.store", "weppd.shell", "weppd.admin", "weppd.settings", "weppd.core", "tasks")
    assert [name for name in seen["ours"] if name.startswith(alien)] == []


def test_a_preload_that_is_not_there_is_named(house):
    """A module of `preload` that cannot be imported is named in the log, and the class works."""
    house.tables["zygote.other"]["preload"] = ["no_such_module"]
    house.start()
    assert where(house, "newtasks.elsewhere")["prefix"] == sys.prefix
    assert "no_such_module" in house.stderr
    assert "zygote other: preload no_such_module: ModuleNotFoundError" in house.ctl("status")[1]


def test_a_missing_interpreter_is_named_and_costs_only_its_class(house):
    """A class whose python does not exist: weppd says so, and other classes work."""
    house.tables["zygote.other"]["python"] = "/nowhere/bin/python"
    house.start()
    assert where(house, "oldtasks.where")["prefix"] == sys.prefix
    assert "/nowhere/bin/python: No such file or directory" in house.stderr
    job = house.queue().enqueue("newtasks.elsewhere", "my-run")
    shown = house.ends(job.id)
    assert shown["state"] == "failed"
    assert "/nowhere/bin/python: No such file or directory" in shown["error"]
    assert "/nowhere/bin/python" in house.ctl("status")[1]
    assert house.process.poll() is None


def test_jobs_see_no_secret_and_nothing_of_systemd(house):
    """A job's environment holds its own words, no address of Redis, and nothing of systemd's."""
    secret = "hush-hush"
    house.env |= {
        "REDIS_PASSWORD": secret,
        "NOTIFY_SOCKET": "",
        "WATCHDOG_USEC": "30000000",
        "LISTEN_FDS": "0",
        "WEPPD_REDIS_URL": house.url,
        "LANG": "C.UTF-8",
    }
    house.start()
    env = where(house, "oldtasks.where")["env"]
    assert secret not in str(env)
    assert house.url not in str(env)
    alien = ("REDIS", "NOTIFY_", "WATCHDOG_", "LISTEN_", "WEPPD_REDIS")
    assert [name for name in env if name.startswith(alien)] == []
    assert env["WEPPD_RUNID"] == "my-run"
    assert env["WEPPD_JOB_ID"] == env["RQ_JOB_ID"]
    assert env["WEPPD_CPUS"] == "1"
    assert env["LANG"] == "C.UTF-8"
    assert os.path.isabs(env["TMPDIR"])
