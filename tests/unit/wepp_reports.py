"""A small loss report, built by hand, that the tests of reports share."""

from __future__ import annotations

from tasks.wepp.files.loss import (
    TITLE,
    Area,
    Loss,
    ParticleClass,
    Point,
    Sediment,
    Sources,
    Stretch,
    Water,
    station_line,
)

SOURCES = Sources(
    management="p1.man",
    practice=("a field", "", "by hand"),
    slope="p1.slp",
    climate="p1.cli",
    station=station_line("  Station:  SOMEWHERE", 5.3),
    soil="p1.sol",
    planes=(("Loam", "loam"), ("A name of more than twenty characters", "clay")),
)
WATER = Water(1, 3, 300, 2400.5, 12, 90.25, 2, 4.75, 3, 800.17, 30.08, 1.58)
LOST = Area(0.25, 0.5, 35.0, (Stretch(0.0, 35.0, 0.25, 0.1, 0.5, 35.0, 0.1, 8.05),))
LAID = Area(
    -0.1,
    -0.2,
    70.0,
    (Stretch(35.0, 70.0, -0.1, 0.05, -0.2, 70.0, -0.001, 36.0),),
    points=((50.0, -0.05),),
)
CLASSES = (
    ParticleClass(1, 0.002, 2.6, 0.0, 0.0, 100.0, 26.5, 0.013, 0.014),
    ParticleClass(2, 0.01, 2.65, 0.0, 100.0, 0.0, 0.0, 0.987, 0.986),
)


def a_loss(detachment: Area | None = LOST, deposition: Area | None = LAID) -> Loss:
    """A report over two elements of 50 points each."""
    profile = tuple(Point(round(0.7 * i, 2), 0.001 * i - 0.03, 1 + i // 51) for i in range(1, 101))
    sediment = Sediment(9.566, 286.986, 30.0, 2.733, 0.105)
    return Loss(
        TITLE, ("", "", "     an engine, version 1", ""), SOURCES, WATER, detachment, deposition,
        tuple(Point(p.distance_m, round(p.loss_kg_m2, 3), p.element) for p in profile),
        sediment, CLASSES, 1.04,
    )  # fmt: skip
