"""`p<id>.slp`: the profile of each hillslope, cut to a greatest length where one is set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tasks.run.nodb import BrokenDocument
from tasks.wepp.documents import HillslopePart, Watershed
from tasks.wepp.files import slope
from tasks.wepp.prep import files, room
from tasks.wepp.prep.given import Given


def sources(given: Given) -> Iterator[Path]:
    """The slope files that are read."""
    for part in given.watershed.hillslopes:
        yield _source(given, part)


def write(given: Given) -> list[Path]:
    """Write them all; returns their paths.

    A profile that stays as it is is a hard link to its source. FormatError for a file that cannot
    be read, BrokenDocument for a hillslope of several elements without a profile for them, and for
    a profile that no executable has room for.
    """
    files.drop_others(given.run.runs, ".slp", range(1, given.ids.sub_n + 1))
    return given.told(_write(given, part) for part in given.watershed.hillslopes)


def clipped(whole: slope.Slope, longest: float) -> slope.Slope:
    """The profile with a length (m) of at most `longest`, wider by as much: its area stays.

    Elements keep their shares of the length, and every point its gradient.

    >>> element = slope.Element(400.0, (0.0, 1.0), (0.1, 0.1))
    >>> cut = clipped(slope.Slope(97.5, 0.0, 30.0, (element,)), 300.0)
    >>> cut.elements[0].length, cut.width
    (300.0, 40.0)
    """
    length = sum(element.length for element in whole.elements)
    if length <= longest:
        return whole
    share = longest / length
    elements = tuple(replace(e, length=round(e.length * share, 4)) for e in whole.elements)
    width = round(whole.width * length / sum(e.length for e in elements), 4)
    return replace(whole, width=width, elements=elements)


def _write(given: Given, part: HillslopePart) -> Path:
    path = given.run.runs / f"p{given.ids.wepp(part.topaz_id)}.slp"
    source = _source(given, part)
    whole = slope.read(source)
    longest = given.wepp.clip_length_m
    cut = whole if longest is None else clipped(whole, longest)
    room.for_slope(path, cut)
    return files.link(path, source) if cut is whole else files.put(path, slope.dump(cut))


def _source(given: Given, part: HillslopePart) -> Path:
    name = part.mofe_slope_file if given.wepp.multi_ofe else part.slope_file
    if name is None:
        where = Watershed.path(given.run.root)
        raise BrokenDocument(f"{where}: hillslope {part.topaz_id} has no mofe_slope_file")
    return given.file(name, f"the slope of {part.topaz_id}")
