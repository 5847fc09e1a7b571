"""One simulation, hillslope or network, from its `.run` file to outputs that are known to be whole.

`prepare` looks before anything runs: the answers fit what the engine asks, the inputs are there,
the outputs stay inside the run. `start` begins. `conclude` decides: success is exit code 0 *and*
the engine's marker *and* whole outputs, for each of them alone has lied in practice.
"""

from __future__ import annotations

import functools
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from tasks.run import contents, lateness
from tasks.run.contents import Content
from tasks.run.directory import WATERSHED, NotPrepared, RunDirectory
from tasks.wepp import complete, prompts
from tasks.wepp.binary import HILLSIM, Engine, Process
from tasks.wepp.prompts import Answers

TAIL_LINES, TAIL_WIDTH = 3, 160
#: Files in the directory of the answers that an engine reads without being asked to.
HIDDEN = (
    "cancov.txt",
    "firedate.txt",
    "frost.txt",
    "gwcoeff.txt",
    "phosphorus.txt",
    "pmetpara.txt",
    "simfire.txt",
    "snow.txt",
    "wepp_ui.txt",
)
#: Those that only a network reads: they are written after the hillslopes have run.
NETWORK_HIDDEN = ("chan.inp", "tc.txt", "tcr.txt")
#: What a network writes beside its answers, without being asked to.
NETWORK_OUTPUTS = ("chan.out", "chanwb.out", "runout", "tc_out.txt")
# hillsim says with a NOTE which of the outputs asked for it does not write; the others it must.
_HILLSIM_LEAVES_OUT = ("initial", "crop", "graphics", "winter", "yield")
#: Of these all of the text is looked at, of the others how they begin and how they end.
_LOOKED_THROUGH = ("pass", "plot")
#: What may stand at the end of a path and is no file's name.
_NO_NAME = ("", ".", "..")


class SimulationFailed(Exception):
    """An engine did not do its work: which simulation, exit code, last words, where the log is."""

    def __init__(self, simulation: Simulation, code: int, reason: str) -> None:
        self.wepp_id, self.code, self.log = simulation.wepp_id, code, simulation.err_file
        self.tail = last_words(self.log)
        words = f"; last words: {' | '.join(self.tail)}" if self.tail else "; it said nothing"
        # An engine seldom says so, and then has nowhere to say it.
        full = "; its disk is full" if _full(self.log.parent) else ""
        engine = simulation.engine.name
        super().__init__(
            f"{simulation.title} failed with {engine}: {reason}{words}{full}; log: {self.log}"
        )


def _full(directory: Path) -> bool:
    """Whether not even one more block, or one more file, goes onto a directory's disk."""
    disk = os.statvfs(directory)
    return disk.f_bavail == 0 or (disk.f_files > 0 and disk.f_favail == 0)


@dataclass(frozen=True, slots=True)
class Simulation:
    """A `.run` file of a run, checked, and the engine that is to answer it."""

    run: RunDirectory
    wepp_id: int
    engine: Engine
    answers: Answers

    @property
    def title(self) -> str:
        """`hillslope 7`, or `the watershed`."""
        return self.run.title(self.wepp_id)

    @property
    def err_file(self) -> Path:
        """The log of what the engine says."""
        return self.run.err_file(self.wepp_id)

    def output(self, kind: str) -> Path:
        """The path of an output that was asked for: "loss", "pass", …; KeyError for another."""
        return _named(self.run.runs, self.answers.outputs()[kind])

    def outputs(self) -> dict[str, Path]:
        """The paths of the outputs that were asked for, by kind."""
        asked = self.answers.outputs()
        return dict(zip(asked, _paths(self.run.runs, tuple(asked.values())), strict=True))

    @property
    def step(self) -> str:
        """What the run's ledger calls it."""
        return self.run.step(self.wepp_id)

    def inputs(self) -> list[Path]:
        """Every file that its outcome depends on: its answers, what they name, the hidden files."""
        runs = self.run.runs
        named = [*self.answers.inputs().values(), *self.answers.passes]
        of_its_own = NETWORK_HIDDEN if self.wepp_id == WATERSHED else (f"p{self.wepp_id}.cov",)
        names = (*HIDDEN, *of_its_own)
        hidden = [runs / name for name in names if os.path.isfile(f"{runs}/{name}")]  # noqa: PTH113
        return [
            self.run.run_file(self.wepp_id),
            *(_named(runs, name) for name in named),
            *hidden,
        ]

    def start(self) -> Process:
        """Remove the outputs of an earlier run, then start the engine."""
        for _, path in self._places():
            path.parent.mkdir(parents=True, exist_ok=True)
        for path in (*self.outputs().values(), *self._unasked()):
            path.unlink(missing_ok=True)
        return self.engine.start(self.run.run_file(self.wepp_id), self.err_file)

    def _unasked(self) -> list[Path]:
        """The outputs of a network that have names of their own."""
        names = NETWORK_OUTPUTS if self.wepp_id == WATERSHED else ()
        return [self.run.runs / name for name in names]

    def _places(self) -> list[tuple[str, Path]]:
        """Of each directory that outputs go to one of them, and its kind."""
        asked = self.answers.outputs()
        first = {_place(name): kind for kind, name in reversed(asked.items())}
        return [(kind, _named(self.run.runs, asked[kind])) for kind in first.values()]

    def conclude(self, code: int) -> list[Content]:
        """What the engine made, its log too, each as it was read: once.

        SimulationFailed unless it ended well, said so, and left whole outputs.
        """
        if code != 0:
            raise SimulationFailed(self, code, _exit(code))
        contract = self.engine.contract
        network = self.wepp_id == WATERSHED
        marker = contract.watershed_marker if network else contract.hillslope_marker
        said = contents.read(self.err_file, keep=True)
        if marker.encode() not in said.text():
            raise SimulationFailed(self, code, "exit code 0, but it never said that it completed")
        try:
            made = verify(self)
        except complete.Incomplete as error:
            raise SimulationFailed(self, code, f"exit code 0 and completed, but {error}") from None
        unasked = (path for path in self._unasked() if path.exists())
        return [said, *made, *map(contents.read, unasked)]


