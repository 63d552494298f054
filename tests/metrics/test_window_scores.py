"""`discriminative` and `predictive` against closed forms of normal numbers and autoregressions."""

import numpy as np
import pytest

from tfgan import metrics
from tfgan.metrics import Samples
from tfgan.metrics.discriminative import statistics
from tfgan.metrics.predictive import pasts

PHI = 0.8


def autoregression(count, length, seed, phi=PHI):
    random = np.random.default_rng(seed)
    x = random.normal(size=(count, length))
    for t in range(1, length):
        x[:, t] = phi * x[:, t - 1] + np.sqrt(1 - phi**2) * x[:, t]
    return x[..., None]


def score(name, real, later, fake):
    return metrics.get(name)(Samples(real, second=Samples(later)), Samples(fake))


def test_nobody_tells_samples_of_one_distribution():
    """Accuracy 1/2 with the standard error .5 / sqrt(2 x 200) = .025; four of them, a false alarm in 16,000 seeds."""
    real, later, fake = (autoregression(count, 24, seed) for seed, count in enumerate((600, 200, 400)))
    found = score("discriminative", real, later, fake)
    assert (found["num_test"], found["num_samples"], found["num_real"]) == (200, 400, 600)
    assert abs(found["discriminative"]) < 0.1
    assert found["simple_discriminative"] > 0.3  # no memory, where the real correlation is .8
    assert abs(found["real_discriminative"]) < 0.1


def test_everybody_tells_moved_windows():
    """Moved by three deviations at each of 24 steps, the sums of windows lie some 9 of their deviations apart."""
    real, later, fake = (autoregression(200, 24, seed, phi=0.2) for seed in range(3))
    assert score("discriminative", real, later, fake + 3)["discriminative"] == 0.5


def test_a_copy_of_the_training_windows_does_not_help_to_tell_later_ones():
    """No window to score has a neighbor among those to train: copies of training windows are at 0, as in the test above."""
    real, later = autoregression(400, 24, 0), autoregression(200, 24, 1)
    assert abs(score("discriminative", real, later, real)["discriminative"]) < 0.1


def test_statistics_of_a_window_by_hand():
    """1, -1, 1, -1: mean 0, deviation 1, skewness 0, kurtosis 1; correlations at lags 1 to 3 are -3/4, 2/4, -1/4."""
    found = statistics(np.array([[[1.0], [-1.0], [1.0], [-1.0]]]))[0]
    np.testing.assert_allclose(found[:10], [1, -1, 1, -1, 0, 1, 0, 1, -1, 1])
    np.testing.assert_allclose(found[10:], [-0.75, 0.5, -0.25, 0, 0, *[0] * 6], atol=1e-12)


def test_the_past_of_a_step_ends_before_it():
    x = np.arange(14.0).reshape(2, 7, 1)
    seen, following = pasts(x)
    np.testing.assert_array_equal(following[:, 0], [5, 6, 12, 13])
    np.testing.assert_array_equal(seen[0], [4, 3, 2, 1, 0, 4, 3, 2, 1, 0, 2])
    np.testing.assert_array_equal(seen[3, :5], [12, 11, 10, 9, 8])


def test_the_next_step_of_an_autoregression():
    """The best error is sqrt(2/pi) sqrt(1 - phi^2) = .479; without memory sqrt(2/pi) = .798 remains.

    The error of the mean of 400 x 19 errors of deviation below .61 is below .014 with their correlation, and a fitted
    model is some percent worse than the best one: bounds of 6 percent.
    """
    real, later, fake = (autoregression(count, 24, seed) for seed, count in enumerate((800, 400, 800)))
    found = score("predictive", real, later, fake)
    scale = real.std()
    best, none = np.sqrt(2 / np.pi) * np.array([np.sqrt(1 - PHI**2), 1]) / scale
    assert found["predictive"] == pytest.approx(best, rel=0.06)
    assert found["real_predictive"] == pytest.approx(best, rel=0.06)
    assert found["simple_predictive"] == pytest.approx(none, rel=0.06)


def test_the_next_size_of_normal_numbers():
    """The best guess is the median m = .6745 of |x|, with the error sqrt(2/pi) (2 exp(-m^2 / 2) - 1) = .4731."""
    real, later, fake = (autoregression(800, 24, seed, phi=0.0) for seed in range(3))
    expected = np.sqrt(2 / np.pi) * (2 * np.exp(-(0.67449**2) / 2) - 1)
    assert score("predictive", real, later, fake)["predictive_sizes"] == pytest.approx(expected, rel=0.04)


@pytest.mark.parametrize("name", ["discriminative", "predictive"])
def test_what_cannot_be_scored_is_refused(name):
    x = autoregression(20, 24, 0)
    with pytest.raises(ValueError, match="expected held-out windows too"):
        metrics.get(name)(Samples(x), Samples(x))
    with pytest.raises(ValueError, match=r"fake: expected windows \(n, length, channels\)"):
        score(name, x, x, np.zeros((0, 24, 1)))


def test_windows_too_short_to_predict_are_refused():
    x = autoregression(20, 5, 0)
    with pytest.raises(ValueError, match="fake: expected windows of more than 5 steps, got 5"):
        score("predictive", x, x, x)
