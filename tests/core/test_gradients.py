"""The norm of a gradient, differentiable at 0 too."""

import numpy as np
import tensorflow as tf

from tfgan.core import gradients


def test_norm_is_the_square_root():
    np.testing.assert_allclose(
        gradients.norm(tf.constant([0.0, 4.0, 1e-30, 1e30])), [0, 2, 1e-15, 1e15], rtol=1e-6
    )


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
