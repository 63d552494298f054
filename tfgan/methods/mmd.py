"""Train G by the maximum mean discrepancy between two batches."""

from __future__ import annotations

import dataclasses
from typing import Literal

import keras
import tensorflow as tf

from tfgan.core.options import PositiveInt
from tfgan.methods.method import Method, flatten, squared_distances


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class MMD(Method):
    """Minimize MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y) of reals x and fakes y, without a discriminator.

        gaussian:            k(a, b) = mean over j of exp(-|a - b|^2 / (2 s_j^2))
        rational_quadratic:  k(a, b) = mean over j of 1 / (1 + |a - b|^2 / (2 s_j^2))

    The bandwidths are s_j = m / 4^j for j = 0 .. scales - 1, with m the mean distance of two reals of the batch:
    some see the whole, some the inside of a mode. A bandwidth far below the distance of a fake from the reals
    gives it no gradient, so m is among them.

    Args:
        kernel: the kernel.
        scales: number of bandwidths.
        unbiased: whether the estimate leaves out the distance of an example from itself (U-statistic); the biased one
            (V-statistic), which Li et al. use, is never negative. On a batch of n they differ by O(1/n).

    Reference: Li, Swersky & Zemel 2015, "Generative Moment Matching Networks", eq. 3 and section 3.1 (several
    bandwidths); Dziugaite, Roy & Ghahramani 2015, "Training generative neural networks via Maximum Mean Discrepancy
    optimization", eq. 4; Gretton et al. 2012, "A kernel two-sample test", lemma 6.
    """

    kernel: Literal["gaussian", "rational_quadratic"] = "gaussian"
    scales: PositiveInt = 4
    unbiased: bool = True

    def loss(self, generator, real, noise):
        return self.discrepancy(flatten(real), flatten(generator(noise["latents"], training=True)))

    def discrepancy(self, real: tf.Tensor, fake: tf.Tensor) -> tf.Tensor:
        """Return MMD^2, a scalar, of vectors (n, d) and (n, d), n of at least 2."""
        apart = [squared_distances(real, real), squared_distances(fake, fake), squared_distances(real, fake)]
        count = real.shape[0]
        # A distance of two different reals: the n zeros on the diagonal add nothing to the sum
        widest = tf.reduce_sum(tf.sqrt(apart[0])) / (count * (count - 1))
        reals, fakes, across = (self._gram(squares, widest) for squares in apart)
        within = [self._average_pairs(gram) for gram in (reals, fakes)]
        return within[0] + within[1] - 2.0 * tf.reduce_mean(across)

    def _gram(self, squares: tf.Tensor, widest: tf.Tensor) -> tf.Tensor:
        ratios = [squares / (2.0 * tf.square(widest / 4.0**j)) for j in range(self.scales)]
        if self.kernel == "gaussian":
            return tf.add_n([tf.exp(-ratio) for ratio in ratios]) / self.scales
        return tf.add_n([1.0 / (1.0 + ratio) for ratio in ratios]) / self.scales

    def _average_pairs(self, gram: tf.Tensor) -> tf.Tensor:
        count = gram.shape[0]
        if not self.unbiased:
            return tf.reduce_mean(gram)
        return (tf.reduce_sum(gram) - tf.linalg.trace(gram)) / (count * (count - 1))
