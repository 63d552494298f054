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
    """Steps moved by one deviation: the sums of k steps move by k deviations."""
    x = np.random.default_rng(0).normal(size=(500, 24))
    found = compare(x, x + x.std())
    assert [found["w1_1"], found["w1_5"], found["w1_20"]] == pytest.approx([1, 5, 20], rel=1e-9)


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
