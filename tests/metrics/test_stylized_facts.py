"""Stylized facts against closed forms: autoregressions, Pareto tails, GARCH paths, bootstraps."""

import numpy as np
import pytest

from tfgan import kinds, metrics
from tfgan.metrics import _bootstrap
from tfgan.metrics.samples import Samples
from tfgan.metrics.stylized_facts import compare, correlations, hill, kurtosis

LAGS = np.arange(1, 9)


def ar1(phi, count, length, seed):
    random = np.random.default_rng(seed)
    x = np.empty((count, length))
    x[:, 0] = random.normal(size=count)
    for t in range(1, length):
        x[:, t] = phi * x[:, t - 1] + np.sqrt(1 - phi**2) * random.normal(size=count)
    return x


def test_an_autoregression_has_powers_of_its_coefficient():
    """corr(x_t, x_{t+k}) = phi^k. With 4,000 windows of 32 the error is below .015, four standard errors."""
    x = ar1(0.6, 4000, 32, 0)
    np.testing.assert_allclose(correlations(x, x, LAGS), 0.6**LAGS, atol=0.015)


def test_hill_finds_the_index_of_pareto_tails():
    """The estimate of alpha = 3 from k = 5,000 sizes has the standard error alpha / sqrt(k) = .042; four of them."""
    sizes = np.random.default_rng(0).pareto(3.0, 100_000) + 1
    assert hill(sizes[:, None]) == pytest.approx(3.0, abs=0.17)


def test_kurtosis_of_known_numbers():
    assert kurtosis(np.array([[-1.0, 1.0, -1.0, 1.0]])) == 1.0
    assert kurtosis(np.random.default_rng(0).normal(size=(1000, 1000))) == pytest.approx(3, abs=0.02)


def test_a_sample_is_at_no_distance_from_itself():
    x = ar1(0.3, 50, 24, 1)
    found = compare(x, x)
    assert {name: found[name] for name in found if name not in ("kurtosis", "hill")} == dict.fromkeys(
        ("w1_1", "w1_5", "w1_20", "acf", "acf_sizes", "leverage"), 0.0
    )


def test_a_shift_moves_the_sums():
    """Steps of deviation 1 moved by 1: sums of k independent steps move by k, sqrt(k) of their deviations.

    The deviation of sums of 20 in 500 windows of 24, some 600 independent ones, has the relative standard error
    1 / sqrt(1200) = .029; four of them.
    """
    x = np.random.default_rng(0).normal(size=(500, 24))
    found = compare(x, x + 1)
    expected = np.sqrt([1, 5, 20])
    np.testing.assert_allclose([found["w1_1"], found["w1_5"], found["w1_20"]], expected, rtol=0.12)


@pytest.mark.parametrize("stride", [1, 3, 8])
def test_windows_in_any_order_are_joined_to_their_series(stride):
    series = np.random.default_rng(0).normal(size=(56, 2))
    windows = np.lib.stride_tricks.sliding_window_view(series, 8, axis=0)[::stride].transpose(0, 2, 1)
    if stride < 8:
        windows = np.random.default_rng(1).permutation(windows)
    np.testing.assert_array_equal(_bootstrap.join(windows), series[: (len(windows) - 1) * stride + 8])


def test_equal_windows_end():
    """All have the last one as follower: the first gives 8 steps, the last one more, the other three 8 each."""
    assert len(_bootstrap.join(np.zeros((5, 8, 1)))) == 8 + 1 + 3 * 8


def test_garch_is_fitted_to_the_series_and_not_to_the_first_windows():
    """A path whose sizes cluster: variance .1 + .1 x^2 + .85 v, whose corr(x_t^2, x_{t+1}^2) is .219 (Bollerslev 1986).

    The paths of the fitted model have correlated sizes too; without memory the figure is 0 +- 1 / sqrt(64,000) = .004.
    """
    pytest.importorskip("arch")
    random = np.random.default_rng(0)
    x, variance = np.empty(4000), 2.0
    for t in range(4000):
        x[t] = np.sqrt(variance) * random.normal()
        variance = 0.1 + 0.1 * x[t] ** 2 + 0.85 * variance
    windows = np.lib.stride_tricks.sliding_window_view(x, 64)[..., None]
    windows = random.permutation(windows)
    paths = np.abs(_bootstrap.garch(windows, 1000)[..., 0])
    assert correlations(paths, paths, np.array([1]))[0] > 0.1


def test_the_simple_generator_has_the_steps_and_no_memory():
    real = ar1(0.6, 3000, 32, 0).astype(np.float32)[..., None]
    single = _bootstrap.blocks(real, 3000, 1)
    assert np.isin(single, real).all()
    assert abs(correlations(single[..., 0], single[..., 0], LAGS)).max() < 0.02
    blocks = _bootstrap.blocks(real, 3000, 16)
    assert correlations(blocks[..., 0], blocks[..., 0], LAGS)[0] == pytest.approx(0.6 * 30 / 31, abs=0.03)


def test_the_metric_scores_baselines_and_the_floor():
    kind = kinds.fitted(ar1(0.6, 400, 32, 0)[..., None].astype(np.float32), np.arange(400), "series")
    sets = [ar1(0.6, 400, 32, seed)[..., None].astype(np.float32) for seed in (1, 2, 3)]
    real = Samples(sets[0], second=Samples(sets[1], kind=kind), kind=kind)
    found = metrics.get("stylized_facts")(real, Samples(sets[2], kind=kind))
    assert found["acf"] < 0.1 < found["simple_acf"]
    assert found["real_acf"] < 0.1
    assert {"block_bootstrap_w1_20", "real_kurtosis", "simple_hill"} <= set(found)


def test_windows_that_cannot_be_scored_are_refused():
    for wrong in (np.zeros((4, 2, 1)), np.zeros((4, 8)), np.zeros((0, 8, 1))):
        with pytest.raises(ValueError, match=r"fake: expected windows \(n, length, channels\)"):
            metrics.get("stylized_facts")(Samples(np.zeros((4, 8, 1))), Samples(wrong))
