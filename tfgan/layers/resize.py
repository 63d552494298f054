"""Resize images to a fixed size inside a network."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("tfgan")
class Resize(keras.layers.Layer):
    """Resize images bilinearly, with antialiasing where they shrink, as Pillow and `tf.image.resize` do.

    Each axis is a product with a fixed matrix: row i holds the triangle max(0, 1 - |j - c_i| / s) at the
    source pixels j, divided by its sum, with c_i = (i + 1/2) r - 1/2, r = old / new and s = max(r, 1). The
    product compiles under XLA, and has gradients of any order; TensorFlow's antialiased resizing compiles on
    no processor.

    Args:
        size: (height, width) of the output.

    Args of the call: x of shape (n, h, w, c); the output has shape (n, *size, c).

    Example:
        >>> tfgan.layers.Resize((64, 64))(tf.ones((1, 28, 28, 1))).shape
        TensorShape([1, 64, 64, 1])
    """

    def __init__(self, size: tuple[int, int], **kwargs):
        super().__init__(**kwargs)
        self.size = tuple(size)

    def call(self, x):
        rows, columns = (
            ops.convert_to_tensor(_interpolation(old, new), x.dtype)
            for old, new in zip(x.shape[1:3], self.size, strict=True)
        )
        x = ops.einsum("ah,nhwc->nawc", rows, x)
        return ops.einsum("bw,nawc->nabc", columns, x)

    def compute_output_shape(self, input_shape):
        return input_shape[0], *self.size, input_shape[-1]

    def get_config(self):
        return {**super().get_config(), "size": self.size}


def _interpolation(old: int, new: int) -> np.ndarray:
    """Return the matrix (new, old) that interpolates `new` values from `old` ones."""
    ratio = old / new
    centers = (np.arange(new) + 0.5) * ratio - 0.5
    distances = np.abs(np.arange(old) - centers[:, None]) / max(ratio, 1.0)
    weights = np.maximum(0.0, 1.0 - distances)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
