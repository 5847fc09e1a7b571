"""The documents of a run that say what its WEPP simulations are made of.

::

    watershed.nodb   hillslopes, channels and flowpaths, each with its slope file
    landuse.nodb     what grows where: covers of the library, or management files
    soils.nodb       which soil file lies where, and how it is changed
    climate.nodb     which weather falls where, and the design storms
    wepp.nodb        what is wanted: channels, flowpaths, years, coefficients
    disturbed.nodb   where it burnt, and how severely
    ash.nodb         whose ash is black and whose white

Paths are below the run and may not leave it. Hillslopes and channels go by TOPAZ id here; a list
has an entry for each overland flow element, from the top.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from datetime import date
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from tasks.run.nodb import Document
from tasks.wepp.files.management_layout import WHOLE
from tasks.wepp.files.scenarios import Initial, Plant
from tasks.wepp.numbering import WeppTopTranslator


def _below(name: str) -> str:
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{name!r} is no path below the run")
    return name


Below = Annotated[str, AfterValidator(_below)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
NotNegative = Annotated[float, Field(ge=0.0)]
OUTLET = 0


class Part(BaseModel):
    """A part of a document; a field that is misspelt is an error."""

    model_config = ConfigDict(extra="forbid")


class HillslopePart(Part):
    """A hillslope and its profile; `mofe_slope_file` is that of several elements."""

    topaz_id: int
    slope_file: Below
    mofe_slope_file: Below | None = None


class ChannelPart(Part):
    """A channel and the channel that it flows to, `OUTLET` for the last."""

    topaz_id: int
    downstream: int = OUTLET


class FlowpathPart(Part):
    """A flowpath of a hillslope, called by a name of letters, digits and underscores.

    Its profile is a slope file, or one in a collection of many, `fps_22.slps`.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,24}$")]
    topaz_id: int
    slope_file: Below


class Watershed(Document, name="watershed", version=1):
    """The watershed. `channel_slopes` has a profile for each of `channels`, in their order."""

    hillslopes: list[HillslopePart] = Field(default_factory=list)
    channels: list[ChannelPart] = Field(default_factory=list)
    channel_slopes: Below = "watershed/slope_files/channels.slp"
    flowpaths: list[FlowpathPart] = Field(default_factory=list)
    subcatchments: Below | None = None  # grid of TOPAZ ids, ESRI ASCII or GeoTIFF
    distance_to_channel: Below | None = None  # the same of distances, m

    def numbering(self) -> WeppTopTranslator:
        """The WEPP ids of its parts; ValueError for ids that cannot be."""
        hills = [part.topaz_id for part in self.hillslopes]
        return WeppTopTranslator(hills, [part.topaz_id for part in self.channels])


class Water(Part):
    """How a plant takes water by FAO-56: in full growth, and how much of it unstressed."""

    kcb: Annotated[float, Field(ge=0.0, le=2.0)] = 0.95
    depletion: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.8


def _numbers_of(kind: type) -> Callable[[dict[str, float]], dict[str, float]]:
    known = {field.name for field in fields(kind)} - {"head", "unit"}

    def checked(found: dict[str, float]) -> dict[str, float]:
        if unknown := sorted(set(found) - known):
            raise ValueError(f"{unknown[0]!r} is no number of {kind.__name__.lower()}s")
        if parts := sorted(name for name in set(found) & WHOLE if found[name] != int(found[name])):
            raise ValueError(f"{parts[0]!r} is a whole number, found {found[parts[0]]}")
        return found

    return checked


class CoverChoice(Part):
    """A cover of the library by its name, or a management file; what is given here wins over its.

    `file` lies below the run, `shared` below [wepp] management_dir. `plant` and `initial` have
    numbers by the names that they have in scenarios; `leaf_area` is a factor on the greatest one.
    `water` is how its plants take it, where wepp.nodb asks for evapotranspiration. The years of a
    file that `repeats` come round again where it has fewer than the run.
    """

    cover: str | None = None
    file: Below | None = None
    shared: Below | None = None
    canopy: Fraction | None = None
    interrill: Fraction | None = None
    rill: Fraction | None = None
    leaf_area: NotNegative = 1.0
    water: Water | None = None
    repeats: bool = False
    plant: Annotated[dict[str, float], AfterValidator(_numbers_of(Plant))] = Field(
        default_factory=dict
    )
    initial: Annotated[dict[str, float], AfterValidator(_numbers_of(Initial))] = Field(
        default_factory=dict
    )

    @model_validator(mode="after")
    def _one(self) -> CoverChoice:
        if sum(name is not None for name in (self.cover, self.file, self.shared)) != 1:
            raise ValueError("give one of cover, file and shared")
        return self


