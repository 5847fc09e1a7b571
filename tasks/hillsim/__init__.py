"""hillsim: the embedded engine for hillslopes and watersheds, where no executable is at hand.

It answers the prompts of the same `.run` files, reads the same inputs and writes the same output
layouts as the Fortran engines do, by physics of the published documentation (README.md says which,
and what is left out). It is its own program and says so in every product: `engine=hillsim`.

    python -m tasks.hillsim < p1.run        in wepp/runs
    hillsim.run("p1.run", cwd=..., out=...) in a process that goes on
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from tasks.hillsim import native

VERSION = "0.1.0"
COMPILED = native.use()
"""Whether the compiled modules are used, see `native`; before any of them is imported."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A run in a few figures, means of a year; soil loss is over the area of net detachment."""

    years: int
    precip_mm: float
    runoff_mm: float
    soil_loss_kg_m2: float
    sediment_kg: float


def run(run_file: str | Path, cwd: str | Path, out: TextIO) -> Summary:
    """Simulate the hillslope, or the channels of the watershed, that `run_file` describes.

    Parameters
    ----------
    run_file : path of the `.run` file, relative to `cwd` or absolute
    cwd : directory that the names in it are relative to; the process's own is not touched
    out : where the engine's words go; the success marker is the last line

    Raises
    ------
    tasks.hillsim.errors.Refusal : the run asks for what this version does not simulate
    tasks.wepp.files.errors.FormatError : an input is broken: file, line, reason
    OSError : a file is missing or cannot be written
    """
    from tasks.hillsim import engine

    path = Path(cwd) / run_file
    text = path.read_text(encoding="latin-1")
    return engine.simulate(text, str(path), Path(cwd), out)


def preload() -> None:
    """Import and prepare all that a run needs, so that forks of this process start at once."""
    from tasks.hillsim import engine, numbers, single  # noqa: F401
    from tasks.hillsim.channels import watershed  # noqa: F401

    numbers.prepare()
    codecs.lookup("latin-1")
