"""Decode and resize pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF")
FORMAT_NAMES = "PNG, JPEG, WebP, BMP or TIFF"
GREY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "I;16N")
MOST_PIXELS = 64 * 2**20
BACKGROUNDS = {"white": 1.0, "black": 0.0, "gray": 0.5}
MOST_DEEP = 2**16 - 1
ORIENTATION, BITS_PER_SAMPLE = 0x0112, 0x0102  # tags of EXIF and TIFF

# EXIF orientations of (height, width, channels): how the stored pixels are turned before they are shown.
TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: pixels[::-1].swapaxes(0, 1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: pixels[:, ::-1].swapaxes(0, 1),
}
SWAP_SIDES = (5, 6, 7, 8)


class Header(NamedTuple):
    """A picture's properties that are known before its pixels are decoded.

    Attributes:
        height: in pixels, after the turn that EXIF asks for.
        width: the same.
        is_grey: whether it has one channel, transparency left out.
        is_turned: whether EXIF asks for a turn or a mirror image.
        is_transparent: whether it has an alpha channel or a transparent color.
        is_deep: whether it has more than 8 bits a channel.
        has_pages: whether it holds more than one picture; the first is read.
    """

    height: int
    width: int
    is_grey: bool
    is_turned: bool = False
    is_transparent: bool = False
    is_deep: bool = False
    has_pages: bool = False


def decode(path: Path, background: str = "white") -> np.ndarray:
    """Return a picture as uint8 (height, width, 1 or 3), decoded by its content, not by its name.

    It is turned as EXIF asks, transparent pixels are laid on the background, and 16 bits are scaled to 8.

    Args:
        path: of the file.
        background: "white", "black" or "gray".

    Raises:
        ValueError: it is no picture, is cut short, or has too many pixels; the message names it.
    """
    return _with_image(path, lambda image: _read_pixels(image, path, background))


def read_header(path: Path) -> Header:
    """Return a picture's size and kind without decoding its pixels; raise `ValueError` as `decode` does."""
    return _with_image(path, _parse_header)


def _with_image(path: Path, use: Callable[[Any], Any]) -> Any:
    from PIL import Image, UnidentifiedImageError

    try:
        # A stream, as Pillow 13 maps a raw TIFF that it knows by name into memory with its sides swapped before it turns it.
        with open(path, "rb") as stream, Image.open(stream, formats=FORMATS) as image:
            width, height = image.size
            if width * height <= MOST_PIXELS:
                return use(image)
    except Exception as error:  # decoders fail in many ways on damaged files
        error = "unknown format" if isinstance(error, UnidentifiedImageError) else error
        raise ValueError(
            f"{path}: expected a whole {FORMAT_NAMES} picture, got one that cannot be decoded ({error})"
        ) from None
    raise ValueError(
        f"{path}: expected at most {MOST_PIXELS} pixels, got {width}x{height}; remove it or make it smaller"
    )


def _parse_header(image: Any) -> Header:
    if image.mode == "F" or (image.mode == "I" and image.format != "PNG"):
        raise ValueError(
            f"mode {image.mode}, whose darkest and brightest levels are unknown; save it with 8 or 16 bits"
        )
    raw_mode = _raw_mode(image)
    # getexif of a PNG without EXIF before its pixels would decode them.
    orientation = _read_orientation(image) if image.format != "PNG" or "exif" in image.info else 1
    swaps = orientation in SWAP_SIDES and image.format != "TIFF"  # Pillow swaps the sides of a TIFF itself
    return Header(
        *((image.width, image.height) if swaps else (image.height, image.width)),
        # Pillow opens 16-bit gray with alpha as color
        is_grey=image.mode in GREY_MODES or raw_mode.startswith("LA"),
        is_turned=orientation in TURNS,
        is_transparent=image.has_transparency_data,
        is_deep=image.mode.startswith("I") or (image.format in ("PNG", "TIFF") and ";16" in raw_mode),
        has_pages=image.format != "JPEG" and getattr(image, "n_frames", 1) > 1,
    )


