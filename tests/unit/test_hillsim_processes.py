"""Storm, infiltration, routing, snow, evaporation, growth and decay, one process at a time."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest

from tasks.hillsim import engine
from tasks.hillsim.cover import plants, residue, surface
from tasks.hillsim.cover.plants import Crop
from tasks.hillsim.cover.residue import Climate, Cohort, Residue
from tasks.hillsim.element import hillslope
from tasks.hillsim.hydrology import evaporation, infiltration, routing, snow, storm, sun
from tasks.hillsim.hydrology.infiltration import Ground
from tasks.hillsim.hydrology.snow import Pack
from tasks.hillsim.hydrology.storm import Hyetograph, Storm
from tasks.wepp.files.scenarios import Perennial
from tasks.wepp.samples import cover as sample_cover
from tests.unit import hillsim_slopes as build

MM_H = 1 / 3.6e6
CORN, TREES, BURNT = (
    cover.plant for cover in (sample_cover.CORN, sample_cover.FOREST, sample_cover.HIGH_FIRE)
)


def test_the_exponent_of_a_storm_is_the_root_of_its_equation() -> None:
    """1 − exp(−u) = u/ip for any peak ratio above 1, near 1 too."""
    for ratio in (1.0001, 1.2, 4.0, 60.0):
        u = storm.shape(ratio)
        assert u > 0.0
        assert 1 - math.exp(-u) == pytest.approx(u / ratio, abs=1e-12)


def test_a_storm_is_cut_into_parts_of_equal_depth_that_peak_where_it_peaks() -> None:
    """Ten parts of 5 mm; the densest holds the peak; the depth is the day's rain."""
    made = storm.hyetograph(Storm(0.05, 6 * 3600.0, 0.3, 5.0))
    starts = (0.0, *made.ends)
    depths = [
        rate * (end - start)
        for rate, start, end in zip(made.rates, starts, made.ends, strict=False)
    ]
    assert depths == pytest.approx([0.005] * 10)
    densest = made.rates.index(max(made.rates))
    assert starts[densest] - 1e-6 <= 0.3 * 6 * 3600.0 <= made.ends[densest] + 1e-6
    assert made.depth == pytest.approx(0.05)


def test_no_part_of_a_storm_is_shorter_than_five_minutes_if_that_can_be() -> None:
    """A steep peak leaves fewer parts; a storm of two minutes is one part."""
    steep = storm.hyetograph(Storm(0.05, 3600.0, 0.3, 20.0))
    spans = [b - a for a, b in zip((0.0, *steep.ends), steep.ends, strict=False)]
    assert len(spans) < 10
    assert len(spans) == 1 or min(spans) >= 300.0
    assert len(storm.hyetograph(Storm(0.01, 120.0, 0.5, 3.0)).ends) == 1


def test_rain_without_a_peak_is_constant() -> None:
    """A peak ratio of 1 gives one intensity throughout."""
    made = storm.hyetograph(Storm(0.01, 7200.0, 0.4, 1.0))
    assert made.rates == pytest.approx([0.01 / 7200.0] * len(made.rates))


BREAKS = ((2.0, 0.0), (2.5, 10.0), (4.0, 10.0), (6.25, 31.0))


def test_measured_rain_falls_between_its_breakpoints() -> None:
    """10 mm in half an hour, a pause, 21 mm in 2¼ hours: rates, depth and the clock's hours."""
    made = storm.measured(BREAKS)
    assert made.ends == pytest.approx((1800.0, 7200.0, 15300.0))
    assert [rate / MM_H for rate in made.rates] == pytest.approx([20.0, 0.0, 28.0 / 3.0])
    assert made.depth == pytest.approx(0.031)
    hours = storm.hourly(BREAKS)
    assert hours[2] == pytest.approx(0.010)
    assert hours[3] == 0.0
    assert sum(hours) == pytest.approx(0.031)


