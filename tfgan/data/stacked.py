"""Gray images stacked as the channels of color ones: a thousand modes one can count."""

from __future__ import annotations

import dataclasses
import hashlib

import numpy as np
import tensorflow as tf

from tfgan import kinds
from tfgan.core import noise
from tfgan.data.fashion_mnist import fashion_mnist
from tfgan.data.source import FiniteSource, Request, Source

CHANNELS = 3
HELD_OUT_KEY = 1
HELD_OUT = 26_000  # PacGAN's protocol counts the modes of as many


@dataclasses.dataclass(frozen=True, kw_only=True)
class StackedSource(Source):
    """Endless random triples of another data set's images; batch number s is a function of (seed, s).

    Attributes:
        grey: the images of one channel. Its training images make the batches, those it holds out the held-out
            triples.
    """

    grey: FiniteSource

    def _batch(self, numbers, seed):
        stack = self._stack(self.grey.train_indices)

        def batch(step):
            drawn = _draw_positions(
                noise.key(seed, "data", step), numbers.batch_size, len(self.grey.train_indices)
            )
            return stack(drawn[numbers.first : numbers.first + numbers.count])

        return batch

    def held_out(self, count=None):
        indices = self.grey.held_out_indices
        drawn = _draw_positions(
            noise.key(HELD_OUT_KEY, "held out"), HELD_OUT if count is None else count, len(indices)
        )
        x, labels = self._stack(indices)(drawn)
        return x.numpy(), labels.numpy()

    def _stack(self, indices: np.ndarray):
        """Return the function from positions (n, 3) among `indices` to images of three channels and their labels."""
        gather, numbers = self.grey.gather(), tf.constant(indices, tf.int64)

        def stack(positions):
            images, labels = gather(tf.gather(numbers, positions))  # (n, 3, height, width, 1), (n, 3)
            x = tf.concat(tf.unstack(images, axis=1), axis=-1)
            return self.grey.kind.encode(x), stack_labels(labels, self.grey.num_classes)

        return stack


def _draw_positions(key: tf.Tensor, count: int, positions: int) -> tf.Tensor:
    return tf.random.stateless_uniform((count, CHANNELS), key, 0, positions, tf.int64)


def stack_labels(labels: tf.Tensor, num_classes: int) -> tf.Tensor:
    """Return c_0 + K c_1 + K^2 c_2 for the K classes c of each channel, int32 (n, 3) to (n,)."""
    return tf.reduce_sum(
        labels * tf.constant([num_classes**channel for channel in range(CHANNELS)], tf.int32), axis=-1
    )


def stacked_fashion_mnist(request: Request) -> StackedSource:
    """Open triples of Fashion-MNIST's images as red, green and blue, 28x28; label c_red + 10 c_green + 100 c_blue, 1,000 classes.

    The protocol of Stacked MNIST, on garments and without end: each triple is drawn at random from the
    training images, the held-out ones from the test images.

    Reference: Metz et al. 2017, "Unrolled Generative Adversarial Networks", section 3.3.1; Lin et al. 2018,
        "PacGAN", section 4.2.
    """
    grey = fashion_mnist(request)
    return StackedSource(
        name="stacked_fashion_mnist",
        kind=kinds.of((*grey.shape[:2], CHANNELS)),
        num_examples=None,
        num_classes=grey.num_classes**CHANNELS,
        fingerprint=hashlib.sha256(f"{CHANNELS} of {grey.fingerprint}".encode()).hexdigest()[:16],
        channel_classifier="fashion_cnn",
        grey=grey,
    )
