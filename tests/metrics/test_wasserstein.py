"""Wasserstein distances of points: couplings that are known to be optimal, and closed forms on Gaussians."""

import numpy as np
import pytest

from tfgan import metrics
from tfgan.metrics.fid import frechet_distance
from tfgan.metrics.sliced_wasserstein import compute_slices, sliced_wasserstein, w2_on_lines
from tfgan.metrics.w2 import w2

# Symmetric and positive: x -> Ax is the gradient of a convex function
STRETCH = np.array([[2.0, 0.5], [0.5, 1.0]])


def white(count, dimensions=2, seed=0):
    """Return points of mean 0 whose covariance (1/n) is exactly the identity."""
    drawn = np.random.default_rng(seed).standard_normal((count, dimensions))
    drawn -= drawn.mean(axis=0)
    return drawn @ np.linalg.inv(np.linalg.cholesky(drawn.T @ drawn / count)).T


def greedy(real, fake):
    """A past bug: each point to its nearest, as if two could share one."""
    return np.sqrt(np.square(real[:, None] - fake[None]).sum(axis=-1).min(axis=1).mean())


def not_squared(real, fake):
    """A past bug: the cheapest pairing by distance, which is W1."""
    from scipy.optimize import linear_sum_assignment

    costs = np.linalg.norm(real[:, None] - fake[None], axis=-1)
    return costs[linear_sum_assignment(costs)].mean()


def is_that_of_gaussians(function):
    """The optimal map between N(0, I) and N(b, A^2) is x -> Ax + b (Brenier), and so it is between samples that it relates:
    W2^2 = |b|^2 + tr(I + A^2 - 2A), here from the Frechet distance of their moments."""
    real, shift = white(120), np.array([1.0, -2.0])
    fake = np.random.default_rng(1).permutation(real @ STRETCH + shift)
    return function(real, fake) == pytest.approx(
        np.sqrt(frechet_distance(np.zeros(2), np.eye(2), shift, STRETCH @ STRETCH))
    )


def test_of_gaussians():
    assert is_that_of_gaussians(w2)


@pytest.mark.parametrize("bug", [greedy, not_squared])
def test_past_bugs_are_noticed(bug):
    assert not is_that_of_gaussians(bug)


def test_of_gaussians_is_the_trace_written_out():
    """A has eigenvalues a: sum (a - 1)^2 + |b|^2."""
    expected = np.sum((np.linalg.eigvalsh(STRETCH) - 1) ** 2) + 5
    assert frechet_distance(
        np.zeros(2), np.eye(2), np.array([1.0, -2.0]), STRETCH @ STRETCH
    ) == pytest.approx(expected)


def test_many_points_are_sliced_under_another_name():
    points = metrics.Samples(white(60))
    found = metrics.get("w2", exact_up_to=50)(points, metrics.Samples(white(60, seed=1)))
    assert found["sliced_w2"] == pytest.approx(sliced_wasserstein(white(60), white(60, seed=1)))
    assert "w2" not in found


def test_unequal_numbers_are_cut():
    found = metrics.get("w2")(metrics.Samples(white(60)), metrics.Samples(white(60)[:40]))
    assert (found["w2"], found["num_pairs"]) == (pytest.approx(0, abs=1e-7), 40)


def test_on_a_line_of_unequal_numbers_by_hand():
    """F^-1 is 0 and 1 by halves, G^-1 is 0 up to 2/3 and then 3: (2/3 - 1/2) 1 + 1/3 4."""
    assert w2_on_lines(np.array([[1.0], [0.0]]), np.array([[0.0], [3.0], [0.0]]))[0] == pytest.approx(1.5)


def test_on_a_line_repeating_all_points_changes_nothing():
    x, y = np.random.default_rng(0).standard_normal((2, 12, 3))
    np.testing.assert_allclose(w2_on_lines(x, np.repeat(y, 5, axis=0)), w2_on_lines(x, y))


def test_sliced_of_a_scaled_white_set_is_exact():
    """On every line the deviations are 1 and 3: (3 - 1)^2."""
    assert sliced_wasserstein(white(100, 5), 3 * white(100, 5), projections=7) == pytest.approx(2)


def test_sliced_under_a_shift():
    """E (u'b)^2 = |b|^2 / d, to 5 standard errors of 512 directions."""
    shift = np.array([3.0, 0.0, 4.0])
    squares = compute_slices(white(50, 3), white(50, 3) + shift, projections=512)
    assert squares.mean() == pytest.approx(25 / 3, abs=5 * squares.std() / np.sqrt(512))


def test_sliced_standard_error_is_stated():
    shift = metrics.Samples(white(50, 3) + np.array([3.0, 0.0, 4.0]))
    found = metrics.get("sliced_wasserstein")(metrics.Samples(white(50, 3)), shift)
    assert found["sliced_wasserstein"] == pytest.approx(
        np.sqrt(25 / 3), abs=5 * found["projection_standard_error"]
    )
    assert found["projections"] == 512


def test_floor_is_far_below_another_distribution():
    rng = np.random.default_rng(0)
    real = metrics.Samples(
        rng.standard_normal((300, 2)), second=metrics.Samples(rng.standard_normal((300, 2)))
    )
    found = metrics.get("w2")(real, metrics.Samples(rng.standard_normal((300, 2)) + 2))
    assert 0 < found["real_w2"] < found["w2"] / 3
