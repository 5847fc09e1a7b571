"""The soil file, `p<i>.sol`: the profile below each overland flow element.

::

    2006.2                            version
    a comment                         one line, not blank
    1 1                               elements, ksflag (1: the model adjusts conductivity)
    'Ahmeek' 'SIL' 2 0.16 0.75 4.59e6 0.0049 2.89 5.78                     for each element:
      name, texture, layers, albedo, saturation (0-1), Ki (kg s/m4), Kr (s/m), tau_c (Pa),
      Ke (mm/h, in versions below 7777)
      50 33.0 12.0 5.0 16.7 9.0       a layer, down to its depth (mm):     for each layer
    0 0.0 0                           restricting layer                    from 2006.2 on

    layer up to 2006.2   depth sand clay om cec rock
    layer of 7777        depth bd ksat fc wp sand clay om cec rock
    layer of 7778, 9001  depth bd ksat anisotropy fc wp sand clay om cec rock
    layer of 9002 on     that of 7778, then residual and saturated water, alpha, n, ks, wp fc of a
                         pedotransfer function (van Genuchten's curve)
    restricting layer    flag anisotropy ksat     2006.2, 7777
                         flag thickness ksat      from 7778 on

WEPPcloud's soils of disturbed land have a line more before each element, on how its conductivity
comes back::

    9001   1 'forest high sev fire' 'loam' 1.3 0.3       adjusted, land use, texture, factor, rate
    9002   0 'forest low sev fire' 'loam' 1.3 0.3        the same
    9003   1 'forest' 302 'loam' 10                      … burn code …, lowest conductivity
    9005   1 'forest' 302 'loam' 3 -9999 10              … number of texture, highest, lowest

Land use, texture and the codes are names: the model takes no number from them. The burn code is 100
for crops, 200 for shrub, 300 for forest, 400 for grass, and 1 to 3 more for the severity. What
follows the last element (interfaces leave colours there) is nobody's. Only WEPPcloud's builds read
9001, 9002, 9003 and 9005. There is no layout of 9004: WEPPcloud neither writes nor reads one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from tasks.wepp.files.errors import Refused
from tasks.wepp.files.fortran import bare, quoted
from tasks.wepp.files.records import Records, read_text

VERSIONS = (95.7, 97.5, 98.4, 2006.2, 7777.0, 7778.0, 9001.0, 9002.0, 9003.0, 9005.0)
_REFUSED = (9004.0,)
#: From this version on a layer has densities and water contents of its own.
LAYERED = 7777.0
#: From this one on a line says how thick the restricting layer is.
_THICK = 7778.0
_TEXTURE = ("sand", "clay", "om", "cec", "rock")
_COLUMNS = {
    7777.0: ("depth", "bulk_density", "ksat", "fc", "wp", *_TEXTURE),
    7778.0: ("depth", "bulk_density", "ksat", "anisotropy", "fc", "wp", *_TEXTURE),
}
#: The least and greatest that a layer's numbers can sensibly be; percentages are looked at apart,
#: of the curve's columns no more is asked than that they are not negative.
RANGES = {
    "depth": (0.0, 1e5), "cec": (0.0, 500.0), "bulk_density": (0.01, 2.6), "ksat": (0.0, 1e5),
    "anisotropy": (0.0, 1e4), "fc": (0.0, 1.0), "wp": (0.0, 1.0),
}  # fmt: skip
ANY_RANGE = (0.0, 1e9)
#: The greatest Ki (kg s/m4), Kr (s/m), tau_c (Pa) and Ke (mm/h).
GREATEST = (1e9, 1.0, 1e4, 1e5)
_CURVE = ("theta_r", "theta_s", "alpha", "n", "ks", "wp_curve", "fc_curve")
#: The line of a disturbed element, as its version has it; names and codes among numbers.
_RECOVERY: dict[float, tuple[str, ...]] = {
    9001.0: ("adjusted", "landuse", "texture", "factor", "rate"),
    9002.0: ("adjusted", "landuse", "texture", "factor", "rate"),
    9003.0: ("adjusted", "landuse", "burn_code", "texture", "lowest"),
    9005.0: ("adjusted", "landuse", "burn_code", "texture", "texture_code", "highest", "lowest"),
}
_WORDS, _CODES = ("landuse", "texture"), ("adjusted", "burn_code", "texture_code")
_HEAD = "albedo, saturation, Ki, Kr, tau_c"


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer down to `depth` below the surface.

    From `bulk_density` on they are None before version 7777, from `theta_r` on before 9002.
    """

    depth: float  # mm, lower boundary
    sand: float  # % of the fine earth
    clay: float  # %
    om: float  # %, organic matter
    cec: float  # meq/100 g
    rock: float  # %
    bulk_density: float | None = None  # g/cm3
    ksat: float | None = None  # mm/h
    anisotropy: float | None = None  # horizontal to vertical conductivity; from 7778 on
    fc: float | None = None  # field capacity, m3/m3
    wp: float | None = None  # wilting point, m3/m3
    theta_r: float | None = None  # m3/m3, residual water
    theta_s: float | None = None  # m3/m3, saturated
    alpha: float | None = None  # 1/cm
    n: float | None = None
    ks: float | None = None  # cm/d
    wp_curve: float | None = None  # m3/m3, wilting point by the curve
    fc_curve: float | None = None  # m3/m3, field capacity by the curve


