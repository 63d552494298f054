"""Objectives that are no link x pairing x form: energies, kernels, contrasts."""

import itertools

import loss_reference as reference
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from test_values import finite_difference

from tfgan import losses

STATE = {"k": 0.3}


def relu(x):
    return np.maximum(x, 0)


def mmd(kernel):
    """The unbiased estimate, pair by pair."""

    def distance(real, fake):
        within = [
            np.mean([kernel(a, b) for a, b in itertools.permutations(side, 2)]) for side in (real, fake)
        ]
        return sum(within) - 2 * np.mean([kernel(a, b) for a in real for b in fake])

    return lambda r, f: -distance(r, f), distance


def rational_quadratics(a, b):
    return sum((1 + np.sum((a - b) ** 2) / (2 * alpha)) ** -alpha for alpha in (0.2, 0.5, 1, 2, 5))


def gaussians(a, b):
    return sum(np.exp(-np.sum((a - b) ** 2) / (2 * sigma**2)) for sigma in (1, 2, 4, 8, 16))


def contrast(real, fake):
    """E_i -ln(e^r_i / (e^r_i + sum_j e^f_j)) + E_j -ln(e^-f_j / (e^-f_j + sum_i e^-r_i))."""
    picked_real = np.mean([np.logaddexp.reduce([r, *fake]) - r for r in real])
    return picked_real + np.mean([np.logaddexp.reduce([-f, *-real]) + f for f in fake])


# (what D minimizes, what G minimizes), and whether D returns vectors.
PAPERS = {
    "ebgan": (lambda r, f: -r + relu(1 + f), lambda r, f: -f),
    "ebgan:margin=3": (lambda r, f: -r + relu(3 + f), lambda r, f: -f),
    "began": (lambda r, f: -r + 0.3 * f, lambda r, f: -f),
    "cramer": mmd(lambda a, b: -np.linalg.norm(a - b)),
    "mmd": mmd(rational_quadratics),
    "mmd:kernel=gaussian": mmd(gaussians),
    "dual_contrastive": (contrast, lambda r, f: -contrast(r, f)),
    "dual_contrastive:generator_form=nonsat": (contrast, lambda r, f: contrast(f, r)),
}
NAMES = list(PAPERS)
EMBEDS = [name for name in NAMES if losses.get(name).uses_embeddings]
SCALAR = [name for name in NAMES if name not in EMBEDS]


def batch(name, scale=2.0, seed=0, count=5):
    """Return float64 outputs of D on reals and fakes: logits (n,), or vectors (n, 3)."""
    shape = (2, count, 3) if name in EMBEDS else (2, count)
    return scale * np.random.default_rng(seed).normal(size=shape)


def players(name):
    """Return D's and G's loss as functions of (real, fake), at BEGAN's k of 0.3."""
    loss = losses.get(name)
    extra = {"state": STATE} if loss.initial_state else {}
    return [lambda r, f, side=side: side(r, f, **extra) for side in (loss.discriminator, loss.generator)]


def test_every_name_has_a_formula():
    assert {name.partition(":")[0] for name in NAMES} | set(reference.POINTS_BY_NAME) == set(losses.names())


