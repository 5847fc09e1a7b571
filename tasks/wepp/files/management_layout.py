"""The management file's records: which values stand in which, and what each may be.

::

    98.4 / nofe / years                      version, elements, years (the last two are not used)
    n, then n scenarios                      plants, operations, initial conditions,
                                             surface effects, contours, drainage, yearly
    name, 3 lines, nofe, nofe x initial,     management; then for each rotation, year and element:
    nrots, nyears                              a count and as many yearly indices

    a scenario:   its name                   first line that is neither blank nor a comment
                  three raw lines            blank, `#…`, anything
                  1                          land use: 1 crop; 2 range, 3 forest, 4 road refused
                  records                    below, one string each, the values' names in order

An operation has `cltpos` only for a cultivator, `residue` only for pcode 10-13. A surface-effects
scenario is `ntill` and as many `TILLAGE`. A yearly scenario goes on as `ANNUAL` or `PERENNIAL`,
then as `resmgt` or `mgtopt` demand.
"""

from __future__ import annotations

from collections.abc import Mapping

OLDEST, NEWEST, NEXT_FORM = 95.7, 98.4, 2016.3
RESIDUE_CODES_SINCE = 98.3

PLANT = (
    "bb bbb beinp btemp cf crit critvm cuthgt decfct diam",
    "dlai dropfc extnct fact flivmx gddmax hi hmax",
    "mfocod",
    "oratea orater otemp pltol pltsp rdmax rsr rtmmax spriod tmpmax",
    "tmpmin xmxlai yld",
)
OPERATION_HEAD = ("mfo1 mfo2 numof", "pcode")
OPERATION_SURFACE = ("rho rint rmfo1 rmfo2 rro surdis tdmean",)
INITIAL = (
    "bdtill cancov daydis dsharv frdp inrcov",
    "iresd",
    "imngmt",
    "rfcum rhinit rilcov rrinit rspace",
    "rtyp",
    "snodpy thdp tillay1 tillay2 width",
    "sumrtm sumsrm",
)
TILLAGE = ("mdate", "op", "tildep", "typtil")
CONTOUR = ("cntslp rdghgt rowlen rowspc",)
DRAINAGE = ("ddrain drainc drdiam sdrain",)
YEARLY = ("itype", "tilseq", "conset", "drset", "mgmt")
ANNUAL = ("jdharv", "jdplt", "rw", "resmgt")
PERENNIAL = ("jdharv", "jdplt", "jdstop", "rw", "mgtopt")
GRAZING = ("animal area bodywt digest", "gday", "gend")

# resmgt: its date, and the names of its fractions.
RESIDUE_MANAGEMENT: Mapping[int, tuple[str, str]] = {
    1: ("jdherb", ""),
    2: ("jdburn", "fbmag fbrnog"),
    3: ("jdslge", ""),
    4: ("jdcut", "frcut"),
    5: ("jdmove", "frmove"),
}
NO_RESIDUE_MANAGEMENT, REMOVAL = 6, 5
CULTIVATOR = 3
RESIDUE_ADDED, RESIDUE_REMOVED = (10, 12), (11, 13)

_DATES = "mdate jdharv jdplt jdstop gday gend jdherb jdburn jdslge jdcut jdmove cutday"
_FRACTIONS = (
    "decfct dlai dropfc mfo1 mfo2 rmfo1 rmfo2 surdis cancov inrcov rilcov digest fbmag fbrnog"
    " frcut frmove removed"
)
DATES = frozenset(_DATES.split())
FRACTIONS = frozenset(_FRACTIONS.split())
CHOICES: Mapping[str, tuple[int, ...]] = {
    "mfocod": (1, 2),
    "pcode": (1, 2, 3, 4, *RESIDUE_ADDED, *RESIDUE_REMOVED),
    "cltpos": (1, 2),
    "imngmt": (1, 2, 3),
    "rtyp": (1, 2),
    "typtil": (1, 2),
    "mgmt": (1, 2, 3),
    "resmgt": (1, 2, 3, 4, 5, 6),
    "mgtopt": (1, 2, 3),
}
_NOT_NEGATIVE = (
    "bb bbb beinp crit critvm cuthgt diam flivmx gddmax hmax oratea orater pltol pltsp rdmax rsr"
    " rtmmax spriod xmxlai yld cf fact numof rho rint rro tdmean tildep rw daydis dsharv frdp rfcum"
    " rhinit rrinit snodpy thdp tillay1 tillay2 width sumrtm sumsrm animal area bodywt cntslp"
    " rdghgt rowlen rowspc added ddrain drainc drdiam sdrain"
)
_MOST = {
    "bdtill": (0.1, 2.6), "fact": (0.0, 1.0), "hi": (-1.0, 1.0), "pltol": (0.0, 1.0),
    "xmxlai": (0.0, 100.0), "hmax": (0.0, 200.0), "cuthgt": (0.0, 200.0), "diam": (0.0, 20.0),
    "rdmax": (0.0, 100.0), "rsr": (0.0, 100.0), "extnct": (-10.0, 10.0), "flivmx": (0.0, 1e4),
    "oratea": (0.0, 1.0), "orater": (0.0, 1.0), "btemp": (-60.0, 60.0), "otemp": (-60.0, 100.0),
    "tmpmax": (-60.0, 100.0), "tmpmin": (-100.0, 60.0), "beinp": (0.0, 1e4), "cf": (0.0, 1e3),
    "bb": (0.0, 1e3), "bbb": (0.0, 1e3), "yld": (0.0, 1e3), "rtmmax": (0.0, 1e3),
    "sumrtm": (0.0, 1e3), "sumsrm": (0.0, 1e3), "rro": (0.0, 1.0), "rrinit": (0.0, 1.0),
    "rhinit": (0.0, 5.0), "snodpy": (0.0, 50.0), "rspace": (-1e3, 1e3), "width": (0.0, 1e3),
    "area": (0.0, 1e12),
}  # fmt: skip
LAST_DAY = 366
WHOLE = DATES | CHOICES.keys() | {"spriod", "numof", "dsharv"}
WHOLE_DAYS = frozenset({"daydis", "dsharv"})
#: The least and greatest that each value can sensibly be, in its own unit; all others: `ANY_RANGE`.
RANGES: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(_NOT_NEGATIVE.split(), (0.0, 1e6)),
    **_MOST,
}
ANY_RANGE = (-1e6, 1e6)
