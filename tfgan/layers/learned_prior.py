"""A learned prior: latents are moved to the components of a mixture that training shapes."""

from __future__ import annotations

import math
from typing import Literal

import keras
import tensorflow as tf
from keras import ops

EDGE = 1e-6  # distance of a probability from 0 and 1, where its normal quantile is infinite
SPREAD = 0.2  # standard deviation of a component at the start


@keras.saving.register_keras_serializable("tfgan")
class LearnedPrior(keras.layers.Layer):
    """Map standard normal latents z to a mixture of `count` components with learned positions m_k.

        k = floor(count Phi(z_0)),   e = (Phi^-1(count Phi(z_0) - k), z_1, ..., z_d-1)
        particles:   y = m_k + spread e
        gaussians:   y = m_k + s_k e,   scales s_k per entry learned too

    Phi is the cumulative normal distribution: k is uniform, e is standard normal and independent of k, and y is
    a function of z alone. Its derivative in z_0, which jumps between components, is taken as 0. The gradient of
    a position is zero in a batch that does not use it; with Adam take beta_1 0, so that momentum does not move
    it then.

    Args:
        prior: "particles" or "gaussians".
        count: number of components. All of them are float32 numbers in memory, `count` x d of them, or
            twice as many with learned scales; training holds about five times that.
        spread: standard deviation within a component, for "gaussians" at the start.
        seed: seed of the positions, drawn from N(0, 1).

    Args of the call: z of shape (n, d), float32; the output has the same shape.

    Example:
        >>> z = keras.Input((8,))
        >>> x = keras.layers.Dense(2)(tfgan.layers.LearnedPrior("particles", 4096)(z))

    Reference: Gurumurthy et al. 2017, "DeLiGAN: Generative Adversarial Networks for Diverse and Limited Data",
        eq. 3 (gaussians); github.com/255BITS/ParticleGAN (particles).
    """

    def __init__(
        self,
        prior: Literal["particles", "gaussians"],
        count: int,
        *,
        spread: float = SPREAD,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if prior not in ("particles", "gaussians"):
            raise ValueError(f"prior: expected 'particles' or 'gaussians', got {prior!r}")
        self.prior = prior
        self.count = count
        self.spread = spread
        self.seed = seed

    def build(self, input_shape):
        shape = (self.count, input_shape[-1])
        start = keras.initializers.RandomNormal(stddev=1.0, seed=self.seed)
        self.positions = self.add_weight(shape=shape, initializer=start, name="positions")
        if self.prior == "gaussians":
            start = keras.initializers.Constant(math.log(self.spread))
            self.log_scales = self.add_weight(shape=shape, initializer=start, name="log_scales")

    def call(self, z):
        # In float32 the quantile within a component has log2(count) bits less than 24.
        place = self.count * 0.5 * (1.0 + ops.erf(z[:, :1] / math.sqrt(2.0)))  # (n, 1)
        index = ops.clip(ops.floor(place), 0, self.count - 1)
        within = ops.clip(ops.stop_gradient(place) - index, EDGE, 1.0 - EDGE)
        first = math.sqrt(2.0) * ops.erfinv(2.0 * within - 1.0)
        noise = ops.concatenate([first, z[:, 1:]], axis=1)
        index = ops.cast(index[:, 0], "int32")
        if self.prior == "particles":
            return take_rows(self.positions, index) + self.spread * noise
        return take_rows(self.positions, index) + ops.exp(take_rows(self.log_scales, index)) * noise

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        options = {"prior": self.prior, "count": self.count, "spread": self.spread, "seed": self.seed}
        return {**super().get_config(), **options}


def take_rows(table, index):
    """Return rows of a table (k, d) by index int32 (n,); its gradient is a dense table, as optimizers and XLA take it."""

    @tf.custom_gradient
    def gather(table):
        def gradient(rows):
            return tf.math.unsorted_segment_sum(rows, index, table.shape[0])

        return tf.gather(table, index), gradient

    return gather(tf.convert_to_tensor(table))
