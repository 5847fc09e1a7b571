"""Land covers of sample runs, as management documents of the forms that interfaces write.

Forest and burnt ground are cropland forms with special numbers: a perennial that is neither cut nor
grazed and, where it was burnt, does not grow (`beinp` 0), so that its covers stay as they begin.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tasks.wepp.files.scenarios import (
    ANNUAL,
    NEITHER,
    PERENNIAL,
    Annual,
    Head,
    Initial,
    Management,
    Operation,
    Perennial,
    Plant,
    SurfaceEffects,
    Tillage,
    Yearly,
)

_ESTABLISHED = Perennial(jdharv=0, jdplt=0, jdstop=0, rw=0.0, mgtopt=NEITHER)
_TREES = Plant(
    Head("Trees"), "WeppWillSet",
    bb=14.0, bbb=3.0, beinp=150.0, btemp=2.0, cf=5.0, crit=5.0, critvm=0.0, cuthgt=0.15,
    decfct=1.0, diam=0.25, dlai=0.85, dropfc=0.99, extnct=0.65, fact=0.99, flivmx=6.0, gddmax=0.0,
    hi=0.42, hmax=15.0, mfocod=2, oratea=0.006, orater=0.006, otemp=20.0, pltol=0.1, pltsp=1.0,
    rdmax=1.0, rsr=0.33, rtmmax=0.5, spriod=60, tmpmax=40.0, tmpmin=-40.0, xmxlai=5.0, yld=0.0,
)  # fmt: skip
_BURNT = replace(
    _TREES, head=Head("Burnt"), bbb=23.0, beinp=0.0, crit=5.0, diam=0.01, dlai=0.25, dropfc=1.0,
    hmax=0.2, oratea=0.0, orater=0.0, pltsp=0.01, rdmax=0.2, rtmmax=0.1, spriod=30, xmxlai=0.3,
)  # fmt: skip
_GRASS = replace(
    _TREES, head=Head("Grass"), bbb=23.0, beinp=25.0, btemp=10.0, crit=30.0, diam=0.0022,
    dropfc=0.9, flivmx=12.0, hi=0.9, hmax=0.5, oratea=0.009, orater=0.009, otemp=25.0,
    pltsp=0.006, rdmax=0.3, rtmmax=0.34, spriod=14, tmpmax=32.0, tmpmin=1.1, xmxlai=6.0,
)  # fmt: skip
_CORN = Plant(
    Head("Corn"), "WeppWillSet",
    bb=3.6, bbb=3.0, beinp=35.0, btemp=10.0, cf=3.2, crit=60.0, critvm=0.0, cuthgt=0.304,
    decfct=0.65, diam=0.051, dlai=0.8, dropfc=0.98, extnct=0.65, fact=0.99, flivmx=0.0,
    gddmax=1700.0, hi=0.5, hmax=2.6, mfocod=2, oratea=0.0065, orater=0.0065, otemp=25.0,
    pltol=0.25, pltsp=0.219, rdmax=1.52, rsr=0.25, rtmmax=0.0, spriod=30, tmpmax=0.0,
    tmpmin=0.0, xmxlai=3.5, yld=0.0,
)  # fmt: skip
_CHISEL = Operation(
    Head("Chisel", ("plow, straight points", "", "")), mfo1=0.5, mfo2=0.3, numof=0, pcode=4,
    rho=0.05, rint=0.3, rmfo1=0.5, rmfo2=0.3, rro=0.023, surdis=1.0, tdmean=0.15,
)  # fmt: skip
_DISK = Operation(
    Head("Disk", ("tandem", "", "")), mfo1=0.5, mfo2=0.5, numof=0, pcode=4,
    rho=0.05, rint=0.2, rmfo1=0.5, rmfo2=0.5, rro=0.026, surdis=1.0, tdmean=0.1,
)  # fmt: skip
_PLANTER = Operation(
    Head("Planter", ("double disk openers", "", "")), mfo1=0.2, mfo2=0.1, numof=4, pcode=1,
    rho=0.025, rint=0.75, rmfo1=0.2, rmfo2=0.1, rro=0.012, surdis=0.15, tdmean=0.05,
)  # fmt: skip
_UNDISTURBED = Initial(
    Head("Start"), bdtill=1.1, cancov=0.0, daydis=9999.0, dsharv=900.0, frdp=0.0, inrcov=0.0,
    iresd=1, imngmt=PERENNIAL, rfcum=1000.0, rhinit=0.1, rilcov=0.0, rrinit=0.1, rspace=0.0,
    rtyp=1, snodpy=0.0, thdp=0.0, tillay1=0.1, tillay2=0.2, width=0.0, sumrtm=0.1, sumsrm=0.1,
)  # fmt: skip
_FIELD = replace(
    _UNDISTURBED, cancov=0.0, daydis=200.0, dsharv=92.0, inrcov=0.3, imngmt=ANNUAL, rfcum=300.0,
    rhinit=0.02, rilcov=0.3, rrinit=0.02,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cover:
    """A land cover: its name, and whether its ground is forest soil."""

    name: str
    forest_soil: bool
    plant: Plant
    initial: Initial
    year: Annual | Perennial = _ESTABLISHED
    operations: tuple[Operation, ...] = ()
    tillages: tuple[Tillage, ...] = ()


def _standing(name: str, plant: Plant, canopy: float, ground: float, *, forest: bool) -> Cover:
    initial = replace(_UNDISTURBED, cancov=canopy, inrcov=ground, rilcov=ground)
    return Cover(name, forest, plant, initial)


FOREST = _standing("old forest", _TREES, 0.85, 0.95, forest=True)
YOUNG_FOREST = _standing("young forest", replace(_TREES, hmax=4.0), 0.6, 0.75, forest=True)
LOW_FIRE = _standing("low severity fire", _BURNT, 0.4, 0.6, forest=True)
HIGH_FIRE = _standing("high severity fire", _BURNT, 0.01, 0.15, forest=True)
GRASS = _standing("grass", _GRASS, 0.5, 0.7, forest=False)
CORN = Cover(
    "corn, fall chisel", False, _CORN, _FIELD, Annual(jdharv=288, jdplt=130, rw=0.75, resmgt=6),
    (_CHISEL, _DISK, _PLANTER),
    (Tillage(118, 2, 0.1, 2), Tillage(130, 3, 0.05, 2), Tillage(305, 1, 0.15, 1)),
)  # fmt: skip
NO_TILL = Cover(
    "corn, no till", False, _CORN, replace(_FIELD, inrcov=0.7, rilcov=0.7),
    Annual(jdharv=288, jdplt=130, rw=0.75, resmgt=6), (_PLANTER,), (Tillage(130, 1, 0.05, 2),),
)  # fmt: skip
COVERS = (FOREST, CORN, HIGH_FIRE, GRASS, YOUNG_FOREST, NO_TILL, LOW_FIRE)


def management(cover: Cover, years: int) -> Management:
    """A management document (98.4) of one element under `cover` for `years` years."""
    mgmt = ANNUAL if isinstance(cover.year, Annual) else PERENNIAL
    effects = (SurfaceEffects(Head("Year"), cover.tillages),) if cover.tillages else ()
    yearly = Yearly(
        head=Head("Year", (cover.name, "", "")), itype=1, tilseq=len(effects), conset=0, drset=0,
        mgmt=mgmt, crop=cover.year,
    )  # fmt: skip
    return Management(
        version=98.4, nofe=1, years=years, plants=(cover.plant,), operations=cover.operations,
        initials=(cover.initial,), surface_effects=effects, contours=(), drainages=(),
        yearlies=(yearly,), head=Head("Manage", (cover.name, "a sample", "")),
        initial_of=(1,), schedule=((((1,),),),) * years,
    )  # fmt: skip
