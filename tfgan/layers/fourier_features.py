"""Fourier features: cosines and sines of random frequencies."""

from __future__ import annotations

import math

import keras
from keras import ops


@keras.saving.register_keras_serializable("tfgan")
class FourierFeatures(keras.layers.Layer):
    """Map inputs to cosines and sines, so that a dense network learns high frequencies of few inputs faster.

        y = (cos(2 pi x B), sin(2 pi x B)),  B fixed, its entries drawn from N(0, scale^2)

    Args:
        count: number of frequencies.
        scale: their standard deviation, in cycles per unit of x.
        seed: seed of the frequencies.

    Args of the call: x of shape (n, ..., d), in float32 if phases reach many cycles (`dtype="float32"` keeps
    float32 under a mixed policy); the output has shape (n, ..., 2 count), entries in [-1, 1].

    Reference: Tancik et al. 2020, "Fourier Features Let Networks Learn High Frequency Functions in Low
    Dimensional Domains", section 6.1, "Gaussian".
    """

    def __init__(self, count: int, *, scale: float = 1.0, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.count = count
        self.scale = scale
        self.seed = seed

    def build(self, input_shape):
        start = keras.initializers.RandomNormal(stddev=self.scale, seed=self.seed)
        shape = (input_shape[-1], self.count)
        self.frequencies = self.add_weight(
            shape=shape, initializer=start, trainable=False, name="frequencies"
        )

    def call(self, x):
        phases = 2.0 * math.pi * ops.matmul(x, self.frequencies)
        return ops.concatenate([ops.cos(phases), ops.sin(phases)], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 2 * self.count)

    def get_config(self):
        return {**super().get_config(), "count": self.count, "scale": self.scale, "seed": self.seed}
