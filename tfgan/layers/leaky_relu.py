"""LeakyReLU without a second derivative, for faster gradient penalties."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("tfgan")
class LeakyReLU(keras.layers.Layer):
    """Compute max(x, slope x) with `where`, for slope <= 1.

    Values and gradients equal those in `keras.layers.LeakyReLU`. There TensorFlow's second derivative is a
    tensor of zeros, and a gradient penalty backpropagates it through every layer below: 3 of the 23
    convolutions in a WGAN-GP update of a DCGAN are convolutions of zeros (`benchmarks/wgan_gp.py`). `where`
    has no such path.

    Args:
        slope: slope of the negative half.
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