def test_a_day_with_breakpoints_runs_off_by_its_intensities() -> None:
    """The same rain in half an hour and evenly through ten: only the burst runs off."""
    runoff = {}
    for name, hours in (("burst", 0.5), ("drizzle", 10.0)):
        climate = build.weather([build.DRY, build.rainy(30.0, hours)])
        points: tuple[tuple[tuple[float, float], ...], ...] = (
            (),
            ((1.0, 0.0), (1.0 + hours, 30.0)),
        )
        inputs = replace(build.documents(), climate=replace(climate, breakpoints=points))
        _, days = build.run(inputs)
        runoff[name] = days[-1].runoff
    assert runoff["burst"] > 0.010 > runoff["drizzle"]


def test_what_leaves_catch_is_the_beginning_of_the_storm() -> None:
    """Withholding 3 mm of a storm of 10 mm leaves 7 mm, all of it after the first 3."""
    made = Hyetograph([1800.0, 3600.0], [0.005 / 1800.0, 0.005 / 1800.0], 120.0)
    left = storm.withhold(made, 0.003)
    assert left.depth == pytest.approx(0.007)
    assert left.rates[0] == pytest.approx(0.002 / 1800.0)


def steady(mm_h: float, hours: float) -> Hyetograph:
    """Rain of one intensity."""
    return Hyetograph([hours * 3600.0], [mm_h * MM_H], 60.0)


def test_ponded_soil_takes_in_what_green_and_ampt_say() -> None:
    """Two hours at 60 mm/h on Ke 5 mm/h, Ns 40 mm: the integral of the law, to 0.5 %."""
    ke, ns, rate, time = 5.0, 40.0, 60.0, 2.0
    at = ke * ns / (rate - ke)
    left = time - at / rate
    total = at
    for _ in range(200):
        total = at + ke * left + ns * math.log((total + ns) / (at + ns))
    soil = Ground(ke * MM_H, ns / 1000, hollows=0.0)
    excess = infiltration.infiltrate(steady(rate, time), soil)
    assert excess.depth * 1000 == pytest.approx(rate * time - total, rel=0.005)
    assert excess.peak <= (rate - ke) * MM_H


def test_rain_below_the_conductivity_never_runs_off() -> None:
    """Rain of 4 mm/h on 5 mm/h for a day gives no excess, with or without suction."""
    for suction in (0.0, 0.02):
        soil = Ground(5 * MM_H, suction, hollows=0.0)
        assert infiltration.infiltrate(steady(4.0, 20.0), soil).depth == 0.0


def test_a_full_soil_gives_back_what_it_cannot_keep_spread_over_the_storm() -> None:
    """Gentle rain of 10 h on an open soil that is full: all but what dries and drains runs off.

    It comes back evenly through the storm, so drops that fall meanwhile loosen nothing with it.
    """
    soil = build.ground(saturation=0.95, ke=400.0)
    slope, (first, *_) = build.run(build.documents([build.rainy(150.0, 10.0, ip=1.0)], soil=soil))
    balance = first.balance
    assert first.event is not None
    assert balance.saturation == pytest.approx(first.runoff)
    assert first.event.flow.duration == pytest.approx(36000.0, rel=0.01)
    assert first.event.load.interrill == 0.0
    assert slope.store[0] == pytest.approx(slope.columns.limit[0])


def test_hollows_hold_water_back_and_let_it_in_later() -> None:
    """5 mm of depression storage lower the runoff by 5 mm or more."""
    bare = Ground(2 * MM_H, 0.01, hollows=0.0)
    rough = Ground(2 * MM_H, 0.01, hollows=0.005)
    less = infiltration.infiltrate(steady(30.0, 1.0), rough).depth
    assert less <= infiltration.infiltrate(steady(30.0, 1.0), bare).depth - 0.005 + 1e-9


def test_a_long_steady_storm_leaves_a_slope_at_the_rate_of_its_excess() -> None:
    """Far beyond equilibrium the peak is the excess; on a long flat slope it is far below."""
    steep, flat = routing.resistance(50.0, 0.2, 5.0), routing.resistance(2000.0, 0.001, 20.0)
    long = routing.route(0.04, 20 * 3600.0, 0.04 / 72000.0, steep)
    short = routing.route(0.04, 600.0, 0.04 / 600.0, flat)
    assert long.peak == pytest.approx(0.04 / 72000.0, rel=1e-6)
    assert short.peak < 0.3 * 0.04 / 600.0
    for flow in (long, short):
        assert flow.peak * flow.duration == pytest.approx(0.04)


