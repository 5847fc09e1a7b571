"""What this version takes, and by which name it refuses the rest. Nothing is guessed.

Taken: overland flow elements in line, daily and breakpoint climates, single storms, watersheds;
cropland, forest and fire forms of the management file.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Final

from tasks.hillsim import hidden
from tasks.hillsim.errors import Refusal
from tasks.hillsim.soil import EXPONENTIAL
from tasks.wepp.files import scenarios, slope, structure
from tasks.wepp.files.forms import HillslopeRun, RunFile, StormRun, WatershedRun
from tasks.wepp.files.scenarios import Annual, Perennial, Yearly
from tasks.wepp.inputs import Inputs

HIDDEN = {
    "wepp-co2.txt": "growth under changed CO2 is not simulated",
    "partsize.dat": "other particle classes than the five of the soil are not simulated",
    "beinpcalib.txt": "calibrated growth is not simulated",
}
_WATERSHED_HIDDEN = {
    "wepp_ch.txt": "channels whose erodibility changes with time are not simulated",
}
_MONTHLY: Final = 2
_RESIDUE_WORK = {2: "burning", 3: "silage", 4: "shredding or cutting", 5: "residue removal"}
_NOT_WRITTEN = ("initial", "crop", "graphics", "winter", "yields")


def check(run: HillslopeRun, inputs: Inputs, directory: Path) -> None:
    """Refusal, naming file and thing, where the run asks for what is not simulated."""
    _check_hidden(directory)
    _check_answers(run, directory)
    if inputs.slope.version == slope.CHANNEL_VERSION:
        raise Refusal(directory / run.slp, "the slope of channels: hillslopes are simulated")
    _check_soil(inputs, directory / run.sol)
    _check_climate(inputs, directory / run.cli)
    _check_management(run, inputs, directory / run.man)
    _check_plants(run, inputs, directory)


def check_storm(run: StormRun, inputs: Inputs, directory: Path) -> None:
    """As `check`, for the run of a single storm."""
    _check_hidden(directory)
    source = directory / run.man
    if run.units.lower() == "e":
        raise Refusal(source, "a loss report in English units: metric ones are written")
    if inputs.slope.version == slope.CHANNEL_VERSION:
        raise Refusal(directory / run.slp, "the slope of channels: hillslopes are simulated")
    _check_soil(inputs, directory / run.sol)
    check_one_day(inputs, directory / run.cli)
    for crop in inputs.management.crops(1, 0):
        _check_contours(crop, source)
    _check_plants(run, inputs, directory)


def check_one_day(inputs: Inputs, path: Path) -> None:
    """Refusal of a climate, the file at `path`, that is not of one day."""
    _check_climate(inputs, path)
    if len(inputs.climate.days) != 1:
        raise Refusal(path, f"{len(inputs.climate.days)} days: a single storm has one")
    first, year = inputs.climate.begin_year, int(inputs.climate.days.year[0])
    if year != first:
        raise Refusal(path, f"the storm is of year {year}, the head's first year is {first}")


def check_watershed(run: WatershedRun, inputs: Inputs, directory: Path) -> None:
    """As `check`, for the run of a watershed."""
    _check_hidden(directory)
    for name, why in _WATERSHED_HIDDEN.items():
        if (directory / name).exists():
            raise Refusal(directory / name, f"{why}: remove the file or use another engine")
    source = directory / run.chn
    if run.units.lower() == "e":
        raise Refusal(source, "a loss report in English units: metric ones are written")
    if run.loss_option == _MONTHLY:
        raise Refusal(source, "sums of each month: sums of years and their means are written")
    if run.imp is not None and structure.impoundments(directory / run.imp):
        raise Refusal(directory / run.imp, "impoundments are not simulated")
    if inputs.slope.version != slope.CHANNEL_VERSION:
        why = f"version {inputs.slope.version:g}: channels have slope files of 99.1"
        raise Refusal(directory / run.slp, why)
    _check_soil(inputs, directory / run.sol)
    _check_climate(inputs, directory / run.cli)
    _check_management(run, inputs, directory / run.man)


def notes(run: RunFile, directory: Path) -> Iterator[str]:
    """What a file beside the run asks for that is done in another way, sentence by sentence."""
    if isinstance(run, WatershedRun) and (directory / "tc.txt").exists():
        yield "tc.txt: tc_out.txt, the times of concentration, is not written by this version"
    if (directory / "phosphorus.txt").exists():
        yield "phosphorus.txt: the stock reports tell no phosphorus, and neither do these"
    if (directory / "wepp_ui.txt").exists():
        yield "wepp_ui.txt: lateral flow is daily all the same, and there is no lossYears.txt"


def uncontoured(run: HillslopeRun | StormRun, inputs: Inputs) -> Iterator[str]:
    """Which elements' contour rows are not simulated, as engines simulate none of them.

    On a slope rows begin at its top: below an element without rows, engines let them be.
    """
    plan, years = inputs.management, 1 if isinstance(run, StormRun) else run.years
    for element in range(1, len(inputs.slope.elements)):
        rows = [c.conset for year in range(1, years + 1) for c in plan.crops(year, element)]
        if any(rows):
            why = f"contour rows of element {element + 1} lie below one without: left out"
            yield f"{run.man}: {why}"


def unwritten(run: RunFile) -> Iterator[tuple[str, str]]:
    """Each output that was asked for and that this version does not write: kind and file name."""
    for kind in _NOT_WRITTEN:
        name = getattr(run, kind, None)
        if name is not None:
            yield kind, name
    if run.summary:
        yield "summary", "delete.me"


def _check_hidden(directory: Path) -> None:
    for name, why in HIDDEN.items():
        if (directory / name).exists():
            raise Refusal(directory / name, f"{why}: remove the file or use another engine")


def _check_answers(run: HillslopeRun, directory: Path) -> None:
    source = directory / run.man
    if run.units.lower() == "e":
        raise Refusal(source, "a loss report in English units: metric ones are written")
    if run.loss_option != 1:
        raise Refusal(source, f"loss option {run.loss_option}: 1, abbreviated annual, is written")
    if run.bypass:
        raise Refusal(source, "passing over small events: every event is simulated")


def _check_plants(run: HillslopeRun | StormRun, inputs: Inputs, directory: Path) -> None:
    """Every plant that grows must have its line in pmetpara.txt, if there is one."""
    basal, plan = hidden.read(directory).basal, inputs.management
    if basal is None:
        return
    years = 1 if isinstance(run, StormRun) else run.years
    elements = range(len(inputs.slope.elements))
    crops = [crop for at in product(range(1, years + 1), elements) for crop in plan.crops(*at)]
    for crop in crops:
        name = plan.plants[crop.itype - 1].head.name
        if crop.mgmt != scenarios.FALLOW and name not in basal:
            raise Refusal(directory / "pmetpara.txt", f"no line for the plant {name!r}")


def _check_soil(inputs: Inputs, path: Path) -> None:
    """What a soil that repels water needs to be told, and what of it has no published meaning."""
    version = inputs.soil.version
    for element in inputs.soil.elements:
        line = element.recovery
        # With adjustments off such a soil is one of 7778; its curve's columns serve nothing else.
        if line is None or not line.adjusted:
            continue
        factor, rate = line.factor or 0.0, line.rate or 0.0
        if version == EXPONENTIAL and (factor < 1.0 or rate <= 0.0):
            why = f"factor {factor:g} and rate {rate:g} of an adjusted conductivity"
            raise Refusal(path, f"version {version:g}: {why}: from 1 on, and above 0")
        if (line.highest or 0.0) > 0.0:
            why = f"a highest conductivity ({line.highest:g}) of an adjusted one is not simulated"
            raise Refusal(path, f"version {version:g}: {why}: use -9999")


def _check_climate(inputs: Inputs, path: Path) -> None:
    if 0.0 < inputs.climate.version < 3.0:
        raise Refusal(path, f"CLIGEN {inputs.climate.version:g}: 3.0 and later are simulated")


def _check_management(run: HillslopeRun | WatershedRun, inputs: Inputs, path: Path) -> None:
    plan = inputs.management
    elements = range(len(inputs.slope.elements))
    for year, element in product(range(1, run.years + 1), elements):
        for crop in plan.crops(year, element):
            # The top of a hillslope decides for those below: see `uncontoured`.
            if element == 0 or isinstance(run, WatershedRun):
                _check_contours(crop, path)
            _check_yearly(crop, path)
            for work in _tillages(inputs, crop):
                _check_operation(plan.operations[work.op - 1], path)


def _tillages(inputs: Inputs, crop: Yearly) -> tuple[scenarios.Tillage, ...]:
    if not crop.tilseq:
        return ()
    return inputs.management.surface_effects[crop.tilseq - 1].tillages


def _check_contours(crop: Yearly, path: Path) -> None:
    if crop.conset:
        raise Refusal(path, f"contour rows in the year {crop.head.name!r}")


def _check_yearly(crop: Yearly, path: Path) -> None:
    name = crop.head.name
    if crop.drset:
        raise Refusal(path, f"tile drains in the year {name!r}")
    if isinstance(crop.crop, Annual) and crop.crop.resmgt in _RESIDUE_WORK:
        raise Refusal(path, f"{_RESIDUE_WORK[crop.crop.resmgt]} of residue in the year {name!r}")
    if isinstance(crop.crop, Perennial) and crop.crop.mgtopt == scenarios.GRAZING:
        raise Refusal(path, f"grazing in the year {name!r}")


def _check_operation(tool: scenarios.Operation, path: Path) -> None:
    if tool.residue is not None:
        raise Refusal(path, f"residue added or removed by the operation {tool.head.name!r}")
