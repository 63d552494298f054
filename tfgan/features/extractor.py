"""Base of all extractors: check images and compute their features block by block."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfgan.core import images as images_lib


class Extractor:
    """Base of functions from images to rows of numbers; a subclass sets the attributes and defines `_outputs`.

    Attributes:
        name: for messages.
        identity: a text that changes whenever the numbers do, such as name and version; the cache on disk
            files outputs under it.
        dim: number of features.
        batch: images per forward pass.
    """

    batch = 500

    def check(self, shape: Sequence[int]) -> None:
        """Raise `ValueError` unless images have a shape, (height, width, channels), that the extractor takes."""
        if len(shape) != 3:
            raise self._unfit("(n, height, width, channels)", shape)

    def features(self, images: np.ndarray) -> np.ndarray:
        """Return the features of images.

        Args:
            images: float32 (n, height, width, channels) in [-1, 1].

        Returns:
            float32 (n, dim).

        Raises:
            ValueError: images of a shape that does not fit, integers, or values outside of [-1, 1].
        """
        return self._in_batches(images, 0, self.dim)

    def _outputs(self, images: tf.Tensor) -> Sequence[tf.Tensor]:
        """Return the features of a few images, and class probabilities if there are any."""
        raise TypeError(f"{type(self).__name__} must define _outputs")

    def _in_batches(self, images: np.ndarray, output: int, width: int) -> np.ndarray:
        self._check(images)
        outputs = np.empty((len(images), width), np.float32)
        for start in range(0, len(images), self.batch):
            block = tf.cast(images[start : start + self.batch], tf.float32)
            outputs[start : start + self.batch] = self._outputs(block)[output]
        return outputs

    def _check(self, images: np.ndarray) -> None:
        """Raise `ValueError` unless images are of a shape that fits, and floats in [-1, 1]."""
        self.check(np.shape(images)[1:])
        images_lib.check_pixels(f"features {self.name!r}", images)

    def _unfit(self, expected: str, shape: Sequence[int]) -> ValueError:
        got = ", ".join(["n", *map(str, shape)])
        return ValueError(f"features {self.name!r}: expected images of shape {expected}, got ({got})")


class Classifier(Extractor):
    """An extractor that names classes besides.

    Attributes:
        num_classes: number of classes.
    """

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Return the class probabilities, float32 (n, num_classes), of the images that `features` takes."""
        return self._in_batches(images, 1, self.num_classes)


class PhotoClassifier(Classifier):
    """A classifier of colored photographs, which sees gray images as colored ones with three equal channels."""

    batch = 50

    def check(self, shape: Sequence[int]) -> None:
        """Raise `ValueError` unless the images are gray or colored."""
        if len(shape) != 3 or shape[-1] not in (1, 3):
            raise self._unfit("(n, height, width, 1) or (n, height, width, 3)", shape)


def repeat_gray(images: tf.Tensor) -> tf.Tensor:
    """Return images of one or three channels with three."""
    return tf.ensure_shape(tf.repeat(images, 3 // tf.shape(images)[-1], axis=-1), (None, None, None, 3))


def compile_function(function, image_shape: Sequence[int | None] = (None, None, None)):
    """Return a function of float32 images as a graph that is traced once."""
    return tf.function(
        function, input_signature=[tf.TensorSpec((None, *image_shape), tf.float32)], autograph=False
    )
