"""Writes the golden outputs: `python -m tests.golden.hillsim.make`. Review the diff.

The inputs `p2.*` beside them, a year of corn on silt loam, are fixed.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path

from tasks import hillsim

HERE = Path(__file__).parent
NAMES = ("H2.loss.dat", "H2.ebe.dat")


def outputs(directory: Path) -> dict[str, str]:
    """What hillsim writes in `directory` for the inputs on file."""
    runs = directory / "wepp" / "runs"
    runs.mkdir(parents=True)
    (runs.parent / "output").mkdir()
    for path in HERE.glob("p2.*"):
        shutil.copy(path, runs)
    hillsim.run("p2.run", cwd=runs, out=io.StringIO())
    found = runs.parent / "output"
    return {name: (found / name).read_text(encoding="latin-1") for name in NAMES}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        for name, text in outputs(Path(scratch)).items():
            (HERE / name).write_text(text, encoding="latin-1")
