"""Clip a generator's output to [-1, 1] in inference only."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("tfgan")
class ClipAtInference(keras.layers.Layer):
    """Clip to [-1, 1] outside training; in training, return the input unchanged.

    For generators with a linear output: previews, metrics and exported models get legal pixels, and clipping
    sets no gradient to zero.
    """

    def call(self, x, training=False):
        return x if training else ops.clip(x, -1.0, 1.0)

    def compute_output_shape(self, input_shape):
        return input_shape
