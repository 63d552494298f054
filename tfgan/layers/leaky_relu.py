"""A rectifier whose second derivative is nothing, and not zeros."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("tfgan")
class LeakyReLU(keras.layers.Layer):
    """max(x, slope x), written as a choice.

    Values and gradients are those of `keras.layers.LeakyReLU`. TensorFlow's own gradient of that one's gradient is a tensor
    of zeros, which a gradient penalty then carries back through every layer below: convolutions of zeros, 3 of the 23 in
    a WGAN-GP update of a DCGAN (`benchmarks/wgan_gp.py`). Through a choice there is no path to carry them.

    Args:
        slope: of the negative half.
    """

    def __init__(self, slope: float = 0.2, **kwargs):
        super().__init__(**kwargs)
        self.slope = slope

    def call(self, x):
        return ops.where(x > 0, x, self.slope * x)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "slope": self.slope}
