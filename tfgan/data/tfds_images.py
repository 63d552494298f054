"""Read any image data set of TensorFlow Datasets."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan.core.registry import nearest
from tfgan.data.images import composite, crop_square, with_channels
from tfgan.data.source import FiniteSource, Request, in_memory, streamed

SPOTS = 16
TEST_SPLITS = ("test", "validation")
SAMPLE = 256  # examples that show whether a split has labels and whether a set is gray
VERSION = re.compile(r"\d+\.\d+\.\d+")


def tfds_images(request: Request) -> FiniteSource:
    """Open the training split of `tfds:NAME`, its test split held out if it has one.

    In memory when it fits the budget; else by random access, for which it must be prepared as array_record.

    Raises:
        ValueError: an unknown name, no 8-bit image feature, mixed shapes without `image_size`, damaged
            records, or a large set that is prepared as tfrecord.
    """
    name = request.path
    prepared = find_builder(name, request.data_dir)
    if not prepared.info.splits:
        prepared = _download_checked(name, request.data_dir)
    image_key, label_key = _find_features(prepared.info, name)
    splits = _list_splits(prepared.info, name)
    in_budget = _estimate_bytes(prepared.info, image_key, request, splits[:2]) <= request.memory_budget
    if not in_budget:
        _check_random_access(prepared, name)
    label_key, splits, notes = _choose_splits(prepared, label_key, splits)
    channels, more = _count_channels(prepared, image_key, request.background)
    label = prepared.info.features[label_key] if label_key else None
    about = {"class_names": label.names if label else None, "num_classes": label.num_classes if label else 0}
    about["note"] = "; ".join([*notes, *more]) or None
    if in_budget:
        train, *test = (
            _read_arrays(prepared, split, image_key, label_key, channels, request) for split in splits
        )
        counts = len(train[0]), len(test[0][0]) if test else 0
        about |= _compute_fingerprints(prepared, name, *counts, train[0][_choose_spots(counts[0])])
        return in_memory(f"tfds:{name}", *train, test=test[0] if test else None, **about)
    return _open_streamed(prepared, image_key, label_key, channels, splits, request, about)


def find_builder(name: str, data_dir: str | None):
    """Return TFDS's builder of a set, prepared or not; raise `ValueError` with the nearest name for an unknown one."""
    import tensorflow_datasets as tfds

    if not sys.stderr.isatty():
        tfds.disable_progress_bar()
    try:
        return tfds.builder(name, data_dir=data_dir)
    except (tfds.core.registered.DatasetNotFoundError, ValueError, AssertionError, OSError) as error:
        if known := _describe_missing(name, data_dir):
            raise ValueError(f"--dataset: tfds:{name}: {known}") from None
        hint = nearest(name, tfds.list_builders(with_community_datasets=False))
        raise ValueError(
            f"--dataset: tfds:{name} is unknown to TFDS{hint} ({str(error).splitlines()[0]})"
        ) from None


def _describe_missing(name: str, data_dir: str | None) -> str | None:
    """Describe the missing version or config of a known set, and the existing ones.

    None for an unknown set.
    """
    import tensorflow_datasets as tfds

    base, _, version = name.partition(":")
    base, _, config = base.partition("/")
    try:
        code = tfds.builder_cls(base)
    except (ValueError, AssertionError, OSError):
        variants = _list_prepared(base, data_dir)
    else:
        variants = {name: one and one.version for name, one in code.builder_configs.items()} or {"": None}
        variants = {
            name: [str(v) for v in (own or code.VERSION, *code.SUPPORTED_VERSIONS) if v]
            for name, own in variants.items()
        }
    configs = [each for each in variants if each]
    if config and variants and config not in configs:
        names = f"expected one of: {', '.join(configs)}" if configs else f"it has none, use tfds:{base}"
        return f"there is no config {config!r} of {base}{nearest(config, configs)}; {names}"
    versions = variants.get(config) or sorted({each for several in variants.values() for each in several})
    if version and versions and version not in versions:
        return f"there is no version {version!r} of {base}{f'/{config}' * bool(config)}; expected one of: {', '.join(versions)}"
    return None


def _list_prepared(base: str, data_dir: str | None) -> dict[str, list[str]]:
    """Return the versions by config, "" for none, of a set that is known by its files alone; empty if there are none."""
    import tensorflow_datasets as tfds

    root = Path(data_dir or tfds.core.constants.DATA_DIR).expanduser() / base
    folders = [folder for folder in root.glob("*/*/features.json") if VERSION.fullmatch(folder.parent.name)]
    folders += [folder for folder in root.glob("*/features.json") if VERSION.fullmatch(folder.parent.name)]
    found: dict[str, list[str]] = {}
    for folder in sorted(file.parent for file in folders):
        found.setdefault("" if folder.parent == root else folder.parent.name, []).append(folder.name)
    return found


def download(name: str, data_dir: str | None):
    """Download and prepare a set as array_record, which can be read by index; return its builder."""
    import tensorflow_datasets as tfds

    fetched = tfds.builder(name, data_dir=data_dir, file_format="array_record")
    fetched.download_and_prepare()
    return fetched


