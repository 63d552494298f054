"""Spans: which entries of G's output belong together, and how they become legal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

Activation = Literal["linear", "tanh", "softmax"]


class Span(NamedTuple):
    """Neighboring entries of the last axis of an example.

    Attributes:
        activation: "linear", "tanh", or "softmax" for the probabilities of one choice.
        width: number of entries.
    """

    activation: Activation
    width: int


def count_choices(spans: Sequence[Span]) -> int:
    """Return how many entries of the last axis are in softmax spans."""
    return sum(span.width for span in spans if span.activation == "softmax")


def harden(x: np.ndarray, spans: Sequence[Span]):
    """Return examples (..., width), an array or a tensor, with each softmax span made one-hot at its largest entry."""
    parts, start = [], 0
    for span in spans:
        part = x[..., start : start + span.width]
        parts.append(_to_one_hot(part) if span.activation == "softmax" else part)
        start += span.width
    if isinstance(x, np.ndarray):
        return np.concatenate(parts, axis=-1)
    import tensorflow as tf

    return tf.concat(parts, axis=-1)


def _to_one_hot(part):
    if isinstance(part, np.ndarray):
        return np.eye(part.shape[-1], dtype=part.dtype)[part.argmax(axis=-1)]
    import tensorflow as tf

    return tf.one_hot(tf.argmax(part, axis=-1), part.shape[-1], dtype=part.dtype)
