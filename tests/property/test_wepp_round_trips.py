"""Random valid documents come back from their text with every value."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.wepp.files import (
    climate,
    climate_days,
    forms,
    fortran,
    management,
    passfile,
    runfile,
    slope,
    soil,
)
from tasks.wepp.files import management_layout as layout
from tasks.wepp.files.scenarios import (
    Annual,
    Contour,
    Drainage,
    Grazing,
    Head,
    Initial,
    Management,
    Operation,
    Perennial,
    Plant,
    Residue,
    SurfaceEffects,
    Tillage,
    Yearly,
)

few = settings(max_examples=60, deadline=None)
numbers = st.floats(-1e6, 1e6, allow_nan=False).filter(lambda v: v == 0.0 or abs(v) > 1e-30)
positive = st.floats(1e-3, 1e6)
shares = st.floats(0.0, 1.0)
days = st.integers(0, 366)
names = st.text("abcXYZ 0129-_.()", min_size=1, max_size=20).map(str.strip).filter(bool)
quotable = st.text("ab '\",/*0", max_size=12).map(str.strip)
raw_lines = st.text("abc #'0129.,", max_size=20).map(str.rstrip)
heads = st.builds(Head, names, st.tuples(raw_lines, raw_lines, raw_lines))


@st.composite
def elements(draw: st.DrawFn) -> slope.Element:
    inner = draw(st.sets(st.floats(0.001, 0.999), max_size=8))
    x = (0.0, *sorted(inner), 1.0)
    gradients = draw(st.tuples(*[st.floats(0.0, 3.0)] * len(x)))
    return slope.Element(draw(st.floats(1e-3, 2e4)), x, gradients)


@given(
    st.sampled_from(slope.HILLSLOPE_VERSIONS), st.floats(0.0, 360.0), positive,
    st.lists(elements(), min_size=1, max_size=4),
)  # fmt: skip
@few
def test_slopes(version: float, azimuth: float, width: float, parts: list[slope.Element]) -> None:
    """A slope file of any elements reads back as written."""
    document = slope.Slope(version, azimuth, width, tuple(parts))
    assert slope.parse(slope.dump(document)) == document


@given(st.lists(st.tuples(elements(), st.floats(0.0, 360.0), positive), min_size=1, max_size=4))
@few
def test_channel_slopes(parts: list[tuple[slope.Element, float, float]]) -> None:
    """So does one of channels, with their own azimuths and widths."""
    channels = tuple(replace(e, azimuth=azimuth, width=width) for e, azimuth, width in parts)
    document = slope.Slope(99.1, parts[0][1], parts[0][2], channels)
    assert slope.parse(slope.dump(document)) == document


@st.composite
def layers(draw: st.DrawFn, version: float, depth: float) -> soil.Layer:
    sand = draw(st.floats(0.0, 100.0))
    clay = draw(st.floats(0.0, 100.0 - sand))
    om, rock = draw(st.floats(0.0, 100.0)), draw(st.floats(0.0, 100.0))
    layer = soil.Layer(depth, sand, clay, om, draw(st.floats(0.0, 500.0)), rock)
    names = [name for name in soil.columns(version) if getattr(layer, name) is None]
    more = {name: draw(st.floats(*soil.RANGES.get(name, soil.ANY_RANGE))) for name in names}
    if "wp" in more:
        more["wp"], more["fc"] = sorted((more["wp"], more["fc"]))
    return replace(layer, **more)


@st.composite
def recoveries(draw: st.DrawFn, version: float) -> soil.Recovery:
    codes = ("adjusted", "burn_code", "texture_code")
    made = {name: draw(numbers) for name in soil.recovers(version)}
    made |= {name: draw(st.integers(0, 9)) for name in codes if name in made}
    return soil.Recovery(**{**made, "landuse": draw(names), "texture": draw(names)})


@st.composite
def soils(draw: st.DrawFn) -> soil.Soil:
    version = draw(st.sampled_from(soil.VERSIONS))
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        depths = sorted(draw(st.sets(st.integers(10, 3000), min_size=1, max_size=5)))
        made = tuple(draw(layers(version, float(depth))) for depth in depths)
        below = None
        if version >= 2006:
            second = "anisotropy" if version < 7778 else "thickness"
            below = soil.Restricting(draw(st.integers(0, 1)), draw(st.floats(0.0, 1e5)))
            below = replace(below, **{second: draw(positive)})
        ki, kr, tauc, ke = (draw(st.floats(0.0, most)) for most in soil.GREATEST)
        head = [draw(shares), draw(shares), ki, kr, tauc]
        recovery = draw(recoveries(version)) if soil.recovers(version) else None
        parts.append(
            soil.Element(
                draw(quotable),
                draw(quotable),
                *head,
                made,
                ke if version < 7777 else None,
                below,
                recovery,
            )
        )
    return soil.Soil(version, draw(names), draw(st.integers(0, 1)), tuple(parts))


@given(soils())
@few
def test_soils(document: soil.Soil) -> None:
    """A soil of any version that is read comes back with every layer."""
    assert soil.parse(soil.dump(document)) == document


def values(kind: type, skip: tuple[str, ...] = ()) -> st.SearchStrategy:
    """Documents of `kind` whose fields are what the layout allows them to be."""
    wanted = {f.name: value_of(f.name) for f in fields(kind) if f.name not in ("head", *skip)}
    return st.fixed_dictionaries(wanted)


def value_of(name: str) -> st.SearchStrategy:
    if name in layout.DATES:
        return days
    if name in layout.CHOICES:
        return st.sampled_from(layout.CHOICES[name])
    if name in layout.WHOLE:
        return st.integers(0, 40)
    if name in layout.FRACTIONS:
        return shares
    return st.floats(*layout.RANGES.get(name, layout.ANY_RANGE)).filter(written)


def written(value: float) -> bool:
    """Whether five decimals or an exponent of two digits tell of a number."""
    return value == 0.0 or abs(value) > 1e-30


@st.composite
def operations(draw: st.DrawFn, plants: int) -> Operation:
    made = draw(values(Operation, ("cltpos", "residue")))
    code, residue = made["pcode"], None
    if code in layout.RESIDUE_ADDED:
        residue = Residue(draw(st.integers(1, plants)), draw(value_of("added")))
    elif code in layout.RESIDUE_REMOVED:
        residue = Residue(0, draw(shares))
    cltpos = draw(st.integers(1, 2)) if code == layout.CULTIVATOR else None
    return Operation(draw(heads), **made, cltpos=cltpos, residue=residue)


@st.composite
def crops(draw: st.DrawFn, mgmt: int) -> Annual | Perennial:
    if mgmt == 2:
        option = draw(st.integers(1, 3))
        made = draw(values(Perennial, ("mgtopt", "cuttings", "grazings")))
        cuts = tuple(draw(st.lists(days, min_size=1, max_size=3))) if option == 1 else ()
        grazing = values(Grazing).map(lambda v: Grazing(**v))
        cycles = tuple(draw(st.lists(grazing, min_size=1, max_size=2))) if option == 2 else ()
        return Perennial(**made, mgtopt=option, cuttings=cuts, grazings=cycles)
    made = draw(values(Annual, ("resmgt", "date", "fractions")))
    code = draw(st.sampled_from((1, 2, 3, 4, 6)))
    if code == 6:
        return Annual(**made, resmgt=6)
    count = len(layout.RESIDUE_MANAGEMENT[code][1].split())
    fractions = draw(st.tuples(*[shares] * count))
    return Annual(**made, resmgt=code, date=draw(days), fractions=fractions)


def some(strategy: st.SearchStrategy, least: int = 0, most: int = 2) -> st.SearchStrategy:
    return st.lists(strategy, min_size=least, max_size=most).map(tuple)


@st.composite
def managements(draw: st.DrawFn) -> Management:
    plants = draw(
        some(st.builds(lambda h, u, v: Plant(h, u, **v), heads, names, values(Plant, ("unit",))), 1)
    )
    tools = draw(some(operations(len(plants))))
    plant = st.integers(1, len(plants))
    starts = draw(
        some(
            st.builds(
                lambda h, i, v: Initial(h, iresd=i, **v), heads, plant, values(Initial, ("iresd",))
            ),
            1,
        )
    )
    tillage = st.builds(
        lambda op, v: Tillage(op=op, **v), st.integers(1, len(tools) or 1), values(Tillage, ("op",))
    )
    effects = draw(some(st.builds(SurfaceEffects, heads, some(tillage, 1)))) if tools else ()
    contours = draw(some(st.builds(lambda h, v: Contour(h, **v), heads, values(Contour))))
    drains = draw(some(st.builds(lambda h, v: Drainage(h, **v), heads, values(Drainage))))
    yearlies = []
    for _ in range(draw(st.integers(1, 3))):
        mgmt = draw(st.integers(1, 3))
        chosen = (draw(st.integers(0, len(part))) for part in (effects, contours, drains))
        yearlies.append(Yearly(draw(heads), draw(plant), *chosen, mgmt, draw(crops(mgmt))))
    nofe, years = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    of_year = some(st.integers(1, len(yearlies)), 1)
    rotation = st.tuples(*[st.tuples(*[of_year] * nofe)] * years)
    schedule = draw(some(rotation, 1))
    return Management(
        98.4, nofe, years, plants, tools, starts, effects, contours, drains, tuple(yearlies),
        draw(heads), draw(st.tuples(*[st.integers(1, len(starts))] * nofe)), schedule,
    )  # fmt: skip


@pytest.mark.slow
@given(managements())
@settings(max_examples=25, deadline=None)
def test_managements(document: Management) -> None:
    """A management of any sections comes back, descriptions and schedule included."""
    assert management.parse(management.dump(document)) == document


@st.composite
def climates(draw: st.DrawFn) -> climate.Climate:
    begin, years = draw(st.sampled_from((1, 3, 1999, 2012))), draw(st.integers(1, 2))
    first = date(begin, 1, 1)
    count = (date(begin + years, 1, 1) - first).days
    dates = [first + timedelta(days=n) for n in range(count)]
    dice = np.random.default_rng(draw(st.integers(0, 2**32)))
    most = np.array([300.0, 24.0, 1.0, 40.0, 60.0, 40.0, 1500.0, 120.0, 360.0, 40.0])
    decimals = (1, 2, 2, 2, 1, 1, 0, 1, 0, 1)
    table = dice.random((count, 10)) * most
    table[:, [4, 5, 9]] -= 40.0
    table[:, 5] = np.minimum(table[:, 4], table[:, 5])
    rounded = [np.round(table[:, i], d).tolist() for i, d in enumerate(decimals)]
    made = climate_days.days(
        [d.day for d in dates], [d.month for d in dates], [d.year for d in dates], rounded
    )
    tenths = st.integers(-400, 9999).map(lambda v: v / 10.0)
    means = climate.Means(*(draw(st.tuples(*[tenths] * 12)) for _ in range(4)))
    hundredths = st.integers(-9000, 9000).map(lambda v: v / 100.0)
    return climate.Climate(
        5.3, climate.CONTINUOUS, draw(st.integers(0, 1)), "  Station:  " + draw(names),
        draw(hundredths), draw(hundredths), float(draw(st.integers(-100, 5000))),
        draw(st.integers(0, 200)), begin, years, draw(names), means, made,
    )  # fmt: skip


@given(climates())
@settings(max_examples=15, deadline=None)
def test_climates(document: climate.Climate) -> None:
    """A climate whose values have CLIGEN's decimals comes back to the day."""
    assert climate.parse(climate.dump(document)) == document


