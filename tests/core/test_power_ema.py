"""Power-function averages: the published exponents, the inner products by quadrature, and lengths that were not tracked."""

import numpy as np
import pytest

from tfgan.core import power_ema

STEPS, EVERY = 6000, 250


def profile(gamma, step):
    """Return the weight of each step in an average: the integral of its profile over that step, float64 (step,)."""
    edges = (np.arange(step + 1) / step) ** (gamma + 1)
    return np.diff(edges)


@pytest.mark.parametrize(("sigma_rel", "gamma"), [(0.05, 16.97), (0.10, 6.94)])
def test_exponents_are_the_published_ones(sigma_rel, gamma):
    """EDM2, section 3.1."""
    assert power_ema.gamma_of(sigma_rel) == pytest.approx(gamma, abs=0.005)


@pytest.mark.parametrize("sigma_rel", [0.001, 0.02, 0.13, power_ema.LONGEST])
def test_the_exponent_and_the_length_are_inverse(sigma_rel):
    assert power_ema.sigma_rel_of(power_ema.gamma_of(sigma_rel)) == pytest.approx(sigma_rel, rel=1e-9)


def test_the_length_is_the_standard_deviation_of_the_profile():
    times = (np.arange(200_000) + 0.5) / 200_000
    weights = profile(power_ema.gamma_of(0.07), 200_000)
    mean = weights @ times
    assert np.sqrt(weights @ (times - mean) ** 2) == pytest.approx(0.07, rel=1e-6)


def test_the_recursion_gives_the_profile():
    """avg(t) = beta avg(t - 1) + (1 - beta) theta(t), beta = (1 - 1 / t)^(gamma + 1), begins with theta(1)."""
    theta, average = np.random.default_rng(0).normal(size=50), 7.0
    gamma = power_ema.gamma_of(0.1)
    for step, value in enumerate(theta, 1):
        beta = (1 - 1 / step) ** (gamma + 1)
        average = beta * average + (1 - beta) * value
    assert average == pytest.approx(profile(gamma, 50) @ theta, rel=1e-12)


@pytest.mark.parametrize(("first", "second"), [((30, 16.97), (80, 6.94)), ((80, 2.0), (30, 9.0))])
def test_inner_products_are_the_integrals(first, second):
    """By the midpoint rule on 10^6 intervals, whose error is some 10^-10."""
    width = 80 / 10**6
    times = (np.arange(10**6) + 0.5) * width
    product = np.ones_like(times)
    for step, gamma in (first, second):
        product *= np.where(times <= step, (gamma + 1) / step * (times / step) ** gamma, 0)
    found = power_ema.inner_products([first[0]], [first[1]], [second[0]], [second[1]])
    assert found[0, 0] == pytest.approx(product.sum() * width, rel=1e-5)


def snapshots(theta):
    """Return the steps, the exponents and the values of the snapshots of two averages of theta (n, STEPS)."""
    steps, gammas, values = [], [], []
    for sigma in power_ema.TRACKED:
        gamma = power_ema.gamma_of(sigma)
        for step in range(EVERY, STEPS + 1, EVERY):
            steps.append(step)
            gammas.append(gamma)
            values.append(theta[:, :step] @ profile(gamma, step))
    return steps, gammas, np.stack(values)


@pytest.mark.parametrize(("sigma_rel", "limit"), [(0.02, 0.025), (0.07, 3e-4), (0.15, 3e-4), (0.25, 0.015)])
def test_a_length_that_was_not_tracked_is_reconstructed(sigma_rel, limit):
    """300 random walks of 6,000 steps, 24 snapshots: the root mean square error, relative to the distance from the average to the end.

    Measured: 0.0192, 0.00014, 0.00013 and 0.0113; with snapshots in float16 0.033, 0.0009, 0.0006 and 0.0113.
    """
    theta = np.random.default_rng(0).normal(size=(300, STEPS)).cumsum(axis=1)
    steps, gammas, values = snapshots(theta)
    weights, residual = power_ema.solve_weights(steps, gammas, STEPS, power_ema.gamma_of(sigma_rel))
    wanted = theta @ profile(power_ema.gamma_of(sigma_rel), STEPS)
    error = np.sqrt(np.mean((weights @ values - wanted) ** 2) / np.mean((theta[:, -1] - wanted) ** 2))
    assert error <= limit
    assert error <= residual <= power_ema.LARGEST_RESIDUAL


def test_a_tracked_length_is_its_snapshot():
    steps, gammas, _ = snapshots(np.zeros((1, STEPS)))
    weights, residual = power_ema.solve_weights(steps, gammas, STEPS, power_ema.gamma_of(0.05))
    assert residual < 1e-6
    np.testing.assert_allclose(weights, np.eye(len(steps))[STEPS // EVERY - 1], atol=1e-9)


@pytest.mark.parametrize("sigma_rel", [0.003, 0.02, 0.2])
def test_the_weights_sum_to_one(sigma_rel):
    """So a weight that never moves is exact, at lengths beyond the span too."""
    steps, gammas, _ = snapshots(np.zeros((1, STEPS)))
    weights, _ = power_ema.solve_weights(steps, gammas, STEPS, power_ema.gamma_of(sigma_rel))
    assert weights.sum() == pytest.approx(1, abs=1e-9)


def test_the_weights_are_the_best():
    """No step along the constraint comes closer, in the norm of discrete profiles."""
    steps, gammas, _ = snapshots(np.zeros((1, STEPS)))
    gamma = power_ema.gamma_of(0.15)
    weights, residual = power_ema.solve_weights(steps, gammas, STEPS, gamma)
    rows = np.zeros((len(steps), STEPS))
    for row, step, own in zip(rows, steps, gammas, strict=True):
        row[:step] = profile(own, step)
    distance = lambda shares: np.linalg.norm(shares @ rows - profile(gamma, STEPS))  # noqa: E731
    assert distance(weights) / np.linalg.norm(profile(gamma, STEPS)) == pytest.approx(residual, rel=0.02)
    rng = np.random.default_rng(0)
    for _ in range(20):
        move = rng.normal(size=len(steps))
        assert distance(weights + 0.01 * (move - move.mean())) > distance(weights)


def test_lengths_are_read_once_each():
    assert power_ema.parse_lengths("0.02, .05,0.050") == [0.02, 0.05]


@pytest.mark.parametrize("text", ["", "0.02,", "a", "0", "-0.1", "0.29", "nan", "0.02;0.05"])
def test_no_lengths_are_refused(text):
    with pytest.raises(ValueError, match=r"^--ema: expected lengths above 0 and at most 0\.2887, as in"):
        power_ema.parse_lengths(text)
