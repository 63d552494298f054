"""A bound that training does not feel."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("tfgan")
class ClipAtInference(keras.layers.Layer):
    """Clip to [-1, 1] outside training, and change nothing in it.

    For generators with a linear output: what is shown, scored and served stays a picture, and no gradient is lost.
    """

    def call(self, x, training=False):
        return x if training else ops.clip(x, -1.0, 1.0)

    def compute_output_shape(self, input_shape):
        return input_shape
