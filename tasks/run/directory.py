"""Every path of a run directory that the tasks read or write, in one place.

::

    <run>/wepp/runs/p<id>.{run,slp,sol,man,cli,err}     inputs, and the engine's words
    <run>/wepp/runs/pw0.{run,str,…,err}                 the same for the channel network
    <run>/wepp/output/H<id>.<kind>.dat                  the engine's outputs
    <run>/wepp/output/interchange/*.parquet             tables made of them
    <run>/wepp/flowpaths/{runs,output}/<name>.*         the same for flowpaths
    <run>/wepp/{runs,output}/ss_<n>/                    the same for a single storm
"""

from __future__ import annotations

import functools
import os
import re
from dataclasses import dataclass
from pathlib import Path

from weppd.task import current

WATERSHED = 0
_RUN_FILE = re.compile(r"p([1-9][0-9]*)\.run\Z")


READONLY = "READONLY"


class ReadOnlyRun(Exception):
    """The run is marked READONLY; nothing was written."""


class NotPrepared(Exception):
    """The run directory lacks what a task needs; the message names the file or directory."""


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """The directory of one run: paths only, nothing is created."""

    root: Path

    @property
    def runs(self) -> Path:
        """Where the engine starts: its inputs and its `.err` logs."""
        return _below(self.root, "wepp/runs")

    @property
    def output(self) -> Path:
        """Where the `.run` files send the engine's outputs."""
        return _below(self.root, "wepp/output")

    @property
    def interchange(self) -> Path:
        """Where the parquet tables lie."""
        return self.output / "interchange"

    @property
    def hillslope_table(self) -> Path:
        """The table with a row per hillslope."""
        return self.interchange / "hillslopes.parquet"

    def refuse_readonly(self) -> None:
        """ReadOnlyRun where the run is marked."""
        if (self.root / READONLY).exists():
            raise ReadOnlyRun(
                f"{self.root} is marked {READONLY}: remove the mark to change the run"
            )

    def called(self, wepp_id: int) -> str:
        """The name of its files: `p7` for hillslope 7, `pw0` for the channel network."""
        return stem(wepp_id)

    def title(self, wepp_id: int) -> str:
        """`hillslope 7`, or `the watershed`: what messages call it."""
        return "the watershed" if wepp_id == WATERSHED else f"hillslope {wepp_id}"

    def item(self, wepp_id: int) -> str:
        """What the run's log calls hillslope `wepp_id`: `h0007`."""
        return f"h{wepp_id:04d}"

    def step(self, wepp_id: int) -> str:
        """What the run's ledger calls its simulation."""
        return "watershed" if wepp_id == WATERSHED else f"hillslope:{wepp_id}"

    def run_file(self, wepp_id: int) -> Path:
        """The answers for hillslope `wepp_id`, or of the channel network for `WATERSHED`."""
        return self.runs / f"{self.called(wepp_id)}.run"

    def err_file(self, wepp_id: int) -> Path:
        """What the engine said while it ran `wepp_id`: stdout and stderr together."""
        return self.runs / f"{self.called(wepp_id)}.err"

    def hillslopes(self) -> tuple[int, ...]:
        """The WEPP ids of the hillslopes that have a `.run` file, ascending.

        NotPrepared where the runs directory is missing or holds none.
        """
        found = (_RUN_FILE.match(name) for name in self.listed())
        ids = sorted(int(match[1]) for match in found if match)
        if not ids:
            raise NotPrepared(f"{self.runs} holds no p<id>.run: prepare the run's hillslopes first")
        return tuple(ids)

    def listed(self) -> list[str]:
        """The names of the files beside the answers; NotPrepared where there is no directory."""
        return _names(self.runs)

    def storms(self) -> tuple[StormDirectory, ...]:
        """Where single storms have been simulated, ascending."""
        found = (re.match(r"ss_([1-9][0-9]*)\Z", path.name) for path in self.runs.glob("ss_*"))
        numbers = sorted(int(match[1]) for match in found if match)
        return tuple(StormDirectory(self.root, number) for number in numbers)


