"""A user's code, held against the types in the wheel by `make stubs-check`."""

from __future__ import annotations

from pathlib import Path

from weppd.client import Job, Queue
from weppd.errors import Refused, SettingsError
from weppd.settings import Settings, load
from weppd.task import current, task


@task(timeout=3600, cpus="all")
def build_soils(runid: str, dry: bool = False) -> list[str]:
    """A task as an operator's own package holds it."""
    ctx = current()
    ctx.log(f"soils of {runid}", item="soils")
    ctx.progress(1, 10, "reading")
    directory: Path = ctx.run_dir(runid)
    with ctx.shield():
        names = [path.name for path in directory.iterdir()]
    try:
        job: str = ctx.enqueue(build_soils, runid, dry=True, label="jobs:1,func:build_soils")
    except Refused:
        return names
    return [*names, job]


def produce(url: str) -> str:
    """Jobs as a web application would enqueue them."""
    queue = Queue("default", connection=url)
    job: Job = queue.enqueue(build_soils, "my-run", dry=True)
    many: list[Job] = queue.enqueue_many([("tasks.noop.noop", number) for number in range(3)])
    return job.get_status() + many[0].get_status()


def slots() -> int:
    """Settings as a script would read them."""
    try:
        settings: Settings = load(None, {})
    except SettingsError as error:
        return len(error.problems)
    return settings.daemon.slots


soils: list[str] = build_soils("my-run", dry=True)
