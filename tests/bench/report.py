"""The figures as Markdown tables, one per test."""

from __future__ import annotations

from typing import Any

TITLES = {
    "drain": "No-op throughput, two slots",
    "drain-heavy": "The same, tasks that need numpy and pandas",
    "enqueue": "Enqueueing from one client",
    "latency": "Idle latency, from the call to the first line of the task",
    "cancel": "Cancel of a job with 24 processes below it",
    "cancel-sessions": "The same, half of the shells in sessions of their own",
    "crash-job": "SIGKILL of the job's process in mid-job",
    "crash-parent": "SIGKILL of what was started, which is started again after 2 s",
    "crash-all": "SIGKILL of everything, started again after 2 s",
    "idle-2": "Idle, two slots, numpy and pandas in use",
    "idle-16": "Idle, sixteen slots, numpy and pandas in use",
    "depth-10": "Throughput with 10 jobs waiting behind",
    "depth-10000": "Throughput with 10,000 jobs waiting behind",
    "depth-1000000": "Throughput with 1,000,000 jobs waiting behind",
    "farm": "A farm of hillslopes, two at a time, the same executable",
}
ABOUT = ("test", "peer", "versions", "fresh", "note", "runs", "failed", "load_before")


def markdown(whole: dict[str, Any]) -> str:
    """All tables of a run, with the machine on which it was."""
    machine = whole["machine"]
    load = ", ".join(f"{value:.1f}" for value in machine["load"])
    lines = [
        f"{machine['date']}, {machine['cpus']} CPUs ({machine['model']}), kernel"
        f" {machine['kernel']}, Python {machine['python']}, load at the end {load}.",
        "Median (least to most) of the runs.",
    ]
    for test in dict.fromkeys(run["test"] for run in whole["runs"]):
        lines += ["", f"### {TITLES[test]}", "", *_table(test, whole["runs"])]
    return "\n".join(lines) + "\n"


def _table(test: str, runs: list[dict[str, Any]]) -> list[str]:
    rows = [run for run in runs if run["test"] == test]
    keys = list(dict.fromkeys(key for run in rows for key in run if key not in ABOUT))
    lines = ["| | " + " | ".join(key.replace("_", " ") for key in keys) + " |"]
    lines.append("|---" * (len(keys) + 1) + "|")
    for run in rows:
        name = run["peer"] + (
            ", a fresh process per job" if run["fresh"] and test != "farm" else ""
        )
        if run["failed"]:
            cells = [run["failed"], *[""] * (len(keys) - 1)]
        else:
            cells = [_cell(run.get(key)) for key in keys]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        middle, least, most = value
        shown = _number(middle)
        return shown if least == most else f"{shown} ({_number(least)}–{_number(most)})"
    return str(value)


def _number(value: float) -> str:
    """Three digits that count.

    >>> _number(1234.5), _number(12.345), _number(0.0)
    ('1,234', '12.3', '0')
    """
    if value == 0 or isinstance(value, int):
        return f"{value:,}" if value else "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