@dataclass(frozen=True, slots=True)
class FlowpathDirectory(RunDirectory):
    """Where the flowpaths of a run are simulated; the first of `names` is number 1."""

    names: tuple[str, ...]

    @property
    def runs(self) -> Path:
        """Where the engine starts."""
        return self.root / "wepp" / "flowpaths" / "runs"

    @property
    def output(self) -> Path:
        """Where its outputs go."""
        return self.root / "wepp" / "flowpaths" / "output"

    def called(self, wepp_id: int) -> str:
        """The name of the flowpath."""
        return self.names[wepp_id - 1]

    def title(self, wepp_id: int) -> str:
        """`flowpath fp_22_1`."""
        return f"flowpath {self.called(wepp_id)}"

    def step(self, wepp_id: int) -> str:
        """What the run's ledger calls its simulation."""
        return f"flowpath:{self.called(wepp_id)}"


@dataclass(frozen=True, slots=True)
class StormDirectory(RunDirectory):
    """Where a single storm is simulated: what an engine writes without being asked is its own."""

    storm: int

    @property
    def runs(self) -> Path:
        """Where the engine starts."""
        return self.root / "wepp" / "runs" / f"ss_{self.storm}"

    @property
    def output(self) -> Path:
        """Where its outputs go."""
        return self.root / "wepp" / "output" / f"ss_{self.storm}"

    def title(self, wepp_id: int) -> str:
        """`hillslope 7 of storm 2`."""
        # `super()` finds no class in a dataclass with slots.
        return f"{RunDirectory.title(self, wepp_id)} of storm {self.storm}"

    def item(self, wepp_id: int) -> str:
        """`s002h0007`."""
        return f"s{self.storm:03d}{RunDirectory.item(self, wepp_id)}"

    def step(self, wepp_id: int) -> str:
        """What the run's ledger calls its simulation."""
        return f"storm:{self.storm}:{RunDirectory.step(self, wepp_id)}"


def runid_of(wd: Path) -> str:
    """The whole run id of the run in directory `wd`; the other way round of `Context.run_dir`.

    A child of a run lies in `<run>/_pups/omni/{scenarios,contrasts}/<name>`, a leaf of a batch in
    `<batch root>/<batch>/runs/<leaf>`; any other run is called as its directory.
    """
    wd = Path(wd).absolute()
    match wd.parts:
        case (*_, "_pups", "omni", ("scenarios" | "contrasts") as kind, name):
            return f"{runid_of(wd.parents[3])};;{_PUPS[kind]};;{name}"
    root = (current().settings.get("run") or {}).get("batch_root")
    return _leaf(wd, Path(root or os.environ.get("BATCH_RUNNER_ROOT") or "/wc1/batch")) or wd.name


_PUPS = {"scenarios": "omni", "contrasts": "omni-contrast"}


def _leaf(wd: Path, batch_root: Path) -> str | None:
    if not wd.is_relative_to(batch_root):
        return None
    match wd.relative_to(batch_root).parts:
        case (batch, "runs", leaf):
            return f"batch;;{batch};;{leaf}"
        case (batch, "_base"):
            return f"batch;;{batch};;_base"
    return None


@functools.lru_cache(maxsize=256)
def _below(root: Path, name: str) -> Path:
    """A directory of a run, made once: a fan-out asks for it fifty times for each hillslope."""
    return root / name


def to_change(runid: str) -> RunDirectory:
    """The run of a job that may change it; ReadOnlyRun, and the errors of `Context.run_dir`."""
    run = RunDirectory(current().run_dir(runid))
    run.refuse_readonly()
    return run


def stem(wepp_id: int) -> str:
    """`p7` for hillslope 7, `pw0` for the channel network."""
    return "pw0" if wepp_id == WATERSHED else f"p{wepp_id}"


def _names(directory: Path) -> list[str]:
    try:
        return os.listdir(directory)  # noqa: PTH208 - names are all that is wanted of 60,000 files
    except FileNotFoundError:
        raise NotPrepared(
            f"{directory} does not exist: prepare the run's hillslopes first"
        ) from None
