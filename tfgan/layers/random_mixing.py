"""Fixed random mixtures of the channels and scales of a network's maps."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from tfgan.layers.resampling import Upsample


@keras.saving.register_keras_serializable("tfgan")
class RandomMixing(keras.layers.Layer):
    """Mix maps across channels and scales by random convolutions that no training changes.

    Of maps x_0 .. x_K, finest first, each of half the side of the one before:

        y_k = C_k x_k                  cross-channel mixing, 1x1, to 2^k `channels`
        z_K = up(S_K y_K)              cross-scale mixing, 3x3 and doubling
        z_k = up(S_k (y_k + z_{k+1}))

    S_k halves the channels, except at the finest map: z_k has max(1, 2^(k-1)) `channels`. up is bilinear.
    Entries of C and S are drawn from N(0, 2 / fan_in) (He et al. 2015), without biases. They are a function
    of `seed`, and constants: no file contains them.

    Args:
        channels: of z_0.
        seed: of the kernels.

    Args of the call: maps (n, h, w, c), (n, h / 2, w / 2, c'), ..., finest first, of even sides except for the
    last; the output is the list z_0 .. z_K, each of twice the side of its input.

    Reference: Sauer et al. 2021, "Projected GANs Converge Faster", section 3.2. Their code has 1x1
        convolutions also in S_k.
    """

    def __init__(self, channels: int, *, seed: int = 0, **kwargs):
        super().__init__(**kwargs)
        self.channels = channels
        self.seed = seed

    def build(self, input_shape):
        generator = np.random.default_rng(self.seed)
        widths = [self.channels * 2**level for level in range(len(input_shape))]
        outputs = [self.channels, *widths[:-1]]
        with tf.init_scope():
            self._across_channels = tuple(
                _draw(generator, 1, shape[-1], width)
                for shape, width in zip(input_shape, widths, strict=True)
            )
            self._across_scales = tuple(
                _draw(generator, 3, width, output) for width, output in zip(widths, outputs, strict=True)
            )
        self._double = Upsample(dtype=self.dtype_policy)

    def call(self, maps):
        mixed, coarser = [], None
        for x, across_channels, across_scales in reversed(
            list(zip(maps, self._across_channels, self._across_scales, strict=True))
        ):
            y = ops.conv(x, ops.cast(across_channels, x.dtype), padding="valid", data_format="channels_last")
            y = y if coarser is None else y + coarser
            y = ops.conv(y, ops.cast(across_scales, y.dtype), padding="same", data_format="channels_last")
            coarser = self._double(y)
            mixed.append(coarser)
        return mixed[::-1]

    def compute_output_shape(self, input_shape):
        outputs = [self.channels * 2 ** max(0, level - 1) for level in range(len(input_shape))]
        return [
            (n, 2 * height, 2 * width, channels)
            for (n, height, width, _), channels in zip(input_shape, outputs, strict=True)
        ]

    def get_config(self):
        return {**super().get_config(), "channels": self.channels, "seed": self.seed}


def _draw(generator: np.random.Generator, side: int, inputs: int, outputs: int) -> tf.Tensor:
    """Draw a kernel (side, side, inputs, outputs) from N(0, 2 / fan_in)."""
    scale = (2.0 / (side**2 * inputs)) ** 0.5
    return tf.constant(generator.normal(0.0, scale, (side, side, inputs, outputs)), tf.float32)
