"""What an executable asks and a `.run` file answers: the prompt contract of each build.

An order is one line of words for each form of simulation, in the order of the prompts::

    name     one line, taken as it stands
    name!    yes or no (the first letter counts)
    name?    yes or no, and after a yes one line with a file name
    name*    a count n, then n times three lines of which the third names a hillslope's pass file
    name+    asked only if `impoundments!` was answered with yes

Builds may differ: `[wepp.binaries.<name>]` of the settings names a build's order in `ORDERS`, how
many characters of a file name it reads, and the words that it prints after a whole simulation. All
orders begin with `HEAD`, which tells the form: `hillslope` (continuous), `storm`, `watershed` or
`storm_watershed`; the last is what production answers, no build was at hand to try it on.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HEAD = "units batch! mode version"
WEPPCLOUD: Mapping[str, str] = {
    "hillslope": f"{HEAD} pass? loss_option initial? loss wat? crop? soil? plot? graphics? ebe?"
    " element? summary! winter? yield? man slp cli sol irrigation years bypass",
    "storm": f"{HEAD} pass? loss plot? ebe? element? summary! winter? man slp cli sol irrigation",
    "watershed": f"{HEAD} master hillslopes* blank impoundments! initial? loss_option loss wat?"
    " crop? soil? plot? graphics? ebe? summary! winter? yield? impoundment_output+ str chn imp+"
    " man slp cli sol irrigation years",
    "storm_watershed": f"{HEAD} master hillslopes* impoundments! loss plot? ebe? summary! winter?"
    " impoundment_output+ str chn imp+ man slp cli sol irrigation",
}
ORDERS: Mapping[str, Mapping[str, str]] = {"weppcloud": WEPPCLOUD}
INPUTS = ("man", "slp", "cli", "sol", "str", "chn", "imp")
DAILY = ("wat", "crop", "soil", "plot", "graphics", "ebe", "element", "winter", "yield")
OUTPUTS = ("master", "pass", "initial", "loss", "impoundment_output", *DAILY)
_FILES = frozenset((*INPUTS, *OUTPUTS))


@dataclass(frozen=True, slots=True)
class Contract:
    """What one build asks, how many characters of a file name it keeps, what it says at the end."""

    order: Mapping[str, str] = field(default_factory=lambda: WEPPCLOUD)
    name_chars: int = 50
    hillslope_marker: str = "COMPLETED HILLSLOPE SIM"
    watershed_marker: str = "COMPLETED WATERSHED SIM"

    @staticmethod
    def of(table: Mapping[str, Any]) -> Contract:
        """The contract in a table `[wepp.binaries.<name>]`; ValueError for an unknown order."""
        fields = dict(table)
        name = fields.pop("answers", "weppcloud")
        if name not in ORDERS:
            raise ValueError(f"answers = {name!r}: the orders known are {', '.join(ORDERS)}")
        return Contract(order=ORDERS[name], **fields)


class BadAnswers(Exception):
    """A `.run` file does not answer what the executable asks; names the file and the line."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers of one `.run` file: `texts`, one for each of `prompts`, file names as written.

    A fan-out holds ten thousand of these: those that answer the same prompts share their names.
    `years` is how long executables simulate: what is no number, or less than 1, means 1 year.
    """

    source: Path
    form: str
    prompts: tuple[str, ...]
    texts: tuple[str, ...]
    passes: tuple[str, ...] = ()
    years: int = 1

    @property
    def values(self) -> dict[str, str]:
        """The answers by their prompts."""
        return dict(zip(self.prompts, self.texts, strict=True))

    @property
    def network(self) -> bool:
        """Whether they are for a channel network."""
        return self.form.endswith("watershed")

    def inputs(self) -> dict[str, str]:
        """The names of the files that are read, by kind; pass files of hillslopes are `passes`."""
        values = self.values
        return {kind: values[kind] for kind in INPUTS if kind in values}

    def outputs(self) -> dict[str, str]:
        """The names of the files that are written, by kind."""
        values = self.values
        return {kind: values[kind] for kind in OUTPUTS if kind in values}


def read(path: Path, contract: Contract | None = None) -> Answers:
    """The answers in the file at `path`, read as an executable of this contract would ask.

    BadAnswers where a prompt has no answer, where answers are left over, or where a file name has
    more characters than the executable reads (it would cut the name silently).
    """
    contract = contract or Contract()
    lines = _Lines(path, contract.name_chars)
    form = _form(lines)
    values: dict[str, str] = {}
    passes: list[str] = []
    for prompt in contract.order[form].split():
        _answer(prompt, lines, values, passes)
    lines.end()
    asked = _shared(tuple(values))
    # File names are many, the other answers few and short.
    texts = tuple(text if name in _FILES else sys.intern(text) for name, text in values.items())
    return Answers(path, form, asked, texts, tuple(passes), _count(values.get("years", "1")))


@functools.cache
def _shared(names: tuple[str, ...]) -> tuple[str, ...]:
    """One tuple for all that are equal."""
    return names


def _form(lines: _Lines) -> str:
    head = lines.peek(4)
    storm, network = head[2] == "2", head[3:] != ["1"]
    if network:
        return "storm_watershed" if storm else "watershed"
    return "storm" if storm else "hillslope"


def _answer(prompt: str, lines: _Lines, values: dict[str, str], passes: list[str]) -> None:
    name, kind = (prompt[:-1], prompt[-1]) if prompt[-1] in "!?*+" else (prompt, "")
    if kind == "+":
        if values.get("impoundments") != "yes":
            return
        # The output of impoundments is a question like the others, the file of them is a name.
        kind = "?" if name == "impoundment_output" else ""
    if kind == "?":
        if lines.yes(name):
            values[name] = lines.file(name)
    elif kind == "!":
        values[name] = "yes" if lines.yes(name) else "no"
    elif kind == "*":
        passes.extend(_hillslopes(lines, name))
    else:
        values[name] = lines.file(name) if name in _FILES else lines.take(name)


def _hillslopes(lines: _Lines, name: str) -> Iterator[str]:
    count = lines.take(name)
    if not count.isdigit():
        raise lines.bad(f"the number of hillslopes is {count!r}")
    for number in range(1, int(count) + 1):
        for part in ("units", "use"):
            lines.take(f"hillslope {number} {part}")
        yield lines.file(f"hillslope {number} pass")


def _count(text: str) -> int:
    return max(1, int(text)) if text.lstrip("+-").isdigit() else 1


class _Lines:
    """The lines of a `.run` file, taken one by one; errors name the last one taken."""

    def __init__(self, path: Path, name_chars: int) -> None:
        self._path, self._name_chars = path, name_chars
        text = path.read_bytes().decode("latin-1")
        self._lines = [line.strip() for line in text.splitlines()]
        self._next = 0

    def bad(self, why: str) -> BadAnswers:
        return BadAnswers(f"{self._path}: line {self._next}: {why}")

    def peek(self, count: int) -> list[str]:
        if len(self._lines) < count:
            self._next = len(self._lines)
            raise self.bad(f"ends after {self._next} answers: it must begin with {HEAD}")
        return self._lines[:count]

    def take(self, prompt: str) -> str:
        if self._next == len(self._lines):
            raise self.bad(f"the file ends where the executable asks for {prompt!r}")
        self._next += 1
        return self._lines[self._next - 1]

    def yes(self, prompt: str) -> bool:
        answer = self.take(prompt)
        if answer[:1].lower() not in ("y", "n"):
            raise self.bad(f"{prompt!r} wants Yes or No, not {answer!r}")
        return answer[0] in "yY"

    def file(self, prompt: str) -> str:
        name = self.take(prompt)
        if not name:
            raise self.bad(f"{prompt!r} wants a file name, the line is empty")
        if len(name) > self._name_chars:
            long = f"{name!r} has {len(name)} characters"
            raise self.bad(f"{long}, the executable reads {self._name_chars}")
        return name

    def end(self) -> None:
        left = [line for line in self._lines[self._next :] if line]
        if left:
            raise self.bad(f"{len(left)} answers are left over, from {left[0]!r}: wrong build?")
