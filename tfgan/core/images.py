"""Draw arrays as pictures: grids of images, scatter plots of points, curves."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping

import numpy as np

MARGIN = 1
CANVAS = 512
PIXEL_TOLERANCE = 1e-3  # beyond [-1, 1]: rounding, no other units
LARGEST_GRID = 2**29  # bytes of a grid's pixels
SMALLEST_GRID = 512  # a smaller grid is enlarged by a whole factor, so that pixels stay pixels


def check_pixels(what: str, images: np.ndarray) -> None:
    """Raise `ValueError` that begins with `what` unless images, (n, ...), are floats in [-1, 1]."""
    images = np.asarray(images)
    expected = f"{what}: expected float images in [-1, 1]"
    if images.dtype.kind in "iub":
        raise ValueError(f"{expected}, got {images.dtype}; images / 127.5 - 1 makes them of 0 ... 255")
    if not images.size:
        return
    low, high = float(images.min()), float(images.max())
    if not np.isfinite([low, high]).all():
        raise ValueError(f"{expected}, got NaN or infinity")
    if max(-low, high) > 1.0 + PIXEL_TOLERANCE:
        way = (
            "images / 127.5 - 1 makes them of 0 ... 255"
            if low >= 0
            else "np.clip(images, -1, 1) cuts them off"
        )
        raise ValueError(f"{expected}, got {low:.4g} ... {high:.4g}; {way}")


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Return images in [-1, 1] as uint8, rounded to the nearest level."""
    return np.clip(np.rint((np.asarray(images, np.float32) + 1.0) * 127.5), 0, 255).astype(np.uint8)


def tile_grid(images: np.ndarray, columns: int | None = None) -> np.ndarray:
    """Tile images row by row.

    Args:
        images: float in [-1, 1], shape (n, height, width, channels).
        columns: of the grid; None for as near a square as can be.

    Returns:
        uint8 array of shape (rows * height, columns * width, channels), with dark gaps of a pixel, enlarged.
    """
    return tile_batches([images], len(images), columns)


def tile_batches(batches: Iterable[np.ndarray], count: int, columns: int | None = None) -> np.ndarray:
    """Tile `count` images that come in batches, as `tile_grid` does; memory holds the canvas and one batch.

    Raises:
        ValueError: a grid of more pixels than memory is likely to hold.
    """
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    canvas, start = None, 0
    for images in batches:
        _, height, width, channels = images.shape
        if canvas is None:
            shape = (rows * (height + MARGIN) + MARGIN, columns * (width + MARGIN) + MARGIN, channels)
            if math.prod(shape) > LARGEST_GRID:
                raise ValueError(
                    f"expected a grid of at most {LARGEST_GRID} bytes, got {shape} for {count} images"
                )
            canvas = np.full(shape, 32, np.uint8)
        for index, image in enumerate(to_uint8(images), start):
            top, left = (
                MARGIN + place * (side + MARGIN)
                for place, side in zip(divmod(index, columns), (height, width), strict=True)
            )
            canvas[top : top + height, left : left + width] = image
        start += len(images)
    factor = max(1, SMALLEST_GRID // max(canvas.shape[:2]))
    return canvas.repeat(factor, axis=0).repeat(factor, axis=1) if factor > 1 else canvas


def draw_scatter(points: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Draw generated points in blue over reference points in gray, by their first two coordinates.

    Args:
        points: float array of shape (n, d).
        reference: float array of shape (m, d); sets the window.

    Returns:
        uint8 array of shape (512, 512, 3).
    """
    low, high = reference.min(axis=0)[:2], reference.max(axis=0)[:2]
    center, half = (low + high) / 2, 0.6 * max(float((high - low).max()), 1e-6)
    canvas = np.full((CANVAS, CANVAS, 3), 255, np.uint8)
    for cloud, color, opacity in ((reference, (150, 150, 150), 0.5), (points, (20, 80, 200), 0.6)):
        flat = cloud[:, :2] if cloud.shape[1] > 1 else np.pad(cloud, ((0, 0), (0, 1)))
        places = (((flat - center) / half + 1) / 2 * (CANVAS - 1)).round()
        for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
            x, y = places[:, 0] + dx, CANVAS - 1 - places[:, 1] - dy
            inside = (x >= 0) & (x < CANVAS) & (y >= 0) & (y < CANVAS)
            at = y[inside].astype(int), x[inside].astype(int)
            canvas[at] = (canvas[at] * (1 - opacity) + np.array(color) * opacity).astype(np.uint8)
    return canvas


def draw_curves(
    title: str, axis: str, s: np.ndarray, panels: Mapping[str, Mapping[str, np.ndarray]]
) -> bytes:
    """Draw panels of labeled curves over s side by side; return a PNG file's content. Needs matplotlib.

    Args:
        title: of the picture.
        axis: label of the s axis.
        s: float array of shape (n,).
        panels: for each heading of a panel, its curves: float arrays of shape (n,) by label.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), dpi=110, layout="constrained")
    figure.suptitle(title)
    for place, (heading, members) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        for index, (label, values) in enumerate(members.items()):
            place.plot(
                s,
                np.clip(values, -1e3, 1e3),
                label=label,
                linestyle=("-", "--", ":", "-.")[index % 4],
                linewidth=2,
            )
        low, high = (np.nanquantile(np.stack(list(members.values())), q) for q in (0.02, 0.98))
        place.set_ylim(*(np.clip((low, high), -12, 12) + np.array([-0.5, 0.5])))
        place.axhline(0, color="0.8", zorder=0)
        place.axvline(0, color="0.8", zorder=0)
        place.set(title=heading, xlabel=axis)
        place.legend(frameon=False)
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()


def encode_png(pixels: np.ndarray) -> bytes:
    """Return uint8 pixels of shape (height, width, 1 or 3) as a PNG file's content."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(stream, "PNG")
    return stream.getvalue()
