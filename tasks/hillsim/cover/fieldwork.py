"""What people do to a slope, by date: planting, harvest, killing, cutting, tillage.

Dates come from the yearly scenarios of the management file. Several crops in a year follow each
other: the switch to the next comes with the end (harvest, kill) of the one before.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tasks.hillsim.cover import plants, surface
from tasks.hillsim.cover.plants import Crop, Dead
from tasks.hillsim.cover.residue import Cohort, Residue, laid
from tasks.hillsim.cover.surface import Surface
from tasks.hillsim.soil import Layer
from tasks.wepp.files import scenarios
from tasks.wepp.files.scenarios import Annual, Management, Perennial, Yearly


@dataclass(slots=True)
class Field:
    """The slope as fieldwork changes it; `current` counts the crops of the year that have ended.

    `busy` are the days of the year on which anything may be done. `open_pores` is what a
    perennial's roots multiply the conductivity by, until the ground is tilled or sown again.
    """

    plan: Management
    means: tuple[float, ...]
    top: Layer
    spacing: float
    crop: Crop
    residue: Residue
    surface: Surface
    open_pores: float = 1.0
    element: int = 0
    year: int = 0
    current: int = 0
    crops: tuple[Yearly, ...] = field(default=())
    passes: dict[int, list[scenarios.Tillage]] = field(default_factory=dict)
    busy: frozenset[int] = frozenset()

    @property
    def yearly(self) -> Yearly:
        """The scenario of the crop whose turn it is."""
        return self.crops[self.current]

    @property
    def rooted(self) -> scenarios.Plant | None:
        """The plant whose roots are in the ground: a perennial's before it is sown as well."""
        if self.crop.plant is None and self.yearly.mgmt == scenarios.PERENNIAL:
            return self.plant_of(self.yearly)
        return self.crop.plant

    @property
    def rill_share(self) -> float:
        """Share of the width that rills take."""
        return min(1.0, self.surface.width / self.spacing)

    def begin_year(self, year: int) -> None:
        """Turn to a year of the schedule (from 1)."""
        self.year, self.current = year, 0
        self.crops = self.plan.crops(year, self.element)
        self.passes = _tillages(self)
        self.busy = frozenset([*self.passes, *_dates(self.crops)])
        if not _sown(self.yearly):
            self.crop.new_year()

    def season(self, yearly: Yearly) -> float:
        """Degree-days from planting to ripeness, as given or by the monthly means.

        A perennial's season is the whole year.
        """
        plant = self.plant_of(yearly)
        if plant.gddmax > 0.0:
            return plant.gddmax
        dates = yearly.crop
        if isinstance(dates, Perennial):
            return plants.season_degrees(self.means, plant.btemp, 0, 0)
        return plants.season_degrees(self.means, plant.btemp, dates.jdplt, dates.jdharv)

    def plant_of(self, yearly: Yearly) -> scenarios.Plant:
        """The plant of a yearly scenario."""
        return self.plan.plants[yearly.itype - 1]

    def lay(self, dead: Dead, plant: scenarios.Plant) -> None:
        """Hand what died to the residue."""
        if dead.standing or dead.flat or dead.roots:
            self.residue.add(Cohort(plant, dead.standing, dead.flat, dead.flat, 0.0, dead.roots))


def work(ground: Field, julian: int) -> None:
    """Do what the plan has for a day of the year."""
    if julian not in ground.busy:
        return
    for tillage in ground.passes.get(julian, ()):
        _till(ground, tillage)
    yearly = ground.yearly
    if yearly.mgmt == scenarios.FALLOW:
        if julian == yearly.crop.jdharv:
            _next(ground)
    elif isinstance(yearly.crop, Annual):
        _annual(ground, yearly, yearly.crop, julian)
    else:
        _perennial(ground, yearly, yearly.crop, julian)


def _annual(ground: Field, yearly: Yearly, dates: Annual, julian: int) -> None:
    plant = ground.plant_of(yearly)
    if julian == dates.jdharv and ground.crop.plant is not None:
        ground.lay(ground.crop.harvest(), plant)
        _next(ground)
    if julian == dates.jdplt:
        ground.open_pores = 1.0
        ground.crop.plant_out(plant, ground.season(yearly), perennial=False)


