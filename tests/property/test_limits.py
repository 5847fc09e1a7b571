"""Limits: what is written is read, what makes no sense is refused, and the tightest holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weppd import limits
from weppd.limits import LimitError

PERCENT = st.integers(1, 100_000).map(lambda n: f"{n}%")
SIZES = st.tuples(st.integers(1, 4096), st.sampled_from("MGT")).map(
    lambda pair: f"{pair[0]}{pair[1]}"
)
SETS = st.sets(st.integers(0, 200), min_size=1)
TABLES = st.fixed_dictionaries(
    {},
    optional={
        "cpu.max": st.one_of(PERCENT, st.just("max")),
        "cpu.weight": st.integers(1, 10_000),
        "memory.max": st.one_of(SIZES, st.just("max")),
        "pids.max": st.one_of(st.integers(1, 10_000), st.just("max")),
        "io.weight": st.integers(1, 10_000),
    },
)


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("cpu.max", "max", None),
        ("cpu.max", "50%", 0.5),
        ("cpu.max", "150%", 1.5),
        ("cpu.max", "50000 100000", 0.5),
        ("cpu.max", "12.5 %", 0.125),
        ("cpu.weight", 10, 10),
        ("cpuset.cpus", "0-3,8", (0, 1, 2, 3, 8)),
        ("memory.max", "4G", 4 << 30),
        ("memory.max", "512MiB", 512 << 20),
        ("memory.max", 2097152, 2097152),
        ("pids.max", "64", 64),
        ("io.weight", "200", 200),
    ],
)
def test_values_are_read_in_their_units(name, given, value):
    """Each form that the kernel's files or an operator's hand would write."""
    assert limits.parse(name, given) == value


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("cpu.max", "0%"), ("cpu.max", "-5%"), ("cpu.max", "half"), ("cpu.max", 0.5),
        ("cpu.max", "50000 0"), ("cpu.max", "10 100000"), ("cpu.max", True), ("cpu.max", None),
        ("cpu.weight", 0), ("cpu.weight", 10_001), ("cpu.weight", "max"), ("cpuset.cpus", "3-1"),
        ("cpuset.cpus", ""), ("cpuset.cpus", "a"), ("cpuset.cpus", "max"), ("memory.max", "0"),
        ("memory.max", "4 Gallons"), ("memory.max", "12k"), ("pids.max", 0), ("pids.max", "1.5"),
        ("io.weight", "many"), ("cpu.mux", "50%"), ("memory.high", "1G"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_by_name(name, given):
    """What makes no sense says which limit it is, and what may be given."""
    with pytest.raises(LimitError, match=rf"^{name}: .*(give|known are)"):
        limits.parse(name, given)


@given(st.text(max_size=20), st.sampled_from(limits.NAMES))
def test_no_text_brings_another_error(text, name):
    """Any text is a value or a LimitError, and a value is positive."""
    try:
        value = limits.parse(name, text)
    except LimitError:
        return
    assert value is None or value == (0,) or isinstance(value, tuple) or value > 0


@given(SETS)
def test_cpu_sets_come_back(cpus):
    """A set that is spelt out is read as itself."""
    assert limits.parse("cpuset.cpus", limits.spelt(cpus)) == tuple(sorted(cpus))


@given(st.lists(TABLES, max_size=4))
def test_the_tightest_holds_and_says_whose_it_is(tables):
    """No source's value is below what holds, and the source named set exactly that."""
    sources = [(f"source {n}", table) for n, table in enumerate(tables)]
    held = limits.resolve(sources)
    for name in limits.NAMES:
        values = [limits.parse(name, table[name]) for table in tables if name in table]
        numbers = [value for value in values if value is not None]
        assert (name in held) == bool(numbers)
        if numbers:
            assert held[name].value == min(numbers)
            given = dict(sources)[held[name].source][name]
            assert (limits.parse(name, given), held[name].text) == (min(numbers), str(given))


@given(SETS, SETS)
def test_cpu_sets_meet_or_say_that_they_do_not(a, b):
    """Of two sets the CPUs of both hold; with none in common both are named."""
    sources = [("daemon", {"cpuset.cpus": limits.spelt(a)}),
               ("job", {"cpuset.cpus": limits.spelt(b)})]  # fmt: skip
    if a & b:
        assert set(limits.resolve(sources)["cpuset.cpus"].value) == a & b
    else:
        with pytest.raises(LimitError, match=r"job: cpuset\.cpus.*daemon.*share no CPU"):
            limits.resolve(sources)


def test_toml_s_dotted_keys_are_names():
    """`limits = { cpu.max = "50%" }` is a table within a table, and means cpu.max."""
    assert limits.check({"cpu": {"max": "50%", "weight": 5}, "pids.max": 3}) == {
        "cpu.max": "50%", "cpu.weight": "5", "pids.max": "3",
    }  # fmt: skip
