"""Checks of samples: refuse features and images that a metric cannot score."""

from __future__ import annotations

import warnings

import numpy as np

from tfgan.core import images as images_lib
from tfgan.metrics.samples import Samples


def check_features(
    metric: str, real: Samples, fake: Samples, *, at_least: int = 2, other: str = "fake"
) -> tuple[np.ndarray, np.ndarray]:
    """Return the features of both sides, (n, d) and (m, d), or the points themselves.

    Args:
        metric: for messages.
        real: real samples.
        fake: generated samples.
        at_least: rows that each side must have.
        other: name of the second side in messages.

    Raises:
        ValueError: features that are missing, no matrix, of other extractors or dimensions, not finite, or
            too few.
    """
    if real.extractor and fake.extractor and real.extractor != fake.extractor:
        raise ValueError(
            f"metric {metric!r}: expected features of one extractor, got {real.extractor!r} and {fake.extractor!r}"
        )
    sides = [
        check_matrix(f"metric {metric!r}: {name}", _select_vectors(samples), at_least)
        for name, samples in (("real", real), (other, fake))
    ]
    if sides[0].shape[1] != sides[1].shape[1]:
        raise ValueError(
            f"metric {metric!r}: expected features of one extractor, got {sides[0].shape[1]} dimensions of the real and "
            f"{sides[1].shape[1]} of the {other} samples"
        )
    return sides[0], sides[1]


def check_matrix(what: str, values, at_least: int = 1, *, warn: bool = True) -> np.ndarray:
    """Return finite floats of shape (n, d); raise `ValueError` that begins with `what`, and `warn` of one row repeated."""
    if values is None:
        raise ValueError(
            f"{what}: expected features (n, d), got none; name an extractor, as in kid_2k/fashion_cnn"
        )
    array = check_numbers(what, values)
    if array.ndim != 2:
        raise ValueError(
            f"{what}: expected features (n, d), got shape {array.shape}; an extractor makes features of images"
        )
    if len(array) < at_least:
        raise ValueError(f"{what}: expected at least {at_least} samples, got {len(array)}")
    bad = ~np.isfinite(array).all(axis=1)
    if bad.any():
        raise ValueError(
            f"{what}: expected finite features, got NaN or infinity in {bad.sum()} of {len(array)}, first in number {bad.argmax()}"
        )
    if warn and len(array) > 1 and (array == array[0]).all():
        warnings.warn(
            f"{what}: one example repeated {len(array)} times, so there is no variance to compare",
            stacklevel=4,
        )
    return array


def check_numbers(what: str, values) -> np.ndarray:
    """Return an array of floats; raise `ValueError` for rows of mixed sizes and for values that are not numbers."""
    try:
        array = np.asarray(values)
    except ValueError:
        array = np.array(None)
    if array.dtype.kind not in "fiub":
        raise ValueError(
            f"{what}: expected samples of one size, as one array of numbers, got mixed sizes or no numbers"
        )
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def check_images(metric: str, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray]:
    """Return the images of both sides, (n, height, width, channels), floats in [-1, 1] of one size."""
    sides = []
    for name, samples in (("real", real), ("fake", fake)):
        what = f"metric {metric!r}: {name}"
        array = check_numbers(what, [] if samples.images is None else samples.images)
        if array.ndim != 4 or not len(array):
            raise ValueError(f"{what}: expected images (n, height, width, channels), got shape {array.shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{what}: expected finite pixels, got NaN or infinity")
        images_lib.check_pixels(what, samples.images)
        sides.append(array)
    if sides[0].shape[1:] != sides[1].shape[1:]:
        raise ValueError(
            f"metric {metric!r}: expected images of one size, got {sides[0].shape[1:]} and {sides[1].shape[1:]}"
        )
    return sides[0], sides[1]


def _select_vectors(samples: Samples):
    """Return the features, or the points that need none."""
    if samples.features is None and np.ndim(samples.images) == 2:
        return samples.images
    return samples.features
