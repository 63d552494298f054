"""What cannot be scored is refused by name; what can be, but says little, warns."""

import warnings

import numpy as np
import pytest

from tfgan import metrics
from tfgan.metrics import _resampling

OF_FEATURES = [name for name in metrics.names() if "features" in metrics.get(name).reads]


def good(count=40, dimensions=3, seed=0):
    return np.random.default_rng(seed).standard_normal((count, dimensions))


def score(name, real, fake, **about):
    """Score features, half of them of each of two classes, with held-out ones."""

    def samples(features, **more):
        return metrics.Samples(features=features, labels=np.arange(len(features)) % 2, **more)

    held_out = samples(good(seed=2) if np.shape(real)[1:] == (3,) else real)
    return metrics.get(name)(
        samples(real, second=held_out, **about), samples(fake, extractor="fashion_cnn" if about else None)
    )


@pytest.mark.parametrize("name", OF_FEATURES)
@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("side", ["real", "fake"])
def test_features_that_are_not_finite(name, bad, side):
    spoiled = good()
    spoiled[[7, 9], 1] = bad
    sides = {"real": good(seed=1), "fake": good(seed=3), side: spoiled}
    with pytest.raises(
        ValueError,
        match=f"'{name}': {side}: expected finite features, got NaN or infinity in 2 of 40, first in number 7",
    ):
        score(name, **sides)


@pytest.mark.parametrize("name", OF_FEATURES)
def test_features_of_other_dimensions(name):
    with pytest.raises(
        ValueError,
        match=f"'{name}': expected features of one extractor, got 3 dimensions of the real and 5 of the fake",
    ):
        score(name, good(), good(dimensions=5))


@pytest.mark.parametrize("name", OF_FEATURES)
def test_features_of_another_extractor(name):
    with pytest.raises(
        ValueError, match=f"'{name}': expected features of one extractor, got 'inception' and 'fashion_cnn'"
    ):
        score(name, good(), good(seed=1), extractor="inception")


@pytest.mark.parametrize("name", OF_FEATURES)
def test_features_of_mixed_sizes(name):
    with pytest.raises(
        ValueError, match="fake: expected samples of one size, as one array of numbers, got mixed sizes"
    ):
        score(name, good(), [[1.0, 2.0, 3.0], [1.0]])


@pytest.mark.parametrize("name", OF_FEATURES)
def test_no_features(name):
    images = metrics.Samples(np.zeros((4, 8, 8, 1)), np.arange(4) % 2)
    with pytest.raises(ValueError, match=r"expected features \(n, d\), got none; name an extractor"):
        metrics.get(name)(metrics.Samples(images.images, images.labels, second=images), images)


@pytest.mark.parametrize("name", OF_FEATURES)
def test_images_in_the_place_of_features(name):
    with pytest.raises(ValueError, match=r"expected features \(n, d\), got shape \(4, 8, 8, 1\)"):
        score(name, np.zeros((4, 8, 8, 1)), np.zeros((4, 8, 8, 1)))


@pytest.mark.parametrize("name", OF_FEATURES)
def test_no_samples(name):
    with pytest.raises(ValueError, match=r"fake: expected at least \d samples, got 0"):
        score(name, good(), np.zeros((0, 3)))


@pytest.mark.parametrize("name", OF_FEATURES)
def test_one_example_repeated_warns_and_is_scored(name):
    with pytest.warns(UserWarning, match="fake: one example repeated 40 times"):
        scores = score(name, good(), np.ones((40, 3)))
    assert np.isfinite([value for value in scores.values() if value is not None]).all()


@pytest.mark.parametrize("name", OF_FEATURES)
def test_one_example_on_both_sides_is_scored(name):
    with (
        pytest.warns(UserWarning, match="fake: one example"),
        pytest.warns(UserWarning, match="real: one example repeated 40 times"),
    ):
        scores = score(name, np.ones((40, 3)), np.ones((40, 3)))
    assert np.isfinite([value for value in scores.values() if value is not None]).all()


@pytest.mark.parametrize("name", OF_FEATURES)
def test_good_features_are_scored_alike_in_float32_and_without_a_warning(name):
    real, fake = good(seed=1), good(seed=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        in_double = score(name, real, fake)
        in_single = score(name, real.astype(np.float32), fake.astype(np.float32))
    for value in metrics.get(name).values:
        if value in in_double:
            assert in_single[value] == pytest.approx(in_double[value], rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("name", OF_FEATURES)
def test_the_inputs_are_left_as_they_were(name):
    real, fake = good(seed=1), good(seed=3)
    score(name, real, fake)
    assert (real == good(seed=1)).all()
    assert (fake == good(seed=3)).all()


@pytest.mark.parametrize("name", OF_FEATURES)
def test_every_score_says_its_numbers_and_its_floor(name):
    scores = score(name, good(seed=1), good(seed=3)[:30])
    assert (scores["num_samples"], scores["num_real"], scores["real_num_samples"]) == (30, 40, 40)
    assert all(f"real_{value}" in scores for value in metrics.get(name).values if value in scores)


@pytest.mark.parametrize(
    ("fake", "words"),
    [
        (np.zeros((4, 9, 8, 1)), r"expected images of one size, got \(8, 8, 1\) and \(9, 8, 1\)"),
        (np.full((4, 8, 8, 1), np.nan), "fake: expected finite pixels"),
        (np.zeros((4, 64)), r"fake: expected images \(n, height, width, channels\), got shape \(4, 64\)"),
        ([np.zeros((8, 8, 1)), np.zeros((9, 8, 1))], "fake: expected samples of one size"),
        (np.zeros((1, 8, 8, 1)), "fake: expected at least 2 images, got 1"),
        (
            np.zeros((0, 8, 8, 1)),
            r"fake: expected images \(n, height, width, channels\), got shape \(0, 8, 8, 1\)",
        ),
    ],
)
def test_images_that_cannot_be_compared(fake, words):
    with pytest.raises(ValueError, match=words):
        metrics.get("ms_ssim")(metrics.Samples(np.zeros((4, 8, 8, 1))), metrics.Samples(fake))


def test_jackknife_of_the_variance():
    """Leaving one out, the estimate of the bias of 1/n is exact: it makes 1/(n - 1) of it."""
    x = np.random.default_rng(0).standard_normal(30)
    found = _resampling.jackknife(np.var(x), np.array([np.var(np.delete(x, i)) for i in range(30)]))
    assert np.var(x) - found.bias == pytest.approx(np.var(x, ddof=1))


def test_jackknife_of_the_mean():
    """Leaving one out, its standard error is s / sqrt(n)."""
    x = np.random.default_rng(0).standard_normal(30)
    found = _resampling.jackknife(x.mean(), np.array([np.delete(x, i).mean() for i in range(30)]))
    assert found == pytest.approx((0, x.std(ddof=1) / np.sqrt(30)), abs=1e-12)


def test_bootstrap_of_the_mean():
    """Of 400 values the percentile interval is the mean and 1.96 s / sqrt(n) on both sides; 1,000 draws know its ends to a tenth."""
    x = np.random.default_rng(0).standard_normal(400)
    half = 1.96 * x.std() / 20
    assert _resampling.bootstrap_interval(np.mean, x) == pytest.approx(
        (x.mean() - half, x.mean() + half), abs=0.2 * half
    )


def test_bootstrap_is_the_same_each_time():
    x = np.random.default_rng(0).standard_normal(50)
    assert _resampling.bootstrap_interval(np.mean, x) == _resampling.bootstrap_interval(np.mean, x)
