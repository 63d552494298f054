"""Balls around samples: by hand, in expectation, across blocks, and what earlier code got wrong."""

import math

import numpy as np
import pytest

from tfgan import metrics
from tfgan.metrics import _neighbors
from tfgan.metrics.density_coverage import density_coverage
from tfgan.metrics.memorization import auc, memorization
from tfgan.metrics.precision_recall import precision_recall

REAL, FAKE = np.array([[0.0], [1.0], [10.0]]), np.array([[4.0], [5.0], [30.0]])


def brute(real, fake, k, *, counts_itself=False, radii_of_other_side=False):
    """Return precision and recall from the whole matrix of distances, with one thing changed."""

    def distances(x, y):
        return np.linalg.norm(x[:, None] - y[None], axis=-1)

    def radii(points, other):
        away = distances(points, other if radii_of_other_side else points)
        return np.sort(away, axis=1)[:, k - 1 if counts_itself or radii_of_other_side else k]

    between = distances(real, fake)
    precision = (between <= radii(real, fake)[:, None]).any(axis=0).mean()
    return precision, (between <= radii(fake, real)[None]).any(axis=1).mean()


def matches_by_hand(function):
    """Radii of reals 1, 1, 9 hold 4 and 5 but not 30; of fakes 1, 1, 25 hold 10 alone."""
    return function(REAL, FAKE, k=1) == pytest.approx((2 / 3, 1 / 3))


def test_precision_and_recall_by_hand():
    assert matches_by_hand(precision_recall)


@pytest.mark.parametrize("bug", ["counts_itself", "radii_of_other_side"])
def test_past_bugs_are_noticed(bug):
    assert not matches_by_hand(lambda real, fake, k: brute(real, fake, k, **{bug: True}))


def test_swapped_sides_are_noticed():
    assert not matches_by_hand(lambda real, fake, k: precision_recall(fake, real, k=k))


def test_density_and_coverage_by_hand():
    """0.5 lies in the balls of 0 and 1, 5 in that of 10, 30 in none: 3 / (1 x 3); each ball holds one."""
    assert density_coverage(REAL, np.array([[0.5], [5.0], [30.0]]), k=1) == pytest.approx((1, 1))


def test_coverage_misses_a_lonely_real():
    assert (
        density_coverage(np.array([[0.0], [1.0], [100.0], [101.0]]), np.array([[0.5], [0.2]]), k=1)[1] == 0.5
    )


def test_borders_are_inside():
    """A fake at a real's k-th neighbor, which sets the radius."""
    real = np.array([[0.0], [2.0], [10.0]])
    assert precision_recall(real, np.array([[-2.0], [50.0]]), k=1)[0] == 0.5


@pytest.mark.parametrize("k", [1, 4])
def test_blocks_are_seamless(monkeypatch, k):
    monkeypatch.setattr(_neighbors, "BLOCK_ROWS", 7)
    rng = np.random.default_rng(0)
    real, fake = rng.standard_normal((40, 3)), rng.standard_normal((33, 3)) + 0.3
    assert precision_recall(real, fake, k=k) == pytest.approx(brute(real, fake, k))


def test_kth_distances_far_from_the_origin():
    """Neighbors 1e-3 apart around 1e6: squares of 1e12 would leave nothing of 1e-6 without centering."""
    points = 1e6 + 1e-3 * np.arange(5.0)[:, None]
    np.testing.assert_allclose(np.sqrt(_neighbors.find_kth_distances(points, 1)), 1e-3, rtol=1e-3)


def test_expected_density_and_coverage_of_equal_distributions():
    """1, and 1 - C(n - 1, k) / C(n + m - 1, k), of 20 draws with 5 of their standard errors."""
    n, m, k = 60, 80, 5
    rng = np.random.default_rng(0)
    found = np.array(
        [density_coverage(rng.standard_normal((n, 2)), rng.standard_normal((m, 2)), k=k) for _ in range(20)]
    )
    expected = np.array([1, 1 - math.comb(n - 1, k) / math.comb(n + m - 1, k)])
    assert (np.abs(found.mean(axis=0) - expected) < 5 * found.std(axis=0, ddof=1) / np.sqrt(20)).all()


def test_one_mode_has_precision_and_no_recall():
    real = np.random.default_rng(0).standard_normal((300, 4))
    fake = 0.01 * np.random.default_rng(1).standard_normal((300, 4))
    precision, recall = precision_recall(real, fake)
    assert precision > 0.95
    assert recall < 0.05


@pytest.mark.parametrize("name", ["precision_recall", "density_coverage"])
def test_figures_lie_in_their_intervals(name):
    real, fake = np.random.default_rng(0).standard_normal((2, 300, 4))
    found = metrics.get(name)(metrics.Samples(features=real), metrics.Samples(features=fake))
    for value in metrics.get(name).values:
        assert found[f"{value}_low"] < found[value] < found[f"{value}_high"]


@pytest.mark.parametrize("name", ["precision_recall", "density_coverage"])
def test_fewer_samples_than_neighbors_are_refused(name):
    two = metrics.Samples(features=np.eye(2))
    with pytest.raises(ValueError, match=r"real: expected at least [46] samples, got 2"):
        metrics.get(name)(two, two)


def test_auc_by_hand():
    """Of held-out 1, 2, 3 and fakes 0, 2, 5: 3 farther; 1 farther and 1 equal; none: (3 + 1.5) / 9."""
    assert auc(np.array([3.0, 1.0, 2.0]), np.array([0.0, 2.0, 5.0])) == pytest.approx(0.5)


def test_auc_is_the_share_of_pairs():
    rng = np.random.default_rng(0)
    held_out, fakes = rng.integers(0, 9, 30).astype(float), rng.integers(0, 9, 50).astype(float)
    pairs = (fakes[:, None] < held_out) + 0.5 * (fakes[:, None] == held_out)
    assert auc(held_out, fakes) == pytest.approx(pairs.mean())


def test_copies_are_memorized():
    rng = np.random.default_rng(0)
    training = rng.standard_normal((500, 3))
    assert memorization(training, rng.standard_normal((200, 3)), training[:50]) == (1.0, 1.0)


def test_far_fakes_are_not():
    rng = np.random.default_rng(0)
    assert memorization(
        rng.standard_normal((500, 3)), rng.standard_normal((200, 3)), rng.standard_normal((50, 3)) + 9
    ) == (0.0, 0.0)


def test_half_copies_are_half_memorized():
    rng = np.random.default_rng(0)
    training = rng.standard_normal((2000, 3))
    fakes = np.concatenate([training[:300] + 1e-6, rng.standard_normal((300, 3))])
    real = metrics.Samples(features=training, second=metrics.Samples(features=rng.standard_normal((600, 3))))
    found = metrics.get("memorization")(real, metrics.Samples(features=fakes))
    assert found["memorized_share"] == pytest.approx(0.525, abs=0.05)
    assert found["memorized_share_low"] > 0.45
    assert found["memorization_auc_low"] > 0.6
    assert found["real_memorization_auc"] == pytest.approx(0.5, abs=0.12)  # 5 deviations of 300 against 300


def test_memorization_wants_held_out_reals():
    side = metrics.Samples(features=np.eye(5))
    with pytest.raises(ValueError, match="expected held-out real samples"):
        metrics.get("memorization")(side, side)


def test_held_out_reals_that_are_not_finite_are_named():
    real = metrics.Samples(features=np.eye(5), second=metrics.Samples(features=np.full((5, 5), np.nan)))
    with pytest.raises(ValueError, match="held-out: expected finite features"):
        metrics.get("memorization")(real, metrics.Samples(features=np.eye(5)))
