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


@pytest.mark.parametrize("name", penalties.names())
def test_second_derivative_without_a_compiler(name):
    """The same on the eager path: dC/db of D(x) = x'Ax/2 + b'x, whose gradient is Ax + b, against differences of the closed form."""
    offset, x = np.array([0.6, -1.1]), X[[0, 1, 3]]

    def expected(b):
        return COSTS[name](np.linalg.norm(x @ A + b, axis=1)).mean()

    b, matrix = tf.constant(offset, tf.float32), tf.constant(A, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(b)
        place, _ = _gradients.evaluate(
            lambda x: (0.5 * tf.reduce_sum(x * (x @ matrix), axis=1) + tf.linalg.matvec(x, b), None),
            tf.constant(x, tf.float32),
            gradient=True,
        )
        mean = tf.reduce_mean(make(name).cost(place.squared_norm))
    numeric = [(expected(offset + step) - expected(offset - step)) / 2e-6 for step in 1e-6 * np.eye(2)]
    np.testing.assert_allclose(tape.gradient(mean, b), numeric, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("name", "cost"), [("wgan_gp", 10.0), ("wgan_lp", 0.0)])
def test_cost_of_a_flat_discriminator(name, cost):
    """lambda (0 - 1)^2, and nothing below one."""
    np.testing.assert_array_equal(make(name).cost(tf.zeros(3)), np.full(3, cost))


@pytest.mark.parametrize("name", penalties.names())
def test_weight_multiplies_the_cost(name):
    option = "gamma" if "gamma" in penalties.penalties.options(name) else "weight"
    squared = tf.constant([4.0, 9.0])
    single, triple = (penalties.get(name, **{option: value}).cost(squared) for value in (1.0, 3.0))
    np.testing.assert_allclose(triple, 3 * single, rtol=1e-6)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("r1:gamma=-1", "r1:gamma: expected a number of at least 0, got -1.0"),
        ("wgan_gp:weight=-0.5", "wgan_gp:weight: expected a number of at least 0"),
        ("wgan_lp:every=0", "wgan_lp:every: expected a whole number above 0"),
        ("wgan_gp:gamma=1", "has no option 'gamma'"),
        ("r2:weight=1", "has no option 'weight'"),
    ],
)
def test_bad_options_are_refused(spec, words):
    with pytest.raises(ValueError, match=words):
        penalties.get(spec)


# Errors that recur in public code: each must fail the very check that ours passes.


def check_wgan_gp(cost_of_gradients):
    """Gradients (3, 4) and (0, 0): the mean of 10 (5 - 1)^2 and 10 (0 - 1)^2 is 85."""
    np.testing.assert_allclose(cost_of_gradients(tf.constant([[3.0, 4.0], [0.0, 0.0]])), 85.0, rtol=1e-6)


def check_r1(cost_of_gradients):
    """Gradients (3, 4) and (0, 0): the mean of gamma/2 g^2 at gamma = 1 is 25/4."""
    np.testing.assert_allclose(cost_of_gradients(tf.constant([[3.0, 4.0], [0.0, 0.0]])), 6.25, rtol=1e-6)


def check_fractions(noise_of):
    """64 fractions, one an example, inside [0, 1]. For uniform ones the mean of a fixed draw is within 5/sqrt(12 * 64) of 1/2."""
    fractions = np.asarray(noise_of(64)) * np.ones(64)
    assert len(np.unique(fractions)) == 64
    assert fractions.min() >= 0
    assert fractions.max() <= 1
    assert abs(fractions.mean() - 0.5) < 5 / np.sqrt(12 * 64)


def ours(name):
    return lambda gradient: tf.reduce_mean(penalties.get(name).cost(_gradients.Place(None, gradient).squared_norm))


ERRORS = {
    "one norm over the batch": (check_wgan_gp, ours("wgan_gp"), lambda gradient: 10 * (tf.norm(gradient) - 1) ** 2),
    "norm over the batch axis": (check_wgan_gp, ours("wgan_gp"), lambda g: tf.reduce_mean(10 * (tf.norm(g, axis=0) - 1) ** 2)),
    "R1 without the half": (check_r1, ours("r1"), lambda gradient: tf.reduce_mean(tf.reduce_sum(gradient**2, axis=1))),
    "R1 averaged over entries": (check_r1, ours("r1"), lambda gradient: 0.5 * tf.reduce_mean(gradient**2)),
}


@pytest.mark.parametrize("error", ERRORS)
def test_ours_passes_and_the_error_fails(error):
    check, right, wrong = ERRORS[error]
    check(right)
    with pytest.raises(AssertionError):
        check(wrong)


@pytest.mark.parametrize(
    "wrong",
    [lambda count: tf.random.stateless_uniform((), (1, 2)), lambda count: tf.random.stateless_normal((count,), (1, 2))],
    ids=["one for the batch", "normal"],
)
def test_our_fractions_pass_and_the_error_fails(make_gan, wrong):
    gan = make_gan(penalties=["wgan_gp"], jit_compile=False)
    check_fractions(lambda count: gan.draw(count, 0)["fractions"])
    with pytest.raises(AssertionError):
        check_fractions(wrong)


def test_each_example_is_mixed_by_its_own_fraction(make_gan, monkeypatch):
    """What D sees at the place "interpolated" is a real + (1 - a) fake, row by row."""
    gan = make_gan(penalties=["gp0"], jit_compile=False)
    seen = []
    monkeypatch.setattr(gan, "place", lambda d, x, name: (seen.append((name, x.numpy())), d.state))
    real, fake = X.astype("float32"), -2 * X.astype("float32") + 1
    fractions = np.float32([0, 0.25, 0.5, 1])
    weights = type("Weights", (), {"state": None, "_replace": lambda self, state: self})()
    gan.places(weights, tf.constant(real), tf.constant(fake), {"fractions": tf.constant(fractions)})
    np.testing.assert_allclose(dict(seen)["interpolated"], fractions[:, None] * real + (1 - fractions[:, None]) * fake, rtol=1e-6)
