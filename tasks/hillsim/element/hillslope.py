"""An overland flow element: what never changes, what changes daily, how inputs become both.

A hillslope is one element, or several in line, the uppermost first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from tasks.hillsim import profiles, soil
from tasks.hillsim.cover import fieldwork, surface
from tasks.hillsim.cover.fieldwork import Field
from tasks.hillsim.cover.plants import Crop
from tasks.hillsim.cover.residue import Residue
from tasks.hillsim.cover.surface import Surface
from tasks.hillsim.hidden import Basal, FrostRules, Hidden, SnowRules
from tasks.hillsim.hydrology import frost, heat, storm, sun, water
from tasks.hillsim.hydrology.evaporation import SoilStages
from tasks.hillsim.hydrology.frost import Frost
from tasks.hillsim.hydrology.snow import Pack
from tasks.hillsim.hydrology.water import Columns
from tasks.hillsim.numbers import summed
from tasks.hillsim.sediment import classes as sediment
from tasks.hillsim.sediment import erosion
from tasks.hillsim.sediment.classes import Particle
from tasks.hillsim.sediment.erosion import Shape
from tasks.hillsim.soil import Bedrock, Horizon, Profile, Repellency, SoilInput
from tasks.wepp.files import scenarios
from tasks.wepp.files.soil import Element, Soil
from tasks.wepp.inputs import Inputs

_RILL_WIDTH: Final = 0.15
_TEMPORARY: Final = 1
_ANISOTROPY: Final = 25.0
_DEEPEST: Final = 0.999


@dataclass(slots=True)
class Site:
    """What never changes; `bottom` is the conductivity out of the lowest layer (m/s).

    `single` is a slope of one storm, before which nothing is done or worn.
    """

    shape: Shape
    number: int
    width: float
    azimuth: float
    latitude: float
    elevation: float
    has_wind: bool
    peak_scale: float
    profile: Profile
    particles: tuple[Particle, ...]
    spacing: float
    temporary_rills: bool
    bottom: float
    wave: tuple[float, float, float]
    frost: FrostRules
    snow: SnowRules
    sine: float
    basal: dict[str, Basal] | None = None
    single: bool = False
    skies: list[sun.Sky | None] = field(default_factory=lambda: [None] * 367)

    @property
    def area(self) -> float:
        """Area in plan (m²)."""
        return self.shape.length * self.width

    def sky(self, julian: int) -> sun.Sky:
        """The sun of a day of the year over this slope, worked out once."""
        found = self.skies[julian]
        if found is None:
            found = sun.sky(julian, self.latitude, self.shape.mean, self.azimuth)
            self.skies[julian] = found
        return found


@dataclass(slots=True)
class Hillslope:
    """The state of a slope; water in m, `store` by layer above wilting point, leaves and litter.

    `stress` is yesterday's transpiration over its demand.
    """

    site: Site
    ground: Field
    columns: Columns
    store: list[float]
    stages: SoilStages
    now: Columns
    frost: Frost
    pack: Pack = field(default_factory=Pack)
    on_leaves: float = 0.0
    on_litter: float = 0.0
    stress: float = 1.0

    @property
    def water(self) -> float:
        """All water above wilting point, in soil, snow and on plants (m)."""
        held = summed(self.store) + self.frost.water
        return held + self.pack.water + self.on_leaves + self.on_litter

    @property
    def bound(self) -> float:
        """Ice of what the soil holds at wilting point (m), which no other store counts."""
        above, held = 0.0, 0.0
        if not self.frost.frozen:
            return held
        for index in range(len(self.store)):
            thick = self.columns.thick[index]
            part = frost.frozen_part(above, above + thick, self.frost.edges)
            held += self.columns.earth.bound[index] * part
            above += thick
        return held

    def refresh(self) -> None:
        """Bring `now`, the soil as water finds it, up to date with the frost in it."""
        if not self.frost.frozen:
            self.now = self.columns
            return
        factor = self.site.frost.conductivity(self.ground.rooted)
        self.now = self.columns.frozen(self.frost.ice, self.frost.edges, factor)


def chain(
    inputs: Inputs, hidden: Hidden | None = None, *, single: bool = False
) -> tuple[Hillslope, ...]:
    """All elements of the four inputs, the uppermost first; as given for a `single` storm."""
    count = len(inputs.slope.elements)
    return tuple(
        [
            before_storm(build(inputs, hidden, index), inputs, index)
            if single
            else build(inputs, hidden, index)
            for index in range(count)
        ]
    )


def before_storm(slope: Hillslope, inputs: Inputs, index: int) -> Hillslope:
    """The element as a single storm finds it: as it is given, and nothing done or worn."""
    start, state = inputs.management.initial(index), slope.ground.surface
    slope.site.single = True
    state.roughness, state.ridge = state.roughness0, state.ridge0
    if state.temporary:
        state.width = start.width
    return slope


def build(inputs: Inputs, hidden: Hidden | None = None, index: int = 0) -> Hillslope:
    """An element of the four inputs (from 0) as it stands on the first morning."""
    start = inputs.management.initial(index)
    given = soil_input(inputs.soil, index)
    profile = _profile(given, start)
    hidden = hidden or Hidden()
    site = _site(inputs, profile, start, hidden, index)
    top = _surface(profile, start)
    ground = Field(
        plan=inputs.management,
        means=_monthly(inputs),
        top=profile.top,
        spacing=site.spacing,
        crop=Crop(),
        residue=Residue(),
        surface=top,
        element=index,
    )
    if not site.temporary_rills and start.width <= 0.0:
        top.width = site.spacing
    fieldwork.begin(ground, start)
    columns = Columns.of(profile.layers)
    columns.earth.moves = hidden.frost.moves
    stores = [soil.initial_store(layer, given.saturation) for layer in profile.layers]
    stages = SoilStages(profile.stage1_limit)
    ice = Frost.of(len(profile.layers))
    slope = Hillslope(site, ground, columns, stores, stages, columns, ice)
    if start.frdp > 0.0:
        _freeze(slope, start.frdp, start.thdp)
    if start.snodpy > 0.0:
        slope.pack.fall(start.snodpy * 0.1)
    return slope


def _freeze(slope: Hillslope, bottom: float, top: float) -> None:
    """Freeze the soil down to `bottom` m, as the first day finds it, thawed down to `top` m."""
    state, thick = slope.frost, slope.columns.thick
    bottom = min(bottom, float(summed(thick)))
    if bottom <= top:
        return
    state.edges.top, state.edges.bottom = top, bottom
    above = 0.0
    for index, thickness in enumerate(thick):
        part = frost.frozen_part(above, above + thickness, state.edges) / thickness
        state.ice[index] = slope.store[index] * part
        slope.store[index] -= state.ice[index]
        above += thickness
    slope.refresh()


def soil_input(given: Soil, index: int = 0) -> SoilInput:
    """An element of the soil file in the units of this package: m, m/s, fractions."""
    element = given.elements[index]
    modern = given.version >= 7777
    horizons = tuple(
        [
            Horizon(
                bottom=layer.depth / 1000.0,
                sand=layer.sand / 100.0,
                clay=layer.clay / 100.0,
                om=layer.om / 100.0,
                cec=layer.cec,
                rock=min(layer.rock / 100.0, _DEEPEST),
                bulk_density=None if layer.bulk_density is None else layer.bulk_density * 1000.0,
                ks=None if layer.ksat is None else max(layer.ksat, 1e-7) * soil.MM_PER_HOUR,
                fc=layer.fc,
                wp=layer.wp,
                anisotropy=layer.anisotropy or 1.0,
            )
            for layer in element.layers
        ]
    )
    return SoilInput(
        version=given.version,
        horizons=horizons,
        albedo=element.albedo,
        saturation=element.saturation,
        ki=element.ki,
        kr=element.kr,
        tauc=element.tauc,
        ke=0.0 if modern else (element.ke or 0.0) * soil.MM_PER_HOUR,
        adjust_ke=given.ksflag == 1,
        anisotropy=_anisotropy(element),
        bedrock=_bedrock(element),
        repellency=_repellency(given.version, element),
    )


def _anisotropy(element: Element) -> float:
    """Of all layers: as the restricting layer's line says (nothing: 25), 1 where there is none."""
    line = element.restricting
    if line is None or line.flag != 1:
        return 1.0
    return line.anisotropy if line.anisotropy and line.anisotropy > 0.0 else _ANISOTROPY


