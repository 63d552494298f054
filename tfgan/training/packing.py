"""Pack several examples side by side in the channels, so that D judges them together.

Reference: Lin et al. 2018, "PacGAN: The power of two samples in generative adversarial networks", section 2.
"""

from __future__ import annotations

import tensorflow as tf


def shape(example: tuple[int, ...], size: int) -> tuple[int, ...]:
    """Return the shape of a pack of `size` examples."""
    return (*example[:-1], size * example[-1])


def packed(x: tf.Tensor, size: int) -> tf.Tensor:
    """Return packs (n / size, ..., size c) of neighbors in a batch (n, ..., c)."""
    if size == 1:
        return x
    count, *places, channels = x.shape
    packs = -1 if count is None else count // size
    apart = tf.reshape(x, (packs, size, *places, channels))
    beside = tf.transpose(apart, (0, *range(2, len(places) + 2), 1, len(places) + 2))
    return tf.reshape(beside, (packs, *places, size * channels))


def unpacked(x: tf.Tensor, size: int) -> tf.Tensor:
    """Return the examples (n, ..., c) of packs x: the inverse of `packed`."""
    if size == 1:
        return x
    count, *places, channels = x.shape
    beside = tf.reshape(x, (count, *places, size, channels // size))
    apart = tf.transpose(beside, (0, len(places) + 1, *range(1, len(places) + 1), len(places) + 2))
    return tf.reshape(apart, (count * size, *places, channels // size))