@pytest.mark.parametrize("scale", [1e-4, 1e-2, 1.0, 1e2, 1e4])
@pytest.mark.parametrize("name", NAMES)
def test_values_are_those_of_the_formula(name, scale):
    """float64: 1e-9 relative, and 1e-12 where kernels cancel."""
    real, fake = batch(name, scale)
    for side, paper in zip(players(name), PAPERS[name], strict=True):
        np.testing.assert_allclose(side(real, fake), paper(real, fake), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_equal_finite_differences(name):
    """1e-6, at outputs of scale 2 away from kinks."""
    real, fake = batch(name)
    for side, paper in zip(players(name), PAPERS[name], strict=True):
        r, f = tf.constant(real), tf.constant(fake)
        with tf.GradientTape() as tape:
            tape.watch([r, f])
            value = tf.reduce_mean(side(r, f))
        by_real, by_fake = tape.gradient(value, [r, f], unconnected_gradients="zero")
        on_reals = lambda x, paper=paper: np.mean(paper(x.reshape(real.shape), fake))  # noqa: E731
        on_fakes = lambda x, paper=paper: np.mean(paper(real, x.reshape(fake.shape)))  # noqa: E731
        np.testing.assert_allclose(
            np.ravel(by_real), finite_difference(on_reals, real.ravel()), rtol=1e-6, atol=1e-7
        )
        np.testing.assert_allclose(
            np.ravel(by_fake), finite_difference(on_fakes, fake.ravel()), rtol=1e-6, atol=1e-7
        )


def everything(outputs):
    """Return both players' values and their gradients, by name."""
    results = {}
    for name, (real, fake) in outputs.items():
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([real, fake])
            values = [tf.reduce_mean(side(real, fake)) for side in players(name)]
        results[name] = values + [
            tape.gradient(value, [real, fake], unconnected_gradients="zero") for value in values
        ]
    return results


@pytest.fixture(scope="module")
def compiled():
    return tf.function(everything, jit_compile=True, autograph=False)


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_compiled_equals_not_compiled_without_nan(compiled, scale):
    """One compilation for all, float32: 1e-4 of the value, since kernels cancel."""
    outputs = {name: [tf.constant(side, tf.float32) for side in batch(name, scale)] for name in NAMES}
    found, plain = compiled(outputs), everything(outputs)
    for name in NAMES:
        for got, expected in zip(tf.nest.flatten(found[name]), tf.nest.flatten(plain[name]), strict=True):
            assert np.isfinite(got).all(), name
            np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_half_precision_is_widened_and_nan_is_not_hidden(name):
    real, fake = (tf.cast(side, tf.bfloat16) for side in batch(name))
    for side in players(name):
        assert np.asarray(side(real, fake)).dtype == np.float32
        assert np.isnan(np.sum(side(real * np.nan, fake * np.nan)))


@pytest.mark.parametrize("name", SCALAR)
def test_maps_are_averaged(name):
    """Where examples are apart their patches' values are averaged; dual_contrastive averages logits first."""
    real, fake = batch(name, count=12).reshape(2, 3, 2, 2, 1)
    for side in players(name):
        value = side(real, fake)
        if name.startswith("dual_contrastive"):
            expected = side(real.mean(axis=(1, 2, 3)), fake.mean(axis=(1, 2, 3)))
        else:
            expected = np.reshape(side(real.reshape(12), fake.reshape(12)), (3, 4)).mean(axis=1)
        np.testing.assert_allclose(value, expected, rtol=1e-9)


@pytest.mark.parametrize("name", ["ebgan", "began"])
def test_weights_multiply_each_example(name):
    loss, (real, fake), weight = losses.get(name), batch(name), np.array([0.5, 2.0, 3.0, 0.0, 1.0])
    for side in (loss.discriminator, loss.generator):
        np.testing.assert_allclose(
            side(real, fake, sample_weight=weight), weight * side(real, fake), rtol=1e-9
        )


# What they measure


@pytest.mark.parametrize("margin", [1.0, 2.0])
def test_ebgan_measures_total_variation(margin):
    """Over energies E >= 0, p E + q relu(m - E) is least at 0 or m, wherever the larger of p, q wants it: m (1 - TV)."""
    p, q = np.random.default_rng(0).dirichlet(np.ones(6), size=2)
    loss, logits = losses.get("ebgan", margin=margin), -np.linspace(0, 3 * margin, 3001)
    real_part = np.array(loss.discriminator(logits, np.full_like(logits, -10.0)))
    fake_part = np.array(loss.discriminator(np.zeros_like(logits), logits))
    least = sum(np.min(p_i * real_part + q_i * fake_part) for p_i, q_i in zip(p, q, strict=True))
    assert least == pytest.approx(margin * (1 - 0.5 * np.abs(p - q).sum()), abs=1e-6)


def estimates(name, real_of, fake_of, count=2000, size=6):
    """Return G's loss of many small batches of embeddings on the line."""
    random = np.random.default_rng(0)
    generator = tf.function(losses.get(name).generator, autograph=False)
    side = lambda draw: tf.constant(draw(random, (size, 1)))  # noqa: E731
    return np.array([float(generator(side(real_of), side(fake_of))) for _ in range(count)])


def test_cramer_is_the_energy_distance_without_bias():
    """The mean over 2,000 batches of 6 is 2 int (F - G)^2 = scipy's energy distance squared, to 5 standard errors (6e-7)."""
    points = np.array([0.0, 1.0, 3.0])
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.2, 0.6])
    found = estimates("cramer", lambda r, s: r.choice(points, s, p=p), lambda r, s: r.choice(points, s, p=q))
    expected = scipy.stats.energy_distance(points, points, p, q) ** 2
    assert abs(found.mean() - expected) < 5 * found.std() / np.sqrt(len(found))