@dataclass(frozen=True, slots=True)
class Restricting:
    """What lies below the last layer; the model uses it where `flag` is 1."""

    flag: int
    ksat: float  # mm/h
    anisotropy: float | None = None  # before 7778
    thickness: float | None = None  # mm; from 7778 on


@dataclass(frozen=True, slots=True)
class Recovery:
    """How the conductivity of disturbed land comes back; None for what a version does not say."""

    adjusted: int  # 1: the model changes the conductivity, 0: it does not
    landuse: str
    texture: str
    factor: float | None = None  # 9001, 9002: highest over lowest; -9999 for none, as all others
    rate: float | None = None  # 9001, 9002: of the way from lowest to highest, none
    burn_code: int | None = None  # 9003, 9005
    texture_code: int | None = None  # 9005
    lowest: float | None = None  # 9003, 9005, mm/h
    highest: float | None = None  # 9005, mm/h


@dataclass(frozen=True, slots=True)
class Element:
    """The soil of an overland flow element."""

    name: str
    texture: str
    albedo: float  # 0-1, of the bare dry soil
    saturation: float  # 0-1, initial
    ki: float  # kg s/m4, interrill erodibility
    kr: float  # s/m, rill erodibility
    tauc: float  # Pa, critical shear
    layers: tuple[Layer, ...]
    ke: float | None = None  # mm/h, effective conductivity; None from 7777 on
    restricting: Restricting | None = None  # None before 2006.2
    recovery: Recovery | None = None  # None before 9002


@dataclass(frozen=True, slots=True)
class Soil:
    """A soil file."""

    version: float
    comment: str  # one line that is not blank and does not begin with `#`
    ksflag: int  # 1: conductivity is adjusted for crust and cover, 0: it is not
    elements: tuple[Element, ...]


def read(path: str | Path) -> Soil:
    """The soil file at `path`; FormatError, OSError."""
    return parse(read_text(path), path)


def parse(text: str, path: str | Path = "soil") -> Soil:
    """The soil file that `text` is; FormatError names `path` and the line, Refused the version."""
    records = Records(text, path)
    version = _version(records)
    comment = records.text("the comment line")
    count, ksflag = records.integers(2, "the number of elements and ksflag")
    if count < 1:
        records.fail(f"{count} elements: at least 1 is wanted")
    if ksflag not in (0, 1):
        records.fail(f"ksflag {ksflag}: it must be 0 or 1")
    return Soil(version, comment, ksflag, tuple(_element(records, version) for _ in range(count)))


def dump(soil: Soil) -> str:
    """The text of a soil file; each value in the shortest form that reads back the same."""
    # Engines pass over a blank line, and would take the next one for the comment.
    lines = [
        f"{soil.version:g}",
        soil.comment.strip() or "a soil",
        f"{len(soil.elements)} {soil.ksflag}",
    ]
    for element in soil.elements:
        lines += _element_lines(element, soil.version)
    return "\n".join(lines) + "\n"


def columns(version: float) -> tuple[str, ...]:
    """The names of a layer's columns in files of `version`, in order."""
    if version in _RECOVERY:
        return (*_COLUMNS[7778.0], *(_CURVE if version >= 9002 else ()))
    return _COLUMNS.get(version, ("depth", *_TEXTURE))


def recovers(version: float) -> tuple[str, ...]:
    """The names on the line of a disturbed element in files of `version`, in order; or none."""
    return _RECOVERY.get(version, ())


def _version(records: Records) -> float:
    version = records.number("the version of the soil file")
    if version in _REFUSED:
        why = f"soil files of version {version:g} are not read: nobody writes any"
        raise Refused(records.path, records.line, why)
    if version not in VERSIONS:
        known = ", ".join(f"{known:g}" for known in VERSIONS)
        records.fail(f"version {version:g}: soil files of {known} are read")
    return version


