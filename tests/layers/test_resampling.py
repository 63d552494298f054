"""Anti-aliased resampling against its formula in float64, even and odd sides, and twice differentiated; repetition against Keras's."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfgan.layers import Downsample, NearestUpsample, Upsample

RNG = np.random.default_rng(0)
SHAPES = [(2, 8, 6, 3), (1, 7, 9, 2), (1, 1, 2, 1)]


def halving(side):
    """Return the matrix of (1, 3, 3, 1) / 8 at every other place, edges repeated."""
    matrix = np.zeros((-(-side // 2), side))
    for row in range(len(matrix)):
        for offset, tap in zip((-1, 0, 1, 2), (1, 3, 3, 1), strict=True):
            matrix[row, np.clip(2 * row + offset, 0, side - 1)] += tap / 8
    return matrix


def doubling(side):
    """Return the matrix of bilinear interpolation at the quarters, edges repeated."""
    matrix = np.zeros((2 * side, side))
    for row in range(2 * side):
        place = (row + 0.5) / 2 - 0.5
        low = int(np.floor(place))
        matrix[row, np.clip(low, 0, side - 1)] += 1 - (place - low)
        matrix[row, np.clip(low + 1, 0, side - 1)] += place - low
    return matrix


def both(matrix, x):
    return np.einsum("ih,jw,nhwc->nijc", matrix(x.shape[1]), matrix(x.shape[2]), x)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(("layer", "matrix"), [(Downsample, halving), (Upsample, doubling)])
def test_values_are_those_of_the_formula(layer, matrix, shape):
    x = RNG.normal(size=shape)
    y = layer(dtype="float64")(x)
    np.testing.assert_allclose(y, both(matrix, x), atol=1e-12)
    assert layer().compute_output_shape(shape) == y.shape


def test_upsample_keeps_the_size_that_is_asked_for():
    x = RNG.normal(size=(1, 4, 5, 1))
    np.testing.assert_allclose(Upsample((7, 10), dtype="float64")(x), both(doubling, x)[:, :7], atol=1e-12)


def test_the_finest_stripes_vanish():
    """Every other pixel of +1, -1, +1, ... is +1: an alias. Its mean is 0."""
    stripes = np.where(np.arange(16) % 2, -1.0, 1.0)[None, None, :, None] * np.ones((1, 16, 1, 1))
    np.testing.assert_allclose(Downsample()(stripes)[:, :, 1:-1], 0.0, atol=1e-7)


@pytest.mark.parametrize("layer", [Downsample, Upsample])
def test_second_derivatives_are_right(layer):
    """The Hessian of sum(tanh(y)) times a direction, against differences of the gradient, in float64."""
    resample = layer(dtype="float64")
    x, direction = (tf.constant(RNG.normal(size=(1, 5, 4, 2))) for _ in range(2))

    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(tf.tanh(resample(x)))
        return tape.gradient(total, x)

    with tf.GradientTape() as tape:
        tape.watch(x)
        along = tf.reduce_sum(gradient(x) * direction)
    expected = (gradient(x + 1e-6 * direction) - gradient(x - 1e-6 * direction)) / 2e-6
    np.testing.assert_allclose(tape.gradient(along, x), expected, atol=1e-8)


@pytest.mark.parametrize("xla", [False, True])
def test_repetition_has_the_bits_of_keras_values_and_gradients(xla):
    """Sums of four slopes in another order would change what a run of before goes on to."""
    x, slopes = (tf.constant(RNG.normal(size=shape), tf.float32) for shape in ((2, 3, 5, 4), (2, 6, 10, 4)))

    def both_ways(layer):
        @tf.function(jit_compile=xla)
        def compute(x, slopes):
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = layer(x)
            return y, tape.gradient(y, x, output_gradients=slopes)

        return compute(x, slopes)

    for mine, theirs in zip(
        both_ways(NearestUpsample()), both_ways(keras.layers.UpSampling2D(2)), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)


def test_repetition_keeps_its_sides_static():
    graph = tf.function(
        NearestUpsample(), input_signature=[tf.TensorSpec((None, 3, 5, 4))]
    ).get_concrete_function()
    assert graph.structured_outputs.shape.as_list() == [None, 6, 10, 4]