def check_zero_at_equality(estimate):
    """Mean over 2,000 batches of 6 from one normal distribution: 0 to 5 standard errors (6e-7)."""
    random = np.random.default_rng(1)
    found = np.array([estimate(*random.normal(size=(2, 6, 1))) for _ in range(2000)])
    assert abs(found.mean()) < 5 * found.std() / np.sqrt(len(found))


@pytest.mark.parametrize("name", EMBEDS)
def test_kernel_distances_are_zero_at_equality_without_bias(name):
    generator = tf.function(losses.get(name).generator, autograph=False)
    check_zero_at_equality(lambda real, fake: float(generator(tf.constant(real), tf.constant(fake))))


def test_a_biased_estimate_fails_that_check():
    """The error of public code: examples compared with themselves."""

    def biased(real, fake):
        mean = lambda a, b: np.mean([rational_quadratics(x, y) for x in a for y in b])  # noqa: E731
        return mean(real, real) + mean(fake, fake) - 2 * mean(real, fake)

    with pytest.raises(AssertionError):
        check_zero_at_equality(biased)


def test_one_contrast_is_two_pairs():
    """With one real and one fake: 2 softplus(f - r), rpgan's loss of D twice."""
    real, fake = np.array([0.3]), np.array([1.1])
    expected = 2 * losses.get("rpgan").discriminator(real, fake)[0]
    np.testing.assert_allclose(losses.get("dual_contrastive").discriminator(real, fake), expected, rtol=1e-12)


def test_contrast_of_equal_logits_is_chance():
    """n + 1 candidates on either side: 2 ln (n + 1)."""
    np.testing.assert_allclose(
        losses.get("dual_contrastive").discriminator(np.ones(7), np.ones(7)), 2 * np.log(8), rtol=1e-12
    )


@pytest.mark.parametrize("name", SCALAR)
def test_d_raises_reals_and_lowers_fakes_and_g_raises_fakes(name):
    real, fake = (tf.constant(side) for side in batch(name, 0.3))
    slopes = []
    for side in players(name):
        with tf.GradientTape() as tape:
            tape.watch([real, fake])
            value = tf.reduce_mean(side(real, fake))
        slopes.append(tape.gradient(value, [real, fake], unconnected_gradients="zero"))
    assert (slopes[0][0].numpy() < 0).all()
    assert (slopes[0][1].numpy() > 0).all()
    assert (slopes[1][1].numpy() < 0).all()


@pytest.mark.parametrize("name", EMBEDS)
def test_a_step_of_g_brings_the_batches_together(name):
    """Two clouds three apart: one gradient step on the fakes lessens their distance, and moves their mean to the reals'."""
    real, fake = batch(name, 0.3)
    fake = tf.constant(fake + 3)
    with tf.GradientTape() as tape:
        tape.watch(fake)
        value = losses.get(name).generator(real, fake)
    moved = fake - 0.1 * tape.gradient(value, fake)
    assert losses.get(name).generator(real, moved) < value
    assert (moved.numpy().mean(axis=0) < fake.numpy().mean(axis=0)).all()


# The witness


