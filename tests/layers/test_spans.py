"""Spans make outputs legal entry by entry, and draw choices from noise in the latents."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tfgan.layers import Spans

SPANS = [("tanh", 1), ("softmax", 3), ("linear", 2), ("softmax", 2)]


def test_each_span_has_its_activation():
    x = np.random.default_rng(0).normal(size=(5, 8)).astype(np.float32)
    found = Spans(SPANS, tau=0.5)(x).numpy()

    def softmax(h):
        rows = np.exp(h / 0.5)
        return rows / rows.sum(axis=-1, keepdims=True)

    wide = np.float64(x)
    expected = [np.tanh(wide[:, :1]), softmax(wide[:, 1:4]), wide[:, 4:6], softmax(wide[:, 6:])]
    np.testing.assert_allclose(found, np.concatenate(expected, axis=1), rtol=2e-6, atol=2e-6)


def test_choices_follow_the_probabilities():
    """The largest entry of h + g is drawn with probability softmax(h); chi-squared of 60,000 draws, false alarms 1 in 1,000."""
    probabilities = np.array([0.6, 0.3, 0.1])
    h = np.tile(np.log(probabilities).astype(np.float32), (60_000, 1))
    normal = np.random.default_rng(3).normal(size=h.shape).astype(np.float32)
    drawn = Spans([("softmax", 3)], tau=0.2)(h, normal).numpy().argmax(axis=1)
    counts = np.bincount(drawn, minlength=3)
    assert stats.chisquare(counts, probabilities * len(h)).pvalue > 1e-3


def test_extreme_noise_stays_finite_with_its_gradient():
    normal = tf.constant([[-40.0, 0.0, 40.0], [6.0, -6.0, 5.5]])
    h = tf.Variable(tf.zeros((2, 3)))
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(Spans([("softmax", 3)], tau=0.1)(h, normal) ** 2)
    assert np.isfinite(tape.gradient(y, h)).all()


def test_it_keeps_places_apart_and_compiles():
    x, normal = tf.random.stateless_normal((2, 4, 3), (0, 1)), tf.random.stateless_normal((2, 4, 3), (0, 2))
    layer = Spans([("softmax", 3)], tau=0.75)
    whole = layer(x, normal).numpy()
    np.testing.assert_allclose(whole.sum(axis=-1), 1, rtol=1e-5)
    np.testing.assert_allclose(layer(x[:, 2:3], normal[:, 2:3])[:, 0], whole[:, 2], rtol=1e-6)
    np.testing.assert_allclose(
        tf.function(layer.call, jit_compile=True)(x, normal), whole, rtol=1e-5, atol=1e-6
    )


def test_a_config_makes_it_again():
    layer = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(Spans(SPANS, tau=0.5)))
    x = tf.random.stateless_normal((3, 8), (0, 1))
    np.testing.assert_array_equal(layer(x), Spans(SPANS, tau=0.5)(x))


def test_spans_of_another_width_are_refused():
    with pytest.raises(ValueError, match="spans: expected widths whose sum is 7"):
        Spans(SPANS)(tf.zeros((2, 7)))