def test_what_recedes_infiltrates_as_a_wave_followed_step_by_step_does() -> None:
    """The closed form of the recession beside characteristics counted out, to 1 %; 0 at rest."""
    depth, duration, path, sink = 0.006, 1200.0, 900.0, 4e-6
    v, alpha, length = depth / duration, 100.0 / path, 100.0
    ripe = alpha * depth**1.5 / v
    assert ripe < length
    step, taken, time = 1.0, 0.0, 0.0
    while time < depth / sink:
        # Where the dry edge has come to: above it nothing infiltrates any more.
        edge = min(length, alpha * (sink * time) ** 1.5 / v * (1.0 + v / sink))
        taken += sink * step * (length - edge) / length
        time += step
        if edge >= length:
            break
    found = routing.recession(depth, duration, path, sink)
    assert found == pytest.approx(min(depth, taken), rel=0.01)
    assert routing.recession(depth, 50 * duration, path, sink) == 0.0
    assert routing.recession(depth, duration, path, 0.0) == 0.0
    assert 0.9 * depth < routing.recession(depth, duration, path, 1.0) <= depth


def test_the_recession_ends_with_the_day() -> None:
    """A tight soil takes from a flow what is left of the day, at its rate and no longer."""
    depth, duration, path = 0.05, 3600.0, 1e7
    for sink in (1e-9, 5e-9, 2e-8):
        lost = routing.recession(depth, duration, path, sink)
        assert lost <= sink * (86400.0 - duration) * (1.0 + 1e-12)
        assert lost > 0.5 * sink * (86400.0 - duration)
    assert routing.recession(depth, 86400.0, path, 1e-9) == 0.0


def test_the_peak_ratio_has_no_jump_where_its_branches_meet() -> None:
    """Across t* = 1 and across the meeting of the long branches it stays continuous."""
    for v in (0.2, 0.5, 0.9):
        meets = (1 - math.sqrt(1 - 2.4 * (1 - v) * v)) / (1.2 * (1 - v))
        for at in (1.0, meets):
            below, above = routing.peak_ratio(at - 1e-9, v), routing.peak_ratio(at + 1e-9, v)
            assert below == pytest.approx(above, rel=1e-6)


def winter(**changes: float) -> snow.Weather:
    """A cold day with 12 mm in six hours."""
    day = {"rain": 0.012, "duration": 6.0, "low": -12.0, "high": -2.0, "dew": -8.0}
    day |= {"radiation": 6.0, "wind": 3.0, "canopy": 0.0}
    return snow.Weather(**(day | changes))


SKY = sun.sky(30, 45.0, 0.1, 180.0)


def pass_day(pack: Pack, weather: snow.Weather, number: int) -> snow.Winter:
    """All hours of a day over the pack."""
    hours = snow.Hours(pack, weather, SKY, number)
    for hour in range(24):
        hours.take(hour)
    return hours.end()


def test_snow_falls_at_a_tenth_of_the_density_of_water_and_stays() -> None:
    """12 mm on a day below freezing lie as snow; nothing reaches the ground."""
    pack = Pack()
    day = pass_day(pack, winter(), 1)
    assert day.total == 0.0
    assert pack.water == pytest.approx(0.012)
    assert 100.0 <= pack.density < 150.0


def test_a_thaw_gives_back_all_the_snow_that_fell() -> None:
    """Weeks at 12 °C release what a cold day laid down, and nothing else."""
    pack = Pack()
    pass_day(pack, winter(), 1)
    warm = winter(rain=0.0, low=4.0, high=20.0, dew=6.0, radiation=14.0)
    released = sum(pass_day(pack, warm, day).total for day in range(2, 30))
    assert released == pytest.approx(0.012)
    assert pack.water == 0.0


