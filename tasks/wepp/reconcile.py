"""Only what is unfinished is simulated: a run's simulations against its ledger, as make does.

Simulations come one after the other, and the first engines start when there are enough for them.
The others are looked at while these run, all of them at once: what stands against one ends the job
then, not when its turn comes in some hours.

A simulation is done from its inputs: the content of its answers, of the files that they name, of
the hidden files beside them, and of the engine itself.
"""

from __future__ import annotations

import functools
import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from tasks.run.contents import Content
from tasks.run.directory import RunDirectory
from tasks.run.ledger import LEDGER, Measured, StepLedger, digest
from tasks.run.locks import locked
from tasks.wepp.binary import Engine
from tasks.wepp.simulation import Simulation
from weppd.task import current

#: Seconds for which ended simulations are kept back to be entered together.
KEPT_BACK_S = 1.0
#: How many begin together, and at how few that have not been taken the next do.
TOGETHER, FEW = 64, 32
_PATIENCE_S = 60.0


def ledger_of(runid: str, run: RunDirectory) -> StepLedger:
    """The ledger of a run, added to by one job at a time."""
    return StepLedger(run.root, lambda: locked(runid, LEDGER, wait=_PATIENCE_S))


class Reconciled:
    """Simulations against a ledger: `done` with the seconds that each took, and what is `left`.

    Inside its `with`, `taken` gives those that are left one after the other, and `add` enters one
    that ended well; `aside` looks at another one, while engines run. They begin some at a time: no
    engine waits until the inputs of all are digested. Entries are brought to disk together, once a
    second and at the block's end, however it ends. `done` is whole when `taken` is over, and
    `skipped` is called with 1 for each of it; both hold what was looked at until then.
    """

    def __init__(
        self,
        ledger: StepLedger,
        simulations: Iterable[Simulation],
        skipped: Callable[[int], None] = lambda simulations: None,
    ) -> None:
        self._ledger, self._skipped = ledger, skipped
        self._coming, self._told = iter(simulations), deque[Simulation]()
        self._inputs: dict[str, str] = {}
        self.done: list[tuple[Simulation, float]] = []
        self.left: deque[Simulation] = deque()
        self._ended: dict[str, tuple[Measured, float]] = {}
        self._begun = 0
        self._entered_at = time.monotonic()

    def __enter__(self) -> Reconciled:
        if self._ledger.removed():
            self._look_at_all()
        # Those that run first and their followers: the rest is digested while they run.
        self._begin(2 * max(1, current().cpus))
        return self

    def __exit__(self, *error: object) -> None:
        self._enter_ended()

    def taken(self) -> Iterator[Simulation]:
        """Those that are left, from the first; one that ended is held by nobody here any more."""
        while self._begun or self._begin(TOGETHER):
            self._begun -= 1
            yield self.left.popleft()

    def aside(self) -> bool:
        """A small piece of what engines need not wait for; False where nothing is left of it.

        Errors as those of the simulations.
        """
        return self._look() or self._digest()

    def add(self, simulation: Simulation, made: Iterable[Content], seconds: float) -> None:
        """Note that `simulation` ended well, what it made, and the seconds that it took."""
        self._ended[simulation.step] = (self._ledger.named(made), seconds)
        if time.monotonic() - self._entered_at >= KEPT_BACK_S:
            self._enter_ended()
        if self._begun < FEW:
            self._begin(TOGETHER)

    def _look(self) -> bool:
        """Look at another one; False where all have been looked at.

        The outputs of those that are told to be done are read behind the looks at all: they are
        nothing for an engine to do.
        """
        one = next(self._coming, None)
        if one is not None:
            (self._told if self._is_told(one) else self.left).append(one)
        elif self._told:
            self._sort(self._told.popleft(), without_removed=True)
        else:
            return False
        return True

    def _look_at_all(self) -> None:
        """What is made of all of them together needs the files of all, or of none."""
        skipped, self._skipped = self._skipped, lambda simulations: None
        while self._look():
            pass
        self._skipped = skipped
        if not self.left:
            skipped(len(self.done))
            return
        done, self.done = self.done, []
        for one, _ in done:
            self._sort(one, without_removed=False)

    def _is_told(self, one: Simulation) -> bool:
        """Whether the ledger tells that it was done, from the same inputs."""
        entry = self._ledger.entry(one.step)
        return bool(entry and entry.state == "done" and entry.inputs == self._inputs_of(one))

    def _sort(self, one: Simulation, *, without_removed: bool) -> None:
        entry, inputs = self._ledger.entry(one.step), self._inputs_of(one)
        if entry and self._ledger.is_done(one.step, inputs, without_removed=without_removed):
            self.done.append((one, entry.seconds))
            self._skipped(1)
        else:
            self.left.append(one)

    def _begin(self, most: int) -> bool:
        """Have the next of those that are left begin; whether any of them has begun."""
        while len(self.left) < self._begun + most and self._look():
            pass
        coming = islice(self.left, self._begun, self._begun + most)
        begun = {one.step: self._inputs_of(one) for one in coming}
        self._ledger.begin(begun)
        self._begun += len(begun)
        return bool(self._begun)

    def _digest(self) -> bool:
        """Digest what one of the next begins from; False where that is done."""
        coming = islice(self.left, self._begun, self._begun + TOGETHER)
        one = next((one for one in coming if one.step not in self._inputs), None)
        if one is not None:
            self._inputs_of(one)
        return one is not None

    def _inputs_of(self, one: Simulation) -> str:
        if one.step not in self._inputs:
            self._inputs[one.step] = inputs_of(one)
        return self._inputs[one.step]

    def _enter_ended(self) -> None:
        ended, self._ended = self._ended, {}
        self._ledger.enter(ended)
        self._entered_at = time.monotonic()


def inputs_of(simulation: Simulation) -> str:
    """The digest of all that the outcome of a simulation depends on."""
    engine = simulation.engine
    return digest(simulation.inputs(), engine.name, fingerprint(engine))


def fingerprint(engine: Engine) -> str:
    """The digest of an engine's own bytes: the executable, or the sources of hillsim."""
    if engine.path is not None:
        stat = engine.path.stat()
        return _bytes_of(engine.path, stat.st_mtime_ns, stat.st_size)
    from tasks import hillsim

    return sources_of(Path(hillsim.__file__).parent)


@functools.cache
def _bytes_of(path: Path, mtime_ns: int, size: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@functools.cache
def sources_of(package: Path) -> str:
    """The digest of the Python sources in a directory and below."""
    return digest(package.rglob("*.py"))
