"""The channels of a watershed: `pw0.chn`, how they are routed, `chan.inp`, their beds, `tcr.txt`.

::

    99.1                                version
    1                                   channels
    4                                   peak: 1 EPIC, 2 CREAMS, 3 kinematic, 4 Muskingum-Cunge, 5 MC
    1.5                                 length over width of the watershed (CREAMS)
    three lines of text                 for each channel:
    2                                     shape: 1 triangular, 2 naturally eroded
    1                                     control at the outlet: 1 critical … 4 rating curve
    1                                     friction slope is computed: 0, 1
    0                                     output: 0 …
    20.0 0.04                             inverse side slope, Manning's n of the bare channel
    0.3 1e-06 50 900 0.0001               total n, K (s/m), tau_cr (Pa), depth to what does not
                                          erode in the middle and at the sides (m)
    0.02 4.0 0.04                         of the control: slope, inverse side slope, n

    chan.inp    1 600      what chan.out shows (1: peaks), time step (s)
                0          baseflow (m3/s for each m2 of the watershed)
                1          elements shown, then their numbers

    tcr.txt     35         critical shear of the bed (Pa) where a channel is flat
                70         where it is steep
                0.02       gradient half way between them
                1          power of the gradient
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from tasks.wepp.files.errors import Refused
from tasks.wepp.files.records import Records, read_text

VERSION = 99.1
EPIC, CREAMS, KINEMATIC, MUSKINGUM_CUNGE, MODIFIED = range(1, 6)
_RATING = 4
_PEAKS, _HYDROGRAPH = 1, 3
# 1e-6 and less is usual; 864 mm a day from below is no baseflow, but a number of other units.
_MOST_BASEFLOW = 1e-5
_DAY = 86400.0  # s


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel's section, roughness and bed. Lengths in m."""

    text: tuple[str, str, str]
    shape: int  # 1 triangular, 2 naturally eroded
    control: int
    friction_slope: int
    output: int
    side: float  # inverse side slope, m/m
    bare: float  # Manning's n of the bare channel
    manning: float  # Manning's n in all
    erodibility: float  # s/m
    tauc: float  # Pa
    depth_mid: float  # to what does not erode
    depth_side: float
    control_slope: float
    control_side: float
    control_manning: float


@dataclass(frozen=True, slots=True)
class Channels:
    """A channel file: the method of the peak, the watershed's length over width, the channels."""

    peak: int
    ratio: float
    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True)
class Shear:
    """What `tcr.txt` says: critical shear (Pa) by the gradient, in place of the channel file's."""

    least: float
    most: float
    half: float
    power: float

    def at(self, gradient: float) -> float:
        """`least + (most − least) s^n/(k^n + s^n)`, s the gradient (m/m); WEPPcloud's curve."""
        steep = math.pow(max(gradient, 0.0), self.power)
        return self.least + (self.most - self.least) * steep / (
            math.pow(self.half, self.power) + steep
        )


@dataclass(frozen=True, slots=True)
class Routing:
    """What `chan.inp` says: time step (s), the elements to show (none: all), baseflow (m/s)."""

    step: float = 600.0
    shown: tuple[int, ...] = ()
    baseflow: float = 0.0


def read(path: str | Path) -> Channels:
    """The channel file at `path`; FormatError, OSError."""
    return parse(read_text(path), path)


def parse(text: str, path: str | Path = "channels") -> Channels:
    """The channel file that `text` is; FormatError names `path` and line, Refused rating curves."""
    records = Records(text, path)
    version = records.number("the version of the channel file")
    if version != VERSION:
        records.fail(f"version {version:g}: channel files of {VERSION:g} are read")
    count = records.integer("the number of channels")
    if count < 1:
        records.fail(f"{count} channels: at least 1 is wanted")
    peak = records.integer("the method of the peak")
    if not EPIC <= peak <= MODIFIED:
        records.fail(f"peak method {peak}: 1 to 5 are known")
    ratio = _positive(records, "length over width of the watershed")
    found = Channels(peak, ratio, tuple(_channel(records) for _ in range(count)))
    records.end()
    return found


