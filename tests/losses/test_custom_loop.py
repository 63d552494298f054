"""The losses in a plain loop of anyone's own: no model class, no `fit`."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from tfgan import losses


@pytest.mark.parametrize(
    "name", ["nonsat", "minimax", "rpgan", "ragan", "hinge", "wgan", "fgan_js", "fgan_reverse_kl"]
)
def test_a_shift_finds_the_mean(name):
    """Data N(1, 1), fakes N(theta, 1), D(x) = psi x with a weight decay of 1 for damping, as r1 would give.

    The only equilibrium is theta = 1, psi = 0, which is stable under the decay (w <= 1, damping 1). Both
    samples are the same 64 quantiles, the fake ones in an order fixed by the seed: nothing is drawn. 0.02 is
    what 400 steps leave.
    """
    loss = losses.get(name)
    quantiles = scipy.stats.norm.ppf((np.arange(64) + 0.5) / 64).astype("float32")
    real = tf.constant(1 + quantiles)
    noise = tf.constant(np.random.default_rng(0).permutation(quantiles))
    theta, psi = tf.Variable(0.0), tf.Variable(0.0)

    @tf.function
    def step():
        with tf.GradientTape(persistent=True) as tape:
            real_logits, fake_logits = psi * real, psi * (theta + noise)
            d_loss = tf.reduce_mean(loss.discriminator(real_logits, fake_logits)) + 0.5 * psi**2
            g_loss = tf.reduce_mean(loss.generator(real_logits, fake_logits))
        psi.assign_sub(0.1 * tape.gradient(d_loss, psi))
        theta.assign_sub(0.1 * tape.gradient(g_loss, theta))

    for _ in range(400):
        step()
    assert abs(theta.numpy() - 1) < 0.02
    assert abs(psi.numpy()) < 0.02