def _bedrock(element: Element) -> Bedrock | None:
    line = element.restricting
    if line is None or line.flag != 1:
        return None
    return Bedrock(line.ksat * soil.MM_PER_HOUR, (line.thickness or 0.0) / 1000.0)


def _repellency(version: float, element: Element) -> Repellency | None:
    line = element.recovery
    if line is None or not line.adjusted:
        return None
    lowest = max(0.0, line.lowest or 0.0) * soil.MM_PER_HOUR
    if version == soil.EXPONENTIAL:
        return Repellency(line.factor or 0.0, line.rate or 0.0)
    return Repellency(lowest=lowest)


def _profile(given: SoilInput, start: scenarios.Initial) -> Profile:
    """The profile, its top at the density that rain and days since tillage have left."""
    loose = profiles.profile(given, start.bdtill * 1000.0)
    tilled = min(start.bdtill * 1000.0, loose.top.consolidated)
    settled = surface.density(loose.top, tilled, start.rfcum / 1000.0, start.daydis)
    return profiles.profile(given, settled)


def _surface(profile: Profile, start: scenarios.Initial) -> Surface:
    tilled = min(start.bdtill * 1000.0, profile.top.consolidated)
    if profile.top.density >= profile.top.consolidated:
        tilled = profile.top.consolidated
    state = Surface(
        tilled=tilled,
        density=profile.top.density,
        roughness0=max(surface.SMOOTHEST, start.rrinit),
        roughness=max(surface.SMOOTHEST, start.rrinit),
        ridge0=start.rhinit,
        ridge=start.rhinit,
        rain=start.rfcum / 1000.0,
        energy=15.0 * start.rfcum,
        days=start.daydis,
        settled=start.daydis,
        width=start.width if start.width > 0.0 else _RILL_WIDTH,
        # On soils whose conductivity is not adjusted (ksflag 0) roughness does not wear before the
        # first tillage: so the daily tables of the engines show it.
        wears=profile.adjust_ke,
        temporary=start.rtyp == _TEMPORARY,
    )
    surface.age(state, profile, start.sumsrm)
    return state


