"""Draw examples from a GAN's averaged generator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan.core import noise
from tfgan.models.arguments import Latents, Seeds

BATCH = 256  # examples made at a time


class Sampling:
    """The part of `tfgan.GAN` that generates."""

    def generate(self, latents, condition=None) -> tf.Tensor:
        """Return examples (n, *shape) of the averaged generator, compiled.

        Args:
            latents: float32 (n, latent_dim).
            condition: labels int (n,) or codes float32 (n, width), for a model by class or by codes.

        Raises:
            ValueError: latents of another shape or not finite, or a condition that is illegal.
        """
        latents = Latents(self.latent_dim).accept(latents)
        if self.condition is None and condition is not None:
            raise ValueError(f"condition: {type(self).__name__} expected latents alone, got a condition")
        rows = [] if self.condition is None else [self.condition.validate(condition, len(latents))]
        return self._generate([latents, *rows] if rows else latents)

    @tf.function(reduce_retracing=True, autograph=False)
    def _generate(self, inputs):
        return self(inputs)

    def sample(self, seeds: int | Sequence[int], condition=None) -> Any:
        """Return examples as the data set has them: arrays of images or points, texts, columns of a table.

        Args:
            seeds: a seed for each example, whole numbers; or a number n, for the seeds 0 to n - 1. An example
                depends only on its seed and its condition.
            condition: labels or codes, a row for each seed; None to draw them from the seeds.

        Returns:
            Records of the kind of the data (`Kind.records`).

        Raises:
            ValueError: seeds that are not whole numbers, or a condition that is illegal.

        Example:
            >>> rows = gan.sample(100)
        """
        seeds = Seeds().validate(np.arange(seeds) if np.ndim(seeds) == 0 else seeds)
        if not len(seeds):  # convolutions of TensorFlow 2.21 fail on an empty batch
            return self.kind.records(self.kind.decode(np.zeros((0, *self.example_shape), np.float32)))
        if condition is None and self.condition is not None:
            condition = self.condition.by_seed(seeds)
        parts = [slice(start, start + BATCH) for start in range(0, len(seeds), BATCH)]
        made = [
            self.generate(
                noise.normal_by_seed(seeds[part], self.latent_dim),
                None if condition is None else condition[part],
            ).numpy()
            for part in parts
        ]
        return self.kind.records(self.kind.decode(np.concatenate(made)))
