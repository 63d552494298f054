"""Any image set of TensorFlow Datasets."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan._registry import nearest
from tfgan.data.images import square, with_channels
from tfgan.data.source import FiniteSource, Request, in_memory, streamed

SPOTS = 16
TEST_SPLITS = ("test", "validation")


def tfds_images(request: Request) -> FiniteSource:
    """Open the training split of `tfds:NAME`, its test split held out if it has one.

    In memory when it fits the budget; else by random access, for which it must be prepared as array_record.

    Raises:
        ValueError: an unknown name, no 8-bit image feature, mixed shapes without `image_size`, damaged records, or a large
            set that is prepared as tfrecord.
    """
    name = request.path
    prepared = builder(name, request.data_dir)
    if not prepared.info.splits:
        prepared = _fetched(name, request.data_dir)
    image_key, label_key = _features(prepared.info, name)
    label = prepared.info.features[label_key] if label_key else None
    about = {"class_names": label.names if label else None, "num_classes": label.num_classes if label else 0}
    if _bytes_needed(prepared.info, image_key, request) <= request.memory_budget:
        train, *test = (_arrays(prepared, split, image_key, label_key, request) for split in _splits(prepared.info, name))
        counts = len(train[0]), len(test[0][0]) if test else 0
        about |= _fingerprints(prepared, name, *counts, train[0][_spots(counts[0])])
        return in_memory(f"tfds:{name}", *train, test=test[0] if test else None, **about)
    return _streamed(prepared, image_key, label_key, request, about)


def builder(name: str, data_dir: str | None):
    """Return TFDS's builder of a set, prepared or not; raise `ValueError` with the nearest name for an unknown one."""
    import tensorflow_datasets as tfds

    if not sys.stderr.isatty():
        tfds.disable_progress_bar()
    try:
        return tfds.builder(name, data_dir=data_dir)
    except (tfds.core.registered.DatasetNotFoundError, ValueError, AssertionError, OSError) as error:
        hint = nearest(name, tfds.list_builders(with_community_datasets=False))
        raise ValueError(f"--dataset: tfds:{name} is unknown to TFDS{hint} ({str(error).splitlines()[0]})") from None


def downloaded(name: str, data_dir: str | None):
    """Download and prepare a set as array_record, which can be read by index; return its builder."""
    import tensorflow_datasets as tfds

    fetched = tfds.builder(name, data_dir=data_dir, file_format="array_record")
    fetched.download_and_prepare()
    return fetched


def _fetched(name: str, data_dir: str | None):
    try:
        return downloaded(name, data_dir)
    except Exception as error:  # TFDS fails in many ways without a network
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(
            f"--dataset: tfds:{name} is not prepared and could not be downloaded ({reason}); prepare it where there is a network "
            "and name its folder with --data_dir"
        ) from None


def _features(info, name: str) -> tuple[str, str | None]:
    """Return the keys of the image and of the class label."""
    import tensorflow_datasets as tfds

    features = dict(info.features.items()) if hasattr(info.features, "items") else {}
    images = [key for key, feature in features.items() if isinstance(feature, tfds.features.Image)]
    labels = [key for key, feature in features.items() if isinstance(feature, tfds.features.ClassLabel)]
    if not images:
        raise ValueError(f"--dataset: expected a set with images, got tfds:{name} with {', '.join(features) or 'no features'}")
    supervised = [key for key in info.supervised_keys or () if isinstance(key, str)]
    image = next((key for key in supervised if key in images), images[0])
    dtype, shape = np.dtype(features[image].np_dtype), features[image].shape
    if dtype != np.uint8 or shape[2] not in (1, 3, None):
        raise ValueError(
            f"--dataset: expected tfds:{name} to have uint8 images of 1 or 3 channels, got {dtype} {shape}; save them as npz:PATH"
        )
    return image, next((key for key in supervised if key in labels), labels[0] if labels else None)


def _splits(info, name: str) -> list[str]:
    if "train" not in info.splits or not info.splits["train"].num_examples:
        raise ValueError(f"--dataset: expected tfds:{name} to have examples in a train split, got splits {', '.join(info.splits)}")
    return ["train", *[split for split in TEST_SPLITS if split in info.splits and info.splits[split].num_examples][:1]]


def _bytes_needed(info, image_key: str, request: Request) -> int:
    shape = info.features[image_key].shape
    height, width = (request.image_size,) * 2 if request.image_size else (shape[0] or 256, shape[1] or 256)
    return height * width * (shape[2] or 3) * sum(info.splits[split].num_examples for split in _splits(info, request.path))


