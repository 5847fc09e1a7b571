"""The text of a `.run` file as production writes it, from the nouns of `forms` and back.

The order of the prompts is in `prompts.ORDERS`, one line of words for each form. A yes is written
`Yes` and a file name follows on the next line; the single letters of the watershed's hillslopes are
`M` and `Y`.

Executables read 50 characters of a name and cut the rest silently: a longer one is an error here,
on reading and on writing. Irrigation asks for files that are not read: refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from tasks.wepp.files.errors import CutShort, FormatError, Refused
from tasks.wepp.files.forms import FORMS, HillslopeRun, RunFile
from tasks.wepp.files.records import lines_of, read_text
from tasks.wepp.prompts import DAILY, INPUTS, WEPPCLOUD

NAME_LIMIT = 50
_NAMES = frozenset((*INPUTS, *DAILY, "pass", "master", "loss", "initial", "impoundment_output"))
_RENAMED = {"pass": "pass_file", "yield": "yields", "str": "structure"}
_WHOLE = re.compile(r"[0-9]{1,9}\Z")
_RANGES = {"loss_option": range(6), "bypass": range(2)}


_HEADS = {
    "hillslope": ("1", "1"),
    "storm": ("2", "1"),
    "watershed": ("1", "2"),
    "storm_watershed": ("2", "2"),
}


def read(path: str | Path) -> RunFile:
    """The `.run` file at `path`; FormatError, OSError."""
    return parse(read_text(path), path)


def parse(text: str, path: str | Path = "run") -> RunFile:
    """The answers that `text` gives; FormatError names `path` and line, Refused irrigation."""
    answers = _Answers(text, path)
    form = answers.form()
    values: dict[str, Any] = {}
    for prompt in WEPPCLOUD[form].split():
        answers.take(prompt, values)
    answers.end()
    known = {field.name for field in fields(FORMS[form])}
    found = {_RENAMED.get(name, name): value for name, value in values.items()}
    return FORMS[form](**{name: value for name, value in found.items() if name in known})


def dump(run: RunFile) -> str:
    """The text of a `.run` file, as production writes it; FormatError for a name too long."""
    form = next(name for name, kind in FORMS.items() if type(run) is kind)
    lines: list[str] = []
    for prompt in WEPPCLOUD[form].split():
        lines += _answer(run, form, prompt)
    for number, line in enumerate(lines, 1):
        _check_name(line, "run", number)
    return "\n".join(lines) + "\n"


def production(
    number: int, years: int, *, climate: str | None = None, graphics: bool = False
) -> HillslopeRun:
    """What production answers for hillslope `number`: seven outputs in `../output`.

    `graphics` asks for an eighth, as for land that grows back.
    """
    outputs: dict[str, Any] = {kind: f"../output/H{number}.{kind}.dat" for kind in _PRODUCTION}
    outputs |= {"graphics": f"../output/H{number}.grph.dat"} if graphics else {}
    return HillslopeRun(
        man=f"p{number}.man", slp=f"p{number}.slp", sol=f"p{number}.sol",
        cli=climate or f"p{number}.cli", years=years,
        pass_file=f"../output/H{number}.pass.dat", **outputs,
    )  # fmt: skip


_PRODUCTION = ("loss", "wat", "soil", "plot", "ebe", "element")


class _Answers:
    """The lines of a `.run` file, taken prompt by prompt."""

    def __init__(self, text: str, path: str | Path) -> None:
        self.path = path
        self._lines = [line.strip() for line in lines_of(text)]
        self._next = 0

    def form(self) -> str:
        head = tuple(self._lines[2:4])
        if len(head) < 2:
            raise CutShort(
                self.path, len(self._lines), "the file ends before it says what to simulate"
            )
        if head[0] not in ("1", "2"):
            raise FormatError(self.path, 3, f"mode {head[0]!r}: 1 (continuous) or 2 (single storm)")
        if head[1] not in ("1", "2", "3"):
            why = f"model version {head[1]!r}: 1 (hillslope) or 2 (watershed) is wanted"
            raise FormatError(self.path, 4, why)
        found = next((form for form, wanted in _HEADS.items() if wanted == head), None)
        if found is None:
            why = f"mode {head[0]} with model version {head[1]} is not read"
            raise Refused(self.path, 4, why)
        return found

    def take(self, prompt: str, values: dict[str, Any]) -> None:
        name, kind = (prompt[:-1], prompt[-1]) if prompt[-1] in "!?*+" else (prompt, "")
        if kind == "*":
            values[name] = self._hillslopes()
        elif kind == "!":
            values[name] = self._yes(name)
        elif kind == "?":
            values[name] = self._name(name) if self._yes(name) else None
        elif kind != "+":
            values[name] = self._plain(name)
        elif values.get("impoundments"):
            values[name] = self._impoundment(name)

    def end(self) -> None:
        left = [n for n, line in enumerate(self._lines, 1) if n > self._next and line]
        if left:
            raise FormatError(self.path, left[0], f"{self._lines[left[0] - 1]!r} answers no prompt")

    def _impoundment(self, name: str) -> str | None:
        if name != "impoundment_output":
            return self._name(name)
        return self._name(name) if self._yes(name) else None

    def _plain(self, name: str) -> Any:
        if name == "units":
            return self._units()
        if name == "batch":
            return self._yes(name)
        if name in _NAMES:
            return self._name(name)
        if name in ("mode", "version", "blank"):
            return self._line(name)
        return self._number(name)

    def _line(self, name: str) -> str:
        if self._next == len(self._lines):
            raise CutShort(self.path, self._next, f"the file ends where {name!r} must be answered")
        self._next += 1
        return self._lines[self._next - 1]

    def _units(self) -> str:
        answer = self._line("units")
        if answer[:1].lower() not in ("m", "e"):
            raise self._bad(f"units {answer!r}: m (metric) or e (English) is wanted")
        return answer

    def _yes(self, name: str) -> bool:
        answer = self._line(name)
        if answer[:1].lower() not in ("y", "n"):
            raise self._bad(f"{name!r} wants Yes or No, found {answer!r}")
        return answer[0] in "yY"

    def _name(self, name: str) -> str:
        answer = self._line(name)
        if not answer:
            raise self._bad(f"{name!r} wants a file name, the line is blank")
        _check_name(answer, self.path, self._next)
        return answer

    def _number(self, name: str) -> int:
        answer = self._line(name)
        wanted = "a whole number of 1 or more" if name == "years" else "a whole number"
        if not _WHOLE.match(answer) or (name == "years" and int(answer) < 1):
            raise self._bad(f"{name!r} wants {wanted}, found {answer!r}")
        value = int(answer)
        if name == "irrigation" and value:
            raise Refused(self.path, self._next, f"irrigation option {value} is not read")
        if value not in _RANGES.get(name, (value,)):
            raise self._bad(f"{name} {value} is no option")
        return value

    def _hillslopes(self) -> tuple[str, ...]:
        found = []
        for number in range(1, self._number("number of hillslopes") + 1):
            self._line(f"units of hillslope {number}")
            if not self._yes(f"hillslope {number}: existing pass file"):
                raise Refused(self.path, self._next, "hillslopes without a pass file are not read")
            found.append(self._name(f"pass file of hillslope {number}"))
        return tuple(found)

    def _bad(self, why: str) -> FormatError:
        return FormatError(self.path, self._next, why)


def _check_name(name: str, path: str | Path, line: int) -> None:
    if len(name) > NAME_LIMIT:
        why = f"{name!r} has {len(name)} characters: executables read {NAME_LIMIT}"
        raise FormatError(path, line, why)
    if any(ord(letter) < ord(" ") for letter in name):
        raise FormatError(path, line, f"{name!r} has a character that no file name can have")


def _answer(run: RunFile, form: str, prompt: str) -> Iterator[str]:
    name, kind = (prompt[:-1], prompt[-1]) if prompt[-1] in "!?*+" else (prompt, "")
    if kind == "*":
        yield from _hillslope_lines(run)
    elif kind == "+":
        yield from _impoundment_lines(run, name)
    elif kind == "?":
        yield from _wanted(_value(run, name))
    elif name in ("mode", "version"):
        yield _HEADS[form][name == "version"]
    elif name == "blank":
        yield ""
    else:
        yield _written(_value(run, name))


def _value(run: RunFile, name: str) -> Any:
    if name == "impoundments":
        return getattr(run, "imp", None) is not None
    return getattr(run, _RENAMED.get(name, name))


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return str(value)


def _wanted(name: str | None) -> tuple[str, ...]:
    return ("No",) if name is None else ("Yes", name)


def _hillslope_lines(run: RunFile) -> Iterator[str]:
    passes: tuple[str, ...] = getattr(run, "hillslopes", ())
    yield str(len(passes))
    for name in passes:
        yield from ("M", "Y", name)


def _impoundment_lines(run: RunFile, name: str) -> tuple[str, ...]:
    if getattr(run, "imp", None) is None:
        return ()
    value = getattr(run, name)
    return (value,) if name == "imp" else _wanted(value)
