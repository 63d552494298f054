"""Halve and double maps without aliasing, by the taps (1, 3, 3, 1) / 8 along each axis.

The layers sum shifted slices instead of convolving with a fixed kernel: XLA compiles the sums to one loop,
while its depthwise convolution is slow on CPUs. Their gradients, of any order, are such sums again.
"""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("tfgan")
class Downsample(keras.layers.Layer):
    """Halve height and width, rounded up: y_i = (x_{2i-1} + 3 x_{2i} + 3 x_{2i+1} + x_{2i+2}) / 8 along each axis.

    Beyond an edge the last row or column repeats, so a constant map stays constant.

    Args of the call: x of shape (n, h, w, c); the output has shape (n, ceil(h / 2), ceil(w / 2), c).

    Reference: Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN", appendix B, for
    the taps; it pads with zeros, as do Huang et al. 2024, "The GAN is dead; long live the GAN! A Modern
    Baseline GAN".
    """

    def call(self, x):
        return _halve(_halve(x, 1), 2)

    def compute_output_shape(self, input_shape):
        n, height, width, channels = input_shape
        return n, -(-height // 2), -(-width // 2), channels


@keras.saving.register_keras_serializable("tfgan")
class Upsample(keras.layers.Layer):
    """Double height and width: y_{2i} = (x_{i-1} + 3 x_i) / 4, y_{2i+1} = (3 x_i + x_{i+1}) / 4 along each axis.

    This is bilinear interpolation: four times the transpose of `Downsample`, except at the edges, which
    repeat.

    Args:
        size: (height, width) of the output, each at most twice the input's; the rest is cropped. None crops
            nothing.

    Args of the call: x of shape (n, h, w, c); the output has shape (n, 2h, 2w, c) or (n, *size, c).

    Reference: as for `Downsample`.
    """

    def __init__(self, size: tuple[int, int] | None = None, **kwargs):
        super().__init__(**kwargs)
        self.size = size and tuple(size)

    def call(self, x):
        x = _double(_double(x, 1), 2)
        return x[:, : self.size[0], : self.size[1]] if self.size else x

    def compute_output_shape(self, input_shape):
        n, height, width, channels = input_shape
        return n, *(self.size or (2 * height, 2 * width)), channels

    def get_config(self):
        return {**super().get_config(), "size": self.size}


@keras.saving.register_keras_serializable("tfgan")
class NearestUpsample(keras.layers.Layer):
    """Double height and width by repeating each row and column: nearest-neighbor upsampling.

    Values and gradients equal those in `keras.layers.UpSampling2D(2)`. Height and width stay static if the
    batch size is unknown, as the LiteRT converter needs.

    Args of the call: x of shape (n, h, w, c); the output has shape (n, 2h, 2w, c).

    Example:
        >>> tfgan.layers.NearestUpsample()(tf.ones((1, 4, 4, 3))).shape
        TensorShape([1, 8, 8, 3])
    """

    def call(self, x):
        return _repeat(_repeat(x, 1), 2)

    def compute_output_shape(self, input_shape):
        n, height, width, channels = input_shape
        return n, 2 * height, 2 * width, channels


def _halve(x, axis: int):
    count = -(-x.shape[axis] // 2)
    # Odd sides use the last
    x = ops.concatenate([_first_slice(x, axis), x, _last_slice(x, axis), _last_slice(x, axis)], axis)
    taps = [_slice_axis(x, axis, slice(shift, shift + 2 * count - 1, 2)) for shift in range(4)]
    return (taps[0] + taps[3]) * 0.125 + (taps[1] + taps[2]) * 0.375


def _double(x, axis: int):
    count = x.shape[axis]
    wide = ops.concatenate([_first_slice(x, axis), x, _last_slice(x, axis)], axis)
    before, after = _slice_axis(wide, axis, slice(0, count)), _slice_axis(wide, axis, slice(2, count + 2))
    pairs = ops.stack([0.25 * before + 0.75 * x, 0.75 * x + 0.25 * after], axis=axis + 1)
    return _merge_pairs(pairs, axis)


def _repeat(x, axis: int):
    copies = [1] * (len(x.shape) + 1)
    copies[axis + 1] = 2
    # The operations of `tf.repeat`, so that XLA rounds alike
    return _merge_pairs(ops.tile(ops.expand_dims(x, axis + 1), copies), axis)


def _merge_pairs(pairs, axis: int):
    """Merge axes (s, 2) of pairs (n, ..., s, 2, ...) to one axis of static length 2 s."""
    sides = list(pairs.shape[1:])
    sides[axis - 1 : axis + 1] = [2 * sides[axis - 1]]
    return ops.reshape(pairs, (-1, *sides))


def _slice_axis(x, axis: int, part: slice):
    return x[(slice(None),) * axis + (part,)]


def _first_slice(x, axis: int):
    return _slice_axis(x, axis, slice(0, 1))


def _last_slice(x, axis: int):
    return _slice_axis(x, axis, slice(x.shape[axis] - 1, x.shape[axis]))
