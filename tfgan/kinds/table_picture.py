"""Draw a table: each column's generated values over the real ones, and the errors of pairs of columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfgan.kinds.columns import Column

MOST_COLUMNS = 16
MOST_BARS = 12  # of a category; the others share one
BINS = 24  # of a number
PAIR_BINS = 10
TILE = (240, 150)  # width and height of a column's picture
ACROSS = 4
MARGIN = 8
REAL, FAKE, INK = (170, 170, 170), (20, 80, 200), (40, 40, 40)


def draw(fake: np.ndarray, real: np.ndarray, columns: Sequence[Column]) -> np.ndarray:
    """Draw at most 16 columns, the worst first, and a heat map of their pairs.

    A column's error is the total variation distance of its bars: shares of a category's values or of a
    number's bins. A pair's error is the distance of its table of 10 bins or 10 values a column.

    Args:
        fake: cells, float64 (n, columns).
        real: cells, float64 (m, columns).
        columns: of the cells.

    Returns:
        uint8 pixels (height, width, 3).
    """
    from PIL import Image, ImageDraw, ImageFont

    shares = [_shares(fake[:, i], real[:, i], column, BINS, MOST_BARS) for i, column in enumerate(columns)]
    errors = np.array([np.abs(ours - theirs).sum() / 2 for ours, theirs in shares])
    shown = np.argsort(-errors, kind="stable")[:MOST_COLUMNS]
    down = -(-len(shown) // ACROSS)
    side = max(down * TILE[1], 2 * TILE[1])
    canvas = Image.new("RGB", (ACROSS * TILE[0] + side + MARGIN, side), "white")
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default()
    for place, number in enumerate(shown):
        left, top = place % ACROSS * TILE[0], place // ACROSS * TILE[1]
        title = f"{columns[number].name[:26]}  {errors[number]:.3f}"
        _draw_bars(pen, font, left, top, title, *shares[number])
    matrix = _pair_errors(fake, real, columns, shown)
    _draw_heat(pen, font, ACROSS * TILE[0] + MARGIN, side, matrix, [columns[i].name for i in shown])
    return np.asarray(canvas)


def _shares(
    fake: np.ndarray, real: np.ndarray, column: Column, bins: int, most: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the shares of a column's bars on both sides, float64 (bars,); the last bar has the missing cells."""
    fake, real, count = _codes(fake, real, column, bins, most)
    return tuple(np.bincount(side, minlength=count) / max(len(side), 1) for side in (fake, real))


def _codes(
    fake: np.ndarray, real: np.ndarray, column: Column, bins: int, most: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the bar of each cell on both sides, int64 (n,) and (m,), and the number of bars."""
    if column.is_category:
        last = min(len(column.values), most)
        cut = [np.minimum(side, last - 1) for side in (fake, real)]
    else:
        known = real[~np.isnan(real)]
        low, high = (known.min(), known.max()) if len(known) else (0.0, 1.0)
        last, width = bins, (high - low) or 1.0
        cut = [np.clip(np.floor((side - low) / width * bins), 0, bins - 1) for side in (fake, real)]
    codes = [np.where(np.isnan(side), last, side).astype(np.int64) for side in cut]
    return codes[0], codes[1], last + 1


def _pair_errors(
    fake: np.ndarray, real: np.ndarray, columns: Sequence[Column], shown: np.ndarray
) -> np.ndarray:
    codes = [_codes(fake[:, i], real[:, i], columns[i], PAIR_BINS, PAIR_BINS) for i in shown]
    errors = np.zeros((len(shown), len(shown)))
    for i, (fake_i, real_i, size_i) in enumerate(codes):
        for j, (fake_j, real_j, size_j) in enumerate(codes[:i]):
            both = [
                np.bincount(first * size_j + second, minlength=size_i * size_j) / max(len(first), 1)
                for first, second in ((fake_i, fake_j), (real_i, real_j))
            ]
            errors[i, j] = errors[j, i] = np.abs(both[0] - both[1]).sum() / 2
    return errors


def _draw_bars(pen, font, left: int, top: int, title: str, fake: np.ndarray, real: np.ndarray) -> None:
    width, height = TILE
    pen.text((left + MARGIN, top + 2), title, fill=INK, font=font)
    floor, room = top + height - MARGIN, height - 28
    most = max(fake.max(), real.max(), 1e-9)
    step = (width - 2 * MARGIN) / len(real)
    for i, (ours, theirs) in enumerate(zip(fake, real, strict=True)):
        at = left + MARGIN + i * step
        inner = max(step * 0.25, 0.5)
        for share, color, inset in ((theirs, REAL, 0.5), (ours, FAKE, inner)):
            if share > 0:
                tall = max(share / most * room, 1.0)
                right = max(at + step - inset, at + inset)
                pen.rectangle((at + inset, floor - tall, right, floor), fill=color)
    pen.line((left + MARGIN, floor, left + width - MARGIN, floor), fill=INK)


def _draw_heat(pen, font, left: int, side: int, errors: np.ndarray, names: Sequence[str]) -> None:
    """Draw the errors of pairs from white, 0, to dark red, .5 and more."""
    count = len(errors)
    room = side - 2 * MARGIN - 90  # the names stand to the right
    step = room / count
    worst = float(errors.max(initial=0.0))
    pen.text((left, 2), f"pairs: error at most {worst:.3f}", fill=INK, font=font)
    for i in range(count):
        y = 20 + i * step
        for j in range(count):
            heat = min(errors[i, j] / 0.5, 1.0)
            color = (255 - int(75 * heat), 255 - int(225 * heat), 255 - int(225 * heat))
            pen.rectangle((left + j * step, y, left + (j + 1) * step - 1, y + step - 1), fill=color)
        pen.text((left + room + 4, y + step / 2 - 6), names[i][:14], fill=INK, font=font)