def _element(records: Records, version: float) -> Element:
    what = f"name, texture, layers, {_HEAD}" + (", Ke" if version < 7777 else "")
    recovery = _recovery(records, version)
    name, texture, *rest = records.tokens(9 if version < 7777 else 8, what)
    counted, albedo, saturation, ki, kr, tauc, *ke = (records.parse(word, what) for word in rest)
    if counted < 1 or counted != int(counted):
        records.fail(f"{counted:g} layers: a whole number from 1 on is wanted")
    _check_head(records, albedo, saturation, (ki, kr, tauc, *ke))
    layers = tuple(_layer(records, version, i + 1) for i in range(int(counted)))
    depths = [0.0, *(layer.depth for layer in layers)]
    if any(a >= b for a, b in pairwise(depths)):
        records.fail(f"the layers' depths must increase: {depths[1:]}")
    return Element(
        bare(name), bare(texture), albedo, saturation, ki, kr, tauc, layers,
        ke[0] if ke else None, _restricting(records, version), recovery,
    )  # fmt: skip


def _recovery(records: Records, version: float) -> Recovery | None:
    names = recovers(version)
    if not names:
        return None
    what = f"the disturbed land ({' '.join(names)})"
    found: dict[str, Any] = {}
    for name, word in zip(names, records.tokens(len(names), what), strict=True):
        found[name] = bare(word) if name in _WORDS else records.parse(word, what)
    for name in _CODES:
        if found.get(name, 0.0) != int(found.get(name, 0.0)):
            records.fail(f"{name} of {what} must be a whole number, found {found[name]}")
    whole: dict[str, Any] = {name: int(found[name]) for name in _CODES if name in found}
    return Recovery(**found | whole)


def _check_head(
    records: Records, albedo: float, saturation: float, erodible: tuple[float, ...]
) -> None:
    least = min(erodible)
    if not (0.0 <= albedo <= 1.0 and 0.0 <= saturation <= 1.0):
        records.fail(f"albedo {albedo:g} and saturation {saturation:g} must be within 0 and 1")
    if least < 0.0:
        records.fail(f"Ki, Kr, tau_c and Ke must not be negative, found {least:g}")
    for name, value, most in zip(("Ki", "Kr", "tau_c", "Ke"), erodible, GREATEST, strict=False):
        if value > most:
            records.fail(f"{name} {value:g}: no soil has more than {most:g}")


def _layer(records: Records, version: float, number: int) -> Layer:
    names = columns(version)
    values = records.numbers(len(names), f"layer {number} ({' '.join(names)})")
    layer = Layer(**dict(zip(names, values, strict=True)))
    shares = (layer.sand, layer.clay, layer.om, layer.rock)
    if min(shares) < 0.0 or max(shares) > 100.0 or layer.sand + layer.clay > 100.0:
        shown = ", ".join(f"{name} {getattr(layer, name):g}" for name in ("sand", "clay", "om"))
        records.fail(f"layer {number}: {shown}, rock {layer.rock:g} are not percentages of a soil")
    for name, value in zip(names, values, strict=True):
        least, most = RANGES.get(name, ANY_RANGE)
        if not least <= value <= most:
            records.fail(f"layer {number}: {name} {value:g} is not within {least:g} and {most:g}")
    if layer.fc is not None and layer.wp is not None and layer.wp > layer.fc:
        why = f"wilting point {layer.wp:g} above field capacity {layer.fc:g}"
        records.fail(f"layer {number}: {why}")
    return layer


def _restricting(records: Records, version: float) -> Restricting | None:
    if version < 2006:
        return None
    second = "anisotropy" if version < _THICK else "thickness"
    flag, middle, ksat = records.numbers(3, f"the restricting layer (flag {second} ksat)")
    if flag not in (0.0, 1.0) or not 0.0 <= ksat <= 1e5 or not 0.0 <= middle <= 1e7:
        records.fail("the restricting layer wants a flag 0 or 1 and no negative or huge numbers")
    return Restricting(int(flag), ksat, **{second: middle})


def _element_lines(element: Element, version: float) -> Iterator[str]:
    head = [element.albedo, element.saturation, element.ki, element.kr, element.tauc]
    if element.ke is not None:
        head.append(element.ke)
    numbers = " ".join(map(repr, head))
    if element.recovery is not None:
        found = ((name, getattr(element.recovery, name)) for name in recovers(version))
        yield " ".join(quoted(value) if name in _WORDS else repr(value) for name, value in found)
    names = f"{quoted(element.name)} {quoted(element.texture)}"
    yield f"{names} {len(element.layers)} {numbers}"
    for layer in element.layers:
        yield "  " + " ".join(repr(getattr(layer, name)) for name in columns(version))
    below = element.restricting
    if below is not None:
        middle = below.anisotropy if below.thickness is None else below.thickness
        yield f"{below.flag} {middle!r} {below.ksat!r}"
