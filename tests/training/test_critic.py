"""D at one batch: one forward pass, and input gradients, one an example."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan.penalties.inputs import FAKE, REAL
from tfgan.training.critic import Critic

X = np.random.default_rng(0).normal(size=(3, 2, 2, 1)).astype("float32")


def cubes(x):
    """Logits x^3 summed an example; the gradient is 3 x^2."""
    return {"outputs": tf.reduce_sum(x**3, axis=(1, 2, 3))[:, None]}


def evaluation(heads_of=cubes, watched=True, witness_logits=None):
    """Return D at reals `X`, of which its fakes are copies; `heads_of` is D's network."""
    critic = Critic(
        {REAL: tf.constant(X), FAKE: tf.constant(X)},
        lambda x, at, state: (heads_of(x), state),
        witness_logits=witness_logits,
        gradient_inputs=[REAL] if watched else [],
    )
    return critic[REAL]


def test_gradient_is_that_of_each_example():
    np.testing.assert_allclose(evaluation().gradient, 3 * X.astype("float64") ** 2, rtol=1e-6)


def test_squared_norm_sums_over_all_axes_of_an_example():
    np.testing.assert_allclose(
        evaluation().squared_norm, (9 * X.astype("float64") ** 4).sum(axis=(1, 2, 3)), rtol=1e-5
    )


def test_gradient_of_a_map_of_logits_is_that_of_its_sum():
    """Logits x^3 in every place, summed an example, have the gradient of `cubes`."""
    np.testing.assert_allclose(
        evaluation(lambda x: {"outputs": x**3}).gradient, 3 * X.astype("float64") ** 2, rtol=1e-6
    )


def test_gradient_is_that_of_the_logits_made_of_the_outputs():
    """Logits s^2 of s = sum x^3: 2 s 3 x^2. What they are compared with is a constant: here the batch mean of s."""
    s = (X.astype("float64") ** 3).sum(axis=(1, 2, 3), keepdims=True)
    np.testing.assert_allclose(
        evaluation(witness_logits=lambda s, real, fake: tf.square(s)).gradient,
        6 * s * X.astype("float64") ** 2,
        rtol=1e-5,
    )
    compared = evaluation(witness_logits=lambda s, real, fake: s * tf.reduce_mean(real))
    np.testing.assert_allclose(compared.gradient, 3 * s.mean() * X.astype("float64") ** 2, rtol=1e-5)


def test_an_input_that_is_not_watched_has_no_gradient():
    with pytest.raises((AttributeError, ValueError)):
        _ = evaluation(watched=False).gradient


@pytest.mark.parametrize("watched", [False, True])
def test_critic_runs_once_and_says_the_logits(watched):
    calls = []
    seen = evaluation(lambda x: (calls.append(1), cubes(x))[1], watched=watched)
    np.testing.assert_allclose(seen.logits, (X**3).sum(axis=(1, 2, 3))[:, None], rtol=1e-5)
    if watched:
        assert seen.gradient.shape == X.shape
    assert len(calls) == 1


def test_half_precision_critic_gives_float32_gradients():
    half = evaluation(lambda x: {"outputs": tf.cast(cubes(tf.cast(x, tf.bfloat16))["outputs"], tf.float32)})
    assert (half.logits.dtype, half.gradient.dtype) == (tf.float32, tf.float32)


def test_heads_are_differentiated_beside_the_logits():
    """One pass serves the gradient of the logits, here of x^3, and that of features, here of x^2."""
    seen = evaluation(lambda x: {**cubes(x), "features": x**2})
    np.testing.assert_allclose(seen.gradient, 3 * X.astype("float64") ** 2, rtol=1e-6)
    np.testing.assert_allclose(seen.gradient_of("features"), 2 * X, rtol=1e-6)