def test_rain_on_a_cold_deep_pack_is_held() -> None:
    """Light snow takes up rain until it is as dense as 350 kg/m³."""
    pack = Pack()
    pack.fall(0.1)
    assert pack.wet(0.0, 0.02) == 0.0
    assert pack.density == pytest.approx(120.0)


def test_new_snow_gains_a_seventh_of_its_density_in_its_first_day_and_then_hardly_any() -> None:
    """A warm coat for weeks of cold: 30 mm of water lie a quarter of a metre deep."""
    pack = Pack()
    pack.fall(0.03)
    densities = []
    for day in range(1, 6):
        pass_day(pack, winter(low=-15.0, high=-5.0, rain=0.0), day)
        densities.append(pack.density)
    assert densities[0] == pytest.approx(114.4, abs=0.5)
    assert densities[1] / densities[0] == pytest.approx(1.018, abs=0.002)
    assert densities[-1] < 118.0


def test_a_cold_night_takes_nothing_from_the_melt_of_the_afternoon() -> None:
    """A clear day from −8 to 9 °C melts snow, though by its whole balance the pack lost heat."""
    sunny = winter(low=-8.0, high=9.0, dew=-6.0, radiation=10.0, wind=3.0)
    melts = snow._melts(sunny, SKY, [])
    cloud, mean = SKY.cloud(sunny.radiation), 0.5
    balance = 0.0
    for hour in range(24):
        light = SKY.on_slope(sunny.radiation, hour)
        air = mean + 8.5 * SKY.swings[hour]
        balance += snow.hourly_melt(sunny, light, cloud, air, 0.0)
        assert melts[hour] == 0.0 or air > 0.0
    assert balance < 0.0 < sum(melts)


def test_snow_melts_faster_in_warm_wind_than_in_cold_still_air() -> None:
    """Warmth, sun and wind each add to an hour's melt; a clear cold night takes away."""
    mild = snow.hourly_melt(winter(low=0, high=8, dew=4.0), 0.5, 0.0, 6.0, 0.0)
    windy = snow.hourly_melt(winter(low=0, high=8, dew=4.0, wind=9.0), 0.5, 0.0, 6.0, 0.0)
    night = snow.hourly_melt(winter(low=0, high=8, dew=-9.0), 0.0, 0.0, -4.0, 0.0)
    assert night < 0.0 < mild < windy


def test_the_temperature_of_a_day_runs_from_its_low_at_sunrise_to_its_high_at_two() -> None:
    """The course touches both and never leaves them."""
    course = [sun.temperature(hour / 4, 6.0, -3.0, 9.0) for hour in range(96)]
    assert sun.temperature(6.0, 6.0, -3.0, 9.0) == pytest.approx(-3.0)
    assert sun.temperature(14.0, 6.0, -3.0, 9.0) == pytest.approx(9.0)
    assert min(course) >= -3.0
    assert max(course) <= 9.0


def test_a_south_slope_gets_more_winter_sun_than_a_north_slope() -> None:
    """At 45° N on 30 January; the flat lies between; the night gives nothing."""
    south, north = SKY, sun.sky(30, 45.0, 0.1, 0.0)
    assert north.slope_total < north.flat_total < south.slope_total
    assert south.hourly[0] == 0.0


def test_extraterrestrial_radiation_is_that_of_the_tables() -> None:
    """At 40° N: 15.0 MJ/m² in mid January, 41.8 in mid June, to 2 % (FAO-56, annex 2)."""
    assert sun.sky(15, 40.0, 0.0, 0.0).flat_total == pytest.approx(15.0, rel=0.02)
    assert sun.sky(166, 40.0, 0.0, 0.0).flat_total == pytest.approx(41.8, rel=0.02)


def air(**changes: float) -> evaporation.Air:
    """A summer day."""
    day = {"mean": 22.0, "dew": 14.0, "radiation": 22.0, "clear": 30.0, "wind": 3.0}
    return evaporation.Air(**(day | changes), has_wind=True, elevation=300.0)


