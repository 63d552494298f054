"""Every objective, by the name the field gives it, against its published formula; and what ties objectives together.

`test_values` holds the product link x pairing x form; here the names are held to their points of it.
"""

from __future__ import annotations

import loss_reference as reference
import numpy as np
import pytest
import tensorflow as tf

from tfgan import losses
from tfgan.losses._catalogue import OBJECTIVES
from tfgan.losses.adversarial import Adversarial

LN2 = np.log(2.0)
REAL = np.array([1e-4, -1e4, 3.0, -0.7, 1e4, -1e-4, 25.0])
FAKE = np.array([-2.0, 1e4, 1e-4, -30.0, 0.4, -1e4, 5.0])


def sp(s):
    return np.logaddexp(0, s)


def half_square(s):
    return s**2 / 2


def relu(s):
    return np.maximum(s, 0)


def paired(a):
    """E a(r_i - f_i) and E a(f_i - r_i)."""
    return lambda r, f: a(r - f), lambda r, f: a(f - r)


def average(a, b):
    """E a(r - E f) + E b(f - E r), and the same with a and b exchanged."""
    return (
        lambda r, f: a(r - f.mean()).mean() + b(f - r.mean()).mean(),
        lambda r, f: a(f - r.mean()).mean() + b(r - f.mean()).mean(),
    )


def f_gan(variational, conjugate):
    """-T(r) + f*(T(f)) and -T(f)."""
    return lambda r, f: -variational(r) + conjugate(f), lambda r, f: -variational(f)


def opposed(a, b):
    """a(r) + b(f) and -b(f)."""
    return lambda r, f: a(r) + b(f), lambda r, f: -b(f)


CROSS_ENTROPY = (lambda r, f: sp(-r) + sp(f), lambda r, f: sp(-f))
MINIMAX = opposed(lambda s: sp(-s), sp)
PAPERS = {
    "nonsat": CROSS_ENTROPY,
    "minimax": MINIMAX,
    "lsgan": (lambda r, f: half_square(r - 1) + half_square(f), lambda r, f: half_square(f - 1)),
    "lsgan_pm1": (lambda r, f: half_square(r - 1) + half_square(f + 1), lambda r, f: half_square(f)),
    "wgan": (lambda r, f: f - r, lambda r, f: -f),
    "hinge": (lambda r, f: relu(1 - r) + relu(1 + f), lambda r, f: -f),
    "softplus_wasserstein": (lambda r, f: sp(-r) + sp(f), lambda r, f: -f),
    "rpgan": paired(lambda s: sp(-s)),
    "rplsgan": paired(lambda s: half_square(s - 1)),
    "rphinge": paired(lambda s: relu(1 - s)),
    "ragan": average(lambda s: sp(-s), sp),
    "ralsgan": average(lambda s: half_square(s - 1), lambda s: half_square(s + 1)),
    "rahinge": average(lambda s: relu(1 - s), lambda s: relu(1 + s)),
    "fgan_kl": f_gan(lambda s: s, lambda s: np.exp(s - 1)),
    "fgan_reverse_kl": f_gan(lambda s: -np.exp(-s), lambda s: s - 1),
    "fgan_pearson": f_gan(lambda s: s, lambda s: relu(s + 2) ** 2 / 4 - 1),
    "fgan_neyman": f_gan(lambda s: -np.expm1(-s), lambda s: -2 * np.expm1(-s / 2)),
    "fgan_hellinger": f_gan(lambda s: -np.expm1(-s), np.expm1),
    "fgan_js": f_gan(lambda s: LN2 - sp(-s), lambda s: sp(s) - LN2),
    "fgan_gan": f_gan(lambda s: -sp(-s), sp),
    "fgan_tv": f_gan(lambda s: np.tanh(s) / 2, lambda s: np.tanh(s) / 2),
    "fgan_alpha": f_gan(lambda s: -2 * np.expm1(-s / 2), lambda s: 2 * np.expm1(s / 2)),
}
POINTS_BY_NAME = reference.POINTS_BY_NAME


def overflows(name):
    """Return whether a cost of the link is infinite in float64 at a logit of 1e4 or -1e4: it grows exponentially."""
    link, far = reference.LINKS[losses.objectives.entry(name).options["link"]], np.array([-1e4, 1e4])
    with np.errstate(over="ignore"):
        return not all(np.isfinite(side(far)).all() for side in (link.real, link.fake, link.fool))


def paper(name):
    """Return D's and G's loss of a name, as published; of a link by its own name, from its row of the reference."""
    if name in PAPERS:
        return PAPERS[name]
    link, pairing, form = losses.objectives.entry(name).options.values()
    return (
        lambda r, f: reference.discriminator(link, pairing, r, f),
        lambda r, f: reference.generator(link, pairing, form, r, f),
    )


GROWS_EXPONENTIALLY = {name for name in POINTS_BY_NAME if overflows(name)}
MODERATE = [name for name in POINTS_BY_NAME if name not in GROWS_EXPONENTIALLY]