def _site(
    inputs: Inputs, profile: Profile, start: scenarios.Initial, hidden: Hidden, index: int
) -> Site:
    element = inputs.slope.elements[index]
    points = tuple(zip(element.x, element.slope, strict=True))
    top, last = profile.top, profile.layers[-1]
    shape = erosion.shape(element.length, points)
    return Site(
        shape=shape,
        number=index + 1,
        width=inputs.slope.width if element.width is None else element.width,
        azimuth=inputs.slope.azimuth if element.azimuth is None else element.azimuth,
        latitude=inputs.climate.latitude,
        elevation=inputs.climate.elevation,
        has_wind=inputs.climate.wind == 0,
        peak_scale=storm.peak_scale(inputs.climate.version),
        profile=profile,
        particles=sediment.classes(top.sand, top.clay, top.om),
        spacing=start.rspace if start.rspace > 0.0 else 1.0,
        temporary_rills=start.rtyp == _TEMPORARY,
        bottom=water.bottom_conductivity(last.ks, last.thickness, profile.bedrock),
        wave=heat.annual_wave(_monthly(inputs)),
        frost=hidden.frost,
        snow=hidden.snow,
        basal=hidden.basal,
        sine=shape.mean / math.sqrt(1.0 + shape.mean**2),
    )


def _monthly(inputs: Inputs) -> tuple[float, ...]:
    means = inputs.climate.means
    return tuple([(a + b) / 2.0 for a, b in zip(means.tmax_c, means.tmin_c, strict=True)])
