"""Every objective x pairing x form has the value and the gradient of its formula."""

import keras
import loss_reference as reference
import numpy as np
import pytest
import tensorflow as tf

from tfgan import losses
from tfgan.losses.adversarial import Adversarial

POINTS = list(reference.points())
LOGITS = reference.LOGITS
SIDES = ("real", "fake", "fool")


@pytest.fixture(autouse=True)
def _overflow_is_expected():
    with np.errstate(over="ignore", invalid="ignore"):
        yield


def batches(pairing):
    """Yield float64 (real, fake) with logits from 1e-4 to 1e4: all of them where examples are apart, else one scale at a time."""
    random = np.random.default_rng(0)
    if pairing != "average":
        yield LOGITS, random.permutation(LOGITS)
        yield LOGITS, LOGITS[::-1].copy()
    else:
        for scale in 10.0 ** np.arange(-4, 5):
            yield scale * random.normal(size=7), scale * random.normal(size=7)


def test_the_reference_has_a_row_for_every_link():
    assert set(reference.LINKS) == set(losses.links.names())


@pytest.mark.parametrize(("link", "pairing", "form"), POINTS)
def test_losses_equal_the_formula(link, pairing, form):
    """float64 against float64: 1e-9 relative; 1e-12 absolute where two terms cancel. Opposing infinities: the cost."""
    loss = Adversarial(link, pairing, form)
    for real, fake in batches(pairing):
        expected = reference.discriminator(link, pairing, real, fake)
        expected = np.where(np.isnan(expected), np.inf, expected)
        np.testing.assert_allclose(loss.discriminator(real, fake), expected, rtol=1e-9, atol=1e-12)
        expected = reference.generator(link, pairing, form, real, fake)
        np.testing.assert_allclose(loss.generator(real, fake), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("link", losses.links.names())
def test_links_hold_in_float32_up_to_1e4(link, side):
    """1e-6 relative, and half a float32 step of the logit, which an exponential turns into |s| 2^-24 <= 5e-6 of its value."""
    logits = LOGITS.astype("float32")
    with np.errstate(under="ignore"):
        expected = getattr(reference.LINKS[link], side)(logits.astype("float64")).astype("float32")
    got = getattr(losses.links.get(link), side)(tf.constant(logits)).numpy()
    assert got.dtype == np.float32
    tolerance = np.where(abs(logits) > 10, 6e-6, 1e-6)
    finite = np.isfinite(expected)
    assert np.array_equal(got[~finite], expected[~finite])
    assert np.all(abs(got - expected)[finite] <= (tolerance * abs(expected) + 1e-37)[finite])


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("link", losses.links.names())
def test_slopes_hold_in_float32_up_to_1e4(link, side):
    """The slope in float32 is that in float64 to 1e-5, or its value is not representable; it is never NaN."""
    slopes = {}
    for dtype in ("float32", "float64"):
        logits = tf.constant(LOGITS.astype("float32"), dtype)
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = getattr(losses.links.get(link), side)(logits)
        slopes[dtype] = tape.gradient(value, logits).numpy().astype("float64")
        if dtype == "float32":
            representable = np.isfinite(value.numpy())
    assert not np.isnan(slopes["float32"]).any()
    np.testing.assert_allclose(
        slopes["float32"][representable], slopes["float64"][representable], rtol=1e-5, atol=2e-7
    )


def finite_difference(function, x, step=1e-5):
    """Return the central-difference gradient of a scalar function; its error is about 1e-9 for logits of a few units."""
    gradient = np.zeros_like(x)
    for i in range(len(x)):
        shift = np.zeros_like(x)
        shift[i] = step
        gradient[i] = (function(x + shift) - function(x - shift)) / (2 * step)
    return gradient


@pytest.mark.parametrize(("link", "pairing", "form"), POINTS)
def test_gradients_equal_finite_differences(link, pairing, form):
    """Logits of scale 2, fixed by the seed, none of them within 1e-5 of a kink: 1e-7."""
    random = np.random.default_rng(1)
    real, fake = 2 * random.normal(size=5), 2 * random.normal(size=5)
    loss = Adversarial(link, pairing, form)
    sides = {
        loss.discriminator: lambda r, f: np.mean(reference.discriminator(link, pairing, r, f)),
        loss.generator: lambda r, f: np.mean(reference.generator(link, pairing, form, r, f)),
    }
    for function, expected in sides.items():
        r, f = tf.constant(real), tf.constant(fake)
        with tf.GradientTape() as tape:
            tape.watch([r, f])
            value = tf.reduce_mean(function(r, f))
        by_real, by_fake = tape.gradient(value, [r, f], unconnected_gradients="zero")
        np.testing.assert_allclose(
            by_real, finite_difference(lambda x, e=expected: e(x, fake), real), rtol=1e-6, atol=1e-7
        )
        np.testing.assert_allclose(
            by_fake, finite_difference(lambda x, e=expected: e(real, x), fake), rtol=1e-6, atol=1e-7
        )


@pytest.mark.parametrize("margin", [0.5, 2.0])
def test_hinge_margin(margin):
    loss = losses.get("hinge", margin=margin)
    expected = np.maximum(0, margin - LOGITS) + np.maximum(0, margin + LOGITS[::-1])
    np.testing.assert_allclose(loss.discriminator(LOGITS, LOGITS[::-1].copy()), expected, rtol=1e-12)


@pytest.mark.parametrize("alpha", [2.0, -1.0, 1.5, 0.3, 1.0001])
def test_alpha_family(alpha):
    """Its values at another alpha; 1e-9 relative, as above."""
    expected, link = reference.alpha_link(alpha), losses.links.get(f"alpha:alpha={alpha}")
    for side in SIDES:
        np.testing.assert_allclose(
            getattr(link, side)(tf.constant(LOGITS)), getattr(expected, side)(LOGITS), rtol=1e-9
        )


def test_alpha_near_one_is_kl_less_its_offset():
    """f is u ln u - u + 1 at alpha = 1: T = s and f* = exp(s) - 1, the KL link shifted by one logit."""
    link, kl = losses.links.get("alpha:alpha=1.000001"), losses.links.get("kl")
    s = tf.constant(np.linspace(-3, 3, 13))
    np.testing.assert_allclose(link.fake(s), kl.fake(s + 1) - 1, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(link.real(s), kl.real(s), rtol=1e-5, atol=1e-5)


def test_one_logit_beyond_float32_leaves_no_nan_in_gradients():
    """exp(1e4) is inf; a weight of 0 on it, and an infinite gain against it, must not make NaN."""
    for link in ("kl", "reverse_kl", "neyman", "hellinger", "alpha", "alpha:alpha=2"):
        loss = Adversarial(link)
        real, fake = (
            tf.constant(side) for side in np.meshgrid(np.float32([-1e4, 0, 1e4]), np.float32([-1e4, 0, 1e4]))
        )
        real, fake = tf.reshape(real, [-1]), tf.reshape(fake, [-1])
        for weight in (None, tf.zeros(9)):
            with tf.GradientTape(persistent=True) as tape:
                tape.watch([real, fake])
                d = loss.discriminator(real, fake, sample_weight=weight)
                g = loss.generator(real, fake, sample_weight=weight)
            results = [d, g, tape.gradient(d, real), tape.gradient(d, fake), tape.gradient(g, fake)]
            assert not any(np.isnan(result).any() for result in results), link
            assert weight is None or np.array_equal(d, np.zeros(9))


@pytest.mark.parametrize("link", ["logistic", "least_squares", "least_squares_pm1"])
def test_label_smoothing_touches_the_real_side_only(link):
    """real becomes (1 - e) real + e fake, up to a constant for least squares, whose target moves; fake and fool stay."""
    smooth, row, e = losses.links.get(f"{link}:label_smoothing=0.2"), reference.LINKS[link], 0.2
    logits = tf.constant(LOGITS)
    constant = {"logistic": 0.0, "least_squares": e * (1 - e) / 2, "least_squares_pm1": 2 * e * (1 - e)}[link]
    np.testing.assert_allclose(
        smooth.real(logits) + constant, (1 - e) * row.real(LOGITS) + e * row.fake(LOGITS), rtol=1e-9
    )
    np.testing.assert_allclose(smooth.fake(logits), row.fake(LOGITS), rtol=1e-9)
    np.testing.assert_allclose(smooth.fool(logits), row.fool(LOGITS), rtol=1e-9)


@pytest.mark.parametrize("smoothing", [0.05, 0.125, 0.3])
def test_label_smoothing_is_half_of_keras(smoothing):
    """Keras moves the label 1 to 1 - s / 2, as TF-GAN does; float32 on both sides: 1e-6."""
    link = losses.links.get("logistic", label_smoothing=smoothing)
    values = np.linspace(-5, 5, 11, dtype="float32")[:, None]
    keras_loss = keras.losses.BinaryCrossentropy(
        from_logits=True, label_smoothing=2 * smoothing, reduction=None
    )
    np.testing.assert_allclose(
        link.real(values)[:, 0], keras_loss(np.ones_like(values), values), rtol=1e-5, atol=1e-6
    )
