"""Laws of the sediment march that hold on any slope, soil and event."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.hillsim.sediment import classes as sediment
from tasks.hillsim.sediment import erosion
from tasks.hillsim.sediment.erosion import Bed, Earth, Event, Load

gradients = st.lists(st.floats(0.0, 0.6), min_size=2, max_size=7).map(tuple)
textures = st.tuples(st.floats(0.03, 0.9), st.floats(0.03, 0.6)).filter(lambda t: sum(t) < 0.98)


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Any runoff of rain, a millimetre to half a metre."""
    depth, span = draw(st.floats(1e-3, 0.5)), draw(st.floats(600.0, 80000.0))
    peak = depth / span * draw(st.floats(0.2, 20.0))
    return Event(
        peak=peak, duration=depth / peak, depth=depth, excess_duration=span,
        excess_peak=depth / span * draw(st.floats(1.0, 20.0)),
        intensity=depth / span * draw(st.floats(1.0, 5.0)),
        interrill=draw(st.floats(0.0, 1e7)), melt=draw(st.booleans()),
    )  # fmt: skip


@st.composite
def beds(draw: st.DrawFn) -> Bed:
    """Any rills."""
    spacing = draw(st.floats(0.3, 4.0))
    return Bed(
        spacing=spacing, width=spacing * draw(st.floats(0.03, 1.0)),
        kr=draw(st.floats(0.0, 0.05)), tauc=draw(st.floats(0.0, 8.0)),
        friction=draw(st.floats(1.2, 15.0)),
    )  # fmt: skip


def earth(texture: tuple[float, float], roughness: float = 0.01) -> Earth:
    """The particles of a soil of this sand and clay."""
    return Earth(sediment.classes(*texture, 0.02), texture[0], roughness)


def points(slopes: tuple[float, ...]) -> tuple[tuple[float, float], ...]:
    """Gradients at equal distances."""
    return tuple((index / (len(slopes) - 1), value) for index, value in enumerate(slopes))


def moved(slopes: tuple[float, ...], length: float, bed: Bed, event: Event, soil: Earth) -> Load:
    return erosion.erode(erosion.shape(length, points(slopes)), bed, event, soil)


@settings(max_examples=150, deadline=None)
@given(gradients, st.floats(2.0, 600.0), beds(), events(), textures)
def test_what_is_detached_less_what_settles_is_what_leaves(
    slopes: tuple[float, ...], length: float, bed: Bed, event: Event, texture: tuple[float, float]
) -> None:
    """The sediment of any event balances to 1e-6, as a whole and class by class."""
    load = moved(slopes, length, bed, event, earth(texture))
    losses = load.losses(length)
    scale = max(abs(value) for value in losses) * length + 1e-12
    assert abs(sum(losses) * length / erosion.CELLS - load.leaving) <= 1e-6 * scale
    assert abs(sum(load.classes) - load.leaving) <= 1e-6 * max(*load.edges, 1e-12)
    assert min(load.classes) >= -1e-12
    assert min(load.edges) >= 0.0


@settings(max_examples=80, deadline=None)
@given(st.floats(2.0, 600.0), beds(), events(), textures)
def test_flat_ground_yields_no_sediment(
    length: float, bed: Bed, event: Event, texture: tuple[float, float]
) -> None:
    """Where nothing flows down there is no rill erosion, and what splashes stays."""
    load = moved((0.0, 0.0), length, bed, event, earth(texture))
    assert load.leaving == 0.0
    assert set(load.edges) == {0.0}


@settings(max_examples=80, deadline=None)
@given(gradients, st.floats(2.0, 600.0), beds(), events(), textures)
def test_soil_that_resists_more_never_loses_more(
    slopes: tuple[float, ...], length: float, bed: Bed, event: Event, texture: tuple[float, float]
) -> None:
    """Raising the critical shear never raises the yield, and doubling Kr never lowers it."""
    soil = earth(texture)
    tougher = Bed(bed.spacing, bed.width, bed.kr, bed.tauc + 1.0, bed.friction)
    weaker = Bed(bed.spacing, bed.width, bed.kr * 2.0, bed.tauc, bed.friction)
    usual = moved(slopes, length, bed, event, soil).leaving
    slack = 1e-6 * usual + 1e-9
    assert moved(slopes, length, tougher, event, soil).leaving <= usual + slack
    assert moved(slopes, length, weaker, event, soil).leaving >= usual - slack


@settings(max_examples=80, deadline=None)
@given(st.floats(0.02, 0.6), st.floats(5.0, 300.0), beds(), events(), textures)
def test_a_point_more_in_the_slope_file_changes_nothing(
    slope: float, length: float, bed: Bed, event: Event, texture: tuple[float, float]
) -> None:
    """A uniform slope given by two points and by four erodes alike."""
    soil = earth(texture)
    two = moved((slope, slope), length, bed, event, soil).leaving
    four = moved((slope,) * 4, length, bed, event, soil).leaving
    assert abs(two - four) <= 2e-3 * two + 1e-9


@settings(max_examples=60, deadline=None)
@given(st.floats(0.01, 60.0), st.floats(0.5, 30.0), textures)
def test_a_stronger_flow_carries_more(
    shear: float, more: float, texture: tuple[float, float]
) -> None:
    """Transport capacity never falls with shear."""
    soil = earth(texture)
    weak = sediment.transport_capacity(shear, soil.particles, soil.sand)
    strong = sediment.transport_capacity(shear + more, soil.particles, soil.sand)
    assert 0.0 <= weak <= strong


@settings(max_examples=60, deadline=None)
@given(st.floats(1e-6, 0.5), st.floats(0.03, 3.0), st.floats(1e-4, 1.0), st.floats(1.2, 15.0))
def test_the_depth_of_rill_flow_satisfies_chezys_law(
    discharge: float, width: float, slope: float, friction: float
) -> None:
    """From the shear the hydraulic radius, from it the discharge again, to 1e-6."""
    sine = slope / (1.0 + slope**2) ** 0.5
    stress = erosion.shear(discharge, width, slope, friction)
    radius = stress * friction / 1.11 / (1000.0 * 9.81 * sine)
    depth = radius * width / (width - 2.0 * radius)
    velocity = (8.0 * 9.81 * radius * sine / friction) ** 0.5
    assert abs(velocity * depth * width - discharge) <= 1e-6 * discharge
