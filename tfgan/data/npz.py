"""Arrays of the user's own."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from tfgan.data.images import resized
from tfgan.data.source import FiniteSource, Request, in_memory


def npz(request: Request) -> FiniteSource:
    """Open an .npz file without pickles.

    It holds `images` (n, height, width, 1 or 3), uint8 or float32 in [-1, 1], or `points` (n, d), floating-point; and
    `labels` (n,), ints from 0 up, if there are any.

    Raises:
        ValueError: anything else; the message names the file and the array.
    """
    path = Path(request.path).expanduser()
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {key: file[key] for key in ("images", "points", "labels") if key in file.files}
    except FileNotFoundError:
        raise ValueError(f"--dataset: expected an .npz file, got {path}, which is not there") from None
    except (OSError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: expected an .npz file without pickled objects ({error})") from None
    if ("images" in arrays) == ("points" in arrays):
        raise ValueError(f"{path}: expected either an array 'images' or an array 'points', got {', '.join(arrays) or 'neither'}")
    examples = _images(path, arrays["images"]) if "images" in arrays else _points(path, arrays["points"])
    if not len(examples):
        raise ValueError(f"{path}: expected one example or more, got none")
    if request.image_size:
        if examples.dtype != np.uint8:
            raise ValueError(f"--image_size: expected uint8 images, got {examples.dtype} in {path}")
        examples = resized(examples, request.image_size)
    return in_memory(f"npz:{path}", examples, _labels(path, arrays.get("labels"), len(examples)))


def _images(path: Path, images: np.ndarray) -> np.ndarray:
    if images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise ValueError(f"{path}: expected 'images' of shape (n, height, width, 1 or 3), got {images.shape}")
    if images.dtype == np.uint8:
        return images
    if images.dtype != np.float32:
        raise ValueError(f"{path}: expected 'images' of type uint8, or float32 in [-1, 1], got {images.dtype}")
    if not np.isfinite(images).all():
        raise ValueError(f"{path}: expected finite 'images', got NaN or infinity")
    if images.size and max(-images.min(), images.max()) > 1:
        raise ValueError(f"{path}: expected float32 'images' in [-1, 1], got [{images.min():g}, {images.max():g}]")
    return images


def _points(path: Path, points: np.ndarray) -> np.ndarray:
    if points.ndim != 2 or not np.issubdtype(points.dtype, np.floating):
        raise ValueError(f"{path}: expected floating-point 'points' of shape (n, d), got {points.dtype} {points.shape}")
    if not np.isfinite(points).all():
        raise ValueError(f"{path}: expected finite 'points', got NaN or infinity")
    return points.astype(np.float32)


def _labels(path: Path, labels: np.ndarray | None, count: int) -> np.ndarray | None:
    if labels is None:
        return None
    if labels.shape != (count,) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"{path}: expected integer 'labels' of shape ({count},), got {labels.dtype} {labels.shape}")
    if labels.min() < 0 or labels.max() >= 2**20:
        raise ValueError(f"{path}: expected 'labels' from 0 up, got {labels.min()} to {labels.max()}")
    return labels