def test_every_name_has_a_formula():
    """That of a paper, or of its row of the reference where a link is an objective of its own name."""
    assert set(PAPERS) == {name for name, row in OBJECTIVES.items() if "link" in row.options}


def test_the_exponentials_are_known():
    assert {
        "fgan_kl",
        "fgan_reverse_kl",
        "fgan_neyman",
        "fgan_hellinger",
        "fgan_alpha",
    } <= GROWS_EXPONENTIALLY
    assert not GROWS_EXPONENTIALLY & set(PAPERS) - {
        "fgan_kl",
        "fgan_reverse_kl",
        "fgan_neyman",
        "fgan_hellinger",
        "fgan_alpha",
    }


@pytest.mark.parametrize("side", ["discriminator", "generator"])
@pytest.mark.parametrize("name", POINTS_BY_NAME)
def test_name_has_the_value_of_its_paper(name, side):
    """Logits of both signs, from 1e-4 to 1e4 (to 30 where the loss is an exponential of them): 1e-6 relative in float64."""
    bound = 30.0 if name in GROWS_EXPONENTIALLY else 1e4
    real, fake = np.clip(REAL, -bound, bound), np.clip(FAKE, -bound, bound)
    expected = paper(name)[side == "generator"](real, fake)
    got = getattr(losses.get(name), side)(real, fake)
    assert got.shape == np.shape(expected)
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("name", MODERATE)
def test_values_and_gradients_are_finite_in_float32_at_1e4(name):
    loss = losses.get(name)
    real, fake = (tf.constant(side) for side in np.float32([[1e4, 1e4, -1e4, -1e4], [1e4, -1e4, 1e4, -1e4]]))
    for function in (loss.discriminator, loss.generator):
        with tf.GradientTape() as tape:
            tape.watch([real, fake])
            value = function(real, fake)
        results = [value, *tape.gradient(value, [real, fake], unconnected_gradients="zero")]
        assert all(np.isfinite(result).all() for result in results)


@pytest.mark.parametrize("link", losses.links.names())
def test_independent_zero_sum_generator_opposes_the_fake_half(link):
    scores = losses.links.get(link)
    np.testing.assert_array_equal(
        Adversarial(link, generator_form="zero_sum").generator(None, FAKE / 1e3) + scores.fake(FAKE / 1e3), 0
    )


@pytest.mark.parametrize("link", ["logistic", "least_squares_pm1", "linear", "hinge"])
@pytest.mark.parametrize("pairing", ["paired", "average"])
def test_relative_zero_sum_generator_is_minus_the_discriminator(link, pairing):
    loss = Adversarial(link, pairing, "zero_sum")
    np.testing.assert_array_equal(loss.generator(REAL, FAKE) + loss.discriminator(REAL, FAKE), 0)


@pytest.mark.parametrize(
    "name", [name for name in losses.names() if not losses.get(name).generator_uses_real]
)
def test_independent_generator_needs_no_real_logits(name):
    loss, fake = losses.get(name), np.clip(FAKE, -30, 30)
    np.testing.assert_array_equal(loss.generator(None, fake), loss.generator(REAL, fake))


def test_paired_linear_is_wgan():
    np.testing.assert_allclose(
        Adversarial("linear", "paired").discriminator(REAL, FAKE), FAKE - REAL, rtol=1e-12
    )


def test_average_linear_is_twice_wgan():
    """E(-(r - E f)) + E(f - E r) = 2 (E f - E r)."""
    np.testing.assert_allclose(
        Adversarial("linear", "average").discriminator(REAL, FAKE), 2 * (FAKE - REAL).mean(), rtol=1e-12
    )


def test_paired_least_squares_is_the_same_in_both_codings():
    ours, other = (Adversarial(link, "paired") for link in ("least_squares", "least_squares_pm1"))
    np.testing.assert_array_equal(ours.discriminator(REAL, FAKE), other.discriminator(REAL, FAKE))


def test_total_of_minimax_is_the_real_half():
    """L_D + L_G = sp(-r) + sp(f) - sp(f)."""
    loss, real, fake = losses.get("minimax"), REAL / 1e3, FAKE / 1e3
    np.testing.assert_allclose(
        loss.discriminator(real, fake) + loss.generator(real, fake), sp(-real), rtol=1e-12, atol=1e-12
    )


def test_minus_minimax_discriminator_is_goodfellows_value():
    """V = ln sigmoid(r) + ln(1 - sigmoid(f))."""
    real, fake = np.linspace(-5, 5, 7), np.linspace(4, -6, 7)
    value = np.log(1 / (1 + np.exp(-real))) + np.log(1 - 1 / (1 + np.exp(-fake)))
    np.testing.assert_allclose(losses.get("minimax").discriminator(real, fake), -value, rtol=1e-9)


def test_logits_of_lists_and_integers_are_widened():
    assert losses.get("wgan").discriminator([1, 2], [3, 5]).numpy().tolist() == [2.0, 3.0]
