"""Mode metrics on points placed by hand, and on the mixture itself."""

import numpy as np
import pytest

from tfgan import data, metrics
from tfgan.data.source import Mixture

TWO = Mixture(np.array([[0.0, 0.0], [10.0, 0.0]]), 1.0)


def score(points, mixture=TWO):
    points = np.array(points, np.float32)
    return metrics.get("modes")(metrics.Samples(points, reference=mixture), metrics.Samples(points))


def test_counts_modes_and_high_quality():
    found = score([[0, 0], [0, 1], [10, 0], [5, 0]])
    assert found["modes"] == 2
    assert found["high_quality"] == 0.75


def test_three_sigma_is_outside():
    assert score([[3.0, 0.0], [2.999, 0.0]])["high_quality"] == 0.5


def test_reverse_kl_by_hand():
    """Shares 2/3 and 1/3 of two modes: 2/3 ln(4/3) + 1/3 ln(2/3)."""
    expected = 2 / 3 * np.log(4 / 3) + 1 / 3 * np.log(2 / 3)
    assert score([[0, 0], [0, 1], [10, 0], [5, 0]])["reverse_kl"] == pytest.approx(expected)


def test_one_captured_mode_scores_ln_k():
    assert score([[0, 0]])["reverse_kl"] == pytest.approx(np.log(2))


def test_nothing_captured_has_no_reverse_kl():
    assert score([[5, 5]])["reverse_kl"] is None


def test_perfect_sampler_scores_what_theory_says():
    """P(|N(0, I)| < 3) = 1 - exp(-9/2) = 98.89 %; at 2,500 draws 5 deviations are 1.05 % (false alarm below 1e-6)."""
    source = data.open_source("ring8")
    points = source.units.decode(source.held_out(2500)[0])
    found = score(points, source.mixture)
    assert found["modes"] == 8
    assert found["high_quality"] == pytest.approx(1 - np.exp(-4.5), abs=0.0105)
    assert found["reverse_kl"] < 0.006


def test_data_without_modes_is_refused():
    with pytest.raises(ValueError, match="known modes"):
        score([[0, 0]], None)


def test_width_by_hand():
    """Two samples .1 and .2 off their mean, of sigma .1 in two coordinates: sqrt((1 + 4) / 2 / 2); one beyond 3 sigma is left out."""
    real = metrics.Samples(np.zeros((1, 2)), reference=Mixture(np.array([[0.0, 0.0], [5.0, 5.0]]), 0.1))
    found = metrics.get("modes")(real, metrics.Samples(np.array([[0.1, 0.0], [5.0, 5.2], [1.0, 0.0]])))
    assert found["width"] == pytest.approx(np.sqrt(5 / 4))


def test_the_mixtures_own_width_is_that_of_a_cut_normal():
    """E r^2 / 2 within 3 sigma is sigma^2 (1 - 4.5 e^-4.5 / (1 - e^-4.5)); a mean of 20,000 squares is within 4 % of it, 5 deviations."""
    rng = np.random.default_rng(0)
    real = metrics.Samples(np.zeros((1, 2)), reference=Mixture(np.zeros((1, 2)), 1.0))
    found = metrics.get("modes")(real, metrics.Samples(rng.normal(size=(20_000, 2))))
    assert found["width"] ** 2 == pytest.approx(1 - 4.5 * np.exp(-4.5) / (1 - np.exp(-4.5)), rel=0.04)


def test_no_sample_near_a_mode_has_no_width():
    real = metrics.Samples(np.zeros((1, 2)), reference=Mixture(np.zeros((1, 2)), 0.1))
    assert metrics.get("modes")(real, metrics.Samples(np.ones((3, 2))))["width"] is None
