"""Dead plant matter: standing, flat between and in rills, buried, and dead roots.

Stott, Alberts & Weltz, NSERL Report 10, chapter 9. Masses kg/m²; what lies flat is per area of the
zone it lies in, between rills or in them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final, final

from tasks.hillsim.native import mypyc_attr
from tasks.wepp.files.scenarios import Plant

_COHORTS: Final = 3
_NON_FRAGILE: Final = 2
_FULL: Final = 0.999


@final
class Cohort:
    """The remains of one crop, which cover and decay as its plant does.

    `covers` (m²/kg), the decay of matter and of roots, and the share of stems that stay upright
    each day are the plant's `cf`, `oratea`, `orater` and `fact`.
    """

    def __init__(
        self,
        plant: Plant,
        standing: float = 0.0,
        interrill: float = 0.0,
        rill: float = 0.0,
        buried: float = 0.0,
        roots: float = 0.0,
    ) -> None:
        self.plant = plant
        self.standing = standing
        self.interrill = interrill
        self.rill = rill
        self.buried = buried
        self.roots = roots
        self.covers: float = plant.cf
        self.rots: float = plant.oratea
        self.roots_rot: float = plant.orater
        self.upright: float = min(1.0, plant.fact) if plant.fact > 0.0 else 1.0

    def merge(self, other: Cohort) -> None:
        """Take the masses of an older cohort over; they go on by this one's constants."""
        for name in ("standing", "interrill", "rill", "buried", "roots"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


@final
@mypyc_attr(acyclic=True, free_list_len=1)
class Climate:
    """What decay sees of a day: mean °C, rain (m), water over pore space of the topsoil (0–1)."""

    def __init__(self, mean: float, rain: float, wetness: float) -> None:
        self.mean = mean
        self.rain = rain
        self.wetness = wetness


@dataclass(slots=True)
class Residue:
    """All cohorts of a slope, the newest first."""

    cohorts: list[Cohort] = field(default_factory=list)

    def add(self, cohort: Cohort) -> None:
        """Lay new remains on top; those of the same plant join, the fourth-oldest is merged."""
        if self.cohorts and self.cohorts[0].plant is cohort.plant:
            self.cohorts[0].merge(cohort)
            return
        self.cohorts.insert(0, cohort)
        if len(self.cohorts) > _COHORTS:
            oldest = self.cohorts.pop()
            self.cohorts[-1].merge(oldest)

    @property
    def interrill_cover(self) -> float:
        """Ground between rills that flat residue covers (0–1)."""
        hidden = 0.0
        for cohort in self.cohorts:
            hidden += cohort.covers * cohort.interrill
        return _cover(hidden)

    @property
    def rill_cover(self) -> float:
        """Ground in rills that flat residue covers (0–1)."""
        hidden = 0.0
        for cohort in self.cohorts:
            hidden += cohort.covers * cohort.rill
        return _cover(hidden)

    @property
    def above(self) -> float:
        """Standing and flat residue (kg/m²), the flat part as it lies between rills."""
        found = 0.0
        for cohort in self.cohorts:
            found += cohort.standing + cohort.interrill
        return found

    @property
    def lying(self) -> float:
        """Flat residue between rills (kg/m²)."""
        found = 0.0
        for cohort in self.cohorts:
            found += cohort.interrill
        return found

    @property
    def buried(self) -> float:
        """Buried residue (kg/m²)."""
        found = 0.0
        for cohort in self.cohorts:
            found += cohort.buried
        return found

    @property
    def roots(self) -> float:
        """Dead roots (kg/m²)."""
        found = 0.0
        for cohort in self.cohorts:
            found += cohort.roots
        return found

    def decay(self, climate: Climate) -> None:
        """A day of decomposition, `m·exp(−k·min(temperature, water))`; standing stems fall."""
        warm = warmth(climate.mean)
        aloft = min(warm, _standing_wetness(climate))
        wet = climate.wetness / 0.6
        below = min(warm, min(wet, 1.0 / wet) if wet > 0.0 else 0.0)
        for cohort in self.cohorts:
            _decay(cohort, aloft, below)

    def till(self, fragile: tuple[float, float], tough: tuple[float, float], rills: float) -> None:
        """Bury flat residue and flatten stems; intensities (interrill, rill) by kind of residue.

        `standing·exp(−8.535 mfo²)` stays upright; flat cover falls to `(1 − mfo)` of itself, and
        what is gone from the surface (`rills` the share of the width) is buried.
        """
        for cohort in self.cohorts:
            between, inside = tough if cohort.plant.mfocod == _NON_FRAGILE else fragile
            stays = cohort.standing * math.exp(-8.535 * between**2)
            fallen, cohort.standing = cohort.standing - stays, stays
            cohort.interrill += fallen
            cohort.rill += fallen
            cohort.buried += (1.0 - rills) * _bury(cohort, "interrill", between)
            cohort.buried += rills * _bury(cohort, "rill", inside)


def laid(plant: Plant, interrill_cover: float, rill_cover: float) -> Cohort:
    """Flat residue of a plant that covers these shares of the ground."""
    return Cohort(plant, interrill=mass(plant, interrill_cover), rill=mass(plant, rill_cover))


def mass(plant: Plant, cover: float) -> float:
    """Flat residue (kg/m²) for a cover, the inverse of `1 − exp(−cf·m)`; 0 where cf is 0."""
    return -math.log(1.0 - min(cover, _FULL)) / plant.cf if plant.cf > 0.0 else 0.0


def warmth(mean: float) -> float:
    """Temperature factor of decay, `(2ab − a²)/b²`, a = (T + 6.1)², best at 33 °C."""
    if mean <= -6.1 or mean >= 49.0:
        return 0.0
    a, best = (mean + 6.1) * (mean + 6.1), (33.0 + 6.1) * (33.0 + 6.1)
    return max(0.0, (2.0 * a * best - a * a) / (best * best))


def _standing_wetness(climate: Climate) -> float:
    return min(1.0, climate.rain / 0.004) if climate.mean > 0.0 else 0.0


def _decay(cohort: Cohort, aloft: float, below: float) -> None:
    cohort.standing *= math.exp(-cohort.rots * aloft)
    falls = cohort.standing * (1.0 - cohort.upright)
    cohort.standing -= falls
    kept = math.exp(-cohort.rots * below)
    cohort.interrill = cohort.interrill * kept + falls
    cohort.rill = cohort.rill * kept + falls
    cohort.buried *= kept
    cohort.roots *= math.exp(-cohort.roots_rot * below)


def _bury(cohort: Cohort, zone: str, intensity: float) -> float:
    before: float = getattr(cohort, zone)
    cover = _cover(cohort.plant.cf * before) * (1.0 - intensity)
    after = mass(cohort.plant, cover) if cohort.plant.cf > 0.0 else before * (1.0 - intensity)
    setattr(cohort, zone, after)
    return before - after


def _cover(exponent: float) -> float:
    return 1.0 - math.exp(-exponent)
