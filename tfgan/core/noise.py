"""Stateless noise: every draw is a function of (seed, step, turn, purpose) and of the example's global index.

Nothing here keeps state, so a resumed run draws the same noise as an uninterrupted one. Draw outside compiled
functions: the same stateless op gives other numbers under XLA than outside it.
"""

from __future__ import annotations

import zlib

import tensorflow as tf


def key(seed, *counters) -> tf.Tensor:
    """Mix a seed with counters and purposes into one key.

    Args:
        seed: Python int or scalar integer tensor.
        *counters: Python ints, scalar integer tensors, or strings (the purpose of the draw), in a fixed
            order.

    Returns:
        int64 tensor of shape (2,), for the `seed` argument of `tf.random.stateless_*`.
    """
    mixed = tf.stack([tf.cast(seed, tf.int64), tf.constant(0x7F6A, tf.int64)])
    for counter in counters:
        if isinstance(counter, str):
            counter = zlib.crc32(counter.encode())
        mixed = tf.random.experimental.stateless_fold_in(mixed, tf.cast(counter, tf.int64))
    return mixed


def normal(noise_key: tf.Tensor, shape) -> tf.Tensor:
    """Return float32 standard normal noise of `shape`; row i belongs to example i of the global batch."""
    return tf.random.stateless_normal(shape, noise_key)


def uniform(noise_key: tf.Tensor, shape) -> tf.Tensor:
    """Return float32 noise of `shape`, uniform on [0, 1); row i belongs to example i of the global batch."""
    return tf.random.stateless_uniform(shape, noise_key)


class Draws:
    """The noise of one update: each draw is a function of (seed, step, turn) and of its purpose."""

    def __init__(self, seed, step, turn):
        self._counters = (seed, step, turn)

    def normal(self, purpose: str, shape) -> tf.Tensor:
        """Return `normal` noise of its own for this purpose."""
        return normal(key(*self._counters, purpose), shape)

    def uniform(self, purpose: str, shape) -> tf.Tensor:
        """Return `uniform` noise of its own for this purpose."""
        return uniform(key(*self._counters, purpose), shape)


def normal_by_seed(seeds: tf.Tensor, size: int) -> tf.Tensor:
    """Return one standard normal vector for each seed; each depends only on its seed.

    Args:
        seeds: int64 tensor of shape (n,).
        size: entries of each vector.

    Returns:
        float32 tensor of shape (n, size).
    """
    return _draw_by_seed(normal, "sample", seeds, size)


def uniform_by_seed(seeds: tf.Tensor, size: int) -> tf.Tensor:
    """Return rows as `normal_by_seed` does, but uniform on [0, 1), and independent of its rows."""
    return _draw_by_seed(uniform, "given", seeds, size)


@tf.function(autograph=False, reduce_retracing=True)  # outside a graph the loop costs milliseconds a seed
def _draw_by_seed(draw, purpose: str, seeds: tf.Tensor, size: int) -> tf.Tensor:
    rows = tf.map_fn(
        lambda s: draw(key(s, purpose), (size,)), seeds, fn_output_signature=tf.TensorSpec((size,))
    )
    return tf.ensure_shape(rows, (None, size))