def _perennial(ground: Field, yearly: Yearly, dates: Perennial, julian: int) -> None:
    plant = ground.plant_of(yearly)
    if julian == dates.jdplt:
        # Whatever stood there is gone, as in the engines' tables: each year starts from nothing.
        ground.crop.plant_out(plant, ground.season(yearly), perennial=True)
        # The engines' tables have such a plant age by its degree-days, later than on that date.
        ground.crop.ripens = dates.jdharv > 0
    if dates.mgtopt == scenarios.CUTTING and julian in dates.cuttings:
        ground.crop.cut()
    if julian == dates.jdharv and ground.crop.plant is not None and not ground.crop.ripens:
        ground.crop.start_aging()
    if julian == dates.jdstop and ground.crop.plant is not None:
        ground.lay(ground.crop.kill(), plant)
        _next(ground)


def _sown(yearly: Yearly) -> bool:
    """Whether this is a perennial that is sown in its year, and grows from that day on only."""
    return yearly.mgmt == scenarios.PERENNIAL and yearly.crop.jdplt > 0


def _next(ground: Field) -> None:
    """Turn to the year's next crop, if there is one."""
    ground.current = min(ground.current + 1, len(ground.crops) - 1)


def _dates(crops: tuple[Yearly, ...]) -> list[int]:
    """The days on which these crops are sown, cut, harvested or killed."""
    found: list[int] = []
    for yearly in crops:
        dates = yearly.crop
        found += [dates.jdplt, dates.jdharv]
        if isinstance(dates, Perennial):
            found += [dates.jdstop, *dates.cuttings]
    return found


def _tillages(ground: Field) -> dict[int, list[scenarios.Tillage]]:
    """The year's passes by day, each sequence once although several of its crops may name it."""
    found: dict[int, list[scenarios.Tillage]] = {}
    for index in dict.fromkeys([yearly.tilseq for yearly in ground.crops if yearly.tilseq]):
        for tillage in ground.plan.surface_effects[index - 1].tillages:
            found.setdefault(tillage.mdate, []).append(tillage)
    return found


def _till(ground: Field, tillage: scenarios.Tillage) -> None:
    tool = ground.plan.operations[tillage.op - 1]
    ground.residue.till((tool.mfo1, tool.rmfo1), (tool.mfo2, tool.rmfo2), ground.rill_share)
    surface.till(ground.surface, ground.top, tool.surdis, tool.rro, tool.rho)
    ground.open_pores = 1.0


def begin(ground: Field, start: scenarios.Initial) -> None:
    """The first day's canopy and residue, from the initial condition."""
    ground.begin_year(1)
    plan = ground.plan
    remains = plan.plants[start.iresd - 1]
    ground.residue.add(Cohort(remains, buried=start.sumsrm, roots=start.sumrtm))
    ground.residue.add(laid(remains, start.inrcov, start.rilcov))
    yearly = ground.yearly
    if yearly.mgmt == scenarios.FALLOW or start.imngmt == scenarios.FALLOW:
        return
    plant = ground.plant_of(yearly)
    perennial = yearly.mgmt == scenarios.PERENNIAL
    fixed = plant.beinp <= 0.0 and plant.yld <= 0.0 and not _sown(yearly)
    if start.cancov > 0.0 and (fixed or _stands(yearly, perennial=perennial)):
        season = ground.season(yearly)
        ground.crop.establish(plant, season, start.cancov, perennial=perennial)
        ground.crop.planted = yearly.crop.jdplt > 0


def _stands(yearly: Yearly, *, perennial: bool) -> bool:
    """Whether a crop stands on 1 January: a perennial, or an annual sown the autumn before.

    Of a perennial that is yet to be sown nothing stands, whatever the initial canopy: so the
    engines' tables have forests, fires and roads until their first planting date.
    """
    if perennial:
        return not _sown(yearly)
    return yearly.crop.jdplt > yearly.crop.jdharv
