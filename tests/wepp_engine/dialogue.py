"""An engine as far as its inputs go: the answers of a `.run` file, and all files that they name.

What it does not refuse but changes, or takes by default, is a note. Rangeland, impoundments and
irrigation ask for more: they are not followed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tests.wepp_engine import besides, ground, network, plants, weather
from tests.wepp_engine.records import File, Stopped

NAME = 50


@dataclass
class Accepted:
    """What an engine took: the inputs as it read them, and what it changed or took by default."""

    notes: list[str] = field(default_factory=list)
    plan: plants.Plan | None = None
    slopes: list[ground.Profile] = field(default_factory=list)
    soils: list[ground.Ground] = field(default_factory=list)
    weather: weather.Weather | None = None
    network: network.Network | None = None
    besides: dict[str, list[list[object]]] = field(default_factory=dict)
    outputs: list[Path] = field(default_factory=list)
    passes: list[Path] = field(default_factory=list)
    years: int | None = None  # None: a single storm


@dataclass(frozen=True)
class Build:
    """What a build of the engine has room for."""

    points: int = ground.POINTS
    layers: int = ground.LAYERS
    plants: int = plants.PLANTS


def follow(run: Path, build: Build | None = None) -> Accepted:
    """Answer an engine from the file `run`, and read what it reads; Stopped where it ends early."""
    asked = _Asked(File(run))
    asked.units()
    if not asked.yes("batch"):
        asked.file.stop("an engine that is not told to run in batch waits for more answers")
    mode, version = asked.number(), asked.number()
    if mode not in (1, 2) or version not in (1, 2):
        asked.file.stop(f"mode {mode} of version {version}")
    names, hillslopes = (_network if version == 2 else _hillslope)(asked, storm=mode == 2)
    asked.irrigation()
    found = asked.found
    if mode == 1:
        found.years = asked.years()
        if version == 1:
            asked.number()
    _read(found, names, hillslopes, build or Build())
    besides_names = [one["name"] for one in found.plan.sections["plants"]] if found.plan else []
    found.besides = besides.besides(run.parent, besides_names, found.notes)
    return found


_Names = dict[str, Path]


def _hillslope(asked: _Asked, *, storm: bool) -> tuple[_Names, int]:
    asked.output_if_yes("pass")
    if storm:
        asked.output()
        for what in ("plot", "ebe", "element"):
            asked.output_if_yes(what)
        asked.summary()
        asked.output_if_yes("winter")
        return asked.inputs("man", "slp", "cli", "sol"), 0
    asked.one_of(1, 5)
    asked.output_if_yes("initial condition")
    asked.output()
    for what in ("water", "crop", "soil", "plot", "graphics", "ebe", "element"):
        asked.output_if_yes(what)
    asked.summary()
    for what in ("winter", "yield"):
        asked.output_if_yes(what)
    return asked.inputs("man", "slp", "cli", "sol"), 0


def _network(asked: _Asked, *, storm: bool) -> tuple[_Names, int]:
    asked.output()
    hillslopes = asked.number()
    for _ in range(hillslopes):
        asked.file.record()
        if not asked.yes("existing pass file"):
            asked.file.stop("a hillslope to be simulated, of which more is asked")
        asked.found.passes.append(asked.input())
    if not storm:
        asked.file.record()
    impoundments = asked.yes("impoundments")
    if not storm:
        asked.output_if_yes("initial condition")
        asked.one_of(0, 2)
    asked.output()
    before = () if storm else ("water", "crop", "soil")
    for what in (*before, "plot", *(() if storm else ("graphics",)), "ebe"):
        asked.output_if_yes(what)
    asked.summary()
    asked.output_if_yes("winter")
    for what in (() if storm else ("yield",)) + (("impoundment",) if impoundments else ()):
        asked.output_if_yes(what)
    more = ("imp",) if impoundments else ()
    return asked.inputs("str", "chn", *more, "man", "slp", "cli", "sol"), hillslopes


def _read(found: Accepted, names: _Names, hillslopes: int, build: Build) -> None:
    man = File(names["man"])
    plan = found.plan = plants.plan(man, plants=build.plants)
    slopes, soils = File(names["slp"]), File(names["sol"])
    channels = "chn" in names
    found.slopes = ground.slopes(slopes, plan.elements, channels=channels, points=build.points)
    climate = File(names["cli"])
    if found.years is not None and found.years > plan.rotations * plan.years:
        found.notes.append(f"{man.path.name}: fewer years than {found.years}: the run is cut")
    found.weather = weather.weather(climate, found.years)
    if found.years is not None and found.years > found.weather.years:
        found.notes.append(f"{climate.path.name}: fewer years than {found.years}: the run is cut")
    _, found.soils = ground.soils(soils, plan.elements, layers=build.layers)
    if channels:
        found.network = network.network(
            names["str"], names["chn"], hillslopes, plan.elements, found.notes
        )
    if "imp" in names:
        _impoundments(File(names["imp"]))


def _impoundments(file: File) -> None:
    ground.version(file, network.OLDEST, "IMPOUNDMENT")
    file.skip_comments()
    if file.integer():
        file.stop("impoundments, of which more is read")


class _Asked:
    """The answers, line by line, with what was found in them so far."""

    def __init__(self, file: File) -> None:
        self.file, self.found = file, Accepted()

    def units(self) -> None:
        if self.file.record().strip()[:1].lower() not in ("m", "e"):
            self.found.notes.append(f"{self.file.path.name}:1: neither m nor e: metric is taken")

    def yes(self, what: str) -> bool:
        answer = self.file.record().strip()[:1].lower()
        if answer not in ("y", "n"):
            self.file.stop(f"{what}: neither yes nor no")
        return answer == "y"

    def number(self) -> int:
        return self.file.integer()

    def one_of(self, least: int, most: int) -> None:
        found = self.number()
        if not least <= found <= most:
            self.file.stop(f"option {found}: {least} to {most}")

    def years(self) -> int:
        try:
            found = self.file.integer()
        except Stopped as bad:
            if "Bad integer" not in bad.why:
                raise
            found = 0
        if found < 1:
            self.found.notes.append(f"{self.file.path.name}:{self.file.line}: 1 year is taken")
        return max(1, found)

    def irrigation(self) -> None:
        if self.number():
            self.file.stop("irrigation, of which more is asked")

    def output(self) -> None:
        path = self._named()
        self.found.outputs.append(path)
        if not path.parent.is_dir():
            self.file.stop(f"{path}: there is no such directory")

    def output_if_yes(self, what: str) -> None:
        if self.yes(what):
            self.output()

    def summary(self) -> None:
        if self.yes("final summary"):
            self.found.notes.append("delete.me is written: runs in one directory collide")

    def inputs(self, *kinds: str) -> _Names:
        return {kind: self.input() for kind in kinds}

    def input(self) -> Path:
        path = self._named()
        if not path.is_file():
            raise Stopped(path, 0, "File does not exist")
        return path

    def _named(self) -> Path:
        # The name is read by columns, and what is behind the last of them is cut.
        return self.file.path.parent / self.file.record()[:NAME].strip()
