"""Grouped convolution that is fast on CPUs."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("tfgan")
class GroupedConv2D(keras.layers.Conv2D):
    """Convolve groups of channels like `keras.layers.Conv2D` with `groups`, as one batched matrix product.

    Weights and values equal those in Keras's layer, whose XLA kernels are slow on CPUs
    (`benchmarks/networks.py`).

    Args:
        filters: channels of the output, a multiple of `groups`.
        kernel_size: odd side of the kernel.
        groups: number of groups of the input and output channels.
        **kwargs: as for `keras.layers.Conv2D`; strides and dilation must be 1, the padding is "same".
    """

    def __init__(self, filters: int, kernel_size: int | tuple[int, int], **kwargs):
        super().__init__(
            filters, kernel_size, **{"data_format": "channels_last", **kwargs, "padding": "same"}
        )
        if (
            self.strides != (1, 1)
            or self.dilation_rate != (1, 1)
            or not all(side % 2 for side in self.kernel_size)
        ):
            raise ValueError(
                f"kernel_size, strides, dilation_rate: expected an odd kernel, strides and dilation 1, got {self.kernel_size}, "
                f"{self.strides}, {self.dilation_rate}; use keras.layers.Conv2D"
            )

    def convolution_op(self, inputs, kernel):
        rows, columns, channels, filters = kernel.shape  # channels of one group
        height, width = inputs.shape[1:3]
        padded = ops.pad(inputs, ((0, 0), (rows // 2, rows // 2), (columns // 2, columns // 2), (0, 0)))
        shifted = [padded[:, i : i + height, j : j + width] for i in range(rows) for j in range(columns)]
        seen = [ops.reshape(part, (-1, height, width, self.groups, channels)) for part in shifted]
        by_group = ops.reshape(kernel, (rows * columns * channels, self.groups, filters // self.groups))
        return ops.reshape(
            ops.einsum("nhwgk,kgf->nhwgf", ops.concatenate(seen, axis=-1), by_group),
            (-1, height, width, filters),
        )