@functools.lru_cache(maxsize=64)
def _paths(runs: Path, names: tuple[str, ...]) -> tuple[Path, ...]:
    """The files that answers call so; known for those that run, who are asked for them often."""
    return tuple(_named(runs, name) for name in names)


def _named(runs: Path, name: str) -> Path:
    """The file that answers call so, which begin at the directory of the answers."""
    head, _, tail = name.rpartition("/")
    if tail in _NO_NAME:
        return Path(os.path.normpath(f"{runs}/{name}"))
    return _directory(runs, head) / tail


def _place(name: str) -> str:
    """The directory of a file that answers name, as they name it; itself where it has no name."""
    head, _, tail = name.rpartition("/")
    return name if tail in _NO_NAME else head


@functools.lru_cache(maxsize=16)
def _directory(runs: Path, name: str) -> Path:
    """A directory that answers name, made once: they name it for each file of each hillslope."""
    return Path(os.path.normpath(f"{runs}/{name}"))


def numbered(wepp_id: int) -> int:
    """The number of a hillslope, as a producer gave it; ValueError where it is none."""
    if type(wepp_id) is not int or wepp_id < 1:
        raise ValueError(f"wepp_id {wepp_id!r}: give the number of a hillslope, from 1")
    return wepp_id


def prepare(run: RunDirectory, wepp_id: int, engine: Engine) -> Simulation:
    """Look at a simulation before it runs.

    NotPrepared names what is missing, BadAnswers the line of the `.run` file that does not fit.
    """
    run_file = run.run_file(wepp_id)
    if lateness.missing(run_file) and not run_file.exists():
        raise NotPrepared(f"{run_file} does not exist: prepare the run first")
    answers = prompts.read(run_file, engine.contract)
    simulation = Simulation(run, wepp_id, engine, answers)
    _check_form(simulation)
    for kind, name in (*answers.inputs().items(), *(("pass", p) for p in answers.passes)):
        _check_input(simulation, kind, _named(run.runs, name))
    _check_outputs(simulation)
    return simulation


def verify(simulation: Simulation) -> list[Content]:
    """The outputs that the `.run` asked for, as they were read; Incomplete unless all are whole."""
    answers, made = simulation.answers, []
    for kind, path in simulation.outputs().items():
        unwritten = simulation.engine.name == HILLSIM and kind in _HILLSIM_LEAVES_OUT
        if not (unwritten and not path.exists()):
            found = complete.read(
                path, keep=answers.form == "hillslope" and kind in _LOOKED_THROUGH
            )
            _check_whole(found, answers.form, kind, answers.years)
            made.append(found)
    return made


def _check_whole(found: Content, form: str, kind: str, years: int) -> None:
    if kind == "loss" and not form.endswith("watershed"):
        complete.loss(found)
    elif form == "hillslope" and kind == "pass":
        complete.pass_file(found, years)
    elif form == "hillslope" and kind in ("wat", "soil"):
        complete.daily(found, years)
    elif form == "hillslope" and kind == "plot":
        complete.plot(found)


def last_words(log: Path) -> list[str]:
    """The last lines of an engine's log that say something, each cut to a readable width."""
    try:
        text = log.read_text(encoding="latin-1")
    except OSError:
        return []
    lines = [" ".join(line.split())[:TAIL_WIDTH] for line in text.splitlines() if line.strip()]
    return lines[-TAIL_LINES:]


def _check_form(simulation: Simulation) -> None:
    network = simulation.wepp_id == WATERSHED
    if simulation.answers.network != network:
        asked = "the watershed" if network else "a hillslope"
        form = simulation.answers.form
        raise NotPrepared(f"{simulation.answers.source} answers for a {form}, not for {asked}")


def _check_input(simulation: Simulation, kind: str, path: Path) -> None:
    if trouble := lateness.missing(path):
        raise NotPrepared(f"{simulation.title}: its {kind} file {path} {trouble}")


def _check_outputs(simulation: Simulation) -> None:
    root = Path(os.path.normpath(simulation.run.root))
    for kind, path in simulation._places():
        if not path.parent.is_relative_to(root):
            source = simulation.answers.source
            raise NotPrepared(f"{source} sends its {kind} file to {path}, outside of the run")


def _exit(code: int) -> str:
    if code > 0:
        return f"exit code {code}"
    return f"ended by {signal.Signals(-code).name}"
