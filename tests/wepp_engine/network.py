"""What an engine reads of a channel network: structure, channels and how they are routed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tests.wepp_engine.ground import version
from tests.wepp_engine.records import File

OLDEST = 94.301
_CHANNEL, _IMPOUNDMENT = 2, 3
_SIMPLE_PEAKS, _RATING = 2, 4


@dataclass
class Network:
    """The rows of the structure and the channels' numbers, channel by channel."""

    rows: list[list[int]] = field(default_factory=list)
    peak: int = 0
    channels: list[list[float]] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)


def network(
    structure: Path, channels: Path, hillslopes: int, planned: int, notes: list[str]
) -> Network:
    """The network below so many hillslopes, of which the management file has so many channels."""
    found = Network()
    _structure(File(structure), found, hillslopes)
    _channels(File(channels), found, planned, notes)
    if found.peak > _SIMPLE_PEAKS:
        _routing(structure.parent, found, hillslopes, notes)
    return found


def _structure(file: File, found: Network, hillslopes: int) -> None:
    version(file, OLDEST, "STRUCTURE")
    while any(record.strip() for record in file.records[file.line :]):
        row = file.full(*[int] * 10)
        found.rows.append(row)
        element = hillslopes + len(found.rows)
        if row[0] not in (_CHANNEL, _IMPOUNDMENT):
            file.stop(f"element {element} is of kind {row[0]}")
        if not any(row[1:]):
            file.stop("element read in having no hydrologic link with the rest of the watershed")
        if any(not hillslopes < fed < element for fed in row[4:] if fed):
            file.stop(f"element {element} is fed by one that was not read before it")
    most = max((max(row[1:4]) for row in found.rows), default=0)
    if most != hillslopes:
        file.stop(f"hillslopes up to {most}, {hillslopes} are in the answers")


def _channels(file: File, found: Network, planned: int, notes: list[str]) -> None:
    version(file, OLDEST, "CHANNEL")
    file.skip_comments()
    number = file.integer()
    drawn = sum(row[0] == _CHANNEL for row in found.rows)
    if not number == planned == drawn:
        file.stop(f"{number} channels, {planned} in the management, {drawn} in the structure")
    found.peak = file.integer()
    file.reals(1)
    for _ in range(number):
        found.channels.append(_channel(file, notes))


def _channel(file: File, notes: list[str]) -> list[float]:
    for _ in range(3):
        file.record()
    shape, control, *_ = (file.integer() for _ in range(4))
    if shape not in (1, 2, 3):
        file.stop(f"a channel of shape {shape}")
    side, bare = file.reals(2)
    bed = file.reals(5)
    if bed[0] < bare:
        notes.append(f"{file.path.name}:{file.line}: CHNN CANNOT BE LESS THAN CHNNBR")
    outlet = file.reals(3)
    rating = file.reals(3) if control == _RATING else []
    return [side, bare, *bed, *outlet, *rating]


def _routing(here: Path, found: Network, hillslopes: int, notes: list[str]) -> None:
    """`chan.inp`; where it fails an engine shows nothing, and goes on."""
    file = File(here / "chan.inp")
    shown, step = file.full(int, float)
    file.reals(1)
    found.shown = file.full(*[int] * file.integer())
    elements = range(hillslopes + 1, hillslopes + len(found.rows) + 1)
    if not set(found.shown) <= set(elements):
        file.stop(f"elements {found.shown} to be shown, the channels are {elements}")
    if not (0 <= shown <= 3 and 60.0 <= step <= 3600.0):
        notes.append(f"chan.inp: output {shown} each {step} s is changed by the engine")