def test_potential_evapotranspiration_of_a_summer_day_is_some_millimetres() -> None:
    """4 to 9 mm; more when drier or windier; none from a dark cold one."""
    usual = evaporation.potential(air(), 0.2)
    assert 0.004 < usual < 0.009
    assert evaporation.potential(air(dew=2.0), 0.2) > usual
    assert evaporation.potential(air(wind=8.0), 0.2) > usual
    assert evaporation.potential(air(mean=-20.0, dew=-20.0, radiation=1.0), 0.5) == 0.0


def test_bare_soil_dries_at_the_full_rate_first_and_then_with_the_root_of_time() -> None:
    """6 mm at once, then 3.5 mm·√days; rain starts it anew."""
    stages = evaporation.SoilStages(limit=0.006)
    taken = [stages.evaporate(0.0, 0.004) for _ in range(10)]
    assert taken[0] == 0.004
    assert 0.002 < taken[1] <= 0.004
    assert all(a >= b - 1e-12 for a, b in pairwise(taken[1:]))
    assert stages.evaporate(0.05, 0.004) == 0.004


def test_a_shower_on_dry_soil_goes_back_to_the_air_first() -> None:
    """Rain below the second stage's deficit gives most of itself the same day (Ritchie 1972)."""
    stages = evaporation.SoilStages(limit=0.006)
    for _ in range(30):
        dry = stages.evaporate(0.0, 0.004)
    assert dry < 0.0005
    assert stages.evaporate(0.002, 0.004) == pytest.approx(0.0016)
    assert stages.evaporate(0.0, 0.004) < 0.0005


def test_roots_take_no_more_than_asked_nor_than_is_there() -> None:
    """Uptake empties layers at most, and leaves those below the roots alone."""
    store, limit, thick = [0.001, 0.01, 0.03], [0.02, 0.02, 0.04], [0.1, 0.1, 0.2]
    taken = evaporation.transpire(0.005, 0.2, 0.25, thick, limit, store)
    assert 0.0 < taken <= 0.005
    assert sum(store) == pytest.approx(0.041 - taken)
    assert min(store) >= 0.0
    assert store[2] == 0.03


def grown(plant: object, days: int, **changes: float) -> Crop:
    """A crop of a plant after warm wet days."""
    crop = Crop()
    crop.plant_out(plant, 1700.0, perennial=False)  # type: ignore[arg-type]
    for _ in range(days):
        crop.grow(22.0, 14.0, 500.0, changes.get("water", 1.0))
    return crop


def test_a_crop_grows_leaves_and_cover_and_then_ages() -> None:
    """Corn covers the ground in summer and thins out once most of its degree-days have passed."""
    young, ripe, old = (grown(CORN, days) for days in (10, 100, 160))
    assert young.cover < ripe.cover
    assert ripe.cover > 0.7
    assert ripe.leaves > 2.0
    assert old.senescent
    assert old.cover < ripe.cover


def test_a_thirsty_crop_grows_less() -> None:
    """Half the water gives less mass, none gives none."""
    assert grown(CORN, 60, water=0.5).mass < grown(CORN, 60).mass
    assert grown(CORN, 60, water=0.0).mass == 0.0


def test_harvest_leaves_stems_litter_and_roots_but_not_the_grain() -> None:
    """Half of a crop with a harvest index of 0.5 stays, the roots of 15 cm, nothing alive."""
    crop = grown(CORN, 100)
    mass, roots = crop.mass, crop.roots
    dead = crop.harvest()
    assert dead.standing + dead.flat == pytest.approx(0.5 * mass)
    assert 0.4 * roots < dead.roots < 0.6 * roots
    assert (crop.plant, crop.mass, crop.cover, crop.leaves) == (None, 0.0, 0.0, 0.0)


def test_a_plant_without_an_energy_ratio_stands_for_ever() -> None:
    """The fire forms keep their initial canopy through heat, frost and their date of senescence."""
    crop = Crop()
    crop.establish(BURNT, 1000.0, 0.4, perennial=True)
    for day in range(800):
        crop.grow(20.0 - day % 40, -45.0, 300.0, 1.0)
    crop.start_aging()
    crop.new_year()
    assert crop.cover == pytest.approx(0.4)


