"""Every penalty against its closed form on a quadratic D, whose input gradient is known."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan import _gradients, penalties

X = np.array([[1.0, -2.0], [0.5, 0.25], [0.0, 0.0], [3.0, 1.0]])
A = np.array([[0.7, 0.2], [0.2, -0.4]])

# D(x) = x'Ax / 2 has gradient Ax; the cost of each penalty in g = |Ax|.
COSTS = {
    "r1": lambda g: 0.5 * 3.0 * g**2,
    "r2": lambda g: 0.5 * 3.0 * g**2,
    "gp0": lambda g: 0.5 * 3.0 * g**2,
    "wgan_gp": lambda g: 10.0 * (g - 1) ** 2,
    "wgan_lp": lambda g: 10.0 * np.maximum(g - 1, 0) ** 2,
}
PLACES = {"r1": "real", "r2": "fake", "gp0": "interpolated", "wgan_gp": "interpolated", "wgan_lp": "interpolated"}


def make(name):
    return penalties.get(name, **({"gamma": 3.0} if "gamma" in penalties.penalties.options(name) else {}))


def cost(penalty, matrix, x):
    place, _ = _gradients.evaluate(lambda x: (0.5 * tf.reduce_sum(x * (x @ matrix), axis=1, keepdims=True), None), x, gradient=True)
    return penalty.cost(place.squared_norm)


def test_every_penalty_has_expected_values():
    assert set(penalties.names()) == set(COSTS)


@pytest.mark.parametrize("name", penalties.names())
def test_cost_is_the_closed_form_per_example(name):
    expected = COSTS[name](np.linalg.norm(X @ A, axis=1))
    found = cost(make(name), tf.constant(A, tf.float32), tf.constant(X, tf.float32))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", penalties.names())
def test_place(name):
    assert make(name).place == PLACES[name]


def test_second_derivatives_match_finite_differences_compiled():
    """d/dA of the mean cost, all penalties in one compiled function, against central differences of the closed form."""
    everything = [make(name) for name in penalties.names()]

    @tf.function(jit_compile=True)
    def gradients(matrix, x):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(matrix)
            symmetric = 0.5 * (matrix + tf.transpose(matrix))
            means = [tf.reduce_mean(cost(penalty, symmetric, x)) for penalty in everything]
        return [tape.gradient(mean, matrix) for mean in means]

    found = gradients(tf.constant(A, tf.float32), tf.constant(X[[0, 1, 3]], tf.float32))
    for penalty, gradient in zip(penalties.names(), found, strict=True):
        numeric = np.zeros_like(A)
        for i, j in np.ndindex(2, 2):
            step = np.zeros_like(A)
            step[i, j] = 1e-6
            sides = [np.mean(COSTS[penalty](np.linalg.norm(X[[0, 1, 3]] @ _symmetric(A + s * step), axis=1))) for s in (1, -1)]
            numeric[i, j] = (sides[0] - sides[1]) / 2e-6
        np.testing.assert_allclose(gradient, numeric, rtol=1e-3, atol=1e-3, err_msg=penalty)


def _symmetric(matrix):
    return 0.5 * (matrix + matrix.T)


@pytest.mark.parametrize("name", ["wgan_gp", "wgan_lp"])
def test_flat_discriminator_gives_no_nan(name):
    """|grad| has no derivative at 0; the penalty's gradient there is 0, not NaN."""
    matrix = tf.zeros((2, 2))
    with tf.GradientTape() as tape:
        tape.watch(matrix)
        total = tf.reduce_sum(cost(make(name), matrix, tf.constant(X, tf.float32)))
    assert np.isfinite(tape.gradient(total, matrix)).all()


def test_one_norm_over_the_batch_fails_the_check():
    """A past error of public code: the norm of the whole batch's gradient in place of the mean of squared norms."""
    per_example = COSTS["wgan_gp"](np.linalg.norm(X @ A, axis=1)).mean()
    over_batch = COSTS["wgan_gp"](np.linalg.norm(X @ A))
    assert abs(per_example - over_batch) > 0.1 * per_example
