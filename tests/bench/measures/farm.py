"""A farm of hillslopes: weppd beside `xargs -P` and GNU parallel over the same executable."""

from __future__ import annotations

import contextlib
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis

from tasks.wepp.samples.hillslopes import write_sample
from tests.acceptance.conftest import ENV, PIPELINE, Daemon
from tests.waiting import eventually
from weppd.embedded import Embedded

NAME = "farm_engine"
FARM_S = 7200.0
ENGINE = """#!/bin/sh
exec {python} -m tasks.hillsim
"""


@contextlib.contextmanager
def prepared(hillslopes: int, years: int, url: str = "") -> Iterator[tuple[Daemon, Path]]:
    """A run of so many hillslopes, with hillsim as a program of its own for a model."""
    home = Path(tempfile.mkdtemp(prefix="wb-"))
    try:
        daemon = Daemon(home, url)
        daemon.tables["tasks"]["modules"] += PIPELINE
        engine = home / "bin" / NAME
        engine.write_text(ENGINE.format(python=sys.executable))
        engine.chmod(0o755)
        run = home / "runs" / "farm"
        write_sample(run, hillslopes=hillslopes, years=years)
        yield daemon, run
    finally:
        shutil.rmtree(home, ignore_errors=True)


def shells(tool: str, hillslopes: int, years: int) -> dict[str, Any]:
    """Seconds and CPU of `xargs` or `parallel`, two at a time, output to the same files.

    Engines have the environment that a weppd has, for what else is set here may slow them down.
    """
    if shutil.which(tool) is None:
        raise RuntimeError(f"{tool} is not installed here")
    with prepared(hillslopes, years) as (daemon, run):
        return by_shell(tool, daemon, run, hillslopes)


def by_shell(tool: str, daemon: Daemon, run: Path, hillslopes: int) -> dict[str, Any]:
    """Run the hillslopes of `run` as `shells` does, by the engine that this weppd would take."""
    here, engine = run / "wepp" / "runs", daemon.home / "bin" / NAME
    one = f"{engine} < p{{}}.run > p{{}}.err 2>&1"
    argv = {
        "xargs": ["xargs", "-P", "2", "-I{}", "sh", "-c", one],
        "parallel": ["parallel", "--will-cite", "-j", "2", one],
    }[tool]
    numbers = "".join(f"{n}\n" for n in range(1, hillslopes + 1))
    before, began = _children_cpu(), time.perf_counter()
    # A session of its own, as a job has: a kernel with autogroups shares a busy machine by them.
    done = subprocess.run(
        argv, input=numbers, text=True, cwd=here, env=ENV, check=False, start_new_session=True
    )
    took, cpu = time.perf_counter() - began, _children_cpu() - before
    if done.returncode:
        raise RuntimeError(f"{tool} ended with {done.returncode}")
    return {"seconds": took, "cpu_s": cpu, "outputs": _outputs(run)}


def weppd(hillslopes: int, years: int) -> dict[str, Any]:
    """Seconds and CPU from the call to the end of the job that runs them, in a running weppd."""
    with embedded() as server, prepared(hillslopes, years, server) as (daemon, run):
        try:
            daemon.start()
            return by_weppd(daemon, run)
        finally:
            daemon.end()


def by_weppd(daemon: Daemon, run: Path) -> dict[str, Any]:
    """Run the hillslopes of `run` in a job of this weppd, which runs."""
    before, began = family_cpu(daemon), time.perf_counter()
    job = daemon.queue().enqueue("tasks.wepp_rq._run_hillslopes_rq", run.name, NAME)
    ended(daemon, job.id)
    took, cpu = time.perf_counter() - began, family_cpu(daemon) - before
    return {"seconds": took, "cpu_s": cpu, "outputs": _outputs(run)}


def family_cpu(daemon: Daemon) -> float:
    """CPU seconds of all of a weppd's processes, with those of their children that have ended."""
    return sum(sum(process.cpu_times()[:4]) for process in daemon.family())


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextlib.contextmanager
def embedded() -> Iterator[str]:
    """A Redis; its address."""
    home = Path(tempfile.mkdtemp(prefix="wb-"))
    server = Embedded(home)
    server.start()
    try:
        yield server.url(9)
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def ended(daemon: Daemon, jid: str) -> None:
    """Wait until the job has ended well, and take no CPU meanwhile; RuntimeError as of `over`."""
    with redis.Redis.from_url(daemon.url, socket_timeout=None) as store:
        store.xread({f"rq:results:{jid}": "0"}, block=int(FARM_S * 1000))
    eventually(lambda: over(daemon, jid))


def _outputs(run: Path) -> int:
    return len(list((run / "wepp/output").glob("H*.loss.dat")))


def over(daemon: Daemon, jid: str) -> bool:
    """Whether the job has ended well; RuntimeError where it ended otherwise."""
    seen = daemon.queue().fetch(jid)
    state = seen.get_status() if seen is not None else "gone"
    if state in ("failed", "canceled", "stopped", "gone"):
        raise RuntimeError(f"the farm's job is {state}: {daemon.stderr[-400:]}")
    return state == "finished"
