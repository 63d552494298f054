"""Errors that recur in public code, kept as functions that must fail the checks which ours passes."""

import numpy as np
import pytest
import tensorflow as tf
from test_directions import check_discriminator, check_generator, slopes
from test_divergences import check_logistic

from tfgan import losses

LN2 = np.log(2.0)


def check_gradient_where_discriminator_wins(generator):
    """Non-saturating: the slope of G's loss at fake logits of -30 and -1e4 is -1 (float32)."""
    fake = np.float32([-30, -1e4])
    np.testing.assert_allclose(2 * slopes(generator, np.zeros_like(fake), fake)[1], -1, rtol=1e-6)


def check_default_labels_are_hard(discriminator):
    """D's loss goes to 0 as it tells real from fake with certainty: softplus(-40) twice, below 1e-16."""
    assert np.all(discriminator(tf.constant([40.0]), tf.constant([-40.0])).numpy() < 1e-16)


def check_least_squares_reach(discriminator):
    """A real logit of -10 is 11 away from its target, and the slope of its cost is -11."""
    np.testing.assert_allclose(slopes(discriminator, np.array([-10.0]), np.array([0.0]))[0], -11, rtol=1e-9)


def check_f_star_does_not_overflow(fake):
    """softplus(s) at s = 17, 50 and 1e4 in float32."""
    logits = np.float32([17, 50, 1e4])
    np.testing.assert_allclose(
        fake(tf.constant(logits)), np.logaddexp(0, logits.astype("float64")), rtol=1e-6
    )


def log_of_sigmoid(real_logits, fake_logits):
    return -tf.math.log(tf.sigmoid(fake_logits) + 1e-7)


def smoothed_on_both_sides(real_logits, fake_logits):
    return tf.nn.sigmoid_cross_entropy_with_logits(tf.fill(real_logits.shape, 0.9), real_logits) + (
        tf.nn.sigmoid_cross_entropy_with_logits(tf.fill(fake_logits.shape, 0.1), fake_logits)
    )


def least_squares_on_sigmoid(real_logits, fake_logits):
    return (tf.sigmoid(real_logits) - 1) ** 2 / 2 + tf.sigmoid(fake_logits) ** 2 / 2


def mean_of_halves(real_logits, fake_logits):
    return (tf.nn.softplus(-real_logits) + tf.nn.softplus(fake_logits)) / 2


def composed_f_star(logits):
    return -tf.math.log(1 - tf.exp(-tf.nn.softplus(-logits)))


CASES = {
    "-log(sigmoid + eps) vanishes": (
        check_gradient_where_discriminator_wins,
        losses.get("nonsat").generator,
        log_of_sigmoid,
    ),
    "smoothing by default": (
        check_default_labels_are_hard,
        losses.get("nonsat").discriminator,
        smoothed_on_both_sides,
    ),
    "least squares on sigmoid": (
        check_least_squares_reach,
        losses.get("lsgan").discriminator,
        least_squares_on_sigmoid,
    ),
    "flipped Wasserstein, D": (
        lambda f: check_discriminator(f, 3.0),
        losses.get("wgan").discriminator,
        lambda r, f: r - f,
    ),
    "flipped Wasserstein, G": (
        lambda f: check_generator(f, 3.0),
        losses.get("wgan").generator,
        lambda r, f: f,
    ),
    "halves averaged": (check_logistic, losses.get("nonsat").discriminator, mean_of_halves),
    "f* composed with T": (check_f_star_does_not_overflow, losses.links.get("gan").fake, composed_f_star),
}


@pytest.mark.parametrize("case", CASES)
def test_ours_passes_and_the_error_fails(case):
    check, ours, wrong = CASES[case]
    check(ours)
    with pytest.raises(AssertionError):
        check(wrong)
