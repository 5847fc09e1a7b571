"""A test of the tests: wrong rules of leases that the property tests must notice."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

from tests.property import test_leases as properties
from weppd.core import leases

NAMES = ("Sight", "Terms", "look", "may_take", "silent", "suspect")
MUTANTS = {
    "a pause of the watcher counts": (" or not 0 <= now - before.at <= terms.gap_s", ""),
    "a moved lease is not noticed": ("before.seen != seen or ", ""),
    "a clock that steps back counts": ("not 0 <= now - before.at", "not now - before.at"),
    "half a lease is enough": (
        ">= max(terms.lease_s, hold_s)",
        ">= max(terms.lease_s / 2, hold_s)",
    ),
    "a node's word to come back is forgotten": ("max(terms.lease_s, hold_s)", "terms.lease_s"),
    "the dead are never found": ("return lease.still_s >= max", "return lease.still_s < max"),
    "the witness is not asked": (
        "return not has_run or (witness is not None and witness.still_s >= terms.lease_s)",
        "return True",
    ),
    "no witness seen is leave to take": (
        "(witness is not None and witness.still_s",
        "(witness is None or witness.still_s",
    ),
}


def module_of(source: str) -> types.ModuleType:
    """The rules, from this source."""
    module = types.ModuleType("mutant_leases")
    sys.modules[module.__name__] = module
    exec(compile(source, "mutant", "exec"), module.__dict__)
    return module


def survives(module: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether every property holds with these rules in place of the true ones."""
    for name in NAMES:
        monkeypatch.setattr(properties, name, getattr(module, name))
    for name, check in vars(properties).items():
        if name.startswith("test_"):
            try:
                check()
            except AssertionError:
                return False
    return True


@pytest.mark.parametrize("name", MUTANTS)
def test_the_properties_kill_the_mutant(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each wrong rule breaks a property."""
    source, (right, wrong) = Path(leases.__file__).read_text(), MUTANTS[name]
    assert right in source
    assert not survives(module_of(source.replace(right, wrong)), monkeypatch)


def test_the_true_rules_survive(monkeypatch: pytest.MonkeyPatch) -> None:
    """What kills a mutant is its error, not the way it is tried."""
    assert survives(module_of(Path(leases.__file__).read_text()), monkeypatch)