def _read_pixels(image: Any, path: Path, background: str) -> np.ndarray:
    kind = _parse_header(image)
    image.load()
    levels, most = _read_deep_levels(image, path, kind) if kind.is_deep else (_read_levels(image, kind), 255)
    pixels = composite(levels, background, most)
    # After `load`: EXIF may stand behind a PNG's pixels, and of a TIFF, which Pillow turns itself, the tag is gone.
    return TURNS.get(_read_orientation(image), lambda pixels: pixels)(pixels)


def _raw_mode(image: Any) -> str:
    """Return Pillow's name for the pixel layout of the file, which it drops at loading.

    "" if there is none.
    """
    arguments = image.tile[0].args if image.tile else ""
    return arguments if isinstance(arguments, str) else str((arguments or ("",))[0])


def _read_orientation(image: Any) -> int:
    """Return the EXIF orientation, 1 to 8; 1 if none can be read."""
    try:
        return image.getexif().get(ORIENTATION, 1)
    except Exception:  # damaged EXIF says nothing about the pixels
        return 1


def _read_levels(image: Any, kind: Header) -> np.ndarray:
    """Return levels of 8 bits, uint8 (height, width, 1 to 4), alpha last."""
    pixels = np.asarray(image.convert(("L" if kind.is_grey else "RGB") + "A" * kind.is_transparent))
    return pixels.reshape(*pixels.shape[:2], -1)


def _read_deep_levels(image: Any, path: Path, kind: Header) -> tuple[np.ndarray, int]:
    """Return levels of more than 8 bits (height, width, 1 to 4), alpha last, and the largest legal level."""
    if image.format == "PNG":
        import tensorflow as tf  # Pillow keeps the upper 8 bits of color alone

        levels = tf.io.decode_png(path.read_bytes(), dtype=tf.uint16).numpy()
        color = image.info.get("transparency")
        if color is None or levels.shape[-1] in (2, 4):
            return levels, MOST_DEEP
        opaque = (levels != np.array(color)).any(axis=-1, keepdims=True)
        return np.concatenate([levels, np.uint16(MOST_DEEP) * opaque], axis=-1), MOST_DEEP
    if image.mode.startswith("I"):
        return np.asarray(image)[..., None], 2 ** image.tag_v2.get(BITS_PER_SAMPLE, (16,))[0] - 1
    return _read_levels(image, kind), 255  # the upper 8 bits of a color TIFF: less than a level of 255 below


def composite(levels: np.ndarray, background: str = "white", most: int = 255) -> np.ndarray:
    """Lay a picture on a background of one level, and scale its levels to 8 bits.

    Args:
        levels: integers (height, width, channels); of 2 or 4 channels the last is alpha.
        background: "white", "black" or "gray".
        most: the level of white, and of full opacity.

    Returns:
        uint8 (height, width, 1 or 3): c a + b (1 - a) of color c, opacity a and background b, rounded.
    """
    if levels.shape[-1] in (1, 3):
        return levels if levels.dtype == np.uint8 else np.rint(levels * (255 / most)).astype(np.uint8)
    shares = levels / most
    colors, opacity = shares[..., :-1], shares[..., -1:]
    return np.rint(255 * (colors * opacity + BACKGROUNDS[background] * (1 - opacity))).astype(np.uint8)


def crop_square(pixels: np.ndarray, side: int) -> np.ndarray:
    """Crop the central square of a uint8 picture and resize it to `side`, with antialiasing."""
    from PIL import Image

    height, width, channels = pixels.shape
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    cropped = pixels[top : top + edge, left : left + edge]
    image = Image.fromarray(cropped[..., 0] if channels == 1 else cropped).resize(
        (side, side), Image.Resampling.LANCZOS
    )
    return np.asarray(image).reshape(side, side, channels)


def resize(images: np.ndarray, side: int | None) -> np.ndarray:
    """Return uint8 images (n, height, width, channels) cropped to squares of `side`; None leaves them alone."""
    return images if side is None else np.stack([crop_square(image, side) for image in images])


def with_channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    """Return a uint8 picture of 1 or 3 channels, or a gray one repeated to 3."""
    return pixels if pixels.shape[-1] == channels else np.repeat(pixels, channels, axis=-1)
