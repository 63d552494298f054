"""The rectifier of every discriminator here: Keras's values and slopes, and no second derivative."""

import keras
import numpy as np
import tensorflow as tf

from tfgan.layers.leaky_relu import LeakyReLU

X = np.float32([-1e30, -3.0, -1e-30, 0.0, 1e-30, 2.0, 1e30])


def with_slopes(layer):
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
    return y, tape.gradient(y, x)


def test_values_and_slopes_are_those_of_keras():
    for ours, theirs in zip(
        with_slopes(LeakyReLU(0.2)), with_slopes(keras.layers.LeakyReLU(0.2)), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_a_nan_stays():
    assert np.isnan(LeakyReLU()(tf.constant([np.nan]))).all()


def test_the_slope_has_no_gradient_in_x():
    """Keras's layer hands zeros down here; ours hands nothing. If this fails for Keras's, use it again."""

    def gradient_of_slope(layer):
        x = tf.constant(X)
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = layer(x)
            slope = inner.gradient(y, x)
        return outer.gradient(slope, x)

    assert gradient_of_slope(LeakyReLU(0.2)) is None
    assert gradient_of_slope(keras.layers.LeakyReLU(0.2)) is not None


def test_round_trips():
    layer = LeakyReLU(0.3)
    assert keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer)).slope == 0.3
