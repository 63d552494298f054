"""Self-attention over the places of a map."""

from __future__ import annotations

import keras
from keras import ops

from tfgan.layers.spectral_norm import SpectralNorm


@keras.saving.register_keras_serializable("tfgan")
class SelfAttention(keras.layers.Layer):
    """Add to each place of a map a sum of values over all places, weighted by attention.

        b_ji = softmax_i(f(x_i) . g(x_j)),  o_j = v(sum_i b_ji h(x_i)),  y = scale o + x

    f, g, h, v are 1x1 convolutions without bias, the first three with an eighth of the channels; `scale` is
    learned from 0, so that a new layer changes nothing. Cost grows with the square of the number of places:
    use it at maps of 32x32 or smaller.

    Args:
        spectral_norm: whether `SpectralNorm` normalizes the convolutions, as in both networks of the paper.
        seed: seed of their initial weights (Glorot).

    Reference: Zhang et al. 2019, "Self-Attention Generative Adversarial Networks", eqs. 1-3. Their code also
        pools f and h.
    """

    def __init__(self, *, spectral_norm: bool = False, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.spectral_norm, self.seed = spectral_norm, seed

    def build(self, input_shape):
        channels = input_shape[-1]
        inner = max(1, channels // 8)
        self.maps = []
        for number, (name, inputs, outputs) in enumerate(
            [("f", channels, inner), ("g", channels, inner), ("h", channels, inner), ("v", inner, channels)]
        ):
            seed = None if self.seed is None else self.seed + number
            start = keras.initializers.GlorotUniform(seed=seed)
            layer = keras.layers.Dense(
                outputs, use_bias=False, kernel_initializer=start, dtype=self.dtype_policy, name=name
            )
            layer = SpectralNorm(layer, name=f"{name}_norm") if self.spectral_norm else layer
            layer.build((None, inputs))
            self.maps.append(layer)
        self.scale = self.add_weight(shape=(), initializer="zeros", name="scale")

    def call(self, x, training=False):
        height, width, channels = x.shape[1:]
        places = ops.reshape(x, (-1, height * width, channels))
        options = {"training": training} if self.spectral_norm else {}
        f, g, h = (layer(places, **options) for layer in self.maps[:3])
        asked = ops.softmax(ops.cast(ops.einsum("njc,nic->nji", g, f), "float32"), axis=-1)
        heard = ops.einsum("nji,nic->njc", ops.cast(asked, h.dtype), h)
        said = ops.reshape(self.maps[3](heard, **options), (-1, height, width, channels))
        return x + ops.cast(self.scale, x.dtype) * said

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "spectral_norm": self.spectral_norm, "seed": self.seed}
