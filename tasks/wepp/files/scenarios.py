"""What a management file holds, as data: `management` reads and writes it.

Names are WEPP's own (User Summary, "Plant/Management Input File"). Dates are Julian days 1-366, 0
where there is none. Indices count from 1 in order of appearance; 0 is "none" where that is allowed.
A `Head` is what every scenario begins with. Records of one file are listed in `management`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

ANNUAL, PERENNIAL, FALLOW = 1, 2, 3
CROP, RANGE, FOREST, ROAD = 1, 2, 3, 4
CUTTING, GRAZING, NEITHER = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Head:
    """A scenario's name and its three lines of description, which may hold anything."""

    name: str
    description: tuple[str, str, str] = ("", "", "")


@dataclass(frozen=True, slots=True)
class Plant:
    """How a plant grows and decays. Tree: `diam` > 0.10 m; perennial: `rtmmax` > 0."""

    head: Head
    unit: str  # harvest unit, never empty; not used by physics
    bb: float  # canopy-cover coefficient
    bbb: float  # canopy-height coefficient
    beinp: float  # biomass energy ratio, kg/MJ; 0: no growth
    btemp: float  # base temperature, C
    cf: float  # flat-residue cover coefficient, m2/kg
    crit: float  # degree-days to emergence, C d
    critvm: float  # live biomass below which grazing stops, kg/m2
    cuthgt: float  # cutting height, m
    decfct: float  # fraction of canopy cover left after senescence
    diam: float  # stem diameter, m
    dlai: float  # heat-unit fraction at which the leaf area starts to fall
    dropfc: float  # fraction of biomass left after senescence
    extnct: float  # radiation extinction; <= 0: 0.65
    fact: float  # standing to flat residue, daily factor
    flivmx: float  # greatest Darcy-Weisbach friction of live plants
    gddmax: float  # degree-days of the season, C d; 0: derived
    hi: float  # harvest index; negative: a root crop
    hmax: float  # greatest height, m
    mfocod: int  # 1 fragile, 2 non-fragile residue
    oratea: float  # decay constant of above-ground and buried residue, per decomposition day
    orater: float  # decay constant of roots
    otemp: float  # optimum temperature, C
    pltol: float  # drought tolerance, fraction of plant-available water; 0: 0.25
    pltsp: float  # in-row plant spacing, m
    rdmax: float  # greatest root depth, m
    rsr: float  # root to shoot ratio
    rtmmax: float  # greatest root mass of a perennial, kg/m2
    spriod: int  # senescence period, d; 0: 14
    tmpmax: float  # temperature that stops a perennial, C
    tmpmin: float  # temperature that kills a perennial, C
    xmxlai: float  # greatest leaf area index
    yld: float  # optimum yield, kg/m2; 0: beinp as given


@dataclass(frozen=True, slots=True)
class Residue:
    """Residue that an operation adds (plant index, kg/m2) or removes (plant 0, fraction)."""

    plant: int
    amount: float


@dataclass(frozen=True, slots=True)
class Operation:
    """What one pass of a tool does to soil and residue."""

    head: Head
    mfo1: float  # interrill tillage intensity on fragile residue, 0-1
    mfo2: float  # the same on non-fragile residue
    numof: int  # rows of tools
    pcode: int  # 1 planter, 2 drill, 3 cultivator, 4 other, 10-13 residue added or removed
    rho: float  # ridge height after, m; >= 998: as it was
    rint: float  # ridge interval, m
    rmfo1: float  # rill intensity, fragile
    rmfo2: float  # rill intensity, non-fragile
    rro: float  # random roughness after, m
    surdis: float  # fraction of the surface disturbed
    tdmean: float  # mean depth, m
    cltpos: int | None = None  # 1 front, 2 rear; cultivators only
    residue: Residue | None = None  # pcode 10-13 only


@dataclass(frozen=True, slots=True)
class Initial:
    """The state of soil, residue and canopy on the first day."""

    head: Head
    bdtill: float  # bulk density after the last tillage, g/cm3
    cancov: float  # canopy cover, 0-1
    daydis: float  # days since the last tillage
    dsharv: float  # days since the last harvest
    frdp: float  # frost depth, m
    inrcov: float  # interrill cover, 0-1
    iresd: int  # plant index of the residue
    imngmt: int  # 1 annual, 2 perennial, 3 fallow
    rfcum: float  # rain since tillage, mm
    rhinit: float  # ridge height, m
    rilcov: float  # rill cover, 0-1
    rrinit: float  # random roughness, m
    rspace: float  # rill spacing, m; <= 0: 1.0
    rtyp: int  # 1 temporary, 2 permanent rills
    snodpy: float  # snow depth, m
    thdp: float  # thaw depth, m
    tillay1: float  # depth of secondary tillage, m
    tillay2: float  # depth of primary tillage, m
    width: float  # rill width, m
    sumrtm: float  # dead roots, kg/m2
    sumsrm: float  # buried residue, kg/m2