class Landuse(Document, name="landuse", version=1):
    """Which of `covers` is where.

    They are built from the site's map of land cover `nlcd_db`, or from `map`, a raster of the run's
    own, by the site's table of classes, or by `classes`, the run's own. `grounds` are hillslopes
    whose soils are not as the survey has them, and by which word theirs are found.
    """

    covers: dict[str, CoverChoice] = Field(default_factory=dict)
    hillslopes: dict[int, list[str]] = Field(default_factory=dict)
    channels: str = ""
    nlcd_db: str = "nlcd/2019"
    map: Below | None = None
    classes: Below | None = None
    grounds: dict[int, str] = Field(default_factory=dict)


class Disturbed(Document, name="disturbed", version=1):
    """Where it burnt: a raster, and how severely (0 to 3) each of its values says that it did."""

    sbs_map: Below | None = None
    severities: dict[int, Annotated[int, Field(ge=0, le=3)]] = Field(default_factory=dict)


class Soils(Document, name="soils", version=1):
    """Which of `soils` (soil files) is where; `clip_depth_mm` cuts them off, None leaves them.

    The last layer of one that does not reach down to `least_depth_mm` is thicker, so that it does.

    Without a soil for `channels` these have a bed of sandy loam, as erodible as wepp.nodb says.
    `restricting_ksat` (mm/h) is that of what lies below all soils but those of developed land;
    `restricting_ksats` has those of hillslopes that differ. What lies where is built from the
    site's map of soils `ssurgo_db`, or from `map`, a raster of the run's own.
    """

    soils: dict[str, Below] = Field(default_factory=dict)
    hillslopes: dict[int, list[str]] = Field(default_factory=dict)
    channels: str = ""
    clip_depth_mm: Positive | None = None
    least_depth_mm: Positive | None = None
    initial_saturation: Fraction | None = None
    restricting_ksat: NotNegative | None = None
    restricting_ksats: dict[int, NotNegative] = Field(default_factory=dict)
    ssurgo_db: str = "ssurgo/gNATSGSO/2025"
    map: Below | None = None


class Climate(Document, name="climate", version=1):
    """The weather: `file` everywhere but where `hillslopes` says otherwise.

    `storms` are climates of a single storm each, by number; a run that has some is a run of them,
    and of no other weather. `observed_start_year` is the calendar year of the first simulated one.
    It is built from the site's stations: the one nearest to the watershed, or to each hillslope, as
    `spatial` says, or the one called `station`.
    """

    file: Below | None = None
    hillslopes: dict[int, Below] = Field(default_factory=dict)
    storms: dict[int, Below] = Field(default_factory=dict)
    observed_start_year: int | None = None
    delete_after_interchange: bool = False
    spatial: Literal["single", "hillslopes"] = "single"
    station: str | None = None


_FineLayers = Annotated[int, Field(ge=1, le=10)]
_Conduction = Annotated[float, Field(ge=0.1, le=10.0)]
_Kept = Annotated[float, Field(gt=0.0, le=1.0)]


class Frost(Part):
    """frost.txt: redistribution, fine layers; factors of snow, litter and soil, what frozen soil
    keeps of its conductivity: under annuals and fallow, perennials, trees; the first for those that
    are not given. (What is not within these bounds engines change without a word.)"""

    redistribution: Annotated[int, Field(ge=0, le=1)] = 1
    layers: tuple[_FineLayers, _FineLayers] = (1, 1)
    factors: tuple[_Conduction, _Conduction, _Conduction] = (1.0, 1.0, 1.0)
    shares: Annotated[list[_Kept], Field(min_length=1, max_length=3)] = [0.5]


