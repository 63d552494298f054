"""Minibatch standard deviation: one more channel shows D how much its batch varies."""

from __future__ import annotations

import keras
from keras import ops

EPSILON = 1e-8


@keras.saving.register_keras_serializable("tfgan", name="MinibatchDeviation")
class MinibatchStdDev(keras.layers.Layer):
    """Append the mean deviation of the batch as one more channel, so that D detects a collapsed G.

        s = mean over entries of sqrt(var over the batch + 1e-8)

    The number s is the same for every example and place. The layer takes it over the batch of each call, in
    training and outside it: a single example has deviation 0, so D should score examples in batches.

    With several replicas `synchronized` is set, and s is taken over the global batch.

    Every output depends on every example (`uses_whole_batch`), so a gradient penalty would mix the examples;
    networks refuse the two together.

    Args of the call: x of shape (n, ..., c), any number of places; the output has shape (n, ..., c + 1).

    Reference: Karras et al. 2018, "Progressive Growing of GANs for Improved Quality, Stability, and
    Variation", section 3. The paper's code takes the deviation over groups of 4; here the group is the batch.
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


# Keras names a saved layer by `__name__`: files keep the class's first name.
MinibatchStdDev.__name__ = "MinibatchDeviation"
MinibatchDeviation = MinibatchStdDev  # its name in earlier versions
