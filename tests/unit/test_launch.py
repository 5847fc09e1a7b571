"""The environment that a zygote, and so every job, is started with."""

from __future__ import annotations

from pathlib import Path

from weppd.cell import launch
from weppd.cell.setup import THREADS


def environment(tmp_path: Path, given: dict[str, str]) -> dict[str, str]:
    """That of a zygote whose weppd was started with `given`."""
    return launch.command("/usr/bin/python3", str(tmp_path), "light", "s", "c", given)[1]


def test_idle_threads_of_openblas_sleep_soon_unless_somebody_said_otherwise(tmp_path: Path) -> None:
    """A job of several CPUs that multiplies nothing does not pay for threads that wait."""
    assert environment(tmp_path, {})["OPENBLAS_THREAD_TIMEOUT"] == "20"
    said = {"OPENBLAS_THREAD_TIMEOUT": "26"}
    assert environment(tmp_path, said)["OPENBLAS_THREAD_TIMEOUT"] == "26"


def test_what_a_zygote_is_told_for_its_one_thread_is_told_anew_to_jobs(tmp_path: Path) -> None:
    """Else programs of a job of several CPUs that compute by that library would use one."""
    told = {n for n, value in environment(tmp_path, {}).items() if "THREADS" in n and value == "1"}
    assert told == {*THREADS}


def test_what_is_secret_or_systemds_is_not_in_it(tmp_path: Path) -> None:
    """Jobs see neither Redis' password nor the watchdog's socket."""
    given = {"REDIS_URL": "redis://:secret@h", "WATCHDOG_USEC": "1", "HOME": "/var/lib/w"}
    env = environment(tmp_path, given)
    assert env["HOME"] == "/var/lib/w"
    assert not any(name.startswith(("REDIS", "WATCHDOG")) for name in env)
