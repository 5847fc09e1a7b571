"""A watershed's channels through a day, each after those that feed it.

The bed of a channel is an element like those of a hillslope, with weather, snow, frost and plants
of its own; what flows in runs onto it, and what it does not take in flows on. Volumes in m³, flows
in m³/s, sediment in kg by class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tasks.hillsim.channels import hydrograph, reach, streambed
from tasks.hillsim.channels.hydrograph import DAY
from tasks.hillsim.channels.reach import Section, Wave
from tasks.hillsim.channels.streambed import Bed, Moved
from tasks.hillsim.element import day
from tasks.hillsim.element.day import Day
from tasks.hillsim.element.hillslope import Hillslope
from tasks.hillsim.element.inflow import Inflow
from tasks.hillsim.element.today import Weather
from tasks.hillsim.errors import OpenBalance
from tasks.hillsim.numbers import summed
from tasks.hillsim.reports import tally
from tasks.hillsim.reports.tally import CLOSES_TO
from tasks.hillsim.sediment.classes import CLASSES
from tasks.wepp.files import channels
from tasks.wepp.files.structure import Feeds

NONE = (0.0,) * CLASSES
_LEAST_VOLUME: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Leaving:
    """What leaves an element in a day, be it a hillslope or a channel.

    `lateral` is the water that comes below the surface, evenly; `peak` 0 where the rest does too.
    `deep` is groundwater that has found no channel yet. `flows` a channel's hydrograph.
    `concentration` (h) and `half_hour`, the share of the rain in its wettest half hour, are what
    EPIC's peak needs.
    """

    volume: float = 0.0
    lateral: float = 0.0
    peak: float = 0.0
    sediment: tuple[float, ...] = NONE
    concentration: float = 0.0
    half_hour: float = 1.0
    flows: list[float] | None = None
    deep: float = 0.0


@dataclass(slots=True)
class Channel:
    """A channel: its bed as an element, its section, and what it holds.

    `area` and `gradient` are those of the watershed above its foot (m²) and of the channel (m/m);
    `left` kg of each piece of the bed that can still be eroded, `stored` m³ that flow in it;
    `springs` m³ that rise in it every day whatever falls.
    """

    number: int
    feeds: Feeds
    ground: Hillslope
    bed: Bed
    area: float
    left: list[float]
    stored: float = 0.0
    springs: float = 0.0

    @property
    def gradient(self) -> float:
        """Mean gradient (m/m)."""
        return self.ground.site.shape.mean

    @property
    def section(self) -> Section:
        """The section of the flow."""
        return self.bed.section


@dataclass(frozen=True, slots=True)
class Rules:
    """Method of the peak, length over width of the watershed, steps of a day.

    Groundwater rises in channels with `rises_from` m² and more above their foot.
    """

    peak: int
    ratio: float
    steps: int
    rises_from: float = 0.0

    @property
    def step(self) -> float:
        """s."""
        return DAY / self.steps


@dataclass(frozen=True, slots=True)
class ChannelDay:
    """A day of a channel. `loss` is what the bed took in, less the rain that flowed off it.

    `baseflow` (m³) is that part of the inflow that came up from below.
    """

    day: Day
    inflow: float
    baseflow: float
    stored: float
    loss: float
    leaving: Leaving
    peak_time: float
    moved: Moved
    brought: float

    @property
    def peak(self) -> float:
        """Greatest flow at the foot (m³/s)."""
        return self.leaving.peak or self.leaving.volume / DAY


@dataclass(slots=True)
class _Arriving:
    """What enters a channel in a day, added up."""

    flows: list[float]
    volume: float = 0.0
    top: float = 0.0
    time: float = 0.0
    peaks: float = 0.0
    concentration: float = 0.0
    half_hours: float = 0.0
    storms: float = 0.0
    deep: float = 0.0
    base: float = 0.0
    from_top: list[float] = field(default_factory=lambda: [0.0] * CLASSES)
    from_sides: list[float] = field(default_factory=lambda: [0.0] * CLASSES)

    @property
    def half_hour(self) -> float:
        """Mean share of the wettest half hour, by volume."""
        return self.half_hours / self.storms if self.storms > 0.0 else 1.0

    def add(self, given: Leaving, step: float, *, at_top: bool) -> None:
        water = given.volume + given.lateral
        self.volume += water
        self.deep += given.deep
        self.top += water if at_top else 0.0
        self.time += given.lateral * DAY
        if given.peak > 0.0:
            self.time += given.volume * min(DAY, given.volume / given.peak)
            self.peaks += given.peak
            self.storms += given.volume
            self.half_hours += given.half_hour * given.volume
            self.concentration = max(self.concentration, given.concentration)
        else:
            self.time += given.volume * DAY
        self._flow(given, step)
        into = self.from_top if at_top else self.from_sides
        for index, mass in enumerate(given.sediment):
            into[index] += mass

    def rise(self, volume: float) -> None:
        """Let groundwater (m³) in along the channel, evenly through the day."""
        self.base += volume
        self.volume += volume
        self.time += volume * DAY
        hydrograph.add_even(self.flows, volume)

    def _flow(self, given: Leaving, step: float) -> None:
        hydrograph.add_even(self.flows, given.lateral)
        if given.flows is not None:
            for index in range(len(self.flows)):
                self.flows[index] += given.flows[index]
        elif given.peak > 0.0:
            hydrograph.add_storm(self.flows, step, given.volume, given.peak)
        else:
            hydrograph.add_even(self.flows, given.volume)


def step(
    network: Sequence[Channel],
    slopes: Sequence[Leaving],
    rules: Rules,
    weather: Weather,
    number: int,
) -> list[ChannelDay]:
    """Take the channels through a day; `slopes` is what leaves the hillslopes, by their number."""
    given, done = list(slopes), []
    for channel in network:
        arriving = _Arriving([0.0] * rules.steps)
        feeds = zip(channel.feeds.hillslopes, channel.feeds.channels, strict=True)
        for place, numbers in enumerate(feeds):
            for element in numbers:
                if element:
                    arriving.add(given[element - 1], rules.step, at_top=place == 2)
        if channel.area >= rules.rises_from:
            arriving.rise(arriving.deep)
            arriving.deep = 0.0
        arriving.rise(channel.springs)
        today = _channel_day(channel, arriving, rules, weather, number)
        given.append(today.leaving)
        done.append(today)
    return done


def _channel_day(
    channel: Channel, arriving: _Arriving, rules: Rules, weather: Weather, number: int
) -> ChannelDay:
    area, held = channel.ground.site.area, channel.stored
    inflow = Inflow()
    if arriving.volume > _LEAST_VOLUME:
        mean_time = arriving.time / arriving.volume
        inflow = Inflow(runoff=arriving.volume / area, duration=mean_time)
    before = channel.ground.water
    today = day.step(channel.ground, weather, number, inflow, routed=False)
    tally.check_day(before, channel.ground, today)
    net = today.runoff * area
    _scale(arriving, net)
    leaving, peak_time = _route(channel, arriving, net, rules)
    out = leaving.volume
    _closed(net + held, out + channel.stored, f"water of channel {channel.number}")
    moved = _move(channel, arriving, leaving)
    brought = summed(arriving.from_top) + summed(arriving.from_sides)
    gained, kept = summed(list(moved.eroded)), moved.settled + summed(list(moved.leaving))
    _closed(brought + gained, kept, f"sediment of channel {channel.number}")
    lateral = today.balance.lateral * area
    loss = arriving.volume - out - (channel.stored - held)
    leaving = Leaving(
        out, lateral, leaving.peak, moved.leaving, leaving.concentration, leaving.half_hour,
        leaving.flows, arriving.deep,
    )  # fmt: skip
    return ChannelDay(
        today, arriving.volume, arriving.base, channel.stored, loss, leaving, peak_time, moved,
        brought,
    )  # fmt: skip


def _scale(arriving: _Arriving, net: float) -> None:
    """Bring the hydrograph to the volume that flows on, what the bed took in being left out."""
    total = summed(arriving.flows) * DAY / len(arriving.flows)
    if total > _LEAST_VOLUME:
        share = net / total
        arriving.flows = [flow * share for flow in arriving.flows]
    else:
        arriving.flows = [net / DAY] * len(arriving.flows)


def _route(
    channel: Channel, arriving: _Arriving, net: float, rules: Rules
) -> tuple[Leaving, float]:
    """What flows out at the foot, and when it peaks (s); `stored` is brought up to date."""
    if arriving.peaks <= 0.0:
        volume, channel.stored = net + channel.stored, 0.0
        return Leaving(volume), 0.0
    greatest = max(arriving.flows)
    flood = reach.wave(channel.section, 0.5 * greatest, channel.gradient)
    concentration = arriving.concentration + channel.bed.length / flood.celerity / 3600.0
    if rules.peak in (channels.EPIC, channels.CREAMS):
        return _by_formula(channel, arriving, net, rules, concentration), 0.0
    return _by_wave(channel, arriving, net, flood, concentration)


def _by_formula(
    channel: Channel, arriving: _Arriving, net: float, rules: Rules, concentration: float
) -> Leaving:
    volume, channel.stored = net + channel.stored, 0.0
    if rules.peak == channels.EPIC:
        alpha = reach.share_in(concentration, arriving.half_hour)
        peak = reach.rational_peak(volume, concentration * 3600.0, alpha)
    else:
        peak = reach.creams_peak(volume, channel.area, channel.gradient, rules.ratio)
    # A reach flattens what comes in together, and no day is longer than a day.
    peak = max(min(peak, arriving.peaks), volume / DAY)
    flows = [0.0] * rules.steps
    hydrograph.add_storm(flows, rules.step, volume, peak)
    return Leaving(
        volume, 0.0, peak, NONE, concentration, arriving.half_hour, flows
    )  # fmt: skip


def _by_wave(
    channel: Channel, arriving: _Arriving, net: float, flood: Wave, concentration: float
) -> tuple[Leaving, float]:
    steps = len(arriving.flows)
    out, length = [0.0] * steps, channel.bed.length
    count = hydrograph.reaches(length, flood.characteristic)
    lag = length / count / flood.celerity
    held = hydrograph.cascade(arriving.flows, DAY / steps, lag, count, channel.stored, out)
    volume = net + channel.stored - held
    channel.stored = held
    _closed(volume, summed(out) * DAY / steps, f"flow of channel {channel.number}")
    peak = max(out)
    time = (list(out).index(peak) + 1) * DAY / steps
    return Leaving(
        volume, 0.0, float(peak), NONE, concentration, arriving.half_hour, out
    ), time  # fmt: skip


def _move(channel: Channel, arriving: _Arriving, leaving: Leaving) -> Moved:
    """The day's sediment: the flow of the peak for as long as it takes the volume."""
    if leaving.volume <= _LEAST_VOLUME or leaving.peak <= 0.0:
        return streambed.strand(arriving.from_top, arriving.from_sides)
    at_top = leaving.peak * (arriving.top / arriving.volume if arriving.volume > 0.0 else 0.0)
    duration = leaving.volume / leaving.peak
    flow = (at_top, leaving.peak)
    moved = streambed.carry(
        channel.bed, flow, duration, arriving.from_top, arriving.from_sides, channel.left
    )
    for piece, mass in enumerate(moved.eroded):
        channel.left[piece] = max(0.0, channel.left[piece] - mass)
    return moved


def _closed(given: float, found: float, what: str) -> None:
    if abs(given - found) > CLOSES_TO * max(abs(given), abs(found), 1e-3):
        raise OpenBalance(f"the {what} does not add up: {given:.9g} and {found:.9g}")
