"""What a run's documents give to those who write its inputs: loaded once, checked together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from tasks.run import foreign, lateness
from tasks.run.directory import NotPrepared, RunDirectory
from tasks.run.nodb import BrokenDocument
from tasks.wepp.documents import OUTLET, Climate, FlowpathPart, Landuse, Soils, Watershed, Wepp
from tasks.wepp.files import climate_head
from tasks.wepp.numbering import WeppTopTranslator
from tasks.wepp.site import flowpaths, inputs, landuse, network, papers
from weppd.task import current


class Given:
    """The documents of the run in `run`, each read when it is first asked for.

    WEPPcloud's own are read as far as they tell what is wanted; with `hills_only` a watershed of
    its tells no channels.

    NotPrepared names a document or a file that is missing, BrokenDocument one that does not fit.
    """

    def __init__(
        self,
        run: RunDirectory,
        step: Callable[[int], None] | None = None,
        *,
        hills_only: bool = False,
    ) -> None:
        self.run = run
        self._step, self._hills_only = step, hills_only

    def told(self, paths: Iterable[Path]) -> list[Path]:
        """The paths, each told of as it is made."""
        made = []
        for path in paths:
            made.append(path)
            if self._step is not None:
                self._step(1)
        return made

    @cached_property
    def watershed(self) -> Watershed:
        """Hillslopes and channels; at least one hillslope."""
        try:
            document = Watershed.load(self.run.root, awaited=True)
        except foreign.ForeignDocument:
            document = self._watershed_of_theirs()
        if not document.hillslopes:
            raise BrokenDocument(f"{self._of(Watershed)}: it has no hillslopes")
        return document

    @cached_property
    def flowpaths(self) -> list[FlowpathPart]:
        """The flowpaths."""
        try:
            return Watershed.load(self.run.root, awaited=True).flowpaths
        except foreign.ForeignDocument:
            found, known = flowpaths.flowpaths(self.run.root), set(self.ids.hillslopes)
            return [part for part in found if part.topaz_id in known]

    @cached_property
    def landuse(self) -> Landuse:
        """The covers."""
        try:
            return Landuse.load(self.run.root, awaited=True)
        except foreign.ForeignDocument:
            soils = self.soils
            with papers.worded(Landuse.path(self.run.root)):
                return landuse.landuse(self.run.root, soils, self.shared_directory)

    @cached_property
    def soils(self) -> Soils:
        """The soils."""
        try:
            return Soils.load(self.run.root, awaited=True)
        except foreign.ForeignDocument:
            with papers.worded(Soils.path(self.run.root)):
                return inputs.soils(self.run.root)

    @cached_property
    def climate(self) -> Climate:
        """The weather."""
        try:
            return Climate.load(self.run.root, awaited=True)
        except foreign.ForeignDocument:
            with papers.worded(Climate.path(self.run.root)):
                return inputs.climate(self.run.root)

    @cached_property
    def wepp(self) -> Wepp:
        """What is wanted; without a document, what is usual."""
        try:
            return Wepp.load(self.run.root)
        except NotPrepared:
            return Wepp()
        except foreign.ForeignDocument:
            with papers.worded(Wepp.path(self.run.root)):
                return inputs.wepp(self.run.root)

    @cached_property
    def ids(self) -> WeppTopTranslator:
        """The WEPP ids of the parts."""
        try:
            return self.watershed.numbering()
        except ValueError as error:
            raise BrokenDocument(f"{self._of(Watershed)}: {error}") from error

    @cached_property
    def years(self) -> int:
        """The years to simulate: those asked for, else those of the weather; 1 under storms."""
        if self.storms:
            return 1
        if self.wepp.years is not None:
            return self.wepp.years
        return climate_head.years(self.file(self._weather(), "the climate"))

    @property
    def storms(self) -> tuple[int, ...]:
        """The numbers of the design storms, ascending; a run that has some is a run of them."""
        return tuple(sorted(self.climate.storms))

    @property
    def upstream(self) -> dict[int, tuple[int, ...]]:
        """The channels that flow into each channel, all by TOPAZ id, in descending order."""
        found: dict[int, tuple[int, ...]] = {}
        for top in self.ids.channels:
            into = (c.topaz_id for c in self.watershed.channels if c.downstream == top)
            found[top] = tuple(sorted(into, reverse=True))
        self._check_network()
        return found

    def weather_of(self, top: int) -> Path:
        """The climate file of a hillslope, or of the channels for `OUTLET`."""
        name = self.climate.hillslopes.get(top) or self._weather()
        return self.file(name, "the climate" + (f" of {top}" if top else ""))

    def of(self, what: str, by_top: Mapping[int, Sequence[str]], top: int) -> Sequence[str]:
        """The entries of hillslope `top`, one for each element, in a document called `what`."""
        keys = by_top.get(top)
        if not keys:
            path = self.run.root / f"{what}.nodb"
            raise BrokenDocument(f"{path}: hillslope {top} has no {what}")
        return keys if self.wepp.multi_ofe else keys[:1]

    def file(self, name: str, what: str) -> Path:
        """The file that a document names; NotPrepared where it is missing or empty."""
        path = self.run.root / name
        if trouble := lateness.missing(path):
            raise NotPrepared(f"{what}: {path} {trouble}")
        return path

    def shared(self, name: str, what: str) -> Path:
        """The file that a document names below [wepp] management_dir; NotPrepared as `file`."""
        directory = self.shared_directory
        if directory is None:
            raise NotPrepared(
                f"{what}: {name} is not in the run, and [wepp] management_dir is not set"
            )
        path = directory / name
        if trouble := lateness.missing(path):
            raise NotPrepared(f"{what}: {path} {trouble}")
        return path

    @property
    def shared_directory(self) -> Path | None:
        """[wepp] management_dir; None where it is not set."""
        found = (current().settings.get("wepp") or {}).get("management_dir")
        return Path(found) if found else None

    def _weather(self) -> str:
        name = self.climate.file or next(iter(self.climate.hillslopes.values()), None)
        if name is None:
            raise BrokenDocument(f"{self._of(Climate)}: it names no climate file")
        return name

    def _watershed_of_theirs(self) -> Watershed:
        with papers.worded(self._of(Watershed)):
            document = papers.watershed(self.run.root)
            if not self._hills_only:
                document.channels = network.channels(self.run.root)
                document.channel_slopes = network.slopes(self.run.root)
        return document

    def _check_network(self) -> None:
        known = set(self.ids.channels)
        outlets = [c.topaz_id for c in self.watershed.channels if c.downstream == OUTLET]
        if len(outlets) != 1:
            raise BrokenDocument(
                f"{self._of(Watershed)}: {len(outlets)} channels are outlets, one must be"
            )
        for channel in self.watershed.channels:
            top, below = channel.topaz_id, channel.downstream
            if below != OUTLET and (
                below not in known or self.ids.wepp(below) < self.ids.wepp(top)
            ):
                raise BrokenDocument(
                    f"{self._of(Watershed)}: channel {top} flows to {below}, which is not below it"
                )

    def _of(self, document: type[Watershed] | type[Climate]) -> Path:
        return document.path(self.run.root)