def _download_checked(name: str, data_dir: str | None):
    try:
        return download(name, data_dir)
    except Exception as error:  # TFDS fails in many ways without a network
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(
            f"--dataset: tfds:{name} is not prepared and could not be downloaded ({reason}); prepare it where there is a network "
            "and name its folder with --data_dir"
        ) from None


def _find_features(info, name: str) -> tuple[str, str | None]:
    """Return the keys of the image and of the class label."""
    import tensorflow_datasets as tfds

    features = dict(info.features.items()) if hasattr(info.features, "items") else {}
    images = [key for key, feature in features.items() if isinstance(feature, tfds.features.Image)]
    labels = [key for key, feature in features.items() if isinstance(feature, tfds.features.ClassLabel)]
    if not images:
        raise ValueError(
            f"--dataset: expected a set with images, got tfds:{name} with {', '.join(features) or 'no features'}"
        )
    supervised = [key for key in info.supervised_keys or () if isinstance(key, str)]
    image = next((key for key in supervised if key in images), images[0])
    dtype, shape = np.dtype(features[image].np_dtype), features[image].shape
    if dtype != np.uint8 or shape[2] not in (1, 3, None):
        raise ValueError(
            f"--dataset: expected tfds:{name} to have uint8 images of 1 or 3 channels, got {dtype} {shape}; save them as npz:PATH"
        )
    return image, next((key for key in supervised if key in labels), labels[0] if labels else None)


def _list_splits(info, name: str) -> list[str]:
    if "train" not in info.splits or not info.splits["train"].num_examples:
        raise ValueError(
            f"--dataset: expected tfds:{name} to have examples in a train split, got splits {', '.join(info.splits)}"
        )
    return [
        "train",
        *[split for split in TEST_SPLITS if split in info.splits and info.splits[split].num_examples],
    ]


def _choose_splits(
    prepared, label_key: str | None, splits: list[str]
) -> tuple[str | None, list[str], list[str]]:
    """Choose the split to hold out: the first whose labels are known; in many test splits all labels are -1.

    Returns:
        The key of the labels, None where even the training split has none; the splits to read; and notes for
        the user.
    """
    train, *others = splits
    if label_key is None:
        return None, splits[:2], []
    if _is_unlabeled(prepared, train, label_key):
        return None, splits[:2], ["the train split has no labels (-1)"]
    labelled = next((split for split in others if not _is_unlabeled(prepared, split, label_key)), None)
    skipped = others[: others.index(labelled)] if labelled else others
    instead = f"the {labelled} split" if labelled else "a tenth of the train split"
    notes = [f"the {split} split has no labels (-1), {instead} is held out in its place" for split in skipped]
    return label_key, [train, labelled] if labelled else [train], notes


def _is_unlabeled(prepared, split: str, label_key: str) -> bool:
    """Return whether the labels of the first examples of a split are all below 0."""
    return all(row[label_key] < 0 for row in itertools.islice(iterate_rows(prepared, split), SAMPLE))


def _count_channels(prepared, image_key: str, background: str) -> tuple[int, list[str]]:
    """Return 1 or 3, as the features say, else 1 where the first training examples are all gray; and a note on transparency."""
    if (declared := prepared.info.features[image_key].shape[2]) is not None:
        return declared, []
    sample = itertools.islice(iterate_rows(prepared, "train", image_key), SAMPLE)
    stored = {row[image_key].shape[-1] for row in sample}
    notes = [f"images with transparency, laid on {background} (--background)"] if stored & {2, 4} else []
    return 3 if stored & {3, 4} else 1, notes


def _estimate_bytes(info, image_key: str, request: Request, splits: list[str]) -> int:
    shape = info.features[image_key].shape
    height, width = (request.image_size,) * 2 if request.image_size else (shape[0] or 256, shape[1] or 256)
    return height * width * (shape[2] or 3) * sum(info.splits[split].num_examples for split in splits)


