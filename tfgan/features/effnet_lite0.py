"""Features and classes of EfficientNet-Lite0, an optional extra."""

from __future__ import annotations

import functools

import tensorflow as tf

from tfgan.features.extractor import PhotoClassifier, compile_function, repeat_gray
from tfgan.pretrained import effnet_lite0 as pretrained
from tfgan.pretrained.effnet_lite0 import NAME, SHA256

SIDE = 224


class EffNetLite0(PhotoClassifier):
    """1,280 features after the mean over the network's last map, and 1,000 classes.

    Images are resized to 224x224, bilinearly and with antialiasing, and go in as (v - 127) / 128, v from 0 to
    255, as TensorFlow's EfficientNet-Lite was trained. Grey images count as colored.

    Args:
        network: the network with its weights.
    """

    name = NAME
    identity = f"{NAME}.v1.{SHA256[:8]}"
    dim = 1280
    num_classes = 1000

    def __init__(self, network: pretrained.EffNetLite0):
        self._outputs = compile_function(lambda images: network(prepare(images)))


def prepare(images: tf.Tensor) -> tf.Tensor:
    """Return images in [-1, 1] as the network wants them."""
    resized = tf.image.resize(repeat_gray(images), (SIDE, SIDE), "bilinear", antialias=True)
    return pretrained.scale_pixels(resized)


@functools.cache
def effnet_lite0() -> EffNetLite0:
    """Open the network."""
    return EffNetLite0(pretrained.effnet_lite0())
