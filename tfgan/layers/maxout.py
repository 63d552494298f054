"""Maxout: the maximum of several linear pieces."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("tfgan")
class Maxout(keras.layers.Layer):
    """Take the maximum of each `pieces` adjacent channels.

    After a dense layer with `pieces` * k units, this gives a hidden layer of k maxout units.

    Args:
        pieces: number of channels per output.

    Args of the call: x of shape (n, ..., pieces * k); the output has shape (n, ..., k).

    Raises:
        ValueError: `pieces` does not divide the number of channels.

    Reference: Goodfellow et al. 2013, "Maxout Networks", section 3.
    """

    def __init__(self, pieces: int, **kwargs):
        super().__init__(**kwargs)
        self.pieces = pieces

    def call(self, x):
        if x.shape[-1] % self.pieces:
            raise ValueError(
                f"x: expected a multiple of pieces={self.pieces} channels, got shape {tuple(x.shape)}"
            )
        return ops.max(ops.reshape(x, (-1, *x.shape[1:-1], x.shape[-1] // self.pieces, self.pieces)), axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] // self.pieces)

    def get_config(self):
        return {**super().get_config(), "pieces": self.pieces}
