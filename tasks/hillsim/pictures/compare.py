"""hillsim beside another engine's outputs: `python -m tasks.hillsim compare DIR [PAGE]`.

DIR holds `runs/p<i>.*` and, in one or more `output*/` directories, what other engines wrote there
(`H<i>.loss.dat`); and so does `DIR/watershed`, where there is one, with its channels `pw0.*` over
the pass files that are there. Every run is simulated in a scratch copy; nothing in DIR is touched.
With PAGE the table replaces the one between the marks of that Markdown page, and `agreement.svg`
beside it is drawn: hillsim over the last of the others.
"""

from __future__ import annotations

import io
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tasks import hillsim
from tasks.hillsim.errors import Refusal
from tasks.hillsim.pictures import svg
from tasks.wepp import annual
from tasks.wepp.annual import MeanYear
from tasks.wepp.files import ebe, slope
from tasks.wepp.files.errors import FormatError

BEGIN, END = "<!-- table: make hillsim-table -->", "<!-- end of the table -->"
DRAWING = "agreement.svg"
_HEAD = (
    "| hillslope | runoff mm/yr | others | soil loss t/ha/yr | others | yield t/yr | others |",
    "|---|---|---|---|---|---|---|",
)
_OUTLET = {
    name: re.compile(rf"{label}\s+=\s*([\d.]+)")
    for name, label in (
        ("area", "Total contributing area to outlet"),
        ("water", "Avg. Ann. water discharge from outlet"),
        ("sediment", "Avg. Ann. sediment discharge from outlet"),
    )
}


@dataclass(frozen=True, slots=True)
class Case:
    """A run, what hillsim makes of it (or why not), and what the others do."""

    label: str
    mine: MeanYear | None
    theirs: tuple[MeanYear, ...]
    reason: str = ""


def cases(directory: Path) -> Iterator[Case]:
    """Every hillslope of `directory` and of its watershed, then the watershed's outlet."""
    yield from _hillslopes(directory, "")
    below = directory / "watershed"
    if (below / "runs").is_dir():
        yield from _hillslopes(below, "w")
        yield _case("w outlet", _outlet(below), [_channels(below / "output")])


def table(found: Sequence[Case]) -> Iterator[str]:
    """The cases as a table in Markdown; a refused run has its reason as its row."""
    yield from _HEAD
    for case in found:
        if case.mine is None:
            yield f"| {case.label} | {case.reason} | | | | | |"
        else:
            yield f"| {case.label} | {_cells(case.mine, case.theirs)} |"


def write(directory: Path, page: Path) -> None:
    """Put the table of `directory` where the page has one, and draw it beside the page."""
    text = page.read_text(encoding="utf-8")
    before, found, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (found and ended):
        raise ValueError(f"{page}: the marks {BEGIN} and {END} are not there")
    every = list(cases(directory))
    body = "\n".join(table(every))
    told = "\n".join(_judged(every))
    page.write_text(f"{before}{BEGIN}\n\n{body}\n\n{told}\n\n{END}{after}", encoding="utf-8")
    (page.parent / DRAWING).write_text(drawing(every), encoding="utf-8")


def drawing(found: Sequence[Case]) -> str:
    """hillsim over the last of the others: runoff, and sediment yield, on logarithmic axes."""
    panels = []
    for title, name, low, high in (
        ("runoff (mm/yr)", "runoff_mm", 1.0, 500.0),
        ("sediment yield (t/yr)", "sediment_yield_t", 0.001, 300.0),
    ):
        panel = svg.Panel(title, "2024 engine", "hillsim", (low, low), (high, high), log=True)
        panel.height = panel.width
        for factor in (0.5, 1.0, 2.0):
            less, more = max(1.0, 1.0 / factor), max(1.0, factor)
            ends = [(low * less, low * more), (high / more, high / less)]
            panel.line(ends, "#999", dashed=factor != 1.0)
        for label, x, y in _pairs(found, name):
            panel.point(max(x, low), max(y, low), "#225588", label)
        panels.append(panel)
    return svg.page(panels)


def spearman(x: Sequence[float], y: Sequence[float]) -> float:
    """Rank correlation, ties at their mean rank; 0 where it says nothing."""
    a, b = _ranks(x), _ranks(y)
    mean = (len(a) + 1) / 2.0
    up = sum((p - mean) * (q - mean) for p, q in zip(a, b, strict=True))
    down = (sum((p - mean) ** 2 for p in a) * sum((q - mean) ** 2 for q in b)) ** 0.5
    return float(up / down) if down > 0.0 else 0.0


def _ranks(values: Sequence[float]) -> list[float]:
    return [
        sum(other < value for other in values) + (values.count(value) + 1) / 2.0 for value in values
    ]