def dump(channels: Channels) -> str:
    """The text of a channel file; each value in the shortest form that reads back the same."""
    count = len(channels.channels)
    lines = [f"{VERSION:g}", str(count), str(channels.peak), repr(channels.ratio)]
    for channel in channels.channels:
        lines += channel.text
        lines += map(str, (channel.shape, channel.control, channel.friction_slope, channel.output))
        lines.append(f"{channel.side!r} {channel.bare!r}")
        bed = (channel.manning, channel.erodibility, channel.tauc)
        lines.append(" ".join(map(repr, (*bed, channel.depth_mid, channel.depth_side))))
        outlet = (channel.control_slope, channel.control_side, channel.control_manning)
        lines.append(" ".join(map(repr, outlet)))
    return "\n".join(lines) + "\n"


def read_routing(path: str | Path, *, storm: bool = False) -> Routing:
    """`chan.inp` at `path`; FormatError, Refused what is not the peaks, OSError.

    Of a single `storm` the hydrograph may be asked for as well.
    """
    records = Records(read_text(path), path)
    shown, step = records.numbers(2, "what chan.out shows, and the time step (s)")
    if shown != _PEAKS and not (storm and shown == _HYDROGRAPH):
        why = f"output {shown:g} of channels: 1, the peaks, is written"
        raise Refused(path, records.line, why)
    if not 1.0 <= step <= _DAY:
        records.fail(f"time step {step:g} s: from 1 s to a day are wanted")
    baseflow = records.number("baseflow")
    if not 0.0 <= baseflow < _MOST_BASEFLOW:
        why = f"baseflow {baseflow:g} m3/s for each m2: from 0 to below {_MOST_BASEFLOW:g}"
        records.fail(why)
    if records.ended():
        return Routing(step, (), baseflow)
    count = records.integer("the number of elements shown")
    elements = records.integers(count, "numbers of elements") if count > 0 else ()
    return Routing(step, elements, baseflow)


def read_shear(path: str | Path) -> Shear:
    """`tcr.txt` at `path`; FormatError, OSError."""
    records = Records(read_text(path), path)
    found = Shear(
        records.number("critical shear of a flat channel (Pa)"),
        records.number("critical shear of a steep channel (Pa)"),
        records.number("gradient half way between them"),
        records.number("power of the gradient"),
    )
    if not 0.0 <= found.least <= found.most:
        records.fail(f"critical shear from {found.least:g} to {found.most:g} Pa: 0 or more, rising")
    if not min(found.half, found.power) > 0.0:
        records.fail(f"gradient {found.half:g} and power {found.power:g} must be above 0")
    return found


def _channel(records: Records) -> Channel:
    text = tuple(records.raw("three lines of text").strip() for _ in range(3))
    shape = records.integer("the shape")
    if shape not in (1, 2):
        records.fail(f"shape {shape}: 1 (triangular) or 2 (naturally eroded) is wanted")
    control = records.integer("the control at the outlet")
    if control == _RATING:
        raise Refused(records.path, records.line, "a rating curve at the outlet is not read")
    flags = (records.integer("the friction slope flag"), records.integer("the output flag"))
    section = records.numbers(2, "inverse side slope and n of the bare channel")
    bed = records.numbers(5, "total n, K, tau_cr, depths to what does not erode")
    outlet = records.numbers(3, "slope, inverse side slope and n of the control")
    if min(section[1], bed[0]) <= 0.0 or min(*section, *bed) < 0.0:
        records.fail("Manning's n must be above 0, the other numbers of a channel not negative")
    lines = (text[0], text[1], text[2])
    return Channel(lines, shape, control, *flags, *section, *bed, *outlet)


def _positive(records: Records, what: str) -> float:
    value = records.number(what)
    if value <= 0.0:
        records.fail(f"{what} {value:g}: it must be above 0")
    return value
