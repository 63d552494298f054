"""Minibatch deviation."""

from __future__ import annotations

import keras
from keras import ops

EPSILON = 1e-8


@keras.saving.register_keras_serializable("tfgan")
class MinibatchDeviation(keras.layers.Layer):
    """Tell D how much the examples of its batch differ: append the mean deviation as one more channel.

        s = mean over entries of sqrt(var over the batch + 1e-8)

    the same number for every example and place. D sees a collapsed G by it. The batch is that of the call, in training and
    outside it: one example alone has deviation 0, and is best scored among others.

    With several replicas `synchronized` is set, and the batch is the global one.

    Every output depends on every example (`uses_whole_batch`), so a gradient penalty would mix them; networks refuse the two together.

    Args of the call: x of shape (n, ..., c), any number of places; the output has shape (n, ..., c + 1).

    Reference: Karras et al. 2018, "Progressive Growing of GANs for Improved Quality, Stability, and Variation", section 3.
    Theirs takes the deviation over groups of 4; here the group is the batch.
    """

    uses_whole_batch = True
    synchronized = False

    def call(self, x):
        exact = ops.cast(x, "float32")
        _, variance = ops.moments(exact, axes=[0], synchronized=self.synchronized)
        deviation = ops.mean(ops.sqrt(variance + EPSILON))
        return ops.concatenate([x, ops.cast(deviation, x.dtype) * ops.ones_like(x[..., :1])], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + 1)
