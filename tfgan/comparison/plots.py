"""Draw small charts as inline SVG; the page's style sheet sets their colors for light and dark mode."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from tfgan.comparison.statistics import Summary

COLORS = 8  # number of colors in the style sheet; further curves are dashed
DASHES = ("", "6 3", "2 3")
LONGEST = 28  # most characters of a name in a chart; the middle of a longer name is left out
POINTS = 160  # number of points of a curve, about
SPREAD = 30.0  # an axis is logarithmic if the largest value exceeds the smallest by this factor


class Axis(NamedTuple):
    """The map from values between `low` and `high` to pixels between `start` and `stop`."""

    low: float
    high: float
    start: float
    stop: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        low, high, value = (
            math.log10(max(x, 1e-300)) if self.is_log else x for x in (self.low, self.high, value)
        )
        share = (value - low) / (high - low or 1.0)
        return self.start + min(max(share, -0.02), 1.02) * (self.stop - self.start)

    def holds(self, value: float) -> bool:
        """Return whether a value lies on the axis."""
        return self.low <= value <= self.high

    def ticks(self, count: int = 4) -> list[float]:
        """Return round values on the axis."""
        if self.is_log:
            low, high = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            whole = [10.0**power for power in range(low, high + 1)]
            return (
                whole[:: max(1, -(-len(whole) // (count + 1)))] if len(whole) > 1 else [self.low, self.high]
            )
        power = 10 ** math.floor(math.log10((self.high - self.low) / count or 1.0))
        for step in (power, 2 * power, 5 * power, 10 * power):
            first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
            if last - first <= count:
                break
        return [index * step for index in range(first, last + 1)]


def fit_axis(values: Sequence[float], start: float, stop: float, real: float | None = None) -> Axis:
    """Return an axis that holds all values, logarithmic if they are positive and far apart.

    The axis also holds the value of real data, unless the axis is logarithmic and that value is not positive.
    """
    low, high = min(values), max(values)
    is_log = low > 0 and high / low > SPREAD
    if real is not None and (real > 0 or not is_log):
        low, high = min(low, real), max(high, real)
    if low > 0 and high / low > SPREAD:
        return Axis(low / 1.2, high * 1.2, start, stop, True)
    margin = 0.06 * (high - low) or 0.05 * abs(high) or 0.5
    return Axis(low - margin, high + margin, start, stop)


def color_style(index: int) -> str:
    """Return the style of a contender's curve or point."""
    dash = DASHES[index // COLORS % len(DASHES)]
    return f"--c:var(--c{index % COLORS})" + (f";stroke-dasharray:{dash}" if dash else "")


def draw_dots(rows: Sequence[tuple[str, int, Summary]], real: float | None, label: str) -> str:
    """Draw a figure of all contenders.

    Dots are seeds, bars intervals, strokes means, and a dashed line is real data.

    Args:
        rows: (name, index of its color, summary) of each contender.
        real: score of real data, or None.
        label: text for screen readers.
    """
    left, width, height, top = 8 + 7.8 * max(len(_shorten(name)) for name, _, _ in rows), 520, 24, 6
    values = [value for _, _, one in rows for value in one.known]
    if not values:
        return ""
    x, bottom = fit_axis(values, left + 8, width - 14, real), top + height * len(rows)
    parts = [_draw_x_axis(x, top, bottom)]
    if real is not None and x.holds(real):
        parts.append(f'<line class="real" x1="{x(real):.1f}" x2="{x(real):.1f}" y1="{top}" y2="{bottom}"/>')
    for place, (name, index, one) in enumerate(rows):
        y = top + height * (place + 0.5)
        parts.append(
            f'<text x="{left:.0f}" y="{y + 4:.1f}" text-anchor="end">{escape(_shorten(name))}</text>'
        )
        if one.mean is None:
            parts.append(f'<text class="faint" x="{left + 12:.0f}" y="{y + 4:.1f}">no run finished</text>')
            continue
        parts.append(f'<g style="{color_style(index).partition(";")[0]}">')
        if one.low is not None:
            parts.append(
                f'<line class="bar" x1="{x(one.low):.1f}" x2="{x(one.high):.1f}" y1="{y}" y2="{y}"/>'
            )
        parts.append(
            f'<line class="mean" x1="{x(one.mean):.1f}" x2="{x(one.mean):.1f}" y1="{y - 7}" y2="{y + 7}"/>'
        )
        parts += [f'<circle class="dot" cx="{x(value):.1f}" cy="{y}" r="3.5"/>' for value in one.known]
        parts.append("</g>")
    return _wrap_svg(width, bottom + 20, label, parts)


def draw_curves(
    members: Sequence[tuple[int, Sequence[Sequence[tuple[int, float]]]]],
    real: float | None,
    label: str,
    size=(520, 250),
) -> str:
    """Draw a figure over steps.

    A faint curve is a seed; a strong curve is the mean over the seeds that have the step.

    Args:
        members: (index of its color, one curve of (step, value) per seed) of each contender.
        real: score of real data, or None.
        label: text for screen readers.
        size: width and height in pixels.
    """
    width, height = size
    values = [value for _, seeds in members for seed in seeds for _, value in seed]
    if not values:
        return ""
    low, high = np.quantile(values, [0.0, 1.0]) if len(values) < 50 else np.quantile(values, [0.005, 0.995])
    steps = [step for _, seeds in members for seed in seeds for step, _ in seed]
    x = Axis(min(steps), max(max(steps), min(steps) + 1), 46, width - 18)
    y = fit_axis([float(low), float(high)], height - 22, 8, real)
    parts = [_draw_frame(x, y)]
    if real is not None and y.holds(real):
        parts.append(
            f'<line class="real" x1="{x.start}" x2="{x.stop}" y1="{y(real):.1f}" y2="{y(real):.1f}"/>'
        )
    for index, seeds in members:
        if len(seeds) > 1:
            parts += [_draw_line(seed, x, y, "seed", index) for seed in seeds]
        parts.append(_draw_line(_average_seeds(seeds), x, y, "curve", index))
    return _wrap_svg(width, height, label, parts)


def _average_seeds(seeds: Sequence[Sequence[tuple[int, float]]]) -> list[tuple[int, float]]:
    by_step: dict[int, list[float]] = {}
    for seed in seeds:
        for step, value in seed:
            by_step.setdefault(step, []).append(value)
    return [(step, sum(found) / len(found)) for step, found in sorted(by_step.items())]


def _draw_line(points: Sequence[tuple[int, float]], x: Axis, y: Axis, kind: str, index: int) -> str:
    some = points[:: max(1, len(points) // POINTS)]
    if len(some) == 1:
        return f'<circle class="dot" style="{color_style(index)}" cx="{x(some[0][0]):.1f}" cy="{y(some[0][1]):.1f}" r="3"/>'
    path = " ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in some)
    return f'<polyline class="{kind}" style="{color_style(index)}" points="{path}"/>'


def _draw_x_axis(x: Axis, top: float, bottom: float) -> str:
    marks = [
        f'<line class="grid" x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="{top}" y2="{bottom}"/>'
        for tick in x.ticks()
    ]
    return "".join(
        [
            *marks,
            *(
                f'<text class="tick" x="{x(t):.1f}" y="{bottom + 14}" text-anchor="middle">{format_number(t)}</text>'
                for t in x.ticks()
            ),
        ]
    )


def _draw_frame(x: Axis, y: Axis) -> str:
    rows = [
        f'<line class="grid" x1="{x.start}" x2="{x.stop}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>'
        for tick in y.ticks()
    ]
    rows += [
        f'<text class="tick" x="{x.start - 6}" y="{y(t) + 4:.1f}" text-anchor="end">{format_number(t)}</text>'
        for t in y.ticks()
    ]
    at = [tick for tick in x.ticks(5) if tick == int(tick)]
    return "".join(
        [
            *rows,
            *(
                f'<text class="tick" x="{x(t):.1f}" y="{y.start + 16}" text-anchor="middle">{format_number(t)}</text>'
                for t in at
            ),
        ]
    )


def format_number(value: float) -> str:
    """Return the label of a tick."""
    if abs(value) >= 10_000:
        return f"{value / 1000:g}k"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 1e-3 or value == 0 else f"{value:.0e}".replace("e-0", "e-")


def draw_legend(names: Mapping[str, int]) -> str:
    """Return the legend of the colors as HTML."""
    sample = '<svg width="22" height="10" aria-hidden="true"><line class="curve" style="{}" x1="1" x2="21" y1="5" y2="5"/></svg>'
    return (
        '<p class="legend">'
        + " ".join(
            f"<span>{sample.format(color_style(i))} {escape(name)}</span>" for name, i in names.items()
        )
        + "</p>"
    )


def _shorten(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST // 2]}…{name[1 - LONGEST // 2 :]}"


def _wrap_svg(width: float, height: float, label: str, parts: Sequence[str]) -> str:
    return f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
