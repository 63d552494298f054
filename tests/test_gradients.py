"""Input gradients, one an example."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan import _gradients

X = np.random.default_rng(0).normal(size=(3, 2, 2, 1)).astype("float32")


def cubes(x):
    """Return (logits x^3 summed an example, x unchanged); its gradient is 3 x^2."""
    return tf.reduce_sum(x**3, axis=(1, 2, 3))[:, None], x


def test_gradient_is_that_of_each_example():
    place, _ = _gradients.evaluate(cubes, tf.constant(X), gradient=True)
    np.testing.assert_allclose(place.gradient, 3 * X.astype("float64") ** 2, rtol=1e-6)


def test_squared_norm_sums_over_all_axes_of_an_example():
    place, _ = _gradients.evaluate(cubes, tf.constant(X), gradient=True)
    np.testing.assert_allclose(place.squared_norm, (9 * X.astype("float64") ** 4).sum(axis=(1, 2, 3)), rtol=1e-5)


def test_gradient_of_a_map_of_logits_is_that_of_its_sum():
    """Logits x^3 in every place, summed an example, have the gradient of `cubes`."""
    place, _ = _gradients.evaluate(lambda x: (x**3, None), tf.constant(X), gradient=True)
    np.testing.assert_allclose(place.gradient, 3 * X.astype("float64") ** 2, rtol=1e-6)


def test_no_gradient_unless_asked():
    assert _gradients.evaluate(cubes, tf.constant(X), gradient=False)[0].gradient is None


@pytest.mark.parametrize("gradient", [False, True])
def test_logits_and_the_rest_are_the_critics(gradient):
    place, rest = _gradients.evaluate(cubes, tf.constant(X), gradient=gradient)
    np.testing.assert_allclose(place.logits, (X**3).sum(axis=(1, 2, 3))[:, None], rtol=1e-5)
    np.testing.assert_array_equal(rest, X)


@pytest.mark.parametrize("gradient", [False, True])
def test_critic_runs_once(gradient):
    calls = []
    _gradients.evaluate(lambda x: (calls.append(1), cubes(x))[1], tf.constant(X), gradient=gradient)
    assert len(calls) == 1


def test_half_precision_critic_gives_float32():
    place, _ = _gradients.evaluate(lambda x: cubes(tf.cast(x, tf.bfloat16)), tf.constant(X), gradient=True)
    assert (place.logits.dtype, place.gradient.dtype) == (tf.float32, tf.float32)


def test_norm_is_the_square_root():
    np.testing.assert_allclose(_gradients.norm(tf.constant([0.0, 4.0, 1e-30, 1e30])), [0, 2, 1e-15, 1e15], rtol=1e-6)


def test_norm_has_gradient_zero_at_zero():
    """d sqrt(s) / ds = 1 / (2 sqrt(s)): 1/4 at 4; at 0, where there is none, 0."""
    squared = tf.constant([0.0, 4.0])
    with tf.GradientTape() as tape:
        tape.watch(squared)
        total = tf.reduce_sum(_gradients.norm(squared))
    np.testing.assert_allclose(tape.gradient(total, squared), [0, 0.25], rtol=1e-6)


def test_norm_has_no_nan_in_the_input_either():
    """Through the square, as a penalty reaches the weights: 0 at 0."""
    x = tf.zeros(3)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = _gradients.norm(tf.reduce_sum(x**2))
    np.testing.assert_array_equal(tape.gradient(value, x), np.zeros(3))