class Groundwater(Part):
    """gwcoeff.txt: a linear reservoir below the soil."""

    storage_mm: NotNegative = 200.0
    baseflow_per_day: Fraction = 0.04
    deep_seepage_per_day: Fraction = 0.0
    threshold_area_ha: NotNegative = 1.0


class Phosphorus(Part):
    """phosphorus.txt: concentrations (mg/l, of sediment mg/kg)."""

    surface_runoff: NotNegative
    lateral_flow: NotNegative
    baseflow: NotNegative
    sediment: NotNegative


class Snow(Part):
    """snow.txt: rain-snow threshold (C), densities (kg/m3) of new and of settled snow."""

    threshold_c: float = 0.0
    new_density: Positive = 100.0
    settled_density: Positive = 250.0


class Evapotranspiration(Water):
    """pmetpara.txt: all plants take water so, but for those by name.

    `everywhere`: those of covers that say it for themselves, too.
    """

    plants: dict[str, Water] = Field(default_factory=dict)
    everywhere: bool = False


class BedShear(Part):
    """tcr.txt: what a channel's bed withstands (Pa), at least and at most, and how it grows."""

    taumin: NotNegative = 35.0
    taumax: NotNegative = 70.0
    kch: Positive = 0.02
    nch: Positive = 1.0


class Revegetation(Part):
    """Cover that is told year by year, for builds of WEPPcloud in which burnt land grows back.

    `cover` is a table of percents by band, year, TOPAZ id and element; `fire` is month, day, year.

    `recovery` is a table of shares: from the year of the fire on, a band of a hillslope has so much
    of what it had in that year, by how severely its elements burnt (`severities`).
    """

    cover: Below = "rap/rap_ts.parquet"
    fire: tuple[int, int, int] | None = None
    simulates_fire: bool = False
    recovery: Below | None = None
    severities: dict[int, list[str]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _a_date(self) -> Revegetation:
        if self.fire is not None:
            month, day, year = self.fire
            # A leap year stands for a simulated one.
            date(year if year >= _CALENDAR else _LEAP, month, day)
        return self


_CALENDAR, _LEAP = 1000, 2000


class ChannelHydraulics(Part):
    """What all channels of a run share: one block of pw0.chn each."""

    side_slope: Positive = 19.99  # horizontal over vertical
    bare_n: Positive = 0.04  # Manning, s/m^(1/3)
    n: Positive = 0.3
    erodibility: NotNegative = 1e-6  # s/m
    critical_shear: NotNegative = 50.0  # Pa
    depth_middle: NotNegative = 900.0  # m, to what does not erode
    depth_sides: NotNegative = 1e-4
    length_width: Positive = 1.5
    peak_method: Annotated[int, Field(ge=1, le=5)] = 4
    minimum_width_m: Positive = 0.305


class Wepp(Document, name="wepp", version=1):
    """What is wanted of the model; a coefficient that is None has no file, and is not in effect."""

    wepp_bin: str | None = None
    multi_ofe: bool = False
    run_watershed: bool = True
    run_flowpaths: bool = False
    years: Annotated[int, Field(ge=1)] | None = None
    clip_length_m: Positive | None = None
    frost: Frost | None = None
    groundwater: Groundwater | None = None
    phosphorus: Phosphorus | None = None
    snow: Snow | None = None
    evapotranspiration: Evapotranspiration | None = None
    wepp_ui: bool = False
    time_of_concentration: bool = False
    bed_shear: BedShear | None = None
    revegetation: Revegetation | None = None
    asks_impoundments: bool = False  # builds of WEPPcloud want a file that says that there are none
    channel: ChannelHydraulics = ChannelHydraulics()
    routed_channels: list[int] = Field(
        default_factory=list
    )  # TOPAZ ids with rows in chan.out; none: the outlet
    channel_output: Literal[1, 3] | None = None  # 1: peaks, 3: hydrographs; None: as usual
    channel_step_s: Annotated[int, Field(ge=60, le=3600)] | None = None  # of channels' routing


class Ash(Document, name="ash", version=1):
    """Which kind of ash lies on which hillslope that burnt."""

    types: dict[int, Literal["black", "white"]] = Field(default_factory=dict)


class Ron(Document, name="ron", version=1):
    """What people call the run, its scenario, and the configuration that it was made with."""

    name: str = ""
    scenario: str = ""
    config: str = ""
