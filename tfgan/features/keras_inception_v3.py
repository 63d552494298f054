"""Keras's InceptionV3: another network, with other weights, than the one of FID."""

from __future__ import annotations

import functools

import keras
import tensorflow as tf

from tfgan.features.extractor import PhotoClassifier, compile_function, repeat_gray

NAME = "keras_inception_v3"
SIDE = 299
FILE = "inception_v3_weights_tf_dim_ordering_tf_kernels.h5"


class KerasInceptionV3(PhotoClassifier):
    """Pooled features and class probabilities of the network in `keras.applications`, trained anew on ImageNet.

    Images are resized to 299x299, bilinearly and with antialiasing; the network takes them in [-1, 1]. Grey
    images count as colored. Figures are comparable with each other, and with no published FID.

    Args:
        model: as `keras.applications.InceptionV3` makes it, with its classes.
    """

    name = NAME
    identity = f"{NAME}.v1"
    dim = 2048
    num_classes = 1000

    def __init__(self, model: keras.Model):
        network = keras.Model(model.input, [model.get_layer("avg_pool").output, model.output])

        def outputs(images: tf.Tensor) -> list[tf.Tensor]:
            return network(
                tf.image.resize(repeat_gray(images), (SIDE, SIDE), "bilinear", antialias=True), training=False
            )

        self._outputs = compile_function(outputs)


@functools.cache
def keras_inception_v3() -> KerasInceptionV3:
    """Open the network, whose weights Keras downloads the first time; raise `OSError` where it cannot."""
    if keras.config.image_data_format() != "channels_last":
        raise ValueError(
            f"features {NAME!r}: expected Keras's image_data_format 'channels_last', got 'channels_first'; "
            "call keras.config.set_image_data_format('channels_last')"
        )
    try:
        return KerasInceptionV3(keras.applications.InceptionV3(weights="imagenet"))
    except Exception as error:  # Keras raises a bare one where there is no connection
        reason = " ".join(str(error).split())
        raise OSError(
            f"features {NAME!r}: expected the weights that Keras downloads, got {reason!r}; "
            f"connect once, or put {FILE} into the folder models of Keras's own (~/.keras)"
        ) from None
