"""Kernel distances: by hand, in expectation, their standard errors, and what earlier code got wrong."""

import numpy as np
import pytest

from tfgan import metrics
from tfgan.metrics import kid as module
from tfgan.metrics import mmd as points_module
from tfgan.metrics.kid import kid


def cubic(x, y):
    return (x @ y.T / x.shape[1] + 1) ** 3


def with_diagonal(x, y):
    """The biased estimate, which counts each sample as its own pair."""
    return cubic(x, x).mean() + cubic(y, y).mean() - 2 * cubic(x, y).mean()


def without_dimensions(x, y):
    """The kernel without 1/d."""
    return module.mmd(x * np.sqrt(x.shape[1]), y * np.sqrt(y.shape[1]))


def one_cross_term(x, y):
    return module.mmd(x, y) + cubic(x, y).mean()


def is_zero_on_average(function):
    """Of 2,000 pairs of 8 samples of one distribution; false alarm at 5 standard errors: 6e-7."""
    rng = np.random.default_rng(0)
    found = [function(rng.standard_normal((8, 3)), rng.standard_normal((8, 3))) for _ in range(2000)]
    return abs(np.mean(found)) < 5 * np.std(found) / np.sqrt(len(found))


def matches_by_hand(function):
    """x = (0, 0), (1, 1), y = (0, 0), (2, 2), x'y / d = xy: 1 of both within, (1 + 1 + 1 + 27) / 4 across."""
    x, y = np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[0.0, 0.0], [2.0, 2.0]])
    return function(x, y) == pytest.approx(1 + 1 - 2 * 7.5)


def test_by_hand():
    assert matches_by_hand(module.mmd)


def test_has_no_bias():
    assert is_zero_on_average(module.mmd)


@pytest.mark.parametrize("bug", [with_diagonal, without_dimensions, one_cross_term])
def test_past_bugs_are_noticed_by_hand(bug):
    assert not matches_by_hand(bug)


@pytest.mark.parametrize("bug", [with_diagonal, one_cross_term])
def test_past_bugs_are_noticed_on_average(bug):
    assert not is_zero_on_average(bug)


def expected_under_shift(d, a):
    """MMD^2 of N(0, I) and N(mu, I), |mu|^2 = a, under (x'y/d + 1)^3, by Gaussian moments.

    Of x, x': E s = 0, E s^2 = d, E s^3 = 0. Of x, y: E s = 0, E s^2 = d + a, E s^3 = 0. Of y, y': E s = a, E
    s^2 = d + 2a + a^2, E s^3 = a^3 + 6a^2 + 3ad + 6a, with s the inner product.
    """

    def kernel(first, second, third):
        return third / d**3 + 3 * second / d**2 + 3 * first / d + 1

    return (
        kernel(0, d, 0)
        + kernel(a, d + 2 * a + a**2, a**3 + 6 * a**2 + 3 * a * d + 6 * a)
        - 2 * kernel(0, d + a, 0)
    )


@pytest.fixture(scope="module")
def shifted():
    """KID of 30 pairs of samples that differ by a mean of squared length 0.8 in 5 dimensions."""
    found = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        sides = rng.standard_normal((400, 5)), rng.standard_normal((400, 5)) + 0.4
        found.append(kid(*sides, subsets=30, size=200))
    return found


def test_expectation_under_a_shift(shifted):
    """False alarm at 5 standard errors: below 1e-4 with 29 degrees of freedom."""
    means = np.array([found.mean for found in shifted])
    assert means.mean() == pytest.approx(
        expected_under_shift(5, 0.8), abs=5 * means.std(ddof=1) / np.sqrt(len(means))
    )


def test_standard_error_is_the_spread_of_new_samples(shifted):
    """A deviation of 30 values is known to 13 %: 3.5 of these."""
    spread = np.std([found.mean for found in shifted], ddof=1)
    assert np.mean([found.standard_error for found in shifted]) == pytest.approx(spread, rel=0.45)


def test_deviation_over_the_root_of_the_subsets_is_not(shifted):
    spread = np.std([found.mean for found in shifted], ddof=1)
    assert np.mean([found.standard_deviation / np.sqrt(30) for found in shifted]) < 0.4 * spread


