"""What a `.run` file answers, as data: one noun for each form of simulation.

`HillslopeRun` is a continuous simulation of one hillslope, `StormRun` a single storm,
`WatershedRun` the channels below hillslopes that were run before, `StormWatershedRun` the same of a
single storm. Names of files are relative to the directory of the run. `runfile` reads and writes
them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HillslopeRun:
    """A continuous simulation of a hillslope."""

    man: str
    slp: str
    cli: str
    sol: str
    loss: str
    years: int
    pass_file: str | None = None  # None: not wanted; so with all that follow
    initial: str | None = None  # initial-condition scenario
    wat: str | None = None
    crop: str | None = None
    soil: str | None = None
    plot: str | None = None
    graphics: str | None = None
    ebe: str | None = None
    element: str | None = None
    winter: str | None = None
    yields: str | None = None
    units: str = "m"  # of the loss report: m or e
    batch: bool = True
    loss_option: int = 1  # 1 annual, 2 detailed annual, 3 event, 4 detailed event, 5 monthly
    summary: bool = False
    irrigation: int = 0
    bypass: int = 0  # 1: small events are passed over


@dataclass(frozen=True, slots=True, kw_only=True)
class StormRun:
    """A single storm on a hillslope."""

    man: str
    slp: str
    cli: str
    sol: str
    loss: str  # the single-event report
    pass_file: str | None = None
    plot: str | None = None
    ebe: str | None = None
    element: str | None = None
    winter: str | None = None
    units: str = "m"
    batch: bool = True
    summary: bool = False
    irrigation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WatershedRun:
    """The channels below `hillslopes`, whose pass files exist, in the order of their numbers."""

    hillslopes: tuple[str, ...]
    master: str  # the pass file of all hillslopes, which is made
    man: str
    slp: str
    cli: str
    sol: str
    structure: str  # of the network, pw0.str
    chn: str  # channels
    loss: str
    years: int
    imp: str | None = None  # impoundments; None: there are none
    impoundment_output: str | None = None
    initial: str | None = None
    wat: str | None = None
    crop: str | None = None
    soil: str | None = None
    plot: str | None = None
    graphics: str | None = None
    ebe: str | None = None
    winter: str | None = None
    yields: str | None = None
    units: str = "M"
    batch: bool = True
    loss_option: int = 1  # 0 annual means, 1 and each year, 2 and each month
    summary: bool = False
    irrigation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StormWatershedRun:
    """The channels under a single storm, below `hillslopes` whose pass files are of it as well."""

    hillslopes: tuple[str, ...]
    master: str
    man: str
    slp: str
    cli: str
    sol: str
    structure: str
    chn: str
    loss: str
    imp: str | None = None
    impoundment_output: str | None = None
    plot: str | None = None
    ebe: str | None = None
    winter: str | None = None
    units: str = "M"
    batch: bool = True
    summary: bool = False
    irrigation: int = 0


RunFile = HillslopeRun | StormRun | WatershedRun | StormWatershedRun
#: By the names that `prompts.ORDERS` has for them.
FORMS: dict[str, type[RunFile]] = {
    "hillslope": HillslopeRun,
    "storm": StormRun,
    "watershed": WatershedRun,
    "storm_watershed": StormWatershedRun,
}
