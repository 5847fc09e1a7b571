"""Plain drawings as SVG text: axes, lines, points. The same data give the same bytes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

Points = Sequence[tuple[float, float]]
_FONT = "font-family='sans-serif' font-size='11'"
_MARGIN = (52.0, 12.0, 26.0, 38.0)  # left, right, top, bottom


@dataclass(slots=True)
class Panel:
    """A diagram of `width` by `height` with axes from `low` to `high`, linear or logarithmic.

    `marks` are the values that the x axis names; round ones if there are none.
    """

    title: str
    x: str
    y: str
    low: tuple[float, float]
    high: tuple[float, float]
    log: bool = False
    width: float = 380.0
    height: float = 250.0
    marks: tuple[float, ...] = ()
    parts: list[str] = field(default_factory=list)

    def line(
        self, points: Points, colour: str, *, dashed: bool = False, fill: bool = False
    ) -> None:
        """A line through the points; filled down to y = 0 if asked."""
        where = [self._place(x, y) for x, y in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in where)
        dash = " stroke-dasharray='4 3'" if dashed else ""
        if fill and where:
            ground = self._place(points[0][0], max(self.low[1], min(0.0, self.high[1])))[1]
            closed = f"{where[0][0]:.1f},{ground:.1f} {path} {where[-1][0]:.1f},{ground:.1f}"
            self.parts.append(f"<polygon points='{closed}' fill='{colour}' opacity='0.5'/>")
        self.parts.append(
            f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='1.5'{dash}/>"
        )

    def area(self, points: Points, colour: str) -> None:
        """What the points enclose, filled."""
        where = [self._place(x, y) for x, y in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in where)
        self.parts.append(f"<polygon points='{path}' fill='{colour}'/>")

    def point(self, x: float, y: float, colour: str, label: str = "") -> None:
        """A dot with a word beside it."""
        px, py = self._place(x, y)
        self.parts.append(f"<circle cx='{px:.1f}' cy='{py:.1f}' r='3.5' fill='{colour}'/>")
        if label:
            self.parts.append(f"<text x='{px + 5:.1f}' y='{py - 4:.1f}' {_FONT}>{label}</text>")

    def bar(self, x: float, wide: float, y: float, colour: str) -> None:
        """A bar from 0 to y, centred on x."""
        left, top = self._place(x - wide / 2.0, max(y, 0.0))
        right, foot = self._place(x + wide / 2.0, min(y, 0.0))
        size = f"width='{right - left:.1f}' height='{max(0.0, foot - top):.1f}'"
        self.parts.append(f"<rect x='{left:.1f}' y='{top:.1f}' {size} fill='{colour}'/>")

    def word(self, x: float, y: float, text: str, anchor: str = "middle") -> None:
        """A word at a place of the diagram."""
        px, py = self._place(x, y)
        self.parts.append(
            f"<text x='{px:.1f}' y='{py:.1f}' text-anchor='{anchor}' {_FONT}>{text}</text>"
        )

    def key(self, entries: Sequence[tuple[str, str]]) -> None:
        """Colours and what they mean, side by side under the panel's upper edge."""
        left, right, top, _ = _MARGIN
        # Each entry has room by its length.
        letter = (self.width - left - right - 10.0) / sum(len(text) + 4 for _, text in entries)
        x, y = left + 10.0, top + 13.0
        for colour, text in entries:
            self.parts.append(f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3.5' fill='{colour}'/>")
            self.parts.append(f"<text x='{x + 6:.1f}' y='{y + 4:.1f}' {_FONT}>{text}</text>")
            x += (len(text) + 4) * min(letter, 12.0)

    def text(self, left: float, top: float) -> str:
        """The panel as a group, its corner at (left, top)."""
        frame = self._frame()
        body = "\n".join((*frame, *self.parts))
        return f"<g transform='translate({left:.0f} {top:.0f})'>\n{body}\n</g>"

    def _frame(self) -> list[str]:
        left, right, top, bottom = _MARGIN
        wide, high = self.width - left - right, self.height - top - bottom
        lines = [
            f"<rect x='{left}' y='{top}' width='{wide:.0f}' height='{high:.0f}' fill='none'"
            " stroke='#888'/>",
            f"<text x='{left}' y='{top - 10}' {_FONT} font-weight='bold'>{self.title}</text>",
            f"<text x='{left + wide / 2:.0f}' y='{self.height - 6}' text-anchor='middle' {_FONT}>"
            f"{self.x}</text>",
            f"<text transform='translate(12 {top + high / 2:.0f}) rotate(-90)'"
            f" text-anchor='middle' {_FONT}>{self.y}</text>",
        ]
        for value in self.marks or self._ticks(0):
            px, _ = self._place(value, self.low[1])
            lines.append(
                f"<text x='{px:.1f}' y='{top + high + 14:.1f}' text-anchor='middle' {_FONT}>"
                f"{value:g}</text>"
            )
        for value in self._ticks(1):
            _, py = self._place(self.low[0], value)
            lines.append(
                f"<text x='{left - 4}' y='{py + 4:.1f}' text-anchor='end' {_FONT}>{value:g}</text>"
            )
        return lines

    def _ticks(self, axis: int) -> list[float]:
        low, high = self.low[axis], self.high[axis]
        if self.log:
            first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
            return [10.0**power for power in range(first, last + 1)]
        step = _step((high - low) / 5.0)
        count = math.floor(high / step + 1e-9) - math.ceil(low / step - 1e-9)
        start = math.ceil(low / step - 1e-9)
        return [round((start + index) * step, 10) for index in range(count + 1)]

    def _place(self, x: float, y: float) -> tuple[float, float]:
        left, right, top, bottom = _MARGIN
        across, up = self._share(0, x), self._share(1, y)
        return (
            left + across * (self.width - left - right),
            top + (1.0 - up) * (self.height - top - bottom),
        )

    def _share(self, axis: int, value: float) -> float:
        low, high = self.low[axis], self.high[axis]
        if self.log:
            low, high, value = math.log10(low), math.log10(high), math.log10(max(value, 1e-12))
        return min(1.0, max(0.0, (value - low) / (high - low)))


def page(panels: Sequence[Panel], columns: int = 2, heading: str = "") -> str:
    """The panels in rows of so many columns, under a heading."""
    wide, high = max(p.width for p in panels), max(p.height for p in panels)
    above = 24.0 if heading else 4.0
    rows = -(-len(panels) // columns)
    size = (wide * min(columns, len(panels)), above + high * rows)
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{size[0]:.0f}' height='{size[1]:.0f}'>",
        "<rect width='100%' height='100%' fill='white'/>",
    ]
    if heading:
        parts.append(f"<text x='12' y='17' {_FONT} font-weight='bold'>{heading}</text>")
    for index, panel in enumerate(panels):
        row, column = divmod(index, columns)
        parts.append(panel.text(column * wide, above + row * high))
    return "\n".join((*parts, "</svg>", ""))


def _step(rough: float) -> float:
    """The nearest of 1, 2, 5 times a power of ten that is not smaller."""
    if rough <= 0.0 or not math.isfinite(rough):
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * times for times in (1.0, 2.0, 5.0, 10.0) if power * times >= rough * 0.999)
