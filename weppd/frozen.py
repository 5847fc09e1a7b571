"""Frozen records that are made by the thousand: the same records, at a third of the price.

A frozen dataclass sets each of its fields by a call, for no assignment may reach it. Where a record
is made for every job, it is made as its twin, which has the same fields and is not frozen, and then
turns into what it shall be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, field, fields, make_dataclass
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def maker(kind: Callable[P, T]) -> Callable[P, T]:
    """Takes what the frozen dataclass `kind` takes, which has slots, and makes one."""

    def freeze(twin: Any) -> None:
        twin.__class__ = kind

    wanted = [(each.name, each.type, _like(each)) for each in fields(kind)]  # type: ignore[arg-type]
    methods = {"__post_init__": freeze}
    name = getattr(kind, "__name__", "twin")
    twin: Any = make_dataclass(name, wanted, namespace=methods, slots=True, eq=False, repr=False)
    made: Callable[P, T] = twin
    return made


def _like(given: Field[Any]) -> Any:
    if given.default is not MISSING:
        return field(default=given.default)
    if given.default_factory is not MISSING:
        return field(default_factory=given.default_factory)
    return field()
