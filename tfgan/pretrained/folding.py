"""Batch normalization as part of the convolution before it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf


def fold_normalization(
    weights: Mapping[str, np.ndarray],
    convolution: str,
    normalization: str,
    *,
    epsilon: float,
    depthwise: bool = False,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return kernel and bias of a convolution with the normalization after it, whose statistics are fixed.

    kernel = k gamma / sqrt(variance + epsilon), bias = beta - mean gamma / sqrt(variance + epsilon), in
    float64.

    Args:
        weights: by PyTorch's names; kernels are (out, in, height, width).
        convolution: name of the convolution.
        normalization: name of the batch normalization.
        epsilon: of the normalization.
        depthwise: each output sees only its own input channel; their numbers are equal.

    Returns:
        float32 kernel (height, width, in, out), or (height, width, out, 1) if depthwise, and bias (out,).
    """
    gamma, beta, mean, variance = (
        weights[f"{normalization}.{part}"].astype(np.float64)
        for part in ("weight", "bias", "running_mean", "running_var")
    )
    scale = gamma / np.sqrt(variance + epsilon)
    kernel = weights[f"{convolution}.weight"].astype(np.float64) * scale[:, None, None, None]
    kernel = kernel.transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0))
    return tf.constant(kernel.astype(np.float32)), tf.constant((beta - mean * scale).astype(np.float32))
