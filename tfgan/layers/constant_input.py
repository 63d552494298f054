"""Turn vectors into maps and back with learned weights: `ConstantInput` and `LearnedPooling`."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("tfgan", name="LearnedMap")
class ConstantInput(keras.layers.Layer):
    """Multiply a vector by a learned map: y[n, i, j, c] = map[i, j, c] x[n, c].

    Args:
        size: (height, width) of the map.
        initializer: initializer of the map.

    Args of the call: x of shape (n, c); the output has shape (n, *size, c).

    Reference: the constant input of Karras et al. 2019, "A Style-Based Generator Architecture for Generative
    Adversarial Networks"; the product is from Huang et al. 2024, "The GAN is dead; long live the GAN! A
    Modern Baseline GAN", code.
    """

    def __init__(self, size: tuple[int, int], *, initializer="random_normal", **kwargs):
        super().__init__(**kwargs)
        self.size = tuple(size)
        self.initializer = keras.initializers.get(initializer)

    def build(self, input_shape):
        self.map = self.add_weight(
            shape=(*self.size, input_shape[-1]), initializer=self.initializer, name="map"
        )

    def call(self, x):
        return self.map * x[:, None, None, :]

    def compute_output_shape(self, input_shape):
        return input_shape[0], *self.size, input_shape[-1]

    def get_config(self):
        return {
            **super().get_config(),
            "size": self.size,
            "initializer": keras.initializers.serialize(self.initializer),
        }


# Keras names the weights of a saved layer by `__name__`: files keep the class's first name.
ConstantInput.__name__ = "LearnedMap"
LearnedMap = ConstantInput  # its name in earlier versions


@keras.saving.register_keras_serializable("tfgan")
class LearnedPooling(keras.layers.Layer):
    """Sum a map over its places with learned weights: y[n, c] = sum_ij map[i, j, c] x[n, i, j, c].

    This is a depthwise convolution that covers the map. Its weights start from N(0, 1 / (height width)),
    which keeps the variance.

    Args:
        seed: seed of the initial weights.

    Args of the call: x of shape (n, h, w, c); the output has shape (n, c).

    Reference: Huang et al. 2024, as for `ConstantInput`.
    """

    def __init__(self, *, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed

    def build(self, input_shape):
        _, height, width, channels = input_shape
        start = keras.initializers.RandomNormal(stddev=(height * width) ** -0.5, seed=self.seed)
        self.map = self.add_weight(shape=(height, width, channels), initializer=start, name="map")

    def call(self, x):
        return ops.sum(self.map * x, axis=(1, 2))

    def compute_output_shape(self, input_shape):
        return input_shape[0], input_shape[-1]

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}
