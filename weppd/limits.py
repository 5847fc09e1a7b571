"""The limits of a job, as cgroup v2 names them: what each may be, and which of several holds.

============  ==========================================================  =====================
name          what may be given                                           read as
============  ==========================================================  =====================
cpu.max       "max", "50%" and "150%" of one CPU, "50000 100000" (µs)     CPUs
cpu.weight    1 to 10000, 100 is everybody's                              a whole number
cpuset.cpus   "0-3,8"                                                     the CPUs' numbers
memory.max    "max", bytes, "512M", "4G" (powers of 1024)                 bytes
pids.max      "max", 1 or more                                            processes and threads
io.weight     1 to 10000, 100 is everybody's                              a whole number
============  ==========================================================  =====================

Limits come from the daemon, from the job's queue, its task and the job itself. The tightest holds,
name by name, with the source that set it; of CPU sets, the CPUs that all of them hold. "max" is no
limit. Pure; standard library only, for tasks check theirs where they are written.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    Value = float | int | tuple[int, ...]

_PERCENT = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*%")
_MICROSECONDS = re.compile(r"(\d{1,12})(?:\s+(\d{1,7}))?")
_SIZE = re.compile(r"(\d{1,16})\s*([KMGT]?)(?:i?B)?", re.IGNORECASE)
_UNITS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}
_RANGE = re.compile(r"(\d{1,4})(?:-(\d{1,4}))?")
_LEAST_CPU = 0.01
_LEAST_BYTES = 1 << 20


class LimitError(ValueError):
    """A limit that is none; the message names it and says what may be given."""


class Limit:
    """A limit that holds: its value as a number (None: none), as it was given, and who set it."""

    __slots__ = ("source", "text", "value")

    def __init__(self, value: Value, text: str, source: str) -> None:
        self.value = value
        self.text = text
        self.source = source

    def __repr__(self) -> str:
        return f"Limit({self.value!r}, {self.text!r}, {self.source!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Limit) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))


def parse(name: str, given: object) -> Value | None:
    """The value of the limit `name`, in the unit of the table above; None for "max".

    LimitError for a name that is none and for a value that makes no sense.
    """
    reader = _READERS.get(name)
    if reader is None:
        raise LimitError(f"{name}: there is no such limit; known are {', '.join(_READERS)}")
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise LimitError(f"{name}: {_ASKS[name]}, not {given!r}")
    text = str(given).strip()
    unlimited = text == "max" and name in _OPEN
    value = None if unlimited else reader(text)
    if value is None and not unlimited:
        raise LimitError(f"{name}: {_ASKS[name]}, not {text[:40]!r}")
    return value


def check(given: object, whose: str = "limits") -> dict[str, str]:
    """`given` as a mapping of names to texts, every one of them readable.

    A table within it is read as the second half of names: {"cpu": {"max": "50%"}} is
    {"cpu.max": "50%"}. LimitError, with `whose` in its message, names the first that is wrong.
    """
    if not hasattr(given, "items"):
        raise LimitError(f'{whose}: give a table such as {{"cpu.max": "50%"}}, not {given!r}')
    flat: dict[str, Any] = {}
    for name, value in given.items():
        inner = value.items() if hasattr(value, "items") else None
        flat.update({f"{name}.{key}": v for key, v in inner} if inner else {str(name): value})
    for name, value in flat.items():
        try:
            parse(name, value)
        except LimitError as error:
            raise LimitError(f"{whose}: {error}") from None
    return {name: str(value).strip() for name, value in flat.items()}


def size(text: str) -> int:
    """A memory size in bytes, such as "2G"; LimitError for what is none."""
    value = parse("memory.max", text)
    if not isinstance(value, int):
        raise LimitError(f"memory: give a size such as 2G, not {text!r}")
    return value


def resolve(sources: Iterable[tuple[str, Mapping[str, object]]]) -> dict[str, Limit]:
    """What holds of the limits of several sources, each with its name, widest source first.

    The tightest value of each name; of equal ones the first source's. LimitError for nonsense, and
    for CPU sets that have no CPU in common.
    """
    held: dict[str, Limit] = {}
    for source, given in sources:
        for name, text in check(given, source).items():
            value = parse(name, text)
            if value is not None:
                limit = Limit(value, text, source)
                held[name] = _tighter(name, held[name], limit) if name in held else limit
    return held


def _tighter(name: str, old: Limit, new: Limit) -> Limit:
    if isinstance(old.value, tuple) and isinstance(new.value, tuple):
        return _common(name, old, new, tuple(cpu for cpu in old.value if cpu in new.value))
    return new if new.value < old.value else old  # type: ignore[operator]  # both are numbers


def _common(name: str, old: Limit, new: Limit, both: tuple[int, ...]) -> Limit:
    if not both:
        raise LimitError(
            f"{new.source}: {name}: {new.text} and the {old.source}'s {old.text} share no CPU"
        )
    if both == old.value:
        return old
    if both == new.value:
        return new
    return Limit(both, spelt(both), f"{old.source} and {new.source}")


def spelt(cpus: Iterable[int]) -> str:
    """A CPU set as text: 0, 1, 2, 3, 8 is "0-3,8"."""
    runs: list[list[int]] = []
    for cpu in sorted(cpus):
        if runs and cpu == runs[-1][1] + 1:
            runs[-1][1] = cpu
        else:
            runs.append([cpu, cpu])
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in runs)


# -- one reader for each kind of value; None for what it cannot read -------------------------------


def _cpus(text: str) -> float | None:
    percent, micro = _PERCENT.fullmatch(text), _MICROSECONDS.fullmatch(text)
    if percent is not None:
        value = float(percent[1]) / 100
    elif micro is not None:
        period = int(micro[2] or 100_000)
        if not 1000 <= period <= 1_000_000 or int(micro[1]) < 1000:  # the kernel's own bounds
            return None
        value = int(micro[1]) / period
    else:
        return None
    return value if value >= _LEAST_CPU else None


def _weight(text: str) -> int | None:
    return int(text) if text.isdecimal() and 1 <= int(text[:6]) <= 10_000 else None


def _set(text: str) -> tuple[int, ...] | None:
    found: set[int] = set()
    for part in text.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None or int(match[2] or match[1]) < int(match[1]):
            return None
        found.update(range(int(match[1]), int(match[2] or match[1]) + 1))
    return tuple(sorted(found))


def _bytes(text: str) -> int | None:
    match = _SIZE.fullmatch(text)
    value = int(match[1]) << _UNITS[match[2].upper()] if match is not None else 0
    return value if value >= _LEAST_BYTES else None


def _count(text: str) -> int | None:
    return int(text) if text.isdecimal() and 1 <= int(text[:8]) <= 4_194_304 else None


_READERS: Mapping[str, Callable[[str], Any]] = {
    "cpu.max": _cpus,
    "cpu.weight": _weight,
    "cpuset.cpus": _set,
    "memory.max": _bytes,
    "pids.max": _count,
    "io.weight": _weight,
}
_OPEN = ("cpu.max", "memory.max", "pids.max")
_ASKS: Mapping[str, str] = {
    "cpu.max": 'give "max", 1% or more such as "150%", or "50000 100000" (µs per µs)',
    "cpu.weight": "give a whole number from 1 to 10000",
    "cpuset.cpus": 'give numbers of CPUs such as "0-3,8"',
    "memory.max": 'give "max" or 1M or more, such as "512M" or "4G"',
    "pids.max": 'give "max" or a whole number from 1',
    "io.weight": "give a whole number from 1 to 10000",
}
NAMES = tuple(_READERS)
