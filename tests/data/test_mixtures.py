"""The Gaussian mixtures, against the numbers they are made from."""

import numpy as np
import pytest

from tfgan import data

NAMES = ("ring8", "grid25", "grid100")
COUNT = 20_000


@pytest.fixture(scope="module", params=NAMES)
def drawn(request):
    """A mixture, 20,000 points in its own units and the number of each one's mean."""
    source = data.open_source(request.param)
    x, labels = next(iter(source.dataset(COUNT, seed=0)))
    return source, x.numpy().astype(np.float64) * source.units.scale, labels.numpy()


def test_components_are_equally_likely(drawn):
    """Chi-square with K - 1 degrees of freedom: mean K - 1, variance 2 (K - 1); beyond 7 deviations about once in 1e6."""
    source, _, labels = drawn
    count = np.bincount(labels, minlength=source.num_classes)
    expected = COUNT / source.num_classes
    freedom = source.num_classes - 1
    assert np.sum((count - expected) ** 2 / expected) < freedom + 7 * np.sqrt(2 * freedom)


def test_noise_is_centered_round_and_of_the_stated_deviation(drawn):
    """20,000 draws a coordinate: a mean deviates by sigma / 141, a covariance by sigma^2 / 141, a variance by sigma^2 / 100;
    the bounds are 6 deviations, passed by chance once in 5e8."""
    source, x, labels = drawn
    noise = (x - source.mixture.means[labels]) / source.mixture.sigma
    assert np.abs(noise.mean(axis=0)).max() < 6 / 141
    covariance = np.cov(noise.T)
    assert abs(covariance[0, 1]) < 6 / 141
    assert np.abs(np.diag(covariance) - 1).max() < 6 / 100


@pytest.mark.parametrize(
    ("name", "mean_square", "sigma"), [("ring8", 1 / 2, 0.01), ("grid25", 8, 0.05), ("grid100", 8.25, 0.03)]
)
def test_scale_is_the_exact_rms_of_a_coordinate(name, mean_square, sigma):
    """E x^2 of a coordinate is that of the means plus sigma^2: 1/2 on the unit circle, (16 + 4 + 0 + 4 + 16) / 5 = 8 on the
    5-grid, 2 (.5^2 + 1.5^2 + 2.5^2 + 3.5^2 + 4.5^2) / 10 = 8.25 on the 10-grid."""
    assert data.open_source(name).units.scale == pytest.approx(np.sqrt(mean_square + sigma**2), rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_held_out_has_the_number_asked_for(name):
    assert len(data.open_source(name).held_out(7)[0]) == 7


def test_held_out_of_none_is_the_protocols_2500():
    assert len(data.open_source("ring8").held_out()[0]) == 2500