file_names = st.text("abc/._0123456789", min_size=1, max_size=50)
wanted = st.none() | file_names
given_files = dict.fromkeys(("man", "slp", "cli", "sol", "loss"), file_names)
tail = {"units": st.sampled_from(("m", "e", "M")), "batch": st.booleans(), "summary": st.booleans()}


@given(
    st.builds(
        forms.HillslopeRun, **given_files, **tail, years=st.integers(1, 999),
        pass_file=wanted, initial=wanted, wat=wanted, crop=wanted, soil=wanted, plot=wanted,
        graphics=wanted, ebe=wanted, element=wanted, winter=wanted, yields=wanted,
        loss_option=st.integers(1, 5), bypass=st.integers(0, 1),
    )
    | st.builds(
        forms.StormRun, **given_files, **tail, pass_file=wanted, plot=wanted, ebe=wanted,
        element=wanted, winter=wanted,
    )
    | st.builds(
        forms.StormWatershedRun, **given_files, **tail, hillslopes=st.tuples(file_names),
        master=file_names, structure=file_names, chn=file_names, imp=wanted, plot=wanted,
        impoundment_output=st.none(), ebe=wanted, winter=wanted,
    )
)  # fmt: skip
@few
def test_run_files(run: forms.RunFile) -> None:
    """Whatever the run of a hillslope or of a storm answers, the answers come back."""
    assert runfile.parse(runfile.dump(run)) == run