def iterate_rows(prepared, split: str, image_key: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield the examples of a split in their stored order, as dicts of arrays; damaged records raise `ValueError`.

    Images under `image_key` may have any number of channels.
    """
    with _naming_damage(prepared):
        for row in _read_stored(prepared, split, image_key):
            yield _decode_row(row, image_key)


@contextlib.contextmanager
def _naming_damage(prepared) -> Iterator[None]:
    """Turn an error of damaged records into a `ValueError` that names their place and the remedy."""
    try:
        yield
    except (tf.errors.OpError, RuntimeError) as error:  # raised by tfrecord and array_record
        raise ValueError(
            f"{prepared.data_dir}: expected whole records, got damaged ones ({str(error)[:200]}); prepare it again"
        ) from None


def _read_stored(prepared, split: str, image_key: str | None):
    import tensorflow_datasets as tfds

    if prepared.info.file_format.value == "array_record":
        return _open_by_index(prepared, split, image_key)
    in_order = tfds.ReadConfig(interleave_cycle_length=1)
    options = {
        "shuffle_files": False,
        "read_config": in_order,
        "decoders": _build_decoders(prepared, image_key),
    }
    return tfds.as_numpy(prepared.as_dataset(split=split, **options))


def _open_by_index(prepared, split: str, image_key: str | None):
    return prepared.as_data_source(split=split, decoders=_build_decoders(prepared, image_key))


def _build_decoders(prepared, image_key: str | None):
    """Return decoders of images: images of unknown channels stay bytes, as TFDS cannot decode gray ones to arrays."""
    import tensorflow_datasets as tfds

    if image_key is None or prepared.info.features[image_key].shape[2] is not None:
        return None
    return {image_key: tfds.decode.SkipDecoding()}


def _decode_row(row: dict[str, Any], image_key: str | None) -> dict[str, Any]:
    if image_key is None or not isinstance(row[image_key], bytes):
        return row
    return {**row, image_key: tf.io.decode_image(row[image_key], expand_animations=False).numpy()}


def _read_arrays(
    prepared, split: str, image_key: str, label_key: str | None, channels: int, request: Request
):
    images, labels = [], []
    for row in iterate_rows(prepared, split, image_key):
        images.append(_fit_picture(row[image_key], channels, request))
        labels.append(row[label_key] if label_key else 0)
    shapes = {image.shape for image in images}
    if len(shapes) > 1:
        raise ValueError(
            f"--image_size: tfds:{request.path} mixes shapes such as {sorted(shapes)[:2]}; choose a size to bring them to"
        )
    return np.stack(images), np.array(labels, np.int32) if label_key else None


def _fit_picture(pixels: np.ndarray, channels: int, request: Request) -> np.ndarray:
    pixels = composite(pixels, request.background)
    if pixels.shape[-1] > channels:
        raise ValueError(
            f"--dataset: expected tfds:{request.path} to have gray images, as its first {SAMPLE} are, got one in color"
        )
    pixels = with_channels(pixels, channels)
    return crop_square(pixels, request.image_size) if request.image_size else pixels


def _check_random_access(prepared, name: str) -> None:
    if prepared.info.file_format.value != "array_record":
        raise ValueError(
            f"--dataset: tfds:{name} exceeds --memory_budget_mib and is prepared as {prepared.info.file_format.value}, which cannot "
            "be read by index; raise it, or convert the set (pip install apache-beam) with: "
            "python -m tensorflow_datasets.scripts.convert_format "
            f"--dataset_version_dir={prepared.data_dir} --out_file_format=array_record --out_dir=NEW/{prepared.info.full_name} "
            "and use --data_dir=NEW"
        )


def _open_streamed(
    prepared, image_key: str, label_key, channels: int, splits: list[str], request: Request, about
) -> FiniteSource:
    name = request.path
    train, *test = (_open_by_index(prepared, split, image_key) for split in splits)
    count, test_count = len(train), sum(map(len, test))
    shape = (*prepared.info.features[image_key].shape[:2], channels)
    if None in shape and not request.image_size:
        raise ValueError(
            f"--image_size: tfds:{name} has images of shape {shape}; choose a size to bring them to"
        )
    side = request.image_size

    def rows_at(indices: np.ndarray) -> list[dict[str, Any]]:
        stored = (train[int(index)] if index < count else test[0][int(index) - count] for index in indices)
        return [_decode_row(row, image_key) for row in stored]

    def images_of(found: list[dict[str, Any]]) -> np.ndarray:
        return np.stack([_fit_picture(row[image_key], channels, request) for row in found])

    def read(indices: np.ndarray):
        found = rows_at(indices)
        labels = [row[label_key] if label_key else 0 for row in found]
        if min(labels) < 0:
            raise ValueError(
                f"tfds:{name}: expected labels from 0 up, got {min(labels)} of example {indices[np.argmin(labels)]}"
            )
        return images_of(found), np.array(labels, np.int32)

    logging.info("tfds:%s is streamed from %s", name, prepared.data_dir)
    shape = (side, side, channels) if side else shape
    with _naming_damage(prepared):
        spots = images_of(rows_at(_choose_spots(count)))
    about |= _compute_fingerprints(prepared, name, count, test_count, spots)
    return streamed(f"tfds:{name}", tuple(shape), count, read, test_count=test_count, **about)


def _choose_spots(count: int) -> np.ndarray:
    """Return the numbers of a few examples, evenly spaced, whose content is part of the fingerprint."""
    return np.linspace(0, count - 1, min(count, SPOTS)).astype(np.int64)


def _compute_fingerprints(
    prepared, name: str, count: int, test_count: int, spots: np.ndarray
) -> dict[str, Any]:
    """Return a fingerprint of a set, read at once or streamed: of its name and version, the counts, and the images of `_choose_spots`.

    The earlier one, of streamed sets, had no images in it.
    """
    digest = hashlib.sha256(repr((prepared.info.full_name, count, test_count, spots.shape)).encode())
    digest.update(np.ascontiguousarray(spots).data)
    earlier = hashlib.sha256(
        repr((name, str(prepared.info.version), count, test_count, spots.shape[1:])).encode()
    )
    return {"fingerprint": digest.hexdigest()[:16], "earlier_fingerprints": (earlier.hexdigest()[:16],)}