@pytest.mark.parametrize("name", EMBEDS)
def test_the_witness_is_high_near_reals_and_averages_to_the_distance(name):
    """mean over reals less mean over fakes is MMD^2 with examples compared with themselves; the sign tells real from fake."""
    loss, (real, fake) = losses.get(name), batch(name, 0.3)
    fake = fake + 4
    at_real, at_fake = (np.array(loss.witness_logits(side, real, fake)) for side in (real, fake))
    assert at_real.shape == (5, 1)
    assert (at_real > 0).all()
    assert (at_fake < 0).all()
    kernel = {"cramer": lambda a, b: -np.linalg.norm(a - b), "mmd": rational_quadratics}.get(name, gaussians)
    mean = lambda a, b: np.mean([kernel(x, y) for x in a for y in b])  # noqa: E731
    expected = mean(real, real) + mean(fake, fake) - 2 * mean(real, fake)
    np.testing.assert_allclose(at_real.mean() - at_fake.mean(), expected, rtol=1e-9)


@pytest.mark.parametrize("name", EMBEDS)
def test_accuracy_leaves_the_example_itself_out(name):
    loss, (real, fake) = losses.get(name), batch(name)
    kernel = {"cramer": lambda a, b: -np.linalg.norm(a - b), "mmd": rational_quadratics}.get(name, gaussians)
    others = lambda i, side: [x for j, x in enumerate(side) if j != i]  # noqa: E731
    mean = lambda x, side: np.mean([kernel(x, y) for y in side])  # noqa: E731
    got = loss.correct(real, fake)
    np.testing.assert_array_equal(
        got[0], [mean(x, others(i, real)) > mean(x, fake) for i, x in enumerate(real)]
    )
    np.testing.assert_array_equal(
        got[1], [mean(x, others(i, fake)) > mean(x, real) for i, x in enumerate(fake)]
    )


def test_accuracy_of_energies():
    """ebgan: halfway to the margin. began: against the other side's mean."""
    real, fake = np.array([-0.1, -0.7]), np.array([-0.2, -0.9])
    assert [np.array(side).tolist() for side in losses.get("ebgan").correct(real, fake)] == [
        [True, False],
        [False, True],
    ]
    assert [np.array(side).tolist() for side in losses.get("began").correct(real, fake)] == [
        [True, False],
        [False, True],
    ]


def test_energies_are_means_over_entries():
    x, out = np.float32([[[1.0, 2.0]], [[0.0, 0.0]]]), np.float32([[[0.0, 4.0]], [[0.0, 1.0]]])
    for name, expected in (("ebgan", [[-2.5], [-0.5]]), ("began", [[-1.5], [-0.5]])):
        np.testing.assert_allclose(
            losses.get(name).logits_from(tf.constant(x), {"reconstruction": tf.constant(out)}), expected
        )


# Bad input


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: losses.get("mmd").generator(np.ones((4, 3)), np.ones((4, 2))),
            r"fake_logits: expected shape \(n, 3\)",
        ),
        (
            lambda: losses.get("mmd").generator(np.ones(4), np.ones(4)),
            r"real_logits: expected embeddings of shape \(n, k\)",
        ),
        (
            lambda: losses.get("cramer").generator(np.ones((1, 3)), np.ones((4, 3))),
            r"n of at least 2, got \(1, 3\)",
        ),
        (
            lambda: losses.get("ebgan").discriminator(np.ones((4, 1)), np.ones((4, 2))),
            r"fake_logits: expected shape \(n, \*\(1,\)\)",
        ),
        (lambda: losses.get("ebgan:margin=0"), r"ebgan:margin: expected a number above 0"),
        (lambda: losses.get("began:gamma=1"), r"began:gamma: expected a number in \[0, 1\)"),
        (
            lambda: losses.get("mmd:kernel=linear"),
            r"kernel: expected one of distance, rational_quadratic, gaussian",
        ),
        (
            lambda: losses.get("mmd:margin=2"),
            r"'mmd' has no option 'margin': only the hinge link has a margin",
        ),
        (
            lambda: losses.get("cramer", pairing="paired"),
            r"loss 'cramer' has no option 'pairing'; it does not compare",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
