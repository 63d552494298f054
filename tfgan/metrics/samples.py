"""What a metric looks at."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True)
class Samples:
    """A set of real or generated examples.

    Attributes:
        images: float array of shape (n, *shape), images in [-1, 1] or points in the data's own units.
        labels: int array of shape (n,), or None.
        reference: what is known of the distribution itself, such as a mixture's `means` and `sigma`; or None.
        channel_probabilities: float array of shape (n, channels, classes), of each channel as an image of its own; or None.
    """

    images: np.ndarray
    labels: np.ndarray | None = None
    reference: Any = None
    channel_probabilities: np.ndarray | None = None
