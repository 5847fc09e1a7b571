"""The growing crop, forest or grass: mass, leaves, cover, height and roots by degree-days.

EPIC's growth model as Arnold, Weltz, Alberts & Flanagan state it in NSERL Report 10, chapter 8.
Masses kg/m², heights and depths m, temperatures °C. What dies is handed to the caller as residue.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final, final

from tasks.hillsim.native import mypyc_attr
from tasks.hillsim.numbers import summed
from tasks.wepp.files.scenarios import Plant

_LANGLEY: Final = 0.02092
_FULL: Final = 0.999
_MINIMA: Final = 5
_SHALLOW: Final = 0.15
_THINNING: Final = 0.961
_ABOVE: Final = 1.0 - math.pow(_THINNING, 100.0 * _SHALLOW)


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Dead:
    """What a crop leaves behind: standing stems, flat litter, roots of the top 15 cm."""

    def __init__(self, standing: float = 0.0, flat: float = 0.0, roots: float = 0.0) -> None:
        self.standing = standing
        self.flat = flat
        self.roots = roots


_NOTHING: Final = Dead()


@final
class Habit:
    """What of a plant its growth asks for every day; names and units are the plant's own.

    `fixed`: it only stands there; `period` the days of its senescence.
    """

    def __init__(self, plant: Plant) -> None:
        self.bb: float = plant.bb
        self.bbb: float = plant.bbb
        self.hmax: float = plant.hmax
        self.xmxlai: float = plant.xmxlai
        self.decfct: float = plant.decfct
        self.dropfc: float = plant.dropfc
        self.rtmmax: float = plant.rtmmax
        self.rdmax: float = plant.rdmax
        self.rsr: float = plant.rsr
        self.dlai: float = plant.dlai
        self.crit: float = plant.crit
        self.btemp: float = plant.btemp
        self.otemp: float = plant.otemp
        self.tmpmin: float = plant.tmpmin
        self.tmpmax: float = plant.tmpmax
        self.extnct: float = plant.extnct
        self.beinp: float = plant.beinp
        self.flivmx: float = plant.flivmx
        self.pltol: float = plant.pltol
        self.fixed: bool = plant.beinp <= 0.0 and plant.yld <= 0.0
        self.period: int = plant.spriod or 14


@dataclass(slots=True)
class Crop:
    """The live plant of a slope; `None` as plant is bare fallow.

    `aging` counts the days of senescence, which began with the mass `ripe`; a perennial that
    `ripens` begins it by its degree-days, as annuals do. A plant that stood there from the first
    day and whose energy ratio `beinp` is 0 neither grows nor dies: its canopy is the initial one.
    """

    plant: Plant | None = None
    habit: Habit | None = None
    perennial: bool = False
    planted: bool = False
    ripens: bool = False
    season: float = 0.0
    mass: float = 0.0
    roots: float = 0.0
    degrees: float = 0.0
    senescent: bool = False
    aging: int = 0
    ripe: float = 0.0
    minima: list[float] = field(default_factory=list)

    @property
    def fixed(self) -> bool:
        """Whether the plant only stands there."""
        return self.habit is not None and self.habit.fixed

    @property
    def cover(self) -> float:
        """Canopy cover (0–1), `1 − exp(−bb·B)` less what senescence took."""
        if self.habit is None:
            return 0.0
        return self._kept() * (1.0 - math.exp(-self.habit.bb * max(self.mass, self.ripe)))

    @property
    def height(self) -> float:
        """Canopy height (m), `hmax(1 − exp(−bbb·B))`."""
        if self.habit is None:
            return 0.0
        return self.habit.hmax * (1.0 - math.exp(-self.habit.bbb * max(self.mass, self.ripe)))

    @property
    def leaves(self) -> float:
        """Leaf area index; annual `B/(B + 0.5512 exp(−6.8B))`, perennial `0.2756 exp(−13.6B)`.

        As the engines' tables have them, an annual keeps its leaves while its cover falls, and what
        is sown each year to ripen (forests, roadsides) has leaves in proportion to its cover.
        """
        habit, mass = self.habit, self.mass
        if habit is None or mass <= 0.0:
            return 0.0
        if self.ripens:
            return habit.xmxlai * self.cover
        if self.perennial:
            young = 0.2756 * math.exp(-13.6 * mass)
            return self._kept() * habit.xmxlai * mass / (mass + young)
        return habit.xmxlai * mass / (mass + 0.5512 * math.exp(-6.8 * mass))

    def _kept(self) -> float:
        """The share of its canopy that senescence has left the plant."""
        if not self.senescent or self.habit is None:
            return 1.0
        return 1.0 - (1.0 - self.habit.decfct) * self.aging / self.habit.period

    @property
    def share(self) -> float:
        """Share of the season's degree-days that has passed (0–1)."""
        return min(1.0, self.degrees / self.season) if self.season > 0.0 else 0.0

    @property
    def root_depth(self) -> float:
        """Rooting depth (m): annuals by degree-days, perennials by root mass, from 0.15 m on."""
        if self.habit is None or self.mass <= 0.0:
            return 0.0
        if self.perennial or self.fixed:
            most = self.habit.rtmmax
            depth = self.habit.rdmax * (min(1.0, self.roots / most) if most > 0.0 else 1.0)
            return max(depth, min(_SHALLOW, self.habit.rdmax))
        ripe = min(1.0, self.share / max(self.habit.dlai, 0.05))
        return self.habit.rdmax * 0.5 * (1.0 + math.sin(3.03 * ripe - 1.47))

    def shallow_roots(self) -> float:
        """Live roots of the top 15 cm (kg/m²); `1 − β^d` down to d cm, Jackson et al. (1996).

        Their β of crops, 0.961, within the rooted depth: 0.45 of the roots of a deep plant.
        """
        depth = max(self.root_depth, _SHALLOW)
        return self.roots * _ABOVE / (1.0 - math.pow(_THINNING, 100.0 * depth))

    def plant_out(self, plant: Plant, season: float, *, perennial: bool) -> None:
        """Sow or set the plant: it starts with neither mass nor degree-days."""
        self.clear()
        self.plant, self.habit = plant, Habit(plant)
        self.perennial, self.planted, self.season = perennial, True, season
        self.ripens = False

    def establish(self, plant: Plant, season: float, cover: float, *, perennial: bool) -> None:
        """Start with a canopy that covers this share of the ground, its mass by inversion.

        An established perennial has all the roots it can have.
        """
        self.clear()
        self.plant, self.habit = plant, Habit(plant)
        self.perennial, self.planted, self.season = perennial, False, season
        self.ripens = False
        self.mass = -math.log(1.0 - min(cover, _FULL)) / plant.bb if plant.bb > 0.0 else 0.0
        self.roots = plant.rsr * self.mass
        if perennial and plant.rtmmax > 0.0 and not self.fixed:
            self.roots = plant.rtmmax
        self.degrees = plant.crit

    def grow(self, mean: float, low: float, langleys: float, water: float) -> Dead:
        """One day: degree-days, growth under the scarcer of water and warmth, then senescence.

        `ΔB = 1e-4·beinp·0.02092·R·(1 − exp(−k(LAI + 0.05)))·min(water, temperature)`.
        """
        habit = self.habit
        if habit is None or habit.fixed:
            return _NOTHING
        self.minima.append(low)
        if len(self.minima) > _MINIMA:
            self.minima.pop(0)
        if self.perennial and self._freezes(habit):
            return self.fall_dormant()
        self.degrees += max(0.0, mean - habit.btemp)
        if self.degrees < habit.crit:
            return _NOTHING
        if self.share > habit.dlai and (self.ripens or not self.perennial):
            self.start_aging()
        if self.senescent:
            return self._age(habit)
        if not (self.perennial and 0.0 < habit.tmpmax < mean):
            self._gain(habit, mean, langleys, water)
        return _NOTHING

    def _gain(self, habit: Habit, mean: float, langleys: float, water: float) -> None:
        dark = math.exp(-(habit.extnct if habit.extnct > 0.0 else 0.65) * (self.leaves + 0.05))
        least = min(water, warmth(mean, habit.btemp, habit.otemp))
        gain = 1e-4 * habit.beinp * _LANGLEY * langleys * (1.0 - dark) * least
        self.mass += gain
        self.roots += habit.rsr * gain
        if self.perennial and habit.rtmmax > 0.0:
            self.roots = min(self.roots, habit.rtmmax)

    def start_aging(self) -> None:
        """Growth ends; leaves and litter begin to fall."""
        if not self.senescent and not self.fixed:
            self.senescent, self.aging, self.ripe = True, 0, self.mass

    def _age(self, habit: Habit) -> Dead:
        """A day of senescence: over `spriod` days the canopy falls to decfct, mass to dropfc."""
        if self.aging >= habit.period:
            return _NOTHING
        self.aging += 1
        falls = min(self.mass, self.ripe * (1.0 - min(1.0, habit.dropfc)) / habit.period)
        self.mass -= falls
        return Dead(flat=falls)

    def new_year(self) -> None:
        """A perennial's season begins again with the year."""
        habit = self.habit
        if self.perennial and habit is not None and not habit.fixed:
            self.degrees = habit.crit
            self._young()

    def harvest(self) -> Dead:
        """Cut the crop: grain goes, stems up to the cutting height stand, the rest lies flat."""
        plant = self.plant
        if plant is None:
            return Dead()
        remains = self.mass * (1.0 - min(max(plant.hi, 0.0), 1.0))
        stands = min(1.0, plant.cuthgt / self.height) if self.height > 0.0 else 0.0
        dead = Dead(remains * stands, remains * (1.0 - stands), self.shallow_roots())
        self.clear()
        return dead

    def kill(self) -> Dead:
        """Kill the plant where it stands."""
        dead = Dead(standing=self.mass, roots=self.shallow_roots())
        self.clear()
        return dead

    def cut(self) -> None:
        """Take away what is above the cutting height: the mass of a plant that high stays."""
        plant = self.plant
        if plant is None or self.height <= plant.cuthgt:
            return
        left = 1.0 - min(plant.cuthgt / plant.hmax, _FULL)
        self.mass = min(self.mass, -math.log(left) / plant.bbb)
        self._young()

    def fall_dormant(self) -> Dead:
        """Frost lays the tops of a perennial flat; its roots stay, and it shoots again."""
        dead = Dead(flat=self.mass)
        self.mass = self.degrees = 0.0
        self._young()
        return dead

    def clear(self) -> None:
        """Leave bare ground."""
        self.plant = self.habit = None
        self.mass = self.roots = self.degrees = 0.0
        self._young()

    def _young(self) -> None:
        self.senescent, self.aging, self.ripe = False, 0, 0.0

    def _freezes(self, habit: Habit) -> bool:
        ready = len(self.minima) == _MINIMA and self.mass > 0.0
        return ready and summed(self.minima) / _MINIMA <= habit.tmpmin


def warmth(mean: float, base: float, best: float) -> float:
    """Temperature stress (0–1), `sin(π/2·(T − base)/(best − base))`."""
    if mean <= base or best <= base:
        return 0.0
    return max(0.0, math.sin(math.pi / 2.0 * (mean - base) / (best - base)))


def season_degrees(means: tuple[float, ...], base: float, start: int, end: int) -> float:
    """Degree-days (°C·d) from monthly mean temperatures between two Julian days, over New Year too.

    What stands in for `gddmax` where the file gives 0; start 0 or end 0 mean the whole year.
    """
    if not start or not end:
        start, end = 1, 366
    last = end if start < end else end + 365
    return summed([_above(means, base, (day - 1) % 365) for day in range(start, last)])


def _above(means: tuple[float, ...], base: float, day: int) -> float:
    """Warmth of a day (from 0) above the base temperature, by its month's mean."""
    return max(0.0, means[day * 12 // 365] - base)
