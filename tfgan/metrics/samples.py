"""Samples: the arrays of real or generated examples that metrics read."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True)
class Samples:
    """A set of real or generated examples, with an extractor's outputs on them.

    A metric reads the fields that it names in `Metric.reads`; the others may be None. Points are their own
    features.

    Attributes:
        images: examples in the user's units, a row each: images in [-1, 1], points in the data's own units, texts
            as codes, rows of a table as cells.
        labels: int array of shape (n,), or None.
        reference: parameters of the distribution itself, such as a mixture's `means` and `sigma`; or None.
        channel_probabilities: float array of shape (n, channels, classes), of each channel as an image of its
            own; or None.
        features: float array of shape (n, d), or None.
        probabilities: float array of shape (n, classes) whose rows sum to 1, or None.
        extractor: name of the extractor of `features` and `probabilities`; where both sides have one, they
            must be equal.
        second: of the real side, another sample of the same distribution, which is scored as if it were
            generated: the floor of each figure (the ceiling, where higher is better).
        kind: kind of the examples (`tfgan.kinds.Kind`), or None.
    """

    images: np.ndarray | None = None
    labels: np.ndarray | None = None
    reference: Any = None
    channel_probabilities: np.ndarray | None = None
    features: np.ndarray | None = None
    probabilities: np.ndarray | None = None
    extractor: str | None = None
    second: Samples | None = None
    kind: Any = None
