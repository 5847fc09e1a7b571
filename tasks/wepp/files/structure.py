"""The structure of a watershed, `pw0.str`: what flows into each channel.

::

    99.1                            version
    2    1 2 3   0 0 0   0 0 0      for each channel: 2, then hillslopes, channels, impoundments
    2    4 0 5   6 0 0   0 0 0      that enter on its left, on its right and at its top; 0 none

Elements are numbered on: the hillslopes from 1, then the channels in the order of the file. A
channel comes after those that feed it; the last is the outlet.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tasks.wepp.files.errors import Refused
from tasks.wepp.files.records import Records, read_text

VERSION = 99.1
_CHANNEL, _IMPOUNDMENT = 2, 3


@dataclass(frozen=True, slots=True)
class Feeds:
    """Numbers of the elements that enter a channel: left, right, at its top; 0 none."""

    hillslopes: tuple[int, int, int]
    channels: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Structure:
    """The channels of a watershed by their numbers, the first being `hillslopes` + 1."""

    hillslopes: int
    channels: tuple[Feeds, ...]


def read(path: str | Path, hillslopes: int) -> Structure:
    """The structure file at `path` of a watershed of so many hillslopes; FormatError, OSError."""
    return parse(read_text(path), hillslopes, path)


def parse(text: str, hillslopes: int, path: str | Path = "structure") -> Structure:
    """The structure that `text` is; FormatError names `path` and the line, Refused impoundments."""
    records = Records(text, path)
    version = records.number("the version of the structure file")
    if version != VERSION:
        records.fail(f"version {version:g}: structure files of {VERSION:g} are read")
    channels: list[Feeds] = []
    while not records.ended():
        channels.append(_channel(records, hillslopes, hillslopes + len(channels) + 1))
    if not channels:
        records.fail("a watershed has at least one channel")
    found = Structure(hillslopes, tuple(channels))
    _check_whole(records, found)
    return found


def dump(structure: Structure) -> str:
    """The text of a structure file."""
    lines = [f"{VERSION:g}"]
    for feeds in structure.channels:
        groups = (feeds.hillslopes, feeds.channels, (0, 0, 0))
        lines.append("2    " + "   ".join(" ".join(map(str, group)) for group in groups))
    return "\n".join(lines) + "\n"


def _channel(records: Records, hillslopes: int, number: int) -> Feeds:
    kind, *fed = records.integers(10, "an element: its kind and nine numbers of what feeds it")
    if kind == _IMPOUNDMENT or any(fed[6:]):
        raise Refused(records.path, records.line, "impoundments are not read")
    if kind != _CHANNEL:
        records.fail(f"element kind {kind}: 2 (channel) is wanted")
    for value in fed[:3]:
        if value and not 1 <= value <= hillslopes:
            records.fail(f"element {value} is none of the {hillslopes} hillslopes")
    for value in fed[3:6]:
        if value and not hillslopes < value < number:
            records.fail(f"element {value} is no channel above element {number}")
    return Feeds((fed[0], fed[1], fed[2]), (fed[3], fed[4], fed[5]))


def _check_whole(records: Records, found: Structure) -> None:
    """Every hillslope enters one channel; every channel but the last enters one other."""
    entered = [value for feeds in found.channels for value in (*feeds.hillslopes, *feeds.channels)]
    outlet = found.hillslopes + len(found.channels)
    for number in range(1, outlet):
        times = entered.count(number)
        if times != 1:
            records.fail(f"element {number} enters {times} channels: each enters one")


def impoundments(path: str | Path) -> int:
    """How many impoundments the file at `path`, a `pw0.imp`, declares; FormatError, OSError."""
    records = Records(read_text(path), path)
    records.number("the version of the impoundments")
    return records.integer("the number of impoundments")