def test_a_set_and_itself_are_two_samples():
    x = np.random.default_rng(0).standard_normal((20, 3))
    assert module.mmd(x, x) == pytest.approx(module.mmd(x, x.copy()))


@pytest.mark.parametrize("subsets", [3, 200])
def test_subsets_by_one_kernel_and_one_by_one_are_alike(monkeypatch, subsets):
    """Of 200 subsets of 10 of 40 each pair occurs in many, of 3 in few; blocks of 7 do not fit into 40."""
    x, y = np.random.default_rng(0).standard_normal((2, 40, 3))
    whole = kid(x, y, subsets=subsets, size=10)
    monkeypatch.setattr(module, "BLOCK_ROWS", 7)
    rng = np.random.RandomState(2020)
    per_example_gradients = [
        module.mmd(x[rng.choice(40, 10, replace=False)], y[rng.choice(40, 10, replace=False)])
        for _ in range(subsets)
    ]
    assert whole.mean == pytest.approx(np.mean(per_example_gradients))
    assert whole.standard_deviation == pytest.approx(np.std(per_example_gradients))


def test_subsets_of_few_samples_are_half_of_them():
    features = np.random.default_rng(0).standard_normal((100, 3))
    found = metrics.get("kid")(metrics.Samples(features=features), metrics.Samples(features=features + 1))
    assert found["subset_size"] == 50
    assert np.isfinite(found["kid_standard_error"])


def test_states_its_protocol():
    features = np.random.default_rng(0).standard_normal((1200, 3))
    found = metrics.get("kid", subsets=4)(
        metrics.Samples(features=features), metrics.Samples(features=features)
    )
    assert {key: found[key] for key in ("subsets", "subset_size", "num_samples", "num_real", "kid_bias")} == {
        "subsets": 4,
        "subset_size": 1000,
        "num_samples": 1200,
        "num_real": 1200,
        "kid_bias": 0.0,
    }


def test_gaussian_kernel_by_hand():
    """x = 0, 1, y = 0, 2, s = 1: e^-1/2 + e^-2 - 2 (1 + e^-2 + e^-1/2 + e^-1/2) / 4."""
    x, y = np.array([[0.0], [1.0]]), np.array([[0.0], [2.0]])
    expected = np.exp(-0.5) + np.exp(-2) - (1 + np.exp(-2) + 2 * np.exp(-0.5)) / 2
    assert points_module.mmd(x, y, bandwidths=[1.0]) == pytest.approx(expected)


def test_gaussian_kernel_is_the_mean_over_bandwidths():
    x, y = np.random.default_rng(0).standard_normal((2, 20, 2))
    per_example_gradients = [points_module.mmd(x, y, bandwidths=[s]) for s in (0.1, 2.0)]
    assert points_module.mmd(x, y, bandwidths=[0.1, 2.0]) == pytest.approx(np.mean(per_example_gradients))


def test_gaussian_kernel_has_no_bias():
    assert is_zero_on_average(lambda x, y: points_module.mmd(x, y, bandwidths=[1.0]))


def test_gaussian_kernel_of_gaussians():
    """E k = (1 + 2/s^2)^(-d/2) exp(-a / (2 (s^2 + 2))) for two N(., I) with means sqrt(a) apart; 5 deviations of 40 draws."""
    s, d, a = 1.5, 2, 0.5
    peak = (1 + 2 / s**2) ** (-d / 2)
    expected = 2 * peak - 2 * peak * np.exp(-a / (2 * (s**2 + 2)))
    rng = np.random.default_rng(0)
    sides = (
        (rng.standard_normal((200, d)), rng.standard_normal((200, d)) + np.sqrt(a / d)) for _ in range(40)
    )
    found = np.array([points_module.mmd(x, y, bandwidths=[s]) for x, y in sides])
    assert found.mean() == pytest.approx(expected, abs=5 * found.std(ddof=1) / np.sqrt(40))


def test_bandwidths_are_stated():
    """Of points at 0, 1 and 3 the distances are 1, 2 and 3."""
    line = metrics.Samples(np.array([[0.0], [1.0], [3.0]]))
    found = metrics.get("mmd")(line, line)
    assert [found[f"bandwidth_{i}"] for i in range(3)] == pytest.approx([2 / 16, 2 / 4, 2])
