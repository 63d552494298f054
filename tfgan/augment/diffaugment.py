"""Differentiable augmentation (DiffAugment): the same mild changes for every image."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import keras
import tensorflow as tf

from tfgan.augment.augmentation import Augmentation, columns

DRAWN = ("brightness", "saturation", "contrast", "shift_y", "shift_x", "cut_y", "cut_x")


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class DiffAugment(Augmentation):
    """Change color, shift and cut every image that D sees, in this order.

    brightness x + U(-1/2, 1/2); saturation m + U(0, 2) (x - m), m a pixel's mean over channels; contrast m +
    U(1/2, 3/2) (x - m), m the mean of the image; a shift by a whole number of pixels, evenly drawn up to an
    eighth of each side; half of each side cut out, around a pixel evenly drawn, less the part outside. Pixels
    that are shifted in or cut out are 0 in training units, the gray in the middle of [-1, 1]. Saturation
    leaves gray images alone.

    Args:
        color: brightness, saturation and contrast.
        translation: the shift.
        cutout: the cut.

    Reference: Zhao et al. 2020, "Differentiable Augmentation for Data-Efficient GAN Training", section 3.2;
    ranges, padding and order follow the authors' code.
    """

    parts: ClassVar[tuple[str, ...]] = ("color", "translation", "cutout")

    color: bool = True
    translation: bool = True
    cutout: bool = True

    def draw(self, draws, purpose, shape):
        return {"uniform": draws.uniform(f"diffaugment {purpose}", (shape[0], len(DRAWN)))}

    def __call__(self, x, drawn, state):
        uniform = columns(drawn["uniform"], DRAWN)
        if self.color:
            x = _recolor(
                x, *(uniform[name][:, None, None, None] for name in ("brightness", "saturation", "contrast"))
            )
        if self.translation:
            x = _shift(_shift(x, uniform["shift_y"], axis=1), uniform["shift_x"], axis=2)
        if self.cutout:
            down = _mask_cutout(uniform["cut_y"], x.shape[1])
            across = _mask_cutout(uniform["cut_x"], x.shape[2])
            x = tf.where((down[:, :, None] & across[:, None, :])[..., None], 0.0, x)
        return x


def _recolor(x, brightness, saturation, contrast):
    x = x + (brightness - 0.5)
    gray = tf.reduce_mean(x, axis=3, keepdims=True)
    x = gray + 2.0 * saturation * (x - gray)
    mean = tf.reduce_mean(x, axis=(1, 2, 3), keepdims=True)
    return mean + (contrast + 0.5) * (x - mean)


def _shift(x, uniform, axis):
    """Shift each image along an axis, zeros following."""
    side = x.shape[axis]
    most = int(side / 8 + 0.5)  # rounded as theirs
    pixels = _scale_to_integers(uniform, 2 * most + 1) - most
    padded = tf.pad(x, [[1, 1] if k == axis else [0, 0] for k in range(4)])
    index = tf.clip_by_value(tf.range(1, side + 1) + pixels[:, None], 0, side + 1)
    return tf.gather(padded, index, axis=axis, batch_dims=1)


def _mask_cutout(uniform, side):
    """Return which of an axis' pixels are cut, (n, side): half of them, or fewer at a border."""
    size = int(side / 2 + 0.5)  # rounded as theirs
    # An even cut lies between pixels, so there is one more place
    first = _scale_to_integers(uniform, side + 1 - size % 2) - size // 2
    pixel = tf.range(side)
    return (pixel >= first[:, None]) & (pixel < first[:, None] + size)


def _scale_to_integers(uniform, count):
    """Return whole numbers, evenly among 0, ..., count - 1."""
    return tf.cast(tf.floor(uniform * count), tf.int32)
