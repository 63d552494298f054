"""Frechet distance: closed forms on Gaussians, its bias, and what earlier code got wrong."""

import numpy as np
import pytest

from tfgan import metrics
from tfgan.metrics import fid as module
from tfgan.metrics.fid import compute_moments, fid, frechet_distance

TURNED = np.array([[2.0, 1.2], [1.2, 1.0]])
LONG = np.array([[0.5, -0.3], [-0.3, 3.0]])


def with_moments(mean, covariance, count, seed=0):
    """Return points whose sample mean and covariance (1/(n - 1)) are exactly these."""
    drawn = np.random.default_rng(seed).standard_normal((count, len(mean)))
    drawn -= drawn.mean(axis=0)
    white = drawn @ np.linalg.inv(np.linalg.cholesky(np.cov(drawn, rowvar=False))).T
    return white @ np.linalg.cholesky(covariance).T + mean


def closed_form(mean_1, covariance_1, mean_2, covariance_2):
    """In two dimensions tr(M^(1/2)) = sqrt(tr M + 2 sqrt(det M)), M = S1 S2."""
    product = covariance_1 @ covariance_2
    root = np.sqrt(np.trace(product) + 2 * np.sqrt(np.linalg.det(product)))
    return np.sum((mean_1 - mean_2) ** 2) + np.trace(covariance_1 + covariance_2) - 2 * root


def of_samples(real, fake, *, ddof=1, root_of_product=None):
    """Return FID written out with scipy's matrix root, with one thing changed."""
    from scipy.linalg import sqrtm

    covariances = [np.cov(side, rowvar=False, ddof=ddof) for side in (real, fake)]
    root = (root_of_product or (lambda a, b: sqrtm(a @ b).real))(*covariances)
    return (
        np.sum((real.mean(axis=0) - fake.mean(axis=0)) ** 2) + np.trace(sum(covariances)) - 2 * np.trace(root)
    )


def roots_apart(a, b):
    """The root of a product taken as the product of roots, which holds only where they commute."""
    from scipy.linalg import sqrtm

    return (sqrtm(a) @ sqrtm(b)).real


PAST_BUGS = {
    "covariance with 1/n": lambda real, fake: of_samples(real, fake, ddof=0),
    "product of roots": lambda real, fake: of_samples(real, fake, root_of_product=roots_apart),
    "roots of entries": lambda real, fake: of_samples(
        real, fake, root_of_product=lambda a, b: np.sqrt(np.maximum(a @ b, 0))
    ),
    "mean distance not squared": lambda real, fake: (
        of_samples(real, fake)
        - np.sum((real.mean(axis=0) - fake.mean(axis=0)) ** 2)
        + np.linalg.norm(real.mean(axis=0) - fake.mean(axis=0))
    ),
}


def matches_the_closed_form(function):
    mean_1, mean_2 = np.array([100.0, -3.0]), np.array([101.5, -3.5])
    value = function(with_moments(mean_1, TURNED, 50), with_moments(mean_2, LONG, 80, seed=1))
    return value == pytest.approx(closed_form(mean_1, TURNED, mean_2, LONG), rel=1e-9)


def test_of_samples_with_known_moments():
    assert matches_the_closed_form(fid)


@pytest.mark.parametrize("name", PAST_BUGS)
def test_past_bugs_are_noticed(name):
    assert not matches_the_closed_form(PAST_BUGS[name])


def test_reference_of_the_past_bugs_is_right_itself():
    assert matches_the_closed_form(of_samples)


def test_commuting_covariances():
    """|m|^2 + sum (s1 - s2)^2 for diagonal ones with deviations s."""
    value = frechet_distance(
        np.zeros(3), np.diag([1.0, 4.0, 9.0]), np.array([1.0, 0.0, 2.0]), np.diag([4.0, 4.0, 1.0])
    )
    assert value == pytest.approx(5 + 1 + 0 + 4)


@pytest.mark.parametrize("swap", [False, True])
def test_singular_covariance(swap):
    """A line of variance 4 against the unit disk: 4 + 2 - 2 x 2."""
    sides = [(np.zeros(2), np.diag([4.0, 0.0])), (np.zeros(2), np.eye(2))]
    first, second = sides[::-1] if swap else sides
    assert frechet_distance(*first, *second) == pytest.approx(2)


def test_no_variance_at_all():
    """Two single points: the squared distance."""
    value = frechet_distance(np.zeros(2), np.zeros((2, 2)), np.array([3.0, 4.0]), np.zeros((2, 2)))
    assert value == 25


