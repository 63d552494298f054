"""The network by which FID is defined, with weights that the user brings."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgan.features.extractor import PhotoClassifier, compile_function, repeat_gray
from tfgan.pretrained import torch_file
from tfgan.pretrained.folding import fold_normalization

NAME = "inception"
VARIABLE = "TFGAN_INCEPTION"
FILE = "pt_inception-2015-12-05-6726825d.pth"
SHA256 = "6726825d"  # how it begins, which the file's name says
SIDE = 299
EPSILON = 1e-3  # of batch normalization


@dataclasses.dataclass(eq=False)
class Inception(PhotoClassifier):
    """The Inception graph of 2015-12-05: its 2,048 pooled features, and 1,008 class probabilities.

    Images are rounded to 8 bits, resized to 299x299 as TensorFlow 1 did (bilinear, corners at pixels'
    corners, no antialiasing) and go in as (v - 128) / 128, v from 0 to 255. Grey images count as colored.
    Class probabilities are the softmax of logits without biases, as for the Inception score.

    Args:
        weights: path of `pt_inception-2015-12-05-6726825d.pth`; None for the one that the environment's
            TFGAN_INCEPTION names.

    Raises:
        ValueError: no path, or a file with another SHA-256.
        FileNotFoundError: no such file.

    Reference: Heusel et al. 2017; Szegedy et al. 2016, table 1.
    """

    weights: str | None = None

    name = NAME
    identity = f"{NAME}.v1.{SHA256}"
    dim = 2048
    num_classes = 1008

    def __post_init__(self) -> None:
        path = self.weights or os.environ.get(VARIABLE)
        if not path:
            raise ValueError(
                f"features {NAME!r}: expected the path of {FILE} in {VARIABLE} or as inception:weights=PATH, got none"
            )
        self._outputs = _open(str(Path(path).expanduser().absolute()))


@functools.cache
def _open(path: str):
    network = Network(torch_file.read(NAME, path, SHA256))
    return compile_function(lambda images: network(prepare(images)))


def prepare(images: tf.Tensor) -> tf.Tensor:
    """Return images in [-1, 1] as the network wants them."""
    levels = tf.clip_by_value(tf.round((repeat_gray(images) + 1) * 127.5), 0, 255)
    resized = tf.raw_ops.ResizeBilinear(
        images=levels, size=(SIDE, SIDE), align_corners=False, half_pixel_centers=False
    )
    return (resized - 128) / 128


class Network:
    """The layers, with batch normalization folded into the convolutions.

    Args:
        weights: by PyTorch's names; kernels are (out, in, height, width).
    """

    def __init__(self, weights: Mapping[str, np.ndarray]):
        names = [name.removesuffix(".conv.weight") for name in weights if name.endswith(".conv.weight")]
        self._convolutions = {
            name: fold_normalization(weights, f"{name}.conv", f"{name}.bn", epsilon=EPSILON) for name in names
        }
        self._classes = tf.constant(weights["fc.weight"].T)

    def __call__(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return features and class probabilities of prepared images, (n, 299, 299, 3)."""
        x = self._convolve(x, "Conv2d_1a_3x3", stride=2, padding="VALID")
        x = self._convolve(x, "Conv2d_2a_3x3", padding="VALID")
        x = _halve(self._convolve(x, "Conv2d_2b_3x3"))
        x = self._convolve(x, "Conv2d_3b_1x1")
        x = _halve(self._convolve(x, "Conv2d_4a_3x3", padding="VALID"))
        for block in ("Mixed_5b", "Mixed_5c", "Mixed_5d"):
            x = self._squares(x, block)
        x = self._first_reduction(x, "Mixed_6a")
        for block in ("Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"):
            x = self._strips(x, block)
        x = self._second_reduction(x, "Mixed_7a")
        x = self._forks(x, "Mixed_7b", _average_pool)
        # The original graph has a maximum here, the paper's drawing a mean
        x = self._forks(x, "Mixed_7c", _max_pool)
        seen = tf.reduce_mean(x, axis=(1, 2))
        return seen, tf.nn.softmax(seen @ self._classes)

    def _convolve(self, x: tf.Tensor, name: str, stride: int = 1, padding: str = "SAME") -> tf.Tensor:
        kernel, bias = self._convolutions[name]
        return tf.nn.relu(tf.nn.conv2d(x, kernel, stride, padding) + bias)

    def _chain(self, x: tf.Tensor, block: str, *names: str, halve: bool = False) -> tf.Tensor:
        """Apply convolutions in a row to x; with `halve` the last one halves height and width."""
        *first, last = names
        for name in first:
            x = self._convolve(x, f"{block}.branch{name}")
        return self._convolve(x, f"{block}.branch{last}", 2 if halve else 1, "VALID" if halve else "SAME")

    def _squares(self, x: tf.Tensor, block: str) -> tf.Tensor:
        return tf.concat(
            [
                self._chain(x, block, "1x1"),
                self._chain(x, block, "5x5_1", "5x5_2"),
                self._chain(x, block, "3x3dbl_1", "3x3dbl_2", "3x3dbl_3"),
                self._chain(_average_pool(x), block, "_pool"),
            ],
            axis=-1,
        )

    def _first_reduction(self, x: tf.Tensor, block: str) -> tf.Tensor:
        branches = [("3x3",), ("3x3dbl_1", "3x3dbl_2", "3x3dbl_3")]
        return tf.concat(
            [*(self._chain(x, block, *names, halve=True) for names in branches), _halve(x)], axis=-1
        )

    def _strips(self, x: tf.Tensor, block: str) -> tf.Tensor:
        return tf.concat(
            [
                self._chain(x, block, "1x1"),
                self._chain(x, block, "7x7_1", "7x7_2", "7x7_3"),
                self._chain(x, block, "7x7dbl_1", "7x7dbl_2", "7x7dbl_3", "7x7dbl_4", "7x7dbl_5"),
                self._chain(_average_pool(x), block, "_pool"),
            ],
            axis=-1,
        )

    def _second_reduction(self, x: tf.Tensor, block: str) -> tf.Tensor:
        branches = [("3x3_1", "3x3_2"), ("7x7x3_1", "7x7x3_2", "7x7x3_3", "7x7x3_4")]
        return tf.concat(
            [*(self._chain(x, block, *names, halve=True) for names in branches), _halve(x)], axis=-1
        )

    def _forks(self, x: tf.Tensor, block: str, pooled) -> tf.Tensor:
        middle = self._chain(x, block, "3x3_1")
        double = self._chain(x, block, "3x3dbl_1", "3x3dbl_2")
        return tf.concat(
            [
                self._chain(x, block, "1x1"),
                *(self._chain(middle, block, name) for name in ("3x3_2a", "3x3_2b")),
                *(self._chain(double, block, name) for name in ("3x3dbl_3a", "3x3dbl_3b")),
                self._chain(pooled(x), block, "_pool"),
            ],
            axis=-1,
        )


def _average_pool(x: tf.Tensor) -> tf.Tensor:
    return tf.nn.avg_pool2d(x, 3, 1, "SAME")  # pixels beyond the edge do not count


def _max_pool(x: tf.Tensor) -> tf.Tensor:
    return tf.nn.max_pool2d(x, 3, 1, "SAME")


def _halve(x: tf.Tensor) -> tf.Tensor:
    return tf.nn.max_pool2d(x, 3, 2, "VALID")