@given(st.floats(-1e30, 1e30), st.integers(3, 12))
def test_exponent_columns_keep_their_digits(value: float, digits: int) -> None:
    """An e-edit wide enough reads back to its digits, whatever the size of the number."""
    text = fortran.scientific(value, digits + 8, digits)
    assert len(text) == digits + 8
    assert abs(fortran.column(text) - value) <= 0.51 * 10.0 ** (1 - digits) * abs(value) + 1e-300


@given(st.floats(0.0, 9.9999e30), st.floats(0.0, 9.9999e30))
def test_pass_values_read_back_as_written(first: float, second: float) -> None:
    """Writing a pass file that was read changes nothing more."""
    pair = first, second
    for days in (
        (passfile.Subevent(1, 1, *pair),),
        (passfile.NoEvent(1, 1, pair), passfile.Subevent(1, 2, *pair, pair, pair)),
        (passfile.Event(1, 1, *[first] * 10, (second,), (first,), pair, pair),),
    ):
        once = passfile.dump(passfile.PassFile("p1.cli", 1, 1, 10.0, (2e-6,), days))
        found = passfile.parse(once)
        assert [type(day) for day in found.days] == [type(day) for day in days]
        assert [day.ground is None for day in found.days] == [day.ground is None for day in days]
        assert passfile.dump(found) == once
