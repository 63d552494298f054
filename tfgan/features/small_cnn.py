"""Small convolutional classifiers whose weights come with the package.

`benchmarks/train_features.py` trained them, on the training images alone. The number in a file's name is its
version: other weights get another number, so that a score under one name stays comparable.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgan.features.extractor import Classifier, compile_function

BATCH = 500


class SmallCNN(Classifier):
    """Convolutions of 3x3, each with ReLU and 2x2 maximum pooling, then a hidden layer with ReLU, the features, and class logits.

    Args:
        name: for messages.
        version: number of the weights.
        image_shape: (height, width, channels) of one image.
        weights: `kernel_0`, `bias_0` and so on, in the order of the layers.
    """

    batch = BATCH

    def __init__(
        self, name: str, version: int, image_shape: tuple[int, int, int], weights: Mapping[str, np.ndarray]
    ):
        self.name = name
        self.identity = f"{name}.v{version}"
        self.image_shape = image_shape
        pairs = [
            (weights[f"kernel_{i}"].astype(np.float32), weights[f"bias_{i}"].astype(np.float32))
            for i in range(len(weights) // 2)
        ]
        *self._convolutions, self._hidden, self._last = pairs
        self.dim, self.num_classes = self._last[0].shape
        self._outputs = compile_function(self._layers, image_shape)

    def check(self, shape: Sequence[int]) -> None:
        """Raise `ValueError` unless the images are of the shape that the classifier was trained on."""
        if tuple(shape) != self.image_shape:
            raise self._unfit(f"(n, {', '.join(map(str, self.image_shape))})", shape)

    def _layers(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        for kernel, bias in self._convolutions:
            x = tf.nn.max_pool2d(tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME") + bias), 2, 2, "VALID")
        x = tf.reshape(x, (-1, self._hidden[0].shape[0]))
        hidden = tf.nn.relu(x @ self._hidden[0] + self._hidden[1])
        return hidden, tf.nn.softmax(hidden @ self._last[0] + self._last[1])


def find_weights(name: str, version: int) -> Path:
    """Return where a version of a classifier's weights is kept."""
    return Path(__file__).with_name(f"{name}.v{version}.npz")


def _open(name: str, version: int, image_shape: tuple[int, int, int]) -> SmallCNN:
    with np.load(find_weights(name, version), allow_pickle=False) as weights:
        return SmallCNN(name, version, image_shape, dict(weights))


@functools.cache
def digits_cnn() -> SmallCNN:
    """Open the classifier of scikit-learn's digits: 64 features; right on 98.3 % of the 179 held-out ones."""
    return _open("digits_cnn", 1, (8, 8, 1))


@functools.cache
def fashion_cnn() -> SmallCNN:
    """Open the classifier of Fashion-MNIST: 128 features; right on 93.0 % of the 10,000 test images."""
    return _open("fashion_cnn", 1, (28, 28, 1))
