"""D's step raises real logits and lowers fake ones; G's raises fake ones."""

import loss_reference as reference
import numpy as np
import pytest
import tensorflow as tf

from tfgan.losses.adversarial import Adversarial

POINTS = list(reference.points())
# These fit targets, and pull back a logit that is beyond its own
SQUARES = ("least_squares", "least_squares_pm1")


def slopes(function, real, fake):
    """Return the gradient of a loss's mean in its real and its fake logits."""
    real, fake = tf.constant(real), tf.constant(fake)
    with tf.GradientTape() as tape:
        tape.watch([real, fake])
        loss = tf.reduce_mean(function(real, fake))
    return [side.numpy() for side in tape.gradient(loss, [real, fake], unconnected_gradients="zero")]


def check_discriminator(function, scale):
    """D's loss falls as a real logit rises and as a fake one falls."""
    random = np.random.default_rng(0)
    by_real, by_fake = slopes(function, scale * random.uniform(-1, 1, 8), scale * random.uniform(-1, 1, 8))
    assert np.all(by_real <= 0)
    assert np.all(by_fake >= 0)
    assert by_real.min() < 0 < by_fake.max()


def check_generator(function, scale):
    """G's loss falls as a fake logit rises."""
    random = np.random.default_rng(0)
    by_fake = slopes(function, scale * random.uniform(-1, 1, 8), scale * random.uniform(-1, 1, 8))[1]
    assert np.all(by_fake <= 0)
    assert by_fake.min() < 0


@pytest.mark.parametrize("scale", [0.1, 3.0, 50.0])
@pytest.mark.parametrize(
    ("link", "pairing"),
    [(link, pairing) for link, pairing, form in POINTS if form == "nonsat" and link not in SQUARES],
)
def test_discriminator_from_any_state(link, pairing, scale):
    check_discriminator(Adversarial(link, pairing).discriminator, scale)


@pytest.mark.parametrize("scale", [0.1, 3.0, 50.0])
@pytest.mark.parametrize(("link", "pairing", "form"), [point for point in POINTS if point[0] not in SQUARES])
def test_generator_from_any_state(link, pairing, form, scale):
    check_generator(Adversarial(link, pairing, form).generator, scale)


@pytest.mark.parametrize("pairing", ["paired", "average"])
def test_relative_least_squares_between_its_targets(pairing):
    """Differences of logits below 1 in size: 0.4 each."""
    loss = Adversarial("least_squares_pm1", pairing)
    check_discriminator(loss.discriminator, 0.4)
    check_generator(loss.generator, 0.4)


def test_least_squares_between_its_targets():
    """0/1: reals below 1, fakes above 0. -1/1: both between; its G raises fakes below 0."""
    middle = np.linspace(0.1, 0.9, 8)
    by_real, by_fake = slopes(Adversarial("least_squares").discriminator, middle, middle)
    assert np.all(by_real < 0)
    assert np.all(by_fake > 0)
    check_discriminator(Adversarial("least_squares_pm1").discriminator, 0.9)
    check_generator(Adversarial("least_squares").generator, 0.9)
    assert np.all(slopes(Adversarial("least_squares_pm1").generator, -middle, -middle)[1] < 0)


@pytest.mark.parametrize(("link", "turn"), [("least_squares", 0.0), ("least_squares_pm1", -1.0)])
def test_zero_sum_least_squares_pushes_fakes_below_its_turn_further_down(link, turn):
    """What the listing warns of: -s^2/2 and -(s + 1)^2/2 rise up to s = 0 and s = -1."""
    loss = Adversarial(link, generator_form="zero_sum")
    below, above = slopes(loss.generator, np.zeros(2), turn + np.array([-0.5, 0.5]))[1]
    assert below > 0 > above


def test_pearson_is_cut_where_it_would_turn():
    """Without the cut at s = -2, G's zero-sum loss would push such fakes down as least squares does; with it, it is flat."""
    loss = Adversarial("pearson", generator_form="zero_sum")
    assert slopes(loss.generator, np.zeros(2), np.array([-3.0, -100.0]))[1].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("link", "form", "slope"),
    [
        ("logistic", "nonsat", -1),
        ("logistic", "zero_sum", 0),
        ("linear", "nonsat", -1),
        ("hinge", "nonsat", -1),
        ("softplus", "nonsat", -1),
        ("hinge", "zero_sum", 0),
        ("kl", "nonsat", -1),
        ("kl", "zero_sum", 0),
        ("reverse_kl", "nonsat", -np.inf),
        ("reverse_kl", "zero_sum", -1),
        ("hellinger", "zero_sum", 0),
        ("js", "zero_sum", 0),
        ("tv", "nonsat", 0),
        ("pearson", "zero_sum", 0),
    ],
)
def test_slope_of_generator_where_discriminator_wins(link, form, slope):
    """At a fake logit of -40 the slope is its limit to e^-40, or above e^39."""
    by_fake = slopes(Adversarial(link, generator_form=form).generator, np.zeros(1), np.full(1, -40.0))[1]
    assert by_fake[0] < -1e16 if np.isinf(slope) else abs(by_fake[0] - slope) < 1e-15
