"""What `make bench-limits` found, as Markdown, JSON and a picture."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

NAMES = {
    "signals": "weppd, by signals",
    "freezer": "weppd, by cgroup.freeze",
    "kernel": "kernel quota (v1)",
    "cpulimit": "cpulimit",
}


def write(place: Path, found: dict[str, Any]) -> None:
    """Write limits.json, limits.md and limits.png into `place`, and print the Markdown."""
    place.mkdir(exist_ok=True)
    (place / "limits.json").write_text(json.dumps(found, indent=1))
    text = markdown(found)
    (place / "limits.md").write_text(text)
    print(text)
    picture(place / "limits.png", found)


def markdown(found: dict[str, Any]) -> str:
    """The tables."""
    loads = [row["load"] for row in found["errors"] + found["jobs"]]
    lines = [
        f"{found['began']}, {found['cpus']} CPUs, Linux {found['kernel']}, windows of"
        f" {found['seconds']:g} s; the machine's load was {min(loads):.0f} to {max(loads):.0f}.",
        "",
        *_errors(found["errors"]),
        "",
        *_summary(with_errors(found["errors"])),
        "",
        *_jobs(found["jobs"]),
    ]
    return "\n".join(lines) + "\n"


def _errors(rows: list[dict[str, Any]]) -> list[str]:
    methods = list(dict.fromkeys(row["method"] for row in rows))
    lines = ["| tree @ target | " + " | ".join(NAMES[name] for name in methods) + " |"]
    lines.append("|---|" + "---|" * len(methods))
    by_cell: dict[tuple[Any, ...], dict[str, dict[str, Any]]] = {}
    for row in rows:
        cell = by_cell.setdefault((row["size"], row["shape"], row["target"]), {})
        cell[row["method"]] = row
    for (size, shape, target), cell in by_cell.items():
        shown = [_cell(cell[name]) if name in cell else "" for name in methods]
        lines.append(f"| {size} {shape} @ {100 * target:g} % | " + " | ".join(shown) + " |")
    return lines


def _cell(row: dict[str, Any]) -> str:
    own = "crashed" if row.get("crashed") else f"{100 * row['own']:.2f}"
    return f"{100 * row['got']:.1f} ({own})"


def with_errors(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with the error of each, relative to its target.

    Where the tree cannot use its target at all, as the run under the kernel's quota shows, it is
    relative to what it used there.
    """
    cells = {
        (r["shape"], r["size"], r["target"]): r["got"] for r in rows if r["method"] == "kernel"
    }
    made = []
    for row in rows:
        can = cells.get((row["shape"], row["size"], row["target"]), row["target"])
        aim = can if can < 0.97 * row["target"] else row["target"]
        made.append({**row, "error": row["got"] / aim - 1})
    return made


def _cell_of(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["shape"], row["size"], row["target"]


def _summary(rows: list[dict[str, Any]]) -> list[str]:
    lines = ["| | mean error | median | worst |", "|---|---|---|---|"]
    for name in dict.fromkeys(row["method"] for row in rows):
        for shape in (*dict.fromkeys(row["shape"] for row in rows), "all"):
            off = [
                100 * abs(row["error"])
                for row in rows
                if row["method"] == name and shape in (row["shape"], "all")
            ]
            mean, median = statistics.fmean(off), statistics.median(off)
            lines.append(
                f"| {NAMES[name]}, {shape} | {mean:.1f} % | {median:.1f} % | {max(off):.1f} % |"
            )
    return lines


def _jobs(rows: list[dict[str, Any]]) -> list[str]:
    lines = [
        "| limited jobs at once | all cells together, % of one CPU | mean error | worst job |",
        "|---|---|---|---|",
    ]
    for row in rows:
        lines.append(
            f"| {NAMES[row['method']]}: {row['jobs']} {row['shape']} at {100 * row['target']:g} % |"
            f" {100 * row['own']:.2f} (idle {100 * row['idle']:.2f}) |"
            f" {100 * row['mean_error']:.1f} % | {100 * row['worst']:.1f} % |"
        )
    return lines


def picture(path: Path, found: dict[str, Any]) -> None:
    """CPU over time of a limited tree, one panel for each way of limiting it."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    courses = found["course"]
    figure, panels = plt.subplots(
        len(courses), 1, figsize=(9, 2.4 * len(courses)), sharex=True, squeeze=False
    )
    for axes, (name, points) in zip(panels[:, 0], courses.items(), strict=True):
        at = [point[0] for point in points]
        used = [100 * point[1] for point in points]
        axes.step(at, used, where="pre", color="0.7", linewidth=0.8, label="50 ms")
        axes.plot(at, _over_a_second(points), color="tab:blue", label="last second")
        axes.axhline(50, color="tab:red", linewidth=0.8, linestyle="--", label="cpu.max 50 %")
        axes.set_title(f"{NAMES[name]}: a tree of four busy processes", fontsize=9)
        axes.set_ylabel("% of one CPU", fontsize=8)
        axes.set_ylim(0, 220)
    panels[0, 0].legend(fontsize=7, ncols=3, loc="upper right")
    panels[-1, 0].set_xlabel("seconds since its start", fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def _over_a_second(points: list[tuple[float, float]]) -> list[float]:
    means = []
    for at, _ in points:
        recent = [used for when, used in points if at - 1.0 < when <= at]
        means.append(100 * statistics.fmean(recent))
    return means
