"""The state as people look at it: plain dicts, for the admin API and the status line. Pure."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from weppd.core.state import (
    Busy,
    Closing,
    Ending,
    Forking,
    Idle,
    Recording,
    Running,
    State,
    Waiting,
)


def plain(record: Any) -> dict[str, Any]:
    """A flat dataclass as a dict."""
    return {each.name: getattr(record, each.name) for each in fields(record)}


def slot(state: State, n: int) -> dict[str, Any]:
    """One slot: its phase, and the job in it where there is one."""
    which = state.slots[n]
    if not isinstance(which, Busy | Closing):
        word = "idle" if isinstance(which, Idle) else type(which).__name__.lower()
        return {"phase": word}
    phase = state.jobs[which.eid]
    word = {Running: "running", Ending: "ending", Recording: "recording"}.get(type(phase), "")
    job = phase.ticket.job
    return {
        "phase": word,
        "eid": which.eid,
        "job": job.id,
        "function": phase.ticket.plan.function,
        "runid": job.runid,
    }


def claimed(state: State) -> list[dict[str, Any]]:
    """The claimed jobs that no cell has yet, with the CPUs and bytes that they wait for."""
    tickets = [each.ticket for each in state.jobs.values() if isinstance(each, Waiting)]
    return [
        {
            "job": each.job.id,
            "function": each.plan.function,
            "runid": each.job.runid,
            "cpus": each.plan.cpus,
            "memory": each.plan.memory,
        }
        for each in tickets
    ]


def cells_of(state: State, zygote: str) -> int:
    """How many cells of a class there are."""
    return sum(
        getattr(each, "zygote", None) == zygote and not isinstance(each, Forking)
        for each in state.slots.values()
    )


def line(state: State, queued: int | None) -> str:
    """One line for `systemctl status`; `queued` jobs wait, None where the store does not say."""
    running = sum(isinstance(phase, Running | Ending) for phase in state.jobs.values())
    idle = sum(isinstance(each, Idle) for each in state.slots.values())
    if queued is None or state.away:
        return f"{state.mood.value}: {running} running, {idle} slots idle, the store is away"
    return f"{state.mood.value}: {running} running, {queued} queued, {idle} slots idle"
