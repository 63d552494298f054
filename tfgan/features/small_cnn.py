"""Small convolutional classifiers whose weights come with the package.

`benchmarks/train_features.py` trained them, on the training images alone. The number in a file's name is its version: other
weights get another number, so that a score under one name stays comparable.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

BATCH = 500


class SmallCNN:
    """Convolutions of 3x3, each with ReLU and 2x2 maximum pooling, then a hidden layer with ReLU, the features, and class logits.

    Args:
        name: for messages.
        image_shape: (height, width, channels) of one image.
        weights: `kernel_0`, `bias_0` and so on, in the order of the layers.

    Attributes:
        dim: number of features.
        num_classes: number of classes.
    """

    def __init__(self, name: str, image_shape: tuple[int, int, int], weights: Mapping[str, np.ndarray]):
        self.name = name
        self.image_shape = image_shape
        pairs = [(weights[f"kernel_{i}"].astype(np.float32), weights[f"bias_{i}"].astype(np.float32)) for i in range(len(weights) // 2)]
        *self._convolutions, self._hidden, self._last = pairs
        self.dim, self.num_classes = self._last[0].shape
        signature = [tf.TensorSpec((None, *image_shape), tf.float32)]
        self._run = tf.function(self._outputs, input_signature=signature, autograph=False)

    def features(self, images: np.ndarray) -> np.ndarray:
        """Return the hidden layer's outputs.

        Args:
            images: float32 (n, *image_shape) in [-1, 1].

        Returns:
            float32 (n, dim), at least 0.

        Raises:
            ValueError: images of another shape.
        """
        return self._in_batches(images, 0)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Return the class probabilities, float32 (n, num_classes), of the images that `features` takes."""
        return self._in_batches(images, 1)

    def _outputs(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        for kernel, bias in self._convolutions:
            x = tf.nn.max_pool2d(tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME") + bias), 2, 2, "VALID")
        x = tf.reshape(x, (-1, self._hidden[0].shape[0]))
        hidden = tf.nn.relu(x @ self._hidden[0] + self._hidden[1])
        return hidden, tf.nn.softmax(hidden @ self._last[0] + self._last[1])

    def _in_batches(self, images: np.ndarray, output: int) -> np.ndarray:
        if tuple(np.shape(images)[1:]) != self.image_shape:
            expected = ", ".join(map(str, self.image_shape))
            raise ValueError(f"features {self.name!r}: expected images of shape (n, {expected}), got {tuple(np.shape(images))}")
        outputs = np.empty((len(images), (self.dim, self.num_classes)[output]), np.float32)
        for start in range(0, len(images), BATCH):
            outputs[start : start + BATCH] = self._run(tf.cast(images[start : start + BATCH], tf.float32))[output]
        return outputs


def weights_file(name: str, version: int) -> Path:
    """Return where a version of a classifier's weights is kept."""
    return Path(__file__).with_name(f"{name}.v{version}.npz")


def _open(name: str, version: int, image_shape: tuple[int, int, int]) -> SmallCNN:
    with np.load(weights_file(name, version), allow_pickle=False) as weights:
        return SmallCNN(name, image_shape, dict(weights))


@functools.cache
def digits_cnn() -> SmallCNN:
    """Open the classifier of scikit-learn's digits: 64 features; right on 98.3 % of the 179 held-out ones."""
    return _open("digits_cnn", 1, (8, 8, 1))


@functools.cache
def fashion_cnn() -> SmallCNN:
    """Open the classifier of Fashion-MNIST: 128 features; right on 93.0 % of the 10,000 test images."""
    return _open("fashion_cnn", 1, (28, 28, 1))
