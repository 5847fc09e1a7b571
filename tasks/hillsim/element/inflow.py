"""What one overland flow element hands to the next: runoff, lateral flow, sediment."""

from __future__ import annotations

from typing import final

from tasks.hillsim.hydrology.storm import Hyetograph
from tasks.hillsim.numbers import summed
from tasks.hillsim.sediment.classes import CLASSES
from tasks.hillsim.sediment.erosion import Above


@final
class Inflow:
    """From the element above, per area of the one that gets it.

    `runoff` m over it, from `begins` for `duration` s after the rain's start; `lateral` m by layer;
    `classes` of sediment (kg per m of width); `length` (m) and `path` (length over α) of the slope
    that the runoff has come down.
    """

    def __init__(
        self,
        runoff: float = 0.0,
        begins: float = 0.0,
        duration: float = 0.0,
        lateral: list[float] | None = None,
        classes: tuple[float, ...] = (0.0,) * CLASSES,
        length: float = 0.0,
        path: float = 0.0,
    ) -> None:
        self.runoff = runoff
        self.begins = begins
        self.duration = duration
        self.lateral = lateral
        self.classes = classes
        self.length = length
        self.path = path

    @property
    def above(self) -> Above:
        """Depth and sediment, as erosion takes them."""
        return Above(self.runoff, self.classes)

    @property
    def sediment(self) -> float:
        """Sediment of all classes (kg per m of width)."""
        return summed(list(self.classes))

    @property
    def rate(self) -> float:
        """Mean rate of the runoff (m/s over the element)."""
        return self.runoff / self.duration if self.duration > 0.0 else 0.0


NOTHING = Inflow()


def join(rain: Hyetograph | None, inflow: Inflow) -> tuple[Hyetograph, list[float]]:
    """The rain with the inflow's start and end as breaks, and the inflow (m/s) by interval."""
    begins, ends = inflow.begins, inflow.begins + inflow.duration
    spans = list(zip(rain.ends, rain.rates, strict=True)) if rain else []
    last = rain.ends[-1] if rain else 0.0
    cuts = sorted({*(end for end, _ in spans), begins, ends} - {0.0})
    rates = [_at(spans, cut) if cut <= last else 0.0 for cut in cuts]
    flows = [inflow.rate if begins < cut <= ends else 0.0 for cut in cuts]
    return Hyetograph(cuts, rates, rain.step if rain else 600.0), flows


def _at(spans: list[tuple[float, float]], end: float) -> float:
    return next(rate for until, rate in spans if end <= until)
