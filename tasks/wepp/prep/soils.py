"""`p<id>.sol`: the soils below each hillslope, in the version that their sources have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from tasks.run.nodb import BrokenDocument
from tasks.wepp.documents import Soils
from tasks.wepp.files import soil
from tasks.wepp.prep import files, room
from tasks.wepp.prep.given import Given


def sources(given: Given) -> Iterator[Path]:
    """The soil files that are read."""
    keys = {key for top in given.ids.hillslopes for key in _keys(given, top)}
    yield from (_file(given, key) for key in sorted(keys))


def write(given: Given) -> list[Path]:
    """Write them all; returns their paths. FormatError, BrokenDocument, NotPrepared."""
    files.drop_others(given.run.runs, ".sol", range(1, given.ids.sub_n + 1))
    text = cache(lambda keys, ksat: soil.dump(laid(given, keys, ksat)))
    of, usual = given.soils.restricting_ksats, given.soils.restricting_ksat
    return given.told(
        files.put(
            given.run.runs / f"p{number}.sol",
            text(tuple(_keys(given, top)), of.get(top, usual)),
        )
        for number, top in enumerate(given.ids.hillslopes, 1)
    )


def laid(given: Given, keys: Sequence[str], ksat: float | None) -> soil.Soil:
    """The soils of these keys, element after element, changed as the document wants it.

    What lies below them has the conductivity `ksat` (mm/h), where it is given. A file that is of
    several elements itself keeps them.
    """
    found = [soil.read(_file(given, key)) for key in keys]
    versions = {one.version for one in found}
    if len(versions) > 1:
        raise BrokenDocument(
            f"{Soils.path(given.run.root)}: {', '.join(keys)} are soils of different versions"
        )
    whole = given.wepp.multi_ofe and len(found) == 1
    below = found[0].elements if whole else [one.elements[0] for one in found]
    made = replace(found[0], elements=tuple(_changed(given.soils, one, ksat) for one in below))
    room.for_soil(_file(given, keys[0]), made)
    return made


def beds(given: Given) -> soil.Soil:
    """The soil of each channel: the one that the document names, else a bed, alike for all.

    Beds are in the form that the hillslopes' soils have; before 7777 their conductivity is the mean
    of these.
    """
    count = given.ids.chn_n
    if given.soils.channels:
        return laid(given, [given.soils.channels] * count, given.soils.restricting_ksat)
    found = [soil.read(path) for path in sources(given)]
    of, layered = given.wepp.channel, all(one.version >= soil.LAYERED for one in found)
    ke = [e.ke for one in found for e in one.elements if e.ke is not None]
    bed = soil.Element(
        *("bed", "SL"), albedo=0.02, saturation=0.75, ki=4.649e6, kr=of.erodibility,
        tauc=of.critical_shear, layers=(_BED,), restricting=_BELOW,
    )  # fmt: skip
    if not layered:
        flat = soil.Layer(_BED.depth, _BED.sand, _BED.clay, _BED.om, _BED.cec, _BED.rock)
        below = soil.Restricting(1, _BELOW.ksat, anisotropy=25.0)
        bed = replace(bed, layers=(flat,), restricting=below, ke=sum(ke) / len(ke))
    return soil.Soil(7778.0 if layered else 2006.2, "beds of channels", 1, (bed,) * count)


#: As production has them below all channels.
_BED = soil.Layer(
    depth=400.0, sand=66.8, clay=7.0, om=3.0, cec=11.3, rock=20.0, bulk_density=1.5, ksat=0.5,
    anisotropy=1.0, fc=0.242, wp=0.1145,
)  # fmt: skip
_BELOW = soil.Restricting(1, 0.0001, thickness=10000.0)


def _changed(wanted: Soils, element: soil.Element, ksat: float | None) -> soil.Element:
    if wanted.initial_saturation is not None:
        element = replace(element, saturation=wanted.initial_saturation)
    if ksat is not None and element.restricting is not None and not _is_developed(element):
        below = replace(element.restricting, flag=1, ksat=ksat)
        element = replace(element, restricting=below)
    if wanted.least_depth_mm is not None:
        element = replace(element, layers=deepened(element.layers, wanted.least_depth_mm))
    if wanted.clip_depth_mm is not None:
        element = replace(element, layers=clipped(element.layers, wanted.clip_depth_mm))
    return element


def _is_developed(element: soil.Element) -> bool:
    """Whether the soil says that streets and houses lie on it: these seal it as it says."""
    return element.recovery is not None and "developed" in element.recovery.landuse.lower()


def deepened(layers: Sequence[soil.Layer], depth_mm: float) -> tuple[soil.Layer, ...]:
    """The layers, the last of them down to `depth_mm` at least."""
    *above, last = layers
    return (*above, replace(last, depth=max(last.depth, depth_mm)))


def clipped(layers: Sequence[soil.Layer], depth_mm: float) -> tuple[soil.Layer, ...]:
    """The layers down to `depth_mm`; the one that reaches deeper ends there."""
    kept: list[soil.Layer] = []
    for layer in layers:
        if kept and kept[-1].depth >= depth_mm:
            break
        kept.append(layer if layer.depth <= depth_mm else replace(layer, depth=depth_mm))
    return tuple(kept)


def _keys(given: Given, top: int) -> Sequence[str]:
    return given.of("soils", given.soils.hillslopes, top)


def _file(given: Given, key: str) -> Path:
    if key not in given.soils.soils:
        raise BrokenDocument(f"{Soils.path(given.run.root)}: there is no soil {key!r}")
    return given.file(given.soils.soils[key], f"the soil {key}")
