"""Input gradients, one an example."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan.core import gradients
from tfgan.core.gradients import Place

X = np.random.default_rng(0).normal(size=(3, 2, 2, 1)).astype("float32")


def cubes(x):
    """Logits x^3 summed an example; the gradient is 3 x^2."""
    return {"outputs": tf.reduce_sum(x**3, axis=(1, 2, 3))[:, None]}


def place(critic=cubes, **arguments):
    return Place(critic, tf.constant(X), **{"watched": True, **arguments})


def test_gradient_is_that_of_each_example():
    np.testing.assert_allclose(place().gradient, 3 * X.astype("float64") ** 2, rtol=1e-6)


def test_squared_norm_sums_over_all_axes_of_an_example():
    np.testing.assert_allclose(place().squared_norm, (9 * X.astype("float64") ** 4).sum(axis=(1, 2, 3)), rtol=1e-5)


def test_gradient_of_a_map_of_logits_is_that_of_its_sum():
    """Logits x^3 in every place, summed an example, have the gradient of `cubes`."""
    np.testing.assert_allclose(place(lambda x: {"outputs": x**3}).gradient, 3 * X.astype("float64") ** 2, rtol=1e-6)


def test_gradient_is_that_of_the_logits_made_of_the_outputs():
    """Logits s^2 of s = sum x^3: 2 s 3 x^2. What they are compared with is a constant: here the batch mean of s."""
    s = (X.astype("float64") ** 3).sum(axis=(1, 2, 3), keepdims=True)
    np.testing.assert_allclose(place(logits=tf.square).gradient, 6 * s * X.astype("float64") ** 2, rtol=1e-5)
    seen = []
    compared = place(logits=lambda s: s * tf.reduce_mean(seen[0].outputs))
    seen.append(compared)
    np.testing.assert_allclose(compared.gradient, 3 * s.mean() * X.astype("float64") ** 2, rtol=1e-5)


def test_a_place_that_is_not_watched_has_no_gradient():
    with pytest.raises((AttributeError, ValueError)):
        _ = place(watched=False).gradient


@pytest.mark.parametrize("watched", [False, True])
def test_critic_runs_once_and_says_the_logits(watched):
    calls = []
    seen = place(lambda x: (calls.append(1), cubes(x))[1], watched=watched)
    np.testing.assert_allclose(seen.logits, (X**3).sum(axis=(1, 2, 3))[:, None], rtol=1e-5)
    if watched:
        assert seen.gradient.shape == X.shape
    assert len(calls) == 1


def test_half_precision_critic_gives_float32_gradients():
    half = place(lambda x: {"outputs": tf.cast(cubes(tf.cast(x, tf.bfloat16))["outputs"], tf.float32)})
    assert (half.logits.dtype, half.gradient.dtype) == (tf.float32, tf.float32)


def test_norm_is_the_square_root():
    np.testing.assert_allclose(gradients.norm(tf.constant([0.0, 4.0, 1e-30, 1e30])), [0, 2, 1e-15, 1e15], rtol=1e-6)


def test_norm_hides_no_nan():
    assert np.isnan(gradients.norm(tf.constant([np.nan]))).all()


def test_norm_has_gradient_zero_at_zero():
    """d sqrt(s) / ds = 1 / (2 sqrt(s)): 1/4 at 4; at 0, where there is none, 0."""
    squared = tf.constant([0.0, 4.0])
    with tf.GradientTape() as tape:
        tape.watch(squared)
        total = tf.reduce_sum(gradients.norm(squared))
    np.testing.assert_allclose(tape.gradient(total, squared), [0, 0.25], rtol=1e-6)


def test_norm_has_no_nan_in_the_input_either():
    """Through the square, as a penalty reaches the weights: 0 at 0."""
    x = tf.zeros(3)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = gradients.norm(tf.reduce_sum(x**2))
    np.testing.assert_array_equal(tape.gradient(value, x), np.zeros(3))
