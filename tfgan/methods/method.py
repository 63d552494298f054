"""Define the base class of methods that train a generator."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import keras
import tensorflow as tf

from tfgan.core.noise import Draws
from tfgan.core.options import Configurable


@dataclasses.dataclass(frozen=True)
class Method(Configurable):
    """Train G by a loss of a batch. A subclass defines `loss`, and the other methods where it differs."""

    def latent_dim(self, given: int, shape: tuple[int, ...]) -> int:
        """Return the entries of a latent vector: `given`, unless the method fixes them by the shape of an example."""
        return given

    def build_generator(self, network) -> keras.Model:
        """Return G: latents float32 (n, latent_dim) to examples (n, *shape), from a `tfgan.networks` network."""
        return network.generator()

    def sample_noise(self, draws: Draws, latents_shape: tuple[int, int]) -> dict[str, tf.Tensor]:
        """Return the random numbers of a step by name, each a function of (seed, step) and of the example."""
        return {"latents": draws.normal("latents", latents_shape)}

    def loss(self, generator: keras.Model, real: tf.Tensor, noise: Mapping[str, Any]) -> tf.Tensor:
        """Return the loss that G minimizes, a float32 scalar.

        Args:
            generator: G.
            real: reals, float32 (n, *shape).
            noise: the numbers of `sample_noise`.
        """
        raise TypeError(f"{type(self).__name__} must define loss(generator, real, noise)")


@dataclasses.dataclass(frozen=True)
class Adversarial(Method):
    """Train G against a discriminator; `tfgan.GAN` and its subclasses define the step and the losses."""


def flatten(examples: tf.Tensor) -> tf.Tensor:
    """Return examples (n, *shape) as vectors float32 (n, d)."""
    return tf.reshape(tf.cast(examples, tf.float32), (-1, math.prod(examples.shape[1:])))


def squared_distances(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Return |a_i - b_j|^2, (n, m), of vectors (n, d) and (m, d), from differences: near points stay exact."""
    return tf.reduce_sum(tf.square(a[:, None] - b[None]), axis=2)
