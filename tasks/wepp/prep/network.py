"""`pw0.*` and chan.inp: the channel network.

::

    pw0.str, pw0.chn             what flows into each channel; its hydraulics
    pw0.slp, pw0.sol, pw0.man    a profile, a soil, a cover for each channel
    pw0.cli                      the weather of the outlet
    pw0.run                      the answers
    pw0.imp                      99.1 / 0: no impoundments, for builds that ask for the file
    chan.inp                     1 600 (storm: 3 60) / 0 / elements with rows in chan.out: ids
    tc.txt                       by its presence, times of concentration are written
    tcr.txt                      what beds withstand: taumin, taumax Pa / kch / nch, a line each

Under design storms pw0.run and pw0.cli are in the directory of each storm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tasks.run.nodb import BrokenDocument
from tasks.wepp.documents import OUTLET, ChannelHydraulics, Watershed, Wepp
from tasks.wepp.files import channels, management, runfile, slope, soil, structure
from tasks.wepp.files.channels import Channel, Channels
from tasks.wepp.files.forms import WatershedRun
from tasks.wepp.files.structure import Feeds, Structure
from tasks.wepp.prep import covers, files, room, soils, storms
from tasks.wepp.prep.given import Given

#: So many channels may flow into one.
_INTO = 3
#: The longest step (s) of channels' routing under a storm; executables shorten a longer one.
_STORM_STEP = 1800


def sources(given: Given) -> Iterator[Path]:
    """The files that are read; soils and management beside their documents."""
    yield given.file(given.watershed.channel_slopes, "the channels' slopes")
    if given.storms:
        yield from (storms.weather_of(given, number) for number in given.storms)
    else:
        yield given.weather_of(OUTLET)
    if given.soils.channels:
        yield given.file(given.soils.soils.get(given.soils.channels, ""), "the channels' soil")
    else:
        yield from soils.sources(given)


def write(given: Given) -> list[Path]:
    """Write them all; returns their paths. BrokenDocument for a network that is none."""
    count = given.ids.chn_n
    if not count:
        raise BrokenDocument(f"{Watershed.path(given.run.root)}: it has no channels")
    texts = {
        "pw0.str": structure.dump(feeds(given)),
        "pw0.chn": channels.dump(_channels(given)),
        "pw0.slp": slope.dump(_slopes(given)),
        "pw0.sol": soil.dump(soils.beds(given)),
        "pw0.man": management.dump(covers.grown(given, [given.landuse.channels] * count)),
        "chan.inp": _routed(given),
    }
    wepp, runs = given.wepp, given.run.runs
    texts |= {"pw0.imp": f"{structure.VERSION:g}\n0\n"} if wepp.asks_impoundments else {}
    texts |= {"tc.txt": "1\n"} if wepp.time_of_concentration else {}
    if wepp.bed_shear is not None:
        texts["tcr.txt"] = "".join(f"{v} {n}\n" for n, v in wepp.bed_shear.model_dump().items())
    for name in {"pw0.imp", "tc.txt", "tcr.txt"} - set(texts):
        (runs / name).unlink(missing_ok=True)
    texts |= {} if given.storms else {"pw0.run": runfile.dump(answers(given))}
    made = given.told(files.put(runs / name, text) for name, text in texts.items())
    if given.storms:
        for name in ("pw0.run", "pw0.cli"):
            (runs / name).unlink(missing_ok=True)
        return [*made, *given.told(storms.networks(given))]
    return [*made, *given.told([files.link(runs / "pw0.cli", given.weather_of(OUTLET))])]


def count(given: Given) -> int:
    """How many files `write` makes."""
    wanted = given.wepp.asks_impoundments + given.wepp.time_of_concentration
    return 6 + wanted + 2 * max(1, len(given.storms))


def feeds(given: Given) -> Structure:
    """What flows into each channel: its hillslopes left, right and top, and channels."""
    ids, upstream = given.ids, given.upstream
    found = []
    for top in ids.channels:
        hills, into = (top - 1, top - 2, top - 3), upstream[top]
        if len(into) > _INTO:
            where = Watershed.path(given.run.root)
            raise BrokenDocument(f"{where}: {len(into)} channels flow into {top}: {_INTO} may")
        left, right, head = (*map(ids.wepp, into), 0, 0, 0)[:_INTO]
        sides = (ids.wepp(hills[0]), ids.wepp(hills[1]), ids.wepp(hills[2]))
        found.append(Feeds(sides, (left, right, head)))
    return Structure(ids.sub_n, tuple(found))


def answers(given: Given) -> WatershedRun:
    """What production answers for the network of a run."""
    out = "../output"
    hills = range(1, given.ids.sub_n + 1)
    return WatershedRun(
        hillslopes=tuple(f"{out}/H{number}.pass.dat" for number in hills),
        master=f"{out}/pass_pw0.txt", loss=f"{out}/loss_pw0.txt",
        wat=f"{out}/chnwb.txt", soil=f"{out}/soil_pw0.txt", plot=f"{out}/plot_pw0.txt",
        ebe=f"{out}/ebe_pw0.txt", structure="pw0.str", chn="pw0.chn",
        imp="pw0.imp" if given.wepp.asks_impoundments else None,
        man="pw0.man", slp="pw0.slp", cli="pw0.cli", sol="pw0.sol", years=given.years,
    )  # fmt: skip


def _channels(given: Given) -> Channels:
    of = given.wepp.channel
    found = tuple(_channel(of, top) for top in given.ids.channels)
    return Channels(of.peak_method, of.length_width, found)


def _channel(of: ChannelHydraulics, top: int) -> Channel:
    """A channel's block. (Executables take the bare n where it is the greater one, so do we.)"""
    text = (f"channel {top}", "erodibility and shear stress as its soil has them", "all alike")
    return Channel(
        text, shape=2, control=1, friction_slope=1, output=0, side=of.side_slope, bare=of.bare_n,
        manning=max(of.n, of.bare_n), erodibility=of.erodibility, tauc=of.critical_shear,
        depth_mid=of.depth_middle, depth_side=of.depth_sides, control_slope=0.02,
        control_side=of.side_slope, control_manning=of.bare_n,
    )  # fmt: skip


def _slopes(given: Given) -> slope.Slope:
    path = given.file(given.watershed.channel_slopes, "the channels' slopes")
    found, parts = slope.read(path), given.watershed.channels
    room.for_slope(path, found, elements=len(parts))
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
    usual = (3, 60) if given.storms else (1, 600)
    asked = given.wepp.channel_output or usual[0], given.wepp.channel_step_s or usual[1]
    if given.storms and asked[1] > _STORM_STEP:
        where = Wepp.path(given.run.root)
        raise BrokenDocument(
            f"{where}: channel_step_s {asked[1]}: of a storm {_STORM_STEP} at most"
        )
    return f"{asked[0]} {asked[1]}\n0\n{len(numbers)}\n{' '.join(map(str, numbers))}\n"
