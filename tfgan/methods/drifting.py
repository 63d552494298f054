"""Train G by a field that moves its samples: towards the reals, apart from each other."""

from __future__ import annotations

import dataclasses
import math

import keras
import tensorflow as tf

from tfgan.core.options import Positive
from tfgan.methods.method import Method, flatten, squared_distances

TEMPERATURES = (0.02, 0.05, 0.2)  # table 8
FAR = 1e6  # a logit of no weight: algorithm 2 keeps an example from repelling itself


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class Drifting(Method):
    """Move each fake x = G(z) along V(x), and regress G to the moved fake, which is held fixed:

        loss = E |x - stopgrad(x + V(x))|^2                                                     (eq. 6)
        V(x) = V+(x) - V-(x)                                                                    (eq. 10)
        V+(x) = E_y k(x, y) (y - x) / E_y k(x, y) over reals y, V-(x) the same over other fakes  (eqs. 8, 9)
        k(x, y) = exp(-|x - y| / tau)                                                           (eq. 12)

    V is 0 where fakes and reals have one distribution. As in the paper, distances are divided by their mean over the
    batch, times sqrt(d) (eqs. 18 to 22, with tau sqrt(d) for tau), kernels are normalized over both y and x
    (algorithm 2), and each V is divided by its root mean square before the fields of several temperatures are added
    (eqs. 23 to 26). The paper measures images by features of a trained network; here distances are of pixels, so
    expect less on images than it reports.

    Args:
        temperature: tau; None for the fields of .02, .05 and .2 together.

    Reference: Deng et al. 2026, "Generative Modeling via Drifting" (arXiv:2602.04770), sections 3.2 and 3.3,
    algorithms 1 and 2, appendix A.6.
    """

    temperature: Positive | None = None

    def loss(self, generator, real, noise):
        fake, real = flatten(generator(noise["latents"], training=True)), flatten(real)
        fixed = tf.stop_gradient(fake)
        scale = mean_distance(fixed, real) / math.sqrt(fake.shape[1])  # eq. 21
        moved = fixed / scale + self.field(fixed / scale, real / scale)
        return tf.reduce_mean(tf.square(fake / scale - moved))  # eq. 26

    def field(self, fake: tf.Tensor, real: tf.Tensor) -> tf.Tensor:
        """Return the sum over temperatures of V at fakes (n, d), each of root mean square 1, for reals (m, d)."""
        found = []
        for tau in TEMPERATURES if self.temperature is None else (self.temperature,):
            drift = compute_drift(fake, real, tau * math.sqrt(fake.shape[1]))
            size = tf.sqrt(tf.reduce_mean(tf.square(drift)))  # eq. 25
            found.append(tf.math.divide_no_nan(drift, size))
        return tf.add_n(found)


def compute_drift(fake: tf.Tensor, real: tf.Tensor, tau: float) -> tf.Tensor:
    """Return V at fakes (n, d), for reals (m, d): algorithm 2.

    A is the geometric mean of the kernel normalized over y, reals and fakes together, and over x. With row sums
    a+ and a- of its parts A+ and A-, V = a- A+ y - a+ A- x: eq. 11 with both weights normalized jointly.
    """
    count = fake.shape[0]
    to_real = tf.sqrt(squared_distances(fake, real))
    to_fake = tf.sqrt(squared_distances(fake, fake)) + FAR * tf.eye(count)
    logits = -tf.concat([to_real, to_fake], axis=1) / tau  # (n, m + n)
    weights = tf.sqrt(tf.nn.softmax(logits, axis=1) * tf.nn.softmax(logits, axis=0))
    near_real, near_fake = weights[:, : real.shape[0]], weights[:, real.shape[0] :]
    pull = tf.reduce_sum(near_fake, axis=1, keepdims=True) * (near_real @ real)
    push = tf.reduce_sum(near_real, axis=1, keepdims=True) * (near_fake @ fake)
    return pull - push


def mean_distance(fake: tf.Tensor, real: tf.Tensor) -> tf.Tensor:
    """Return the mean distance of a fake (n, d) from a real (m, d) or another fake."""
    total = tf.reduce_sum(tf.sqrt(squared_distances(fake, real))) + tf.reduce_sum(
        tf.sqrt(squared_distances(fake, fake))
    )
    count = fake.shape[0]
    return total / (count * (count - 1 + real.shape[0]))