def nuclear(real, fake):
    """Return FID by singular values: S1 S2 has the nonzero eigenvalues of C C', C = X Y' / sqrt((n - 1)(m - 1)), X, Y centered."""
    centered = [side - side.mean(axis=0) for side in (real, fake)]
    cross = centered[0] @ centered[1].T / np.sqrt((len(real) - 1) * (len(fake) - 1))
    traces = sum(np.sum(side**2) / (len(side) - 1) for side in centered)
    return (
        np.sum((real.mean(axis=0) - fake.mean(axis=0)) ** 2)
        + traces
        - 2 * np.linalg.svd(cross, compute_uv=False).sum()
    )


@pytest.fixture(scope="module")
def few():
    rng = np.random.default_rng(0)
    return rng.standard_normal((40, 100)), 1.5 * rng.standard_normal((60, 100)) + 0.2


def test_fewer_samples_than_dimensions_are_scored_exactly(few):
    assert fid(*few) == pytest.approx(nuclear(*few), rel=1e-6)


def is_zero_of_a_singular_set_and_itself(function, features):
    """To 1e-12 of the trace, which is about 100."""
    return function(features, features) == pytest.approx(0, abs=1e-10)


def test_a_singular_set_is_at_no_distance_from_itself(few):
    assert is_zero_of_a_singular_set_and_itself(fid, few[0])


def test_real_part_of_the_matrix_root_is_noticed(few):
    """Rounding turns zero eigenvalues of the product into small complex ones: a past bug takes the real part of their roots."""
    assert not is_zero_of_a_singular_set_and_itself(of_samples, few[0])


def test_fewer_samples_than_dimensions_warn_with_the_bias(few):
    with pytest.warns(
        UserWarning,
        match=r"'fid': 40 samples of 100 dimensions make a singular covariance.*upwards, by an estimated \d",
    ):
        metrics.get("fid")(*(metrics.Samples(features=side) for side in few))


def test_moments_do_not_cancel():
    """Deviations of 1 around 10^8: a sum of squares less a squared sum would keep no digit."""
    points = 1e8 + np.random.default_rng(0).standard_normal((5000, 3))
    np.testing.assert_allclose(
        compute_moments(points).covariance, np.cov(points, rowvar=False), rtol=1e-6, atol=1e-9
    )


def test_moments_of_float32_are_float64():
    """The reference is of the same float32 numbers."""
    points = (np.random.default_rng(0).standard_normal((5000, 3)) + 30).astype(np.float32)
    np.testing.assert_allclose(
        compute_moments(points).covariance,
        np.cov(points.astype(np.float64), rowvar=False),
        rtol=1e-12,
        atol=1e-14,
    )


def test_leaving_a_group_out_is_counting_the_others():
    points = np.random.default_rng(0).standard_normal((103, 2))
    kept = np.delete(points, np.arange(3, 103, 10), axis=0)
    found = module._drop_group(points, compute_moments(points), 3, 10)
    np.testing.assert_allclose(found.covariance, np.cov(kept, rowvar=False))
    np.testing.assert_allclose(found.mean, kept.mean(axis=0))


@pytest.fixture(scope="module")
def of_equal_distributions():
    rng = np.random.default_rng(0)
    sides = (metrics.Samples(features=rng.standard_normal((count, 16))) for count in (2000, 2000, 2000))
    real, fake, second = sides
    return metrics.get("fid")(metrics.Samples(features=real.features, second=second), fake)


def test_bias_estimate_is_what_equal_distributions_get(of_equal_distributions):
    """All of FID is bias there. Its mean part has 16 and its covariance part 136 squared normals: deviation about 12 %."""
    assert of_equal_distributions["fid_bias"] == pytest.approx(of_equal_distributions["fid"], rel=0.5)


def test_floor_of_equal_distributions_is_the_figure(of_equal_distributions):
    """Two draws that deviate by 12 % each."""
    assert of_equal_distributions["real_fid"] == pytest.approx(of_equal_distributions["fid"], rel=0.7)


def test_interval_covers_the_spread_of_new_samples():
    """Of 20 pairs of samples that differ in mean, the jackknife's half width is 1.96 deviations of FID, 6 deviations of both aside."""
    found = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        sides = rng.standard_normal((500, 4)), rng.standard_normal((500, 4)) + 0.5
        found.append(metrics.get("fid")(*(metrics.Samples(features=side) for side in sides)))
    spread = np.std([scores["fid"] for scores in found], ddof=1)
    half = np.mean([scores["fid_high"] - scores["fid_low"] for scores in found]) / 2
    assert half / 1.96 == pytest.approx(spread, rel=0.6)
