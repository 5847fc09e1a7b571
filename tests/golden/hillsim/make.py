"""Writes the golden outputs: `python -m tests.golden.hillsim.make`. Review the diff."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from tasks import hillsim
from tasks.wepp import sample

HERE = Path(__file__).parent
NAMES = ("H2.loss.dat", "H2.ebe.dat")


def outputs(directory: Path) -> dict[str, str]:
    """What hillsim writes for the second hillslope (corn) of a sample run of one year."""
    runs = sample.write_sample(directory, hillslopes=2, years=1, seed=7)
    hillsim.run("p2.run", cwd=runs, out=io.StringIO())
    found = runs.parent / "output"
    return {name: (found / name).read_text(encoding="latin-1") for name in NAMES}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        for name, text in outputs(Path(scratch)).items():
            (HERE / name).write_text(text, encoding="latin-1")