def test_an_established_forest_has_the_cover_it_begins_with_and_its_roots() -> None:
    """Canopy by inversion of the cover equation; the roots of a perennial are all there."""
    crop = Crop()
    crop.establish(TREES, 2000.0, 0.85, perennial=True)
    assert crop.cover == pytest.approx(0.85)
    assert crop.roots == TREES.rtmmax
    assert crop.root_depth == TREES.rdmax


def test_frost_takes_the_tops_of_a_perennial_and_it_shoots_again() -> None:
    """Five days below tmpmin lay the tops flat as residue; warmth brings new ones."""
    crop = Crop()
    grass = sample_cover.GRASS.plant
    crop.establish(grass, 1500.0, 0.6, perennial=True)
    before = crop.mass
    dead = [crop.grow(1.0, -4.0, 200.0, 1.0) for _ in range(5)]
    assert sum(part.flat for part in dead) == pytest.approx(before)
    assert crop.mass == 0.0
    for _ in range(60):
        crop.grow(20.0, 12.0, 400.0, 1.0)
    assert crop.mass > 0.0


def test_a_tool_of_most_of_the_surface_closes_rills_and_opens_the_crust() -> None:
    """On the day of the tool the rills are gone, a drill's as well; a no-till drill leaves them."""
    corn = build.documents([build.DRY] * 3, cover=sample_cover.CORN)
    tilled = date(2001, 1, 1) + timedelta(sample_cover.CORN.tillages[0].mdate - 1)
    inputs = replace(corn, climate=build.weather([build.DRY] * 3, start=tilled - timedelta(1)))
    chain = hillslope.chain(inputs)
    widths = [chain[0].ground.surface.width for _ in engine.days(chain, inputs.climate, 1)]
    assert widths[0] > 0.0
    assert widths[1:] == [0.0, 0.0]
    state, top = hillslope.build(inputs).ground.surface, chain[0].site.profile.top
    before = (state.width, state.energy)
    surface.till(state, top, 0.6, 0.01, 0.01)
    assert (state.width, state.energy) == before
    surface.till(state, top, 0.85, 0.01, 0.01)
    assert (state.width, state.energy) == (0.0, 0.0)


def test_a_cut_leaves_a_plant_of_the_cutting_height() -> None:
    """What stays is as high as it was cut, and as leafy and covering as a young plant so high."""
    crop = Crop()
    crop.establish(TREES, 1500.0, 0.9, perennial=True)
    crop.plant = replace(TREES, cuthgt=2.0)
    crop.cut()
    assert crop.height == pytest.approx(2.0)
    assert crop.cover == pytest.approx(1.0 - math.exp(-TREES.bb * crop.mass))
    again = crop.mass
    crop.cut()
    assert crop.mass == again


def test_a_young_perennial_reaches_the_water_of_the_first_15_cm() -> None:
    """Roots are thin at first, but not only as deep as they are heavy."""
    crop = Crop()
    crop.plant_out(sample_cover.GRASS.plant, 1500.0, perennial=True)
    for _ in range(10):
        crop.grow(22.0, 14.0, 400.0, 1.0)
    assert 0.0 < crop.mass < 0.05
    assert crop.root_depth == 0.15


def test_a_season_across_new_year_counts_both_halves() -> None:
    """Winter wheat from October to July has the degree-days of autumn and of spring."""
    means = (-5.0, -3.0, 4.0, 10.0, 16.0, 21.0, 24.0, 23.0, 18.0, 11.0, 3.0, -3.0)
    across = plants.season_degrees(means, 4.0, 280, 190)
    spring = plants.season_degrees(means, 4.0, 1, 190)
    autumn = plants.season_degrees(means, 4.0, 280, 366)
    assert across == pytest.approx(spring + autumn)
    assert autumn > 0.0


