"""Input gradients of a network, one an example."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Place:
    """A batch of points in data space, and what D says there.

    Attributes:
        logits: D's raw logits, float32 of shape (n, ...).
        gradient: gradient of each example's summed logits in that example, float32, shaped as the data; None when
            no penalty asked for it.
    """

    logits: tf.Tensor
    gradient: tf.Tensor | None = None

    @functools.cached_property
    def squared_norm(self) -> tf.Tensor:
        """The squared Euclidean norm of each example's gradient, shape (n,)."""
        return tf.reduce_sum(tf.square(self.gradient), axis=range(1, len(self.gradient.shape)))


def evaluate(critic: Callable[[tf.Tensor], tuple[tf.Tensor, Any]], x: tf.Tensor, gradient: bool) -> tuple[Place, Any]:
    """Run `critic` once on `x`; with `gradient`, differentiate that same pass in `x`.

    Args:
        critic: returns (logits, anything else); its examples must not influence each other.
        x: float32 batch.
        gradient: whether to compute the input gradient.

    Returns:
        The `Place`, and whatever else the critic returned.
    """
    if not gradient:
        logits, rest = critic(x)
        return Place(tf.cast(logits, tf.float32)), rest
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        logits, rest = critic(x)
        logits = tf.cast(logits, tf.float32)
    return Place(logits, tf.cast(tape.gradient(logits, x), tf.float32)), rest


def norm(squared: tf.Tensor) -> tf.Tensor:
    """Return the square root, with gradient 0 instead of NaN at 0."""
    positive = squared > 0
    return tf.where(positive, tf.sqrt(tf.where(positive, squared, 1.0)), 0.0)
