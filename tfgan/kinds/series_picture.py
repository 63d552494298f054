"""Draw a series: paths, the distribution of its steps, and how steps depend on earlier ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

TILE = (300, 200)  # width and height of a panel
MARGIN = 10
HEAD = 22  # pixels of a panel's title
PATHS = 8
BINS = 61
REAL, FAKE, INK = (150, 150, 150), (20, 80, 200), (40, 40, 40)


def draw(fake: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Draw six panels of one channel, generated in blue over real in gray.

    Args:
        fake: (n, length).
        real: (m, length).

    Returns:
        uint8 pixels (400, 900, 3).
    """
    from PIL import Image, ImageDraw, ImageFont

    canvas = Image.new("RGB", (3 * TILE[0], 2 * TILE[1]), "white")
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default()
    length = real.shape[1]
    lags = np.arange(1, max(length // 2, 2))
    span = np.quantile(np.abs(real), 0.995) or 1.0
    edges = np.linspace(-2 * span, 2 * span, BINS)
    logs = [np.log10(np.histogram(side, edges)[0] / side.size + 1e-5) for side in (real, fake)]
    steps = np.arange(length)
    panels = [
        ("real: 8 windows, summed", steps, [(path, REAL) for path in real[:PATHS].cumsum(axis=1)]),
        ("generated: 8 windows, summed", steps, [(path, FAKE) for path in fake[:PATHS].cumsum(axis=1)]),
        ("log10 share of steps by size", (edges[1:] + edges[:-1]) / 2, _pair(logs)),
        ("autocorrelation of steps, by lag", lags, _pair([correlate(x, x, lags) for x in (real, fake)])),
        (
            "autocorrelation of their sizes",
            lags,
            _pair([correlate(np.abs(x), np.abs(x), lags) for x in (real, fake)]),
        ),
        ("leverage: step, later square", lags, _pair([correlate(x, x**2, lags) for x in (real, fake)])),
    ]
    shared = [curve for _, _, curves in panels[:2] for curve, _ in curves]
    for place, (title, x, curves) in enumerate(panels):
        corner = place % 3 * TILE[0], place // 3 * TILE[1]
        scale = shared if place < 2 else [curve for curve, _ in curves]
        _draw_panel(pen, font, corner, title, x, curves, scale, zero=place > 2)
    return np.asarray(canvas)


def correlate(x: np.ndarray, y: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """Return the correlation of x at t with y at t + lag, over all windows (n, length), for each lag."""
    x, y = x - x.mean(), y - y.mean()
    scale = np.sqrt((x**2).mean() * (y**2).mean()) or 1.0
    return np.array([(x[:, :-lag] * y[:, lag:]).mean() for lag in lags]) / scale


def _pair(curves: Sequence[np.ndarray]) -> list[tuple[np.ndarray, tuple[int, int, int]]]:
    return list(zip(curves, (REAL, FAKE), strict=True))


def _draw_panel(pen, font, corner, title, x, curves, scale, *, zero: bool) -> None:
    left, top = corner
    low, high = min(curve.min() for curve in scale), max(curve.max() for curve in scale)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    reach = (high - low) or 1.0
    width, height = TILE[0] - 2 * MARGIN, TILE[1] - HEAD - MARGIN

    def place(at, value):
        across = (at - x[0]) / ((x[-1] - x[0]) or 1) * width
        return left + MARGIN + across, top + HEAD + (high - value) / reach * height

    pen.text((left + MARGIN, top + 5), title, fill=INK, font=font)
    if zero:
        pen.line([place(x[0], 0.0), place(x[-1], 0.0)], fill=(220, 220, 220))
    for curve, color in curves:
        pen.line([place(at, value) for at, value in zip(x, curve, strict=True)], fill=color, width=2)
    for value, y in ((high, top + HEAD), (low, top + TILE[1] - MARGIN - 10)):
        pen.text((left + TILE[0] - 52, y), f"{value:.3g}", fill=INK, font=font)