def test_residue_decays_when_warm_and_moist_and_not_when_frozen() -> None:
    """At 20 °C and half full pores it goes; at −10 °C nothing does; constants of 0 keep it all."""
    warm, frozen, burnt = Residue(), Residue(), Residue()
    warm.add(Cohort(CORN, interrill=0.5, rill=0.5))
    frozen.add(Cohort(CORN, interrill=0.5, rill=0.5))
    burnt.add(residue.laid(BURNT, 0.15, 0.15))
    for _ in range(30):
        warm.decay(Climate(20.0, 0.0, 0.5))
        frozen.decay(Climate(-10.0, 0.0, 0.5))
        burnt.decay(Climate(20.0, 0.01, 0.5))
    assert warm.above < 0.45
    assert frozen.above == 0.5
    assert burnt.interrill_cover == pytest.approx(0.15)


def test_tillage_buries_what_it_takes_from_the_surface() -> None:
    """The cover falls by the tool's intensity and the mass is kept: standing, flat and buried."""
    lying = Residue()
    lying.add(Cohort(CORN, standing=0.2, interrill=0.3, rill=0.3))
    lying.till((0.9, 0.9), (0.5, 0.5), 0.1)
    (cohort,) = lying.cohorts
    assert cohort.standing + cohort.interrill + cohort.buried == pytest.approx(0.5)
    assert cohort.buried > 0.1
    flat = 1 - math.exp(-CORN.cf * (0.3 + 0.2 - cohort.standing))
    assert lying.interrill_cover == pytest.approx(0.5 * flat)


def test_a_fourth_kind_of_residue_joins_the_oldest() -> None:
    """Three kinds are kept apart; no mass is lost when a fourth comes."""
    lying = Residue()
    kinds = [CORN, TREES, BURNT, sample_cover.GRASS.plant]
    for kind in kinds:
        lying.add(Cohort(kind, interrill=0.1, rill=0.1))
    assert len(lying.cohorts) == 3
    assert lying.above == pytest.approx(0.4)


def test_a_forest_with_a_sowing_date_stands_from_that_day_on_and_begins_anew_each_year() -> None:
    """Before 1 May there is no canopy, whatever the initial one; a year later it is young again."""
    year = Perennial(jdharv=258, jdplt=121, jdstop=0, rw=0.0, mgtopt=3)
    cover = replace(sample_cover.FOREST, year=year)
    first = date(2001, 4, 1)
    climate = build.weather([build.rainy(8.0)] * 420, start=first, years=2)
    slope = hillslope.build(build.documents((), cover=cover, climate=climate))
    covers, masses = [], []
    for _ in engine.days((slope,), climate, 2):
        covers.append(slope.ground.crop.cover)
        masses.append(slope.ground.crop.mass)
    sown = (date(2001, 5, 1) - first).days
    assert covers[:sown] == [0.0] * sown
    assert masses[sown + 60] > masses[sown + 20] > 0.0
    again = sown + 365
    assert masses[again] < 0.1 * masses[again - 1]


def test_an_annual_keeps_its_leaves_while_its_cover_falls() -> None:
    """Through the senescence of corn the leaf area stays; what ripens has it by its cover."""
    crop = Crop()
    crop.plant_out(CORN, 1000.0, perennial=False)
    crop.mass = 1.2
    leaves, cover = crop.leaves, crop.cover
    crop.start_aging()
    crop.aging = 10
    assert crop.leaves == leaves
    assert crop.cover < cover
    crop.plant_out(TREES, 1000.0, perennial=True)
    crop.mass, crop.ripens = 0.03, True
    assert crop.leaves == pytest.approx(TREES.xmxlai * crop.cover)


def test_under_closed_leaves_the_ground_gives_nothing_even_if_the_plants_thirst() -> None:
    """Leaves of 3 m² and more take all that the air asks for, from soil however dry and shallow.

    Roots that could go deeper than the soil still find all of what they ask for in it.
    """
    shallow = build.ground(
        layers=(replace(build.ground().elements[0].layers[0], depth=200.0),), saturation=0.9
    )
    inputs = build.documents([build.DRY] * 40, cover=sample_cover.FOREST, soil=shallow)
    _, done = build.run(inputs)
    assert all(day.balance.soil == 0.0 for day in done)
    assert done[0].balance.plants > 0.003
    assert done[-1].balance.plants < 0.2 * done[0].balance.plants
