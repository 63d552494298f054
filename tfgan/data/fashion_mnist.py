"""Load Fashion-MNIST from the copy that the machine has."""

from __future__ import annotations

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np

from tfgan.data.images import resize
from tfgan.data.source import FiniteSource, Request, in_memory

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
COUNTS = {"train": 60_000, "t10k": 10_000}


def fashion_mnist(request: Request) -> FiniteSource:
    """Open 60,000 training and 10,000 test images of ten kinds of garments, 28x28 gray.

    Taken from the first that is there: TFDS's prepared copy, the four raw files (in `data_dir` or of Debian's
    package dataset-fashion-mnist), TFDS's download.

    Reference: Xiao et al. 2017, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
        Algorithms".
    """
    (train, train_labels), (test, test_labels) = (
        _load_prepared(request) or _read_raw(request) or _download(request)
    )
    images = (resize(part, request.image_size) for part in (train, test))
    train, test = images
    return in_memory("fashion_mnist", train, train_labels, test=(test, test_labels), class_names=CLASSES)


def _load_prepared(request: Request):
    from tfgan.data import tfds_images

    builder = tfds_images.find_builder("fashion_mnist", request.data_dir)
    return _to_arrays(builder) if builder.info.splits else None


def _to_arrays(builder):
    from tfgan.data import tfds_images

    parts = [list(tfds_images.iterate_rows(builder, split)) for split in ("train", "test")]
    return [
        (np.stack([row["image"] for row in part]), np.array([row["label"] for row in part], np.int32))
        for part in parts
    ]


def _read_raw(request: Request):
    for folder in filter(None, (request.data_dir and Path(request.data_dir), DEBIAN)):
        if _find_idx_file(folder, "train-images-idx3-ubyte") is not None:
            return [_read_part(folder, part) for part in COUNTS]
    return None


def _read_part(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    images = read_idx(_require_idx_file(folder, f"{part}-images-idx3-ubyte"), (COUNTS[part], 28, 28))
    labels_path = _require_idx_file(folder, f"{part}-labels-idx1-ubyte")
    labels = read_idx(labels_path, (COUNTS[part],))
    if labels.max() >= len(CLASSES):
        raise ValueError(
            f"{labels_path}: expected labels from 0 to {len(CLASSES) - 1}, got {labels.max()}; fetch it again"
        )
    return images[..., None], labels.astype(np.int32)


def _download(request: Request):
    from tfgan.data import tfds_images

    try:
        return _to_arrays(tfds_images.download("fashion_mnist", request.data_dir))
    except Exception as error:  # no network, a proxy, a full disk: the way out is the same
        raise ValueError(
            "--dataset: fashion_mnist was not found and could not be downloaded "
            f"({type(error).__name__}); install it (apt-get install dataset-fashion-mnist), put the four idx.gz files into --data_dir, "
            "or use --dataset=digits"
        ) from None


def _find_idx_file(folder: Path, stem: str) -> Path | None:
    return next((path for path in (folder / f"{stem}.gz", folder / stem) if path.exists()), None)


def _require_idx_file(folder: Path, stem: str) -> Path:
    found = _find_idx_file(folder, stem)
    if found is None:
        raise ValueError(
            f"--data_dir: expected {stem}.gz beside the other files of fashion_mnist in {folder}, got none"
        )
    return found


def read_idx(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """Return the uint8 array of an idx file, gzipped or not.

    Raises:
        ValueError: a damaged file, or another shape; the message names the file.
    """
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path}: expected a whole gzip file ({error}); fetch it again") from None
    header = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)
    if not content.startswith(header) or len(content) != len(header) + int(np.prod(shape)):
        raise ValueError(
            f"{path}: expected an idx file of unsigned bytes of shape {shape}, got another header or length"
        )
    return np.frombuffer(content, np.uint8, offset=len(header)).reshape(shape)