@dataclass(frozen=True, slots=True)
class Tillage:
    """One operation on one day."""

    mdate: int
    op: int  # operation index
    tildep: float  # m
    typtil: int  # 1 primary, 2 secondary


@dataclass(frozen=True, slots=True)
class SurfaceEffects:
    """The operations of a year, in order of their dates."""

    head: Head
    tillages: tuple[Tillage, ...]


@dataclass(frozen=True, slots=True)
class Contour:
    """Contour rows: flow leaves the element sideways."""

    head: Head
    cntslp: float  # row grade, m/m
    rdghgt: float  # ridge height, m
    rowlen: float  # row length, m
    rowspc: float  # row spacing, m


@dataclass(frozen=True, slots=True)
class Drainage:
    """Tile drains."""

    head: Head
    ddrain: float  # tile depth, m
    drainc: float  # drainage coefficient, m/d
    drdiam: float  # tile diameter, m
    sdrain: float  # tile spacing, m


@dataclass(frozen=True, slots=True)
class Annual:
    """The year of an annual crop, or of fallow.

    `date` and `fractions` belong to `resmgt`: 1 herbicide (date), 2 burning (date; standing and
    flat fraction burnt), 3 silage (date), 4 shredding and 5 removal (date; fraction), 6 none.
    """

    jdharv: int  # harvest; fallow: its end
    jdplt: int  # planting; fallow: its start
    rw: float  # row width, m
    resmgt: int
    date: int = 0
    fractions: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Grazing:
    """One grazing cycle."""

    animal: float  # animal units
    area: float  # m2
    bodywt: float  # kg
    digest: float  # digestibility, 0-1
    gday: int  # first day
    gend: int  # last day


@dataclass(frozen=True, slots=True)
class Perennial:
    """The year of a perennial."""

    jdharv: int  # senescence; 0: none
    jdplt: int  # planting; 0: established
    jdstop: int  # kill; 0: none
    rw: float  # row width, m; 0: the plant's spacing
    mgtopt: int  # 1 cutting, 2 grazing, 3 neither
    cuttings: tuple[int, ...] = ()
    grazings: tuple[Grazing, ...] = ()


@dataclass(frozen=True, slots=True)
class Yearly:
    """What grows and happens in one year."""

    head: Head
    itype: int  # plant index
    tilseq: int  # surface-effects index or 0
    conset: int  # contour index or 0
    drset: int  # drainage index or 0
    mgmt: int  # 1 annual, 2 perennial, 3 fallow
    crop: Annual | Perennial  # Annual for fallow too


@dataclass(frozen=True, slots=True)
class Management:
    """A management file.

    `schedule[rotation][year][element]` are the yearly indices of that element's crops in that year,
    in calendar order. All rotations have `years_per_rotation` years.
    """

    version: float
    nofe: int  # as line 2 says; not used by the engines
    years: int  # as line 3 says; not used by the engines
    plants: tuple[Plant, ...]
    operations: tuple[Operation, ...]
    initials: tuple[Initial, ...]
    surface_effects: tuple[SurfaceEffects, ...]
    contours: tuple[Contour, ...]
    drainages: tuple[Drainage, ...]
    yearlies: tuple[Yearly, ...]
    head: Head
    initial_of: tuple[int, ...]  # index of the initial condition, for each element
    schedule: tuple[tuple[tuple[tuple[int, ...], ...], ...], ...] = field(repr=False)

    @property
    def elements(self) -> int:
        """The number of overland flow elements that the engines use."""
        return len(self.initial_of)

    @property
    def rotations(self) -> int:
        """How often the rotation is repeated."""
        return len(self.schedule)

    @property
    def years_per_rotation(self) -> int:
        """The years of each rotation."""
        return len(self.schedule[0])

    @property
    def simulated_years(self) -> int:
        """The last year that can be simulated."""
        return self.rotations * self.years_per_rotation

    def crops(self, year: int, element: int) -> tuple[Yearly, ...]:
        """The crops of `element` (from 0) in `year` (from 1) of the simulation, in order.

        IndexError for a year above `simulated_years`.
        """
        rotation, within = divmod(year - 1, self.years_per_rotation)
        return tuple(self.yearlies[i - 1] for i in self.schedule[rotation][within][element])

    def initial(self, element: int) -> Initial:
        """The initial condition of `element` (from 0)."""
        return self.initials[self.initial_of[element] - 1]
