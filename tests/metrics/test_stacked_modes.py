"""Modes of stacked images: by hand, by closed form, and from a data set of digits to the score."""

import numpy as np
import pytest

from tfgan import data, kinds, metrics
from tfgan.data.stacked import StackedSource
from tfgan.evaluation import scorer


def seen(classes, of=10):
    """Return probabilities (n, channels, of) whose likeliest classes are these."""
    return np.eye(of)[np.array(classes)] * 0.5 + 0.5 / of


def score(fake, real=None, labels=None, *, of=10, **options):
    real = fake if real is None else real
    labels = np.array(real) @ (of ** np.arange(np.shape(real)[1])) if labels is None else np.array(labels)
    sides = (metrics.Samples(np.zeros(1), channel_probabilities=seen(side, of)) for side in (real, fake))
    real_side, fake_side = sides
    labeled = metrics.Samples(real_side.images, labels, channel_probabilities=real_side.channel_probabilities)
    return metrics.get("stacked_modes", **options)(labeled, fake_side)


def all_modes(times=1):
    return np.repeat(np.stack(np.unravel_index(np.arange(1000), (10, 10, 10)), axis=1), times, axis=0)


def test_all_thousand_modes_alike_score_zero():
    found = score(all_modes())
    assert (found["modes"], found["modes_of"], found["num_samples"]) == (1000, 1000, 1000)
    assert found["reverse_kl"] == pytest.approx(0, abs=1e-12)


def test_one_mode_scores_ln_1000():
    found = score([[1, 2, 3]] * 7)
    assert found["modes"] == 1
    assert found["reverse_kl"] == pytest.approx(np.log(1000))


def test_reverse_kl_by_hand():
    """Two channels of two classes are four modes; shares 1/2, 1/4, 1/4: 1/2 ln 2 + 2 x 1/4 ln 1."""
    found = score([[0, 0], [0, 0], [0, 1], [1, 0]], of=2)
    assert (found["modes"], found["modes_of"]) == (3, 4)
    assert found["reverse_kl"] == pytest.approx(np.log(2) / 2)


def test_channels_in_another_order_are_another_mode():
    assert score([[1, 2, 3], [3, 2, 1]])["modes"] == 2


def test_accuracy_by_hand():
    """Of two real triples the classifier errs in one channel of one: 5 of 6 channels, 1 of 2 triples."""
    found = score([[0, 0, 0]], real=[[1, 2, 3], [4, 5, 6]], labels=[1 + 20 + 300, 4 + 50 + 700])
    assert found["real_num_samples"] == 1  # as many as generated ones
    found = score([[0, 0, 0]] * 2, real=[[1, 2, 3], [4, 5, 6]], labels=[1 + 20 + 300, 4 + 50 + 700])
    assert found["classifier_accuracy"] == pytest.approx(5 / 6)
    assert found["classifier_all_accuracy"] == 0.5


def test_real_images_are_scored_the_same_way():
    found = score([[0, 0, 0]] * 4, real=[[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]])
    assert found["real_modes"] == 4
    assert found["real_reverse_kl"] == pytest.approx(np.log(250))


@pytest.mark.parametrize("count", [1000, 26_000])
def test_floor_is_the_expectation_over_uniform_draws(count):
    """Each mode's number is binomial: E KL = 1000 E[(k / n) ln(1000 k / n)], E modes = 1000 (1 - .999^n). .0193 at 26,000.

    Of one draw the variance of 2 n KL is about 2 x 999 (chi-square), so the mean of 20 deviates by 1/142 of
    the floor's chi-square 999: 6 deviations are 4.3 %. Modes at 1,000 draws: deviation below 16, 20 draws: 6
    deviations are 21.
    """
    from scipy.stats import binom

    k = np.arange(1, count + 1)
    expected = 1000 * np.sum(binom.pmf(k, count, 1e-3) * k / count * np.log(1000 * k / count))
    found = score(np.resize(all_modes(), (count, 3)))
    assert found["uniform_reverse_kl"] == pytest.approx(expected, rel=0.043)
    assert found["uniform_modes"] == pytest.approx(1000 * (1 - 0.999**count), abs=21)
    assert count < 26_000 or expected == pytest.approx(0.0193, abs=5e-5)


def test_floor_is_the_same_each_time():
    assert score([[0, 0, 0]] * 50)["uniform_reverse_kl"] == score([[1, 0, 0]] * 50)["uniform_reverse_kl"]


def test_other_images_are_refused():
    images = metrics.Samples(np.zeros((2, 8, 8, 1)))
    with pytest.raises(ValueError, match="images whose channels have classes"):
        metrics.get("stacked_modes")(images, images)


def test_unlabeled_reals_are_refused():
    side = metrics.Samples(np.zeros(1), channel_probabilities=seen([[0, 0, 0]]))
    with pytest.raises(ValueError, match="expected labeled real images"):
        metrics.get("stacked_modes")(side, side)


def test_probabilities_that_are_not_finite_are_refused():
    good = metrics.Samples(np.zeros(1), np.zeros(1, int), channel_probabilities=seen([[0, 0, 0]]))
    bad = metrics.Samples(np.zeros(1), channel_probabilities=np.full((1, 3, 10), np.nan))
    with pytest.raises(ValueError, match="finite class probabilities of fake images"):
        metrics.get("stacked_modes")(good, bad)


def stacked_digits(image_size=None):
    grey = data.open_source("digits", image_size=image_size)
    about = {
        "num_examples": None,
        "num_classes": 1000,
        "fingerprint": "0",
        "channel_classifier": "digits_cnn",
    }
    return StackedSource(name="stacked_digits", kind=kinds.of((*grey.shape[:2], 3)), grey=grey, **about)


@pytest.fixture(scope="module")
def on_itself():
    """Real held-out digits, scored as if they were generated."""
    source = stacked_digits()
    return scorer.build_scorer(source, count=2000)(lambda count: source.held_out(count)[0])


def test_scoring_chooses_it_for_stacked_images():
    assert scorer.suitable_metrics(stacked_digits()) == ["stacked_modes"]


def test_reals_as_generated_score_as_reals(on_itself):
    assert (on_itself["modes"], on_itself["reverse_kl"]) == (
        on_itself["real_modes"],
        on_itself["real_reverse_kl"],
    )
    assert on_itself["num_samples"] == 2000


def test_classifier_knows_stacked_digits(on_itself):
    """A channel is right as often as the classifier is, .983, and three at once .983^3 = .95; both of 2,000 draws."""
    assert on_itself["classifier_accuracy"] > 0.97
    assert on_itself["classifier_all_accuracy"] > 0.92


def test_one_repeated_image_is_one_mode():
    source = stacked_digits()
    found = scorer.build_scorer(source, count=300)(
        lambda count: np.repeat(source.held_out(1)[0], count, axis=0)
    )
    assert found["modes"] == 1


def test_the_protocols_number_is_asked_for():
    asked = []

    def sampler(count):
        asked.append(count)
        return np.zeros((3, 8, 8, 3), np.float32)

    scorer.build_scorer(stacked_digits(), ["stacked_modes_40"])(sampler)
    assert asked == [40]


def test_images_of_another_size_are_resized_for_the_classifier():
    source = stacked_digits(image_size=16)
    found = scorer.build_scorer(source, count=500)(lambda count: source.held_out(count)[0])
    assert found["classifier_accuracy"] > 0.95
