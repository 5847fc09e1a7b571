"""hillsim beside another engine's outputs: `python -m tasks.hillsim compare DIR [PAGE]`.

DIR holds `runs/p<i>.*` and, in one or more `output*/` directories, what other engines wrote there
(`H<i>.loss.dat`). Every hillslope is run in a scratch copy; nothing in DIR is touched.
With PAGE the table replaces the one between the marks of that Markdown page.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tasks import hillsim
from tasks.hillsim.errors import Refusal
from tasks.wepp import annual, ebe, slope
from tasks.wepp.errors import FormatError

BEGIN, END = "<!-- table: make hillsim-table -->", "<!-- end of the table -->"
_HEAD = (
    "| hillslope | runoff mm/yr | others | soil loss t/ha/yr | others | yield t/yr | others |",
    "|---|---|---|---|---|---|---|",
)


def table(directory: Path) -> Iterator[str]:
    """The lines of a table in Markdown; a refused hillslope has its reason as its row."""
    yield from _HEAD
    outputs = sorted(directory.glob("output*"))
    for run_file in sorted((directory / "runs").glob("p*.run"), key=_number):
        number = _number(run_file)
        try:
            mine = _simulated(directory / "runs", number)
        except (Refusal, FormatError) as error:
            yield f"| {number} | {_reason(error)} | | | | | |"
            continue
        theirs = [
            found
            for path in outputs
            if (found := _read(path, directory / "runs", number)) is not None
        ]
        yield f"| {number} | {_cells(mine, theirs)} |"


def write(directory: Path, page: Path) -> None:
    """Put the table of `directory` where the page has one, between its two marks."""
    text = page.read_text(encoding="utf-8")
    before, found, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (found and ended):
        raise ValueError(f"{page}: the marks {BEGIN} and {END} are not there")
    body = "\n".join(table(directory))
    page.write_text(f"{before}{BEGIN}\n\n{body}\n\n{END}{after}", encoding="utf-8")


def _simulated(runs: Path, number: int) -> annual.MeanYear:
    with tempfile.TemporaryDirectory() as scratch:
        here = Path(scratch) / "runs"
        here.mkdir()
        (Path(scratch) / "output").mkdir()
        for path in runs.glob(f"p{number}.*"):
            shutil.copy(path, here / path.name)
        hillsim.run(f"p{number}.run", cwd=here, out=io.StringIO())
        found = _read(Path(scratch) / "output", runs, number)
    if found is None:
        raise FormatError(f"H{number}.loss.dat", 0, "the report has no annual means")
    return found


def _read(output: Path, runs: Path, number: int) -> annual.MeanYear | None:
    """Annual means of a report; of a single storm what the event file says of it."""
    path, events = output / f"H{number}.loss.dat", output / f"H{number}.ebe.dat"
    if not path.exists() or not path.stat().st_size:
        return None
    if (found := annual.read(path)) is not None:
        return found
    return _storm(slope.read(runs / f"p{number}.slp").width, ebe.read(events))


def _storm(width: float, rows: tuple[ebe.Row, ...]) -> annual.MeanYear:
    """The sums of the events of a slope of this width (m)."""
    runoff = sum(row.runoff_mm for row in rows)
    lost = sum(row.detachment_kg_m2 for row in rows)
    return annual.MeanYear(runoff, 10.0 * lost, sum(r.sediment_kg_m for r in rows) * width / 1e3)


def _cells(mine: annual.MeanYear, theirs: list[annual.MeanYear]) -> str:
    columns = (("runoff_mm", 1), ("soil_loss_t_ha", 2), ("sediment_yield_t", 3))
    return " | ".join(
        f"{getattr(mine, name):.{digits}f} | "
        + " ".join(f"{getattr(found, name):.{digits}f}" for found in theirs)
        for name, digits in columns
    )


def _reason(error: Exception) -> str:
    thing = error.thing if isinstance(error, Refusal) else str(error)
    return f"refused: {thing}"


def _number(path: Path) -> int:
    digits = path.stem[1:]
    return int(digits) if digits.isdigit() else 0
