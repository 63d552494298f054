"""Pictures in a folder."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from tfgan import _files
from tfgan.data.images import decode, size, square, with_channels
from tfgan.data.source import FiniteSource, Request, in_memory, streamed

END = 4096  # bytes of either end of a file that are part of the fingerprint
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


def folder(request: Request) -> FiniteSource:
    """Open the PNG, JPEG and WebP pictures below a folder; its sub-folders, if any, are the labels.

    Grey if all are grey, else color. Pictures must share one size, unless `image_size` brings them to one.

    Raises:
        ValueError: no such folder, no pictures in it, a damaged picture, mixed sizes; the message names the file.
    """
    root = _files.expanded(request.path)
    if not root.is_dir():
        raise ValueError(f"--dataset: expected a folder of pictures, got {root}, which is none")
    paths = sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not paths:
        raise ValueError(f"--dataset: expected PNG, JPEG or WebP pictures in {root}, got none")
    channels, (height, width) = _common_size(paths, request.image_size)
    shape = (height, width, channels)
    labels, names = _labels(root, paths)
    about = {"class_names": names, "num_classes": len(names or ()), **_fingerprints(root, paths, shape)}

    def read(indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        images = np.empty((len(indices), *shape), np.uint8)
        for image, index in zip(images, indices, strict=True):
            image[:] = _pixels(paths[index], channels, request.image_size)
        return images, labels[indices]

    if len(paths) * height * width * channels <= request.memory_budget:
        images, _ = read(np.arange(len(paths)))
        return in_memory(f"folder:{root}", images, labels if names else None, **about)
    return streamed(f"folder:{root}", shape, len(paths), read, **about)


def _fingerprints(root: Path, paths: list[Path], shape: tuple[int, ...]) -> dict[str, Any]:
    """Return a fingerprint of pictures, wherever they are: of the names, the sizes and the ends of the files; and the earlier one.

    A PNG ends with a checksum of its pixels; a change inside a JPEG or WebP picture shifts the bytes behind it.
    """
    listing = [(str(path.relative_to(root)), path.stat().st_size) for path in paths]
    digest = hashlib.sha256(repr((listing, shape)).encode())
    for path, (_, length) in zip(paths, listing, strict=True):
        with open(path, "rb") as file:
            digest.update(file.read(END))
            file.seek(max(END, length - END))
            digest.update(file.read(END))
    earlier = hashlib.sha256(repr(listing).encode()).hexdigest()[:16]
    return {"fingerprint": digest.hexdigest()[:16], "earlier_fingerprints": (earlier,)}


def _common_size(paths: list[Path], side: int | None) -> tuple[int, tuple[int, int]]:
    sizes = [size(path) for path in paths]
    channels = 1 if all(grey for _, _, grey in sizes) else 3
    if side:
        return channels, (side, side)
    for path, (height, width, _) in zip(paths, sizes, strict=True):
        if (height, width) != sizes[0][:2]:
            raise ValueError(
                f"--image_size: {paths[0]} has {sizes[0][0]}x{sizes[0][1]} pixels and {path} {height}x{width}; choose a common size"
            )
    return channels, sizes[0][:2]


def _labels(root: Path, paths: list[Path]) -> tuple[np.ndarray, list[str] | None]:
    parents = [path.relative_to(root).parts[:-1] for path in paths]
    if not all(parents):
        return np.zeros(len(paths), np.int32), None
    names = sorted({parts[0] for parts in parents})
    number = {name: label for label, name in enumerate(names)}
    return np.array([number[parts[0]] for parts in parents], np.int32), names


def _pixels(path: Path, channels: int, side: int | None) -> np.ndarray:
    pixels = with_channels(decode(path), channels)
    return square(pixels, side) if side else pixels
