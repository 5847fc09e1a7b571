"""`pw0.*` and chan.inp: the channel network.

::

    pw0.str   99.1 / for each channel: 2, its hillslopes left right top, the channels into it
              left right top, no impoundments: WEPP ids, 0 for none
    pw0.chn   99.1 / channels / method of peaks / length over width / a block for each channel
    pw0.imp   99.1 / 0
    pw0.slp   99.1 / a profile for each channel
    pw0.sol, pw0.man, pw0.cli    an element for each channel; the weather of the outlet
    chan.inp  1 600 / 0 / elements with rows in chan.out / their WEPP ids
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tasks.run.nodb import BrokenDocument
from tasks.wepp import management, runfile, slope, soil
from tasks.wepp.documents import OUTLET, ChannelHydraulics, Watershed, Wepp
from tasks.wepp.prep import covers, files, soils
from tasks.wepp.prep.given import Given
from tasks.wepp.runfile import WatershedRun

_VERSION = "99.1"
#: So many channels may flow into one.
_INTO = 3


def sources(given: Given) -> Iterator[Path]:
    """The files that are read; soils and management beside their documents."""
    yield given.file(given.watershed.channel_slopes, "the channels' slopes")
    yield given.weather_of(OUTLET)
    yield given.file(given.soils.soils.get(given.soils.channels, ""), "the channels' soil")


def write(given: Given) -> list[Path]:
    """Write them all; returns their paths. BrokenDocument for a network that is none."""
    count = given.ids.chn_n
    if not count:
        raise BrokenDocument(f"{Watershed.path(given.run.root)}: it has no channels")
    texts = {
        "pw0.str": structure(given),
        "pw0.chn": _channels(given),
        "pw0.imp": f"{_VERSION}\n0\n",
        "pw0.slp": slope.dump(_slopes(given)),
        "pw0.sol": soil.dump(soils.laid(given, [given.soils.channels] * count)),
        "pw0.man": management.dump(covers.grown(given, [given.landuse.channels] * count)),
        "pw0.run": runfile.dump(answers(given.ids.sub_n, given.years)),
        "chan.inp": _routed(given),
    }
    runs = given.run.runs
    made = [files.put(runs / name, text) for name, text in texts.items()]
    made.append(files.link(runs / "pw0.cli", given.weather_of(OUTLET)))
    return made + _time_of_concentration(given.wepp, runs)


def structure(given: Given) -> str:
    """The text of pw0.str."""
    ids, upstream = given.ids, given.upstream
    lines = [_VERSION]
    for top in ids.channels:
        hills = (top - 1, top - 2, top - 3)
        into = upstream[top]
        if len(into) > _INTO:
            where = Watershed.path(given.run.root)
            raise BrokenDocument(f"{where}: {len(into)} channels flow into {top}: {_INTO} may")
        row = [*map(ids.wepp, hills), *map(ids.wepp, into), *[0] * (_INTO - len(into)), 0, 0, 0]
        lines.append(" ".join(map(str, (2, *row))))
    return "\n".join(lines) + "\n"


def answers(hillslopes: int, years: int) -> WatershedRun:
    """What production answers for a network of so many hillslopes."""
    out = "../output"
    passes = tuple(f"{out}/H{number}.pass.dat" for number in range(1, hillslopes + 1))
    return WatershedRun(
        hillslopes=passes, master=f"{out}/pass_pw0.txt", loss=f"{out}/loss_pw0.txt",
        wat=f"{out}/chnwb.txt", soil=f"{out}/soil_pw0.txt", plot=f"{out}/plot_pw0.txt",
        ebe=f"{out}/ebe_pw0.txt", structure="pw0.str", chn="pw0.chn", imp="pw0.imp",
        man="pw0.man", slp="pw0.slp", cli="pw0.cli", sol="pw0.sol", years=years,
    )  # fmt: skip


def _channels(given: Given) -> str:
    hydraulics = given.wepp.channel
    head = (_VERSION, given.ids.chn_n, hydraulics.peak_method, hydraulics.length_width)
    blocks = [_block(hydraulics, top) for top in given.ids.channels]
    return "\n".join([*map(str, head), *blocks]) + "\n"


def _block(of: ChannelHydraulics, top: int) -> str:
    """Name, two lines of text, shape, control, energy slope, output; then the numbers."""
    numbers = (
        (of.side_slope, of.bare_n),
        (of.n, of.erodibility, of.critical_shear, of.depth_middle, of.depth_sides),
        (0.02, of.side_slope, of.bare_n),  # the control section at the foot: slope, side slope, n
    )
    lines = [f"channel {top}", "erodibility and shear stress as its soil has them", "all alike"]
    return "\n".join([*lines, "2", "1", "1", "0", *(" ".join(map(str, row)) for row in numbers)])


def _slopes(given: Given) -> slope.Slope:
    path = given.file(given.watershed.channel_slopes, "the channels' slopes")
    found, parts = slope.read(path), given.watershed.channels
    if found.version != slope.CHANNEL_VERSION or len(found.elements) != len(parts):
        raise BrokenDocument(
            f"{path} holds {len(found.elements)} profiles of version {found.version:g}: one of 99.1"
            f" for each of {len(parts)} channels is wanted"
        )
    by_top = {part.topaz_id: e for part, e in zip(parts, found.elements, strict=True)}
    least = given.wepp.channel.minimum_width_m
    wide = [by_top[top] for top in given.ids.channels]
    elements = tuple(replace(e, width=max(e.width or 0.0, least)) for e in wide)
    return replace(found, elements=elements)


def _routed(given: Given) -> str:
    tops = given.wepp.routed_channels or [given.ids.channels[-1]]
    numbers = sorted(given.ids.wepp(top) for top in tops if given.ids.chn_enum(top))
    if len(numbers) != len(tops):
        where = Wepp.path(given.run.root)
        raise BrokenDocument(f"{where}: routed_channels names what is no channel")
    return f"1 600\n0\n{len(numbers)}\n{' '.join(map(str, numbers))}\n"


def _time_of_concentration(wepp: Wepp, runs: Path) -> list[Path]:
    if wepp.time_of_concentration:
        return [files.put(runs / "tc.txt", "1\n")]
    (runs / "tc.txt").unlink(missing_ok=True)
    return []
