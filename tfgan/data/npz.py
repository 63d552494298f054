"""Read a data set from the arrays of an .npz file."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from tfgan.core import files
from tfgan.data.images import resize
from tfgan.data.source import FiniteSource, Request, in_memory

NAMES = ("images", "points", "labels")
MOST_CLASSES = 2**20


def npz(request: Request) -> FiniteSource:
    """Open an .npz file without pickles.

    It holds `images` (n, height, width, 1 or 3), uint8 or float32 in [-1, 1], or `points` (n, d),
    floating-point; and `labels` (n,), ints from 0 up, if there are any. Each column of points is centered and
    scaled for training (`Units.by_column`); samples come back in the units of the file.

    Raises:
        ValueError: anything else, or more than the memory budget; the message names the file and the array.
    """
    path = files.expand_home(request.path)
    arrays = _read_arrays(path, request.memory_budget)
    if ("images" in arrays) == ("points" in arrays):
        raise ValueError(
            f"{path}: expected either an array 'images' or an array 'points', got {', '.join(arrays) or 'neither'}"
        )
    raw = arrays.get("images", arrays.get("points"))
    if request.image_size and raw.dtype != np.uint8:
        raise ValueError(f"--image_size: expected uint8 images, got {raw.dtype} in {path}; leave it out")
    examples = _check_images(path, raw) if "images" in arrays else _check_points(path, raw)
    if request.image_size:
        examples = resize(examples, request.image_size)
    return in_memory(f"npz:{path}", examples, _check_labels(path, arrays.get("labels"), len(examples)))


def _read_arrays(path: Path, budget: int) -> dict[str, np.ndarray]:
    """Return the arrays by name, once their declared sizes are known to fit."""
    if not path.is_file():
        raise ValueError(
            f"--dataset: expected an .npz file, got {path}, which is {'a folder' if path.is_dir() else 'not there'}"
        )
    try:
        with zipfile.ZipFile(path) as file:
            sizes = {item.filename: item.file_size for item in file.infolist()}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path}: expected an .npz file as np.savez writes it, got another or a damaged one ({error})"
        ) from None
    names = [name for name in NAMES if f"{name}.npy" in sizes]
    total = sum(sizes[f"{name}.npy"] for name in names)
    if total > budget:
        raise ValueError(
            f"{path}: expected at most {budget // 2**20} MiB, got {-(-total // 2**20)}; raise --memory_budget_mib"
        )
    return {name: _read(path, name) for name in names}


def _read(path: Path, name: str) -> np.ndarray:
    try:
        with np.load(path, allow_pickle=False) as file:
            array = file[name]
    except Exception as error:  # NumPy, zipfile and zlib fail in many ways on damaged files
        raise ValueError(
            f"{path}: expected {name!r} to be a whole array without pickled objects ({error})"
        ) from None
    if not isinstance(array, np.ndarray):  # the member lacks the header of an array
        raise ValueError(f"{path}: expected {name!r} to be an array as np.savez writes it, got other content")
    if array.ndim and not len(array):
        raise ValueError(f"{path}: expected one example or more in {name!r}, got none")
    return array


def _check_images(path: Path, images: np.ndarray) -> np.ndarray:
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or not images.size:
        raise ValueError(
            f"{path}: expected 'images' of shape (n, height, width, 1 or 3), nothing empty, got {images.shape}"
        )
    if not (np.issubdtype(images.dtype, np.number) or images.dtype == bool):
        raise ValueError(
            f"{path}: expected 'images' of type uint8, or float32 in [-1, 1], got {images.dtype}"
        )
    if not np.isfinite(images).all():
        raise ValueError(f"{path}: expected finite 'images', got NaN or infinity")
    low, high = images.min(), images.max()
    if images.dtype == np.uint8 and high != 1:
        return images
    if images.dtype == np.float32 and -1 <= low < 0 and high <= 1:
        return images
    got = f"{images.dtype} from {low:g} to {high:g}" if images.dtype != bool else "bool"
    raise ValueError(
        f"{path}: expected 'images' of type uint8, or float32 in [-1, 1] with pixels below 0, got {got}{_suggest_remedy(images)}"
    )


def _suggest_remedy(images: np.ndarray) -> str:
    """Return how to store images of another range or type, as far as these tell; nothing where they do not."""
    low, high = images.min(), images.max()
    if low < 0:
        return (
            "; store images.astype(np.float32)"
            if low >= -1 and high <= 1 and images.dtype.kind == "f"
            else ""
        )
    if images.dtype.kind == "f":
        if high <= 1:
            return "; if they are in [0, 1], store (images * 2 - 1).astype(np.float32)"
        return "; store np.rint(images).astype(np.uint8)" if high <= 255 else ""
    if high <= 1:
        return "; if 1 is white, store images.astype(np.uint8) * 255"
    if high <= 255:
        return "; store images.astype(np.uint8)"
    return "; store np.rint(images / 257).astype(np.uint8)" if high <= 65_535 else ""


def _check_points(path: Path, points: np.ndarray) -> np.ndarray:
    if points.ndim != 2 or not np.issubdtype(points.dtype, np.floating) or not points.size:
        raise ValueError(
            f"{path}: expected floating-point 'points' of shape (n, d), nothing empty, got {points.dtype} {points.shape}"
        )
    with np.errstate(over="ignore"):  # numbers that overflow are refused below
        points = points.astype(np.float32)
    if not np.isfinite(points).all():
        raise ValueError(f"{path}: expected finite 'points', got NaN, infinity or a number beyond float32")
    return points


def _check_labels(path: Path, labels: np.ndarray | None, count: int) -> np.ndarray | None:
    if labels is None:
        return None
    if labels.shape != (count,) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(
            f"{path}: expected integer 'labels' of shape ({count},), got {labels.dtype} {labels.shape}"
        )
    if labels.min() < 0 or labels.max() >= MOST_CLASSES:
        raise ValueError(
            f"{path}: expected 'labels' from 0 up to {MOST_CLASSES - 1}, got {labels.min()} to {labels.max()}"
        )
    return labels
