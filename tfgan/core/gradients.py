"""D's outputs at one batch of inputs, and the gradient of D's logit in each input."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import tensorflow as tf


class Place:
    """D's outputs and gradients at a batch of inputs; one forward pass computes all of them.

    Attributes:
        x: the inputs, float32 of shape (n, *shape).
        outputs: the outputs that the objective compares, float32 of shape (n, ...).
        features: the input of D's last layer, shape (n, ...); None if the critic does not return it.
        said: everything that the critic returned, by name.
    """

    def __init__(
        self,
        critic: Callable[[tf.Tensor], Mapping[str, tf.Tensor]],
        x: tf.Tensor,
        *,
        watched: bool,
        logits: Callable[[tf.Tensor], tf.Tensor] = lambda outputs: outputs,
    ):
        """Run `critic` on `x`.

        Args:
            critic: returns at least `outputs`; its examples must not influence each other if their gradients are taken.
            x: float32 batch.
            watched: whether to record `x`, so that `gradient` can be computed.
            logits: makes logits from `outputs`, where the outputs are not logits.
        """
        self.x = x
        self.watched = watched
        self._as_logits = logits
        with tf.GradientTape(watch_accessed_variables=False) as self._tape:
            if watched:
                self._tape.watch(x)
            seen = critic(x)
        self.said = seen
        self.outputs = seen["outputs"]
        self.features = seen.get("features")

    @functools.cached_property
    def logits(self) -> tf.Tensor:
        """D's raw logits, float32 of shape (n, ...)."""
        return self._as_logits(self.outputs)

    @functools.cached_property
    def gradient(self) -> tf.Tensor:
        """The gradient of the sum of each example's logits in that example, float32, shape of the data."""
        outputs = tf.identity(self.outputs)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(outputs)
            logits = self._as_logits(outputs)
        slopes = tape.gradient(logits, outputs)
        return tf.cast(self._tape.gradient(self.outputs, self.x, output_gradients=slopes), tf.float32)

    @functools.cached_property
    def squared_norm(self) -> tf.Tensor:
        """The squared Euclidean norm of each example's gradient, shape (n,)."""
        return tf.reduce_sum(tf.square(self.gradient), axis=range(1, len(self.gradient.shape)))


def norm(squared: tf.Tensor) -> tf.Tensor:
    """Return the square root, with gradient 0 instead of NaN at 0."""
    zero = tf.equal(squared, 0.0)
    return tf.where(zero, 0.0, tf.sqrt(tf.where(zero, 1.0, squared)))
