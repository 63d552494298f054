"""Inception score, class-conditional FID and MS-SSIM: by hand, and against TensorFlow's own."""

import numpy as np
import pytest

from tfgan import metrics
from tfgan.metrics.class_fid import class_fid
from tfgan.metrics.fid import fid
from tfgan.metrics.inception_score import inception_score
from tfgan.metrics.ms_ssim import POWERS, choose_scales_and_window, ms_ssim


def images(count, side, channels=1, seed=0):
    """Return smooth images: noise at a quarter of the size, enlarged, and a little noise of its own."""
    rng = np.random.default_rng(seed)
    coarse = (
        rng.uniform(-0.8, 0.8, (count, -(-side // 4), -(-side // 4), channels))
        .repeat(4, axis=1)
        .repeat(4, axis=2)
    )
    return (coarse[:, :side, :side] + rng.uniform(-0.2, 0.2, (count, side, side, channels))).astype(
        np.float32
    )


def test_confident_and_even_scores_the_number_of_classes():
    assert inception_score(np.tile(np.eye(4), (5, 1)), splits=1).mean == pytest.approx(4)


def test_uncertain_scores_one():
    assert inception_score(np.full((20, 4), 0.25), splits=2).mean == pytest.approx(1)


def test_inception_score_by_hand():
    """Half (.9, .1), half (.1, .9): exp(ln 2 - H(.9))."""
    p = np.tile([[0.9, 0.1], [0.1, 0.9]], (10, 1))
    assert inception_score(p, splits=2).mean == pytest.approx(2 * 0.9**0.9 * 0.1**0.1)


def test_inception_score_of_splits_is_lower():
    """Each split sees one class only: 1, where the whole sees two."""
    p = np.repeat(np.eye(2), 10, axis=0)
    assert (inception_score(p, splits=1).mean, inception_score(p, splits=2).mean) == pytest.approx((2, 1))


def test_logits_are_refused():
    side = metrics.Samples(probabilities=np.array([[2.0, -1.0], [1.0, 0.5]] * 10))
    with pytest.raises(
        ValueError, match="expected probabilities that sum to 1, got others, first in number 0"
    ):
        metrics.get("inception_score")(side, side)


def test_inception_score_stands_beside_that_of_reals():
    fake = metrics.Samples(probabilities=np.full((20, 4), 0.25))
    real = metrics.Samples(probabilities=np.tile(np.eye(4), (5, 1)))
    found = metrics.get("inception_score", splits=1)(real, fake)
    assert (found["inception_score"], found["real_inception_score"]) == pytest.approx((1, 4))


def test_inception_score_needs_no_reals():
    fake = metrics.Samples(probabilities=np.full((20, 4), 0.25))
    assert "real_inception_score" not in metrics.get("inception_score")(metrics.Samples(), fake)


@pytest.fixture(scope="module")
def by_class():
    rng = np.random.default_rng(0)
    labels = np.arange(200) % 2
    return (
        rng.standard_normal((200, 3)) + 5 * labels[:, None],
        rng.standard_normal((200, 3)) + 5 * labels[:, None] + 0.3,
        labels,
    )


def test_class_fid_is_the_mean_over_classes(by_class):
    real, fake, labels = by_class
    expected = np.mean([fid(real[labels == label], fake[labels == label]) for label in (0, 1)])
    assert class_fid(real, labels, fake, labels) == pytest.approx(expected)


def test_class_fid_sees_swapped_labels_where_fid_does_not(by_class):
    """The classes' means are 75 apart, squared."""
    real, fake, labels = by_class
    assert class_fid(real, labels, fake, 1 - labels) > 50
    assert fid(real, fake) < 1


def test_class_fid_names_the_worst_class(by_class):
    real, fake, labels = by_class
    moved = fake + 2 * (labels[:, None] == 1)
    found = metrics.get("class_fid")(
        metrics.Samples(features=real, labels=labels), metrics.Samples(features=moved, labels=labels)
    )
    assert (found["worst_class"], found["classes"], found["smallest_class"]) == (1, 2, 100)


def test_an_empty_class_is_refused(by_class):
    real, fake, labels = by_class
    with pytest.raises(ValueError, match="fake: expected at least 2 samples of each class, got 0 of class 1"):
        class_fid(real, labels, fake, 0 * labels)


def test_a_class_that_only_fakes_have_is_refused(by_class):
    real, fake, labels = by_class
    with pytest.raises(ValueError, match="real: expected at least 2 samples of each class, got 0 of class 7"):
        class_fid(real, labels, fake, np.where(np.arange(200) < 100, labels, 7))


def test_labels_of_another_number_are_refused(by_class):
    real, fake, labels = by_class
    with pytest.raises(ValueError, match=r"fake: expected 200 labels, one a sample, got shape \(20,\)"):
        class_fid(real, labels, fake, labels[:20])


def test_unlabeled_fakes_are_refused(by_class):
    real, fake, labels = by_class
    with pytest.raises(ValueError, match="fake: expected labels, got none"):
        metrics.get("class_fid")(
            metrics.Samples(features=real, labels=labels), metrics.Samples(features=fake)
        )


def test_classes_of_fewer_samples_than_dimensions_warn(by_class):
    real, fake, labels = (part[:6] for part in by_class)
    with pytest.warns(UserWarning, match="'class_fid': 3 samples of 3 dimensions"):
        metrics.get("class_fid")(
            metrics.Samples(features=real, labels=labels), metrics.Samples(features=fake, labels=labels)
        )


@pytest.mark.parametrize(
    ("side", "scales", "window"),
    [
        (8, 1, 7),
        (9, 1, 9),
        (28, 2, 11),
        (32, 2, 11),
        (45, 3, 11),
        (64, 3, 11),
        (160, 4, 11),
        (161, 5, 11),
        (176, 5, 11),
    ],
)
def test_scales_of_small_images(side, scales, window):
    assert choose_scales_and_window(side, side + 3) == (scales, window)


def in_levels(images):
    """Return images in [-1, 1] as 0 ... 255."""
    return (np.float64(images) + 1) * 127.5


@pytest.mark.parametrize(
    ("side", "channels"), [(11, 1), (28, 1), (45, 3), (64, 3), (100, 1), (176, 3), (180, 1)]
)
def test_ms_ssim_is_tensorflows_of_levels(side, channels):
    """tf.image in float32 on 0 ... 255, where SSIM is defined: 1e-4. Below 161 pixels with our fewer powers."""
    import tensorflow as tf

    x, y = images(4, side, channels), images(4, side, channels, seed=1)
    y = (0.6 * x + 0.4 * y).astype(np.float32)
    scales, window = choose_scales_and_window(side, side)
    options = {}
    if scales < 5:
        options["power_factors"] = (np.array(POWERS[:scales]) / np.sum(POWERS[:scales])).tolist()
    theirs = tf.image.ssim_multiscale(
        *(tf.constant(in_levels(z), tf.float32) for z in (x, y)), 255.0, filter_size=window, **options
    )
    exponent = 1 / sum(POWERS) if scales == 5 else 1  # TensorFlow's five powers sum to 1.0001
    np.testing.assert_allclose(
        ms_ssim(x, y), theirs.numpy().astype(np.float64) ** exponent, rtol=1e-4, atol=1e-5
    )


def test_powers_sum_to_a_little_more_than_one():
    assert sum(POWERS) == pytest.approx(1.0001, abs=1e-12)


def test_grey_beside_grey_is_alike():
    """Luminance of .1 and -.1 is of levels 140.25 and 114.75: (2 m n + C1) / (m^2 + n^2 + C1), C1 = (.01 * 255)^2."""
    m, n, c1 = 140.25, 114.75, 2.55**2
    expected = (2 * m * n + c1) / (m**2 + n**2 + c1)
    assert expected == pytest.approx(0.980, abs=1e-3)
    x = np.full((1, 8, 8, 1), 0.1)
    np.testing.assert_allclose(ms_ssim(x, -x), [expected], rtol=1e-9)


def test_a_collapse_with_other_brightness_looks_like_one():
    """One image times .95 to 1.05: contrast and structure hardly change, and the luminance term stays near 1."""
    one = np.repeat(0.9 * images(1, 28), 20, axis=0)
    brightness = np.random.default_rng(2).uniform(0.95, 1.05, (20, 1, 1, 1))
    levels = np.clip(in_levels(one) * brightness, 0, 255)
    found = metrics.get("ms_ssim")(images(20, 28), (levels / 127.5 - 1).astype(np.float32))
    assert found["ms_ssim"] > 0.99


@pytest.mark.parametrize(
    ("name", "fake", "words"),
    [
        (
            "ms_ssim",
            np.zeros((4, 8, 8, 1), np.uint8),
            r"fake: expected float images in \[-1, 1\], got uint8; images / 127.5 - 1",
        ),
        (
            "ms_ssim",
            np.full((4, 8, 8, 1), 255.0),
            r"fake: expected float images in \[-1, 1\], got 255 ... 255; images / 127.5 - 1",
        ),
        (
            "class_histogram",
            np.zeros((4, 8, 8, 1), np.uint8),
            r"fake: expected float images in \[-1, 1\], got uint8",
        ),
    ],
)
def test_images_in_levels_are_refused(name, fake, words):
    real = metrics.Samples(images(4, 8), np.arange(4) % 2)
    with pytest.raises(ValueError, match=words):
        metrics.get(name)(real, fake)


def test_one_scale_is_tensorflows_ssim():
    import tensorflow as tf

    x = images(4, 8)
    y = (0.5 * x + 0.1).astype(np.float32)
    np.testing.assert_allclose(ms_ssim(x, y), tf.image.ssim(x + 1, y + 1, 2.0, filter_size=7), rtol=1e-4)


def test_one_image_repeated_is_wholly_alike():
    one = metrics.Samples(np.repeat(images(1, 28), 10, axis=0))
    found = metrics.get("ms_ssim")(metrics.Samples(images(10, 28)), one)
    assert found["ms_ssim"] == pytest.approx(1)
    assert found["real_ms_ssim"] < 0.5
    assert (found["num_pairs"], found["scales"], found["window"]) == (5, 2, 11)


def test_blocks_of_pairs_are_seamless(monkeypatch):
    from tfgan.metrics import ms_ssim as module

    x, y = images(7, 12), images(7, 12, seed=1)
    whole = ms_ssim(x, y)
    monkeypatch.setattr(module, "BLOCK_BYTES", 8 * 144 * 2)
    np.testing.assert_allclose(ms_ssim(x, y), whole)
