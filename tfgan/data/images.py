"""Decoding and resizing of pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

FORMATS = ("PNG", "JPEG", "WEBP")
GREY_MODES = ("1", "L", "I", "I;16")
MOST_PIXELS = 64 * 2**20


def decode(path: Path) -> np.ndarray:
    """Return a picture as uint8 (height, width, 1 or 3), decoded by its content, not by its name.

    Raises:
        ValueError: it is no picture, is cut short, or has too many pixels; the message names it.
    """
    return _with_image(path, _pixels)


def size(path: Path) -> tuple[int, int, bool]:
    """Return (height, width, is grey) from a picture's header; raise `ValueError` as `decode` does."""
    return _with_image(path, lambda image: (image.height, image.width, image.mode in GREY_MODES))


def _with_image(path: Path, use: Callable[[Any], Any]) -> Any:
    from PIL import Image

    try:
        with Image.open(path, formats=FORMATS) as image:
            width, height = image.size
            if width * height <= MOST_PIXELS:
                return use(image)
    except Exception as error:  # decoders fail in many ways on damaged files
        raise ValueError(f"{path}: expected a whole PNG, JPEG or WebP picture, got one that cannot be decoded ({error})") from None
    raise ValueError(f"{path}: expected at most {MOST_PIXELS} pixels, got {width}x{height}; remove it or make it smaller")


def _pixels(image: Any) -> np.ndarray:
    if image.mode in ("I", "I;16"):  # 16 bits; Pillow's conversion would clip them to 8
        return (np.asarray(image) >> 8).astype(np.uint8)[..., None]
    pixels = np.asarray(image.convert("L" if image.mode in GREY_MODES else "RGB"))
    return pixels.reshape(*pixels.shape[:2], -1)


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
    """Return a uint8 picture with 1 or 3 channels: grey is repeated to color, transparency left out."""
    return pixels[..., :channels] if pixels.shape[-1] >= channels else np.repeat(pixels[..., :1], channels, axis=-1)
