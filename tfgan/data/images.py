"""Decoding and resizing of pictures."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

MOST_PIXELS = 64 * 2**20
RESIZED_AT_ONCE = 4096


def decode(content: bytes, name: str) -> np.ndarray:
    """Return a picture as uint8 (height, width, 1 or 3), decoded by its content, not by its name.

    Raises:
        ValueError: it is no picture, is cut short, or has too many pixels; the message names it.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValueError(f"{name}: expected at most {MOST_PIXELS} pixels, got {image.width}x{image.height}")
            image.load()
            grey = image.mode in ("1", "L", "I", "I;16", "F")
            pixels = np.asarray(image.convert("L" if grey else "RGB"))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{name}: expected a whole PNG, JPEG or WebP picture, got one that cannot be decoded ({error})") from None
    return pixels.reshape(*pixels.shape[:2], -1)


def size(path: Path) -> tuple[int, int, bool]:
    """Return (height, width, is grey) from a picture's header; raise `ValueError` that names a file that has none."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            return image.height, image.width, image.mode in ("1", "L", "I", "I;16", "F")
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path}: expected a PNG, JPEG or WebP picture ({error})") from None


def square(pixels: np.ndarray, side: int) -> np.ndarray:
    """Crop the central square of a uint8 picture and resize it to `side`, with antialiasing."""
    from PIL import Image

    height, width, channels = pixels.shape
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    cropped = pixels[top : top + edge, left : left + edge]
    image = Image.fromarray(cropped[..., 0] if channels == 1 else cropped).resize((side, side), Image.Resampling.LANCZOS)
    return np.asarray(image).reshape(side, side, channels)


def resized(images: np.ndarray, side: int | None) -> np.ndarray:
    """Return uint8 images (n, height, width, channels) cropped to squares of `side`; None leaves them alone."""
    return images if side is None else np.stack([square(image, side) for image in images])


def with_channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    """Return a uint8 picture with this many channels, grey repeated to color."""
    return pixels if pixels.shape[-1] == channels else np.repeat(pixels[..., :1], channels, axis=-1)
