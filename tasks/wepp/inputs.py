"""The input files that a `.run` file names, read together and held against each other.

What no file shows alone: the same number of overland flow elements in slope, soil and management,
and as many years in management and climate as are to be simulated. (The engines stop with exit code
0 at the first, and clamp the years with a warning on stdout.)
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tasks.wepp.files import climate, management, slope, soil
from tasks.wepp.files.climate import Climate
from tasks.wepp.files.errors import FormatError
from tasks.wepp.files.forms import RunFile, StormRun, StormWatershedRun
from tasks.wepp.files.scenarios import Management
from tasks.wepp.files.slope import Slope
from tasks.wepp.files.soil import Soil


@dataclass(frozen=True, slots=True)
class Inputs:
    """The four input files of a hillslope, or of the channels of a watershed."""

    slope: Slope
    soil: Soil
    management: Management
    climate: Climate


def read(run: RunFile, directory: str | Path) -> Inputs:
    """The inputs that `run` names, relative to `directory`; of a watershed those of its channels.

    FormatError names the file at fault; FileNotFoundError one that is missing.
    """
    here = Path(directory)
    years = None if isinstance(run, StormRun | StormWatershedRun) else run.years
    profile, ground = slope.read(here / run.slp), soil.read(here / run.sol)
    plan = management.read(here / run.man)
    if years is not None and years > plan.simulated_years:
        described = f"the management describes {plan.simulated_years} years"
        raise FormatError(here / run.man, 0, f"{described}, {years} are to be simulated")
    found = Inputs(profile, ground, plan, climate.read(here / run.cli, years))
    _check_mode(found.climate, years is None, here / run.cli)
    _check_elements(found, here / run.sol, here / run.man)
    return found


def _check_mode(found: Climate, storm: bool, path: Path) -> None:
    if (found.mode == climate.SINGLE_STORM) != storm:
        is_storm = "a single storm" if found.mode == climate.SINGLE_STORM else "a series of days"
        wanted = "a single storm" if storm else "a continuous simulation"
        raise FormatError(path, 2, f"the climate is {is_storm}, the .run file wants {wanted}")


def _check_elements(found: Inputs, soil_path: Path, management_path: Path) -> None:
    wanted = len(found.slope.elements)
    for path, count in (
        (soil_path, len(found.soil.elements)),
        (management_path, found.management.elements),
    ):
        if count != wanted:
            why = f"{count} overland flow elements, the slope file has {wanted}"
            raise FormatError(path, 0, why)