def rows(prepared, split: str) -> Iterator[dict[str, Any]]:
    """Yield the examples of a split in their stored order, as dicts of arrays; damaged records raise `ValueError`."""
    with _naming_damage(prepared):
        yield from _stored(prepared, split)


@contextlib.contextmanager
def _naming_damage(prepared) -> Iterator[None]:
    """Say of damaged records where they are and what helps."""
    try:
        yield
    except (tf.errors.OpError, RuntimeError) as error:  # what tfrecord and array_record raise
        raise ValueError(f"{prepared.data_dir}: expected whole records, got damaged ones ({str(error)[:200]}); prepare it again") from None


def _stored(prepared, split: str):
    import tensorflow_datasets as tfds

    if prepared.info.file_format.value == "array_record":
        return prepared.as_data_source(split=split)
    in_order = tfds.ReadConfig(interleave_cycle_length=1)
    return tfds.as_numpy(prepared.as_dataset(split=split, shuffle_files=False, read_config=in_order))


def _arrays(prepared, split: str, image_key: str, label_key: str | None, request: Request):
    images, labels = [], []
    for row in rows(prepared, split):
        images.append(_picture(row[image_key], prepared.info.features[image_key].shape[2] or 3, request.image_size))
        labels.append(row[label_key] if label_key else 0)
    shapes = {image.shape for image in images}
    if len(shapes) > 1:
        raise ValueError(f"--image_size: tfds:{request.path} mixes shapes such as {sorted(shapes)[:2]}; choose a size to bring them to")
    return np.stack(images), np.array(labels, np.int32) if label_key else None


def _picture(pixels: np.ndarray, channels: int, side: int | None) -> np.ndarray:
    pixels = with_channels(pixels, channels)
    return square(pixels, side) if side else pixels


def _streamed(prepared, image_key: str, label_key: str | None, request: Request, about) -> FiniteSource:
    name = request.path
    if prepared.info.file_format.value != "array_record":
        raise ValueError(
            f"--dataset: tfds:{name} exceeds --memory_budget_mib and is prepared as {prepared.info.file_format.value}, which cannot "
            "be read by index; raise it, or convert the set (pip install apache-beam) with: "
            "python -m tensorflow_datasets.scripts.convert_format "
            f"--dataset_version_dir={prepared.data_dir} --out_file_format=array_record --out_dir=NEW/{prepared.info.full_name} "
            "and use --data_dir=NEW"
        )
    train, *test = (prepared.as_data_source(split=split) for split in _splits(prepared.info, name))
    count, test_count = len(train), sum(map(len, test))
    shape = prepared.info.features[image_key].shape
    if None in shape and not request.image_size:
        raise ValueError(f"--image_size: tfds:{name} has images of shape {shape}; choose a size to bring them to")
    side, channels = request.image_size, shape[2] or 3

    def read(indices: np.ndarray):
        found = [train[int(index)] if index < count else test[0][int(index) - count] for index in indices]
        labels = [row[label_key] if label_key else 0 for row in found]
        return np.stack([_picture(row[image_key], channels, side) for row in found]), np.array(labels, np.int32)

    logging.info("tfds:%s is streamed from %s", name, prepared.data_dir)
    shape = (side, side, channels) if side else shape
    with _naming_damage(prepared):
        spots, _ = read(_spots(count))
    about |= _fingerprints(prepared, name, count, test_count, spots)
    return streamed(f"tfds:{name}", tuple(shape), count, read, test_count=test_count, **about)


def _spots(count: int) -> np.ndarray:
    """Return the numbers of a few examples, evenly spaced, whose content is part of the fingerprint."""
    return np.linspace(0, count - 1, min(count, SPOTS)).astype(np.int64)


def _fingerprints(prepared, name: str, count: int, test_count: int, spots: np.ndarray) -> dict[str, Any]:
    """Return a fingerprint of a set, read at once or streamed: of its name and version, the counts, and the images of `_spots`.

    The earlier one, of streamed sets, had no images in it.
    """
    digest = hashlib.sha256(repr((prepared.info.full_name, count, test_count, spots.shape)).encode())
    digest.update(np.ascontiguousarray(spots).data)
    earlier = hashlib.sha256(repr((name, str(prepared.info.version), count, test_count, spots.shape[1:])).encode())
    return {"fingerprint": digest.hexdigest()[:16], "earlier_fingerprints": (earlier.hexdigest()[:16],)}