def _judged(found: Sequence[Case]) -> Iterator[str]:
    """Rank correlation, median ratio and how many lie within a factor of 2, against the last."""
    for what, name in (("runoff", "runoff_mm"), ("sediment yield", "sediment_yield_t")):
        pairs = _pairs(found, name)
        x, y = [pair[1] for pair in pairs], [pair[2] for pair in pairs]
        ratios = sorted(b / a for a, b in zip(x, y, strict=True) if a > 0.0)
        near = sum(0.5 <= ratio <= 2.0 for ratio in ratios)
        middle = (ratios[(len(ratios) - 1) // 2] + ratios[len(ratios) // 2]) / 2.0
        yield (
            f"- {what} against the last of the others: Spearman {spearman(x, y):.2f}, median ratio"
            f" {middle:.2f}, {near} of {len(ratios)} within a factor of 2."
        )


def _pairs(found: Sequence[Case], name: str) -> list[tuple[str, float, float]]:
    return [
        (case.label, getattr(case.theirs[-1], name), getattr(case.mine, name))
        for case in found
        if case.mine is not None and case.theirs
    ]


def _hillslopes(directory: Path, prefix: str) -> Iterator[Case]:
    outputs, runs = sorted(directory.glob("output*")), directory / "runs"
    for run_file in sorted(runs.glob("p[0-9]*.run"), key=_number):
        number = _number(run_file)
        theirs = [found for path in outputs if (found := _read(path, runs, number)) is not None]
        yield _case(f"{prefix}{number}", partial(_simulated, runs, number), theirs)


def _case(label: str, simulate: Callable[[], MeanYear], theirs: Sequence[MeanYear]) -> Case:
    try:
        return Case(label, simulate(), tuple(theirs))
    except (Refusal, FormatError) as error:
        thing = error.thing if isinstance(error, Refusal) else str(error)
        return Case(label, None, tuple(theirs), f"refused: {thing}")


def _simulated(runs: Path, number: int) -> MeanYear:
    with tempfile.TemporaryDirectory() as scratch:
        here = _scratch(Path(scratch), runs.glob(f"p{number}.*"))
        hillsim.run(f"p{number}.run", cwd=here, out=io.StringIO())
        found = _read(Path(scratch) / "output", runs, number)
    if found is None:
        raise FormatError(f"H{number}.loss.dat", 0, "the report has no annual means")
    return found


def _outlet(directory: Path) -> Callable[[], MeanYear]:
    """What hillsim's channels make of the pass files that are there."""

    def simulate() -> MeanYear:
        with tempfile.TemporaryDirectory() as scratch:
            inputs = [*(directory / "runs").glob("pw0.*"), *(directory / "runs").glob("chan.inp")]
            here = _scratch(Path(scratch), iter(inputs))
            for path in (directory / "output").glob("H*.pass.dat"):
                shutil.copyfile(path, Path(scratch) / "output" / path.name)
            hillsim.run("pw0.run", cwd=here, out=io.StringIO())
            return _channels(Path(scratch) / "output")

    return simulate


def _scratch(scratch: Path, inputs: Iterator[Path]) -> Path:
    here = scratch / "runs"
    here.mkdir()
    (scratch / "output").mkdir()
    for path in inputs:
        shutil.copyfile(path, here / path.name)
    return here


def _channels(output: Path) -> MeanYear:
    """The annual means at a watershed's outlet; its soil loss is the hillslopes' own matter."""
    text = (output / "loss_pw0.txt").read_text(encoding="latin-1")
    found = {name: pattern.search(text) for name, pattern in _OUTLET.items()}
    area, water, sediment = (float(match[1]) if match else 0.0 for match in found.values())
    return MeanYear(water / (area * 10.0), 0.0, sediment)


def _read(output: Path, runs: Path, number: int) -> MeanYear | None:
    """Annual means of a report; of a single storm what the event file says of it."""
    path, events = output / f"H{number}.loss.dat", output / f"H{number}.ebe.dat"
    if not path.exists() or not path.stat().st_size:
        return None
    if (found := annual.read(path)) is not None:
        return found
    if not path.read_text(encoding="latin-1").startswith(" Single storm"):
        return None
    return _storm(slope.read(runs / f"p{number}.slp").width, ebe.read(events))


def _storm(width: float, rows: tuple[ebe.Row, ...]) -> MeanYear:
    """The sums of the events of a slope of this width (m)."""
    runoff = sum(row.runoff_mm for row in rows)
    lost = sum(row.detachment_kg_m2 for row in rows)
    return MeanYear(runoff, 10.0 * lost, sum(r.sediment_kg_m for r in rows) * width / 1e3)


def _cells(mine: MeanYear, theirs: Sequence[MeanYear]) -> str:
    columns = (("runoff_mm", 1), ("soil_loss_t_ha", 2), ("sediment_yield_t", 3))
    return " | ".join(
        f"{getattr(mine, name):.{digits}f} | "
        + " ".join(f"{getattr(found, name):.{digits}f}" for found in theirs)
        for name, digits in columns
    )


def _number(path: Path) -> int:
    digits = path.stem[1:]
    return int(digits) if digits.isdigit() else 0
