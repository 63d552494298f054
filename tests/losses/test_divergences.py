"""D's least loss is the divergence that its paper says, on random distributions over a finite set."""

import re

import discrete
import loss_reference as reference
import numpy as np
import pytest
import scipy.optimize
import scipy.stats
import tensorflow as tf

from tfgan import losses
from tfgan.losses.adversarial import Adversarial

F_LINKS = list(reference.DIVERGENCES)
TOLERANCE = 1e-6  # the optimum is found to 1e-15; the sums are over 1,000 float64 terms


def jsd(p, q):
    return reference.f_divergence("js", p, q) / 2


def triangular(p, q):
    """Return sum (p - q)^2 / (p + q), Pearson(2 q || p + q) in the order of the f-divergence table."""
    both = p + q > 0
    return np.sum((p - q)[both] ** 2 / (p + q)[both])


def check_logistic(discriminator, seed=0, zeros=""):
    """min L_D = 2 ln 2 - 2 JSD (Goodfellow et al. 2014, theorem 1, with the sign of a loss)."""
    p, q = discrete.counts(seed, zeros=zeros)
    least, _ = discrete.least_loss(discriminator, p, q)
    assert abs(least - (2 * np.log(2) - 2 * jsd(p / p.sum(), q / q.sum()))) < TOLERANCE


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("link", F_LINKS)
def test_minus_least_loss_is_the_f_divergence(link, seed):
    p, q = discrete.counts(seed)
    least, _ = discrete.least_loss(Adversarial(link).discriminator, p, q)
    assert abs(-least - reference.f_divergence(link, p / p.sum(), q / q.sum())) < TOLERANCE


@pytest.mark.parametrize("zeros", ["real", "fake", "real fake"])
@pytest.mark.parametrize("link", F_LINKS)
def test_f_divergence_with_zeros_is_the_supremum_or_infinite(link, zeros):
    """Where D_f is infinite the bound grows without end as logits do: it passes 10 within 300.

    alpha = -0.4 and 0.3 approach their supremum like exp(-0.3 s) at the slowest: 1e-39 away at s = 300.
    """
    p, q = discrete.counts(3, zeros=zeros)
    least, _ = discrete.least_loss(Adversarial(link).discriminator, p, q)
    expected = reference.f_divergence(link, p / p.sum(), q / q.sum())
    if np.isinf(expected):
        assert -least > 10
    else:
        assert abs(-least - expected) < TOLERANCE


def test_table_of_f_divergences_agrees_with_itself():
    """f*(t) = sup_u (u t - f(u)) at T = f'(u) is u f'(u) - f(u), and `fake` is f*(T(s)); 1e-6 for the numeric f'."""
    for name, row in reference.DIVERGENCES.items():
        if name == "tv":
            continue  # f' jumps from -1/2 to 1/2 and tells no u
        u = np.array([0.2, 0.5, 0.9, 1.7, 4.0])
        slope = (row.f(u + 1e-6) - row.f(u - 1e-6)) / 2e-6
        np.testing.assert_allclose(
            row.conjugate(slope), u * slope - row.f(u), rtol=1e-6, atol=1e-6, err_msg=name
        )
        s = np.linspace(-1.9, 3, 20)
        link = losses.links.get(name)
        np.testing.assert_allclose(
            link.fake(s), row.conjugate(row.variational(s)), rtol=1e-9, atol=1e-12, err_msg=name
        )
        np.testing.assert_allclose(link.real(s), -row.variational(s), rtol=1e-9, atol=1e-12, err_msg=name)


PRINTED = [
    name
    for name in losses.links.names()
    if losses.links.facts(name) and name not in ("linear", "hinge", "tv")
]


@pytest.mark.parametrize("link", PRINTED)
def test_printed_best_logit_is_where_the_loss_of_d_is_least(link):
    """As text in p and q; linear has none, those of hinge and total variation are no formulas."""
    p, q = discrete.counts(5)
    _, logits = discrete.least_loss(Adversarial(link).discriminator, p, q)
    printed = re.sub(r"(\d) (?=ln|\()", r"\1 * ", losses.links.facts(link).best)
    np.testing.assert_allclose(
        logits,
        eval(printed, {**losses.links.option_defaults(link), "ln": np.log, "p": p, "q": q}),
        atol=TOLERANCE,
    )


@pytest.mark.parametrize("zeros", ["", "real", "fake"])
@pytest.mark.parametrize("name", ["nonsat", "minimax", "softplus_wasserstein"])
def test_logistic_measures_jensen_shannon(name, zeros):
    check_logistic(losses.get(name).discriminator, zeros=zeros)


@pytest.mark.parametrize("zeros", ["", "real fake"])
@pytest.mark.parametrize(("name", "share"), [("lsgan_pm1", 1.0), ("lsgan", 0.25)])
def test_least_squares_measures_pearson(name, share, zeros):
    """min L_D = 1 - sum (p - q)^2 / (p + q) / 2 in the -1/1 coding: its optimum is (p - q) / (p + q). A quarter in 0/1."""
    p, q = discrete.counts(1, zeros=zeros)
    least, logits = discrete.least_loss(losses.get(name).discriminator, p, q)
    assert abs(least - share * (1 - triangular(p / p.sum(), q / q.sum()) / 2)) < TOLERANCE
    u = p / (p + q)
    np.testing.assert_allclose(logits, u if name == "lsgan" else 2 * u - 1, atol=TOLERANCE)


@pytest.mark.parametrize("zeros", ["", "real fake"])
@pytest.mark.parametrize("margin", [1.0, 2.0])
def test_hinge_measures_total_variation(margin, zeros):
    """min L_D = 2 m (1 - TV): at each point the loss is linear between -m and m, so the best is one of the two."""
    p, q = discrete.counts(2, zeros=zeros)
    least, _ = discrete.least_loss(losses.get("hinge", margin=margin).discriminator, p, q)
    assert abs(least - 2 * margin * (1 - reference.f_divergence("tv", p / p.sum(), q / q.sum()))) < TOLERANCE


@pytest.mark.parametrize("seed", range(3))
def test_linear_measures_wasserstein_1_under_a_lipschitz_critic(seed):
    """On the line, maximize E_p D - E_q D over logits whose steps are at most the gaps: a linear program."""
    random = np.random.default_rng(seed)
    p, q = discrete.counts(seed, num_points=8)
    place = np.sort(random.normal(size=8))
    steps = np.diff(np.eye(8), axis=0)
    limits = np.tile(np.diff(place), 2)
    solution = scipy.optimize.linprog(
        (q - p) / p.sum(), A_ub=np.vstack([steps, -steps]), b_ub=limits, bounds=[(0, None)] * 8
    )
    real, fake = np.repeat(solution.x, p), np.repeat(solution.x, q)
    least = float(np.mean(losses.get("wgan").discriminator(real, fake)))
    assert abs(-least - scipy.stats.wasserstein_distance(place, place, p, q)) < TOLERANCE


@pytest.mark.parametrize(("name", "largest"), [("rpgan", np.log(2)), ("rplsgan", 0.5), ("rphinge", 1.0)])
def test_paired_loss_is_least_at_its_value_of_a_constant_critic_only_when_p_is_q(name, largest):
    """A relativistic divergence: a(0) - min E a(D(x) - D(y)) over independent x ~ p, y ~ q is 0 at p = q, and else above 0."""
    for seed, equal in [(0, False), (1, True)]:
        p, q = (side / side.sum() for side in discrete.counts(seed))
        q = p if equal else q
        loss = losses.get(name)

        def mean_loss(logits, p=p, q=q, loss=loss):
            real, fake = (side.ravel() for side in np.meshgrid(logits, logits, indexing="ij"))
            return float(np.sum(np.outer(p, q).ravel() * loss.discriminator(real, fake).numpy()))

        least = min(
            scipy.optimize.minimize(mean_loss, np.linspace(-0.5, 0.5, 6) * sign).fun for sign in (1, -1)
        )
        assert least == pytest.approx(largest, abs=1e-6) if equal else least < largest - 0.02


# What G descends


@pytest.mark.parametrize("form", list(losses.GENERATOR_FORMS))
@pytest.mark.parametrize("link", [name for name in F_LINKS if name != "tv"])
def test_generator_at_the_optimum_of_d_descends_an_f_divergence(link, form):
    """With D held at its best logits s(u), u = p/q, G's loss changes by sum dq fool(s(u)); that of D_h by sum dq (h - u h').

    They agree for every change dq of a distribution if and only if they differ by a constant over the points.
    h is f for the zero-sum form, and has h'' = f''(u) / u for the non-saturating one: KL's G descends the
    reverse KL.
    """
    p, q = discrete.counts(4)
    _, logits = discrete.least_loss(Adversarial(link).discriminator, p, q)
    u = p / q
    row = reference.DIVERGENCES[link]
    h = row.f if form == "zero_sum" else row.h
    slope = (h(u + 1e-6) - h(u - 1e-6)) / 2e-6
    gap = Adversarial(link, generator_form=form).generator(None, logits).numpy() - (h(u) - u * slope)
    assert np.ptp(gap) < 1e-6 * max(1.0, np.ptp(h(u)))


@pytest.mark.parametrize(
    ("name", "h"),
    [
        # KL(q || p) - 2 JSD: Arjovsky & Bottou 2017, theorem 2.5
        ("nonsat", lambda u: -np.log(u) - reference.js_f(u)),
        ("minimax", reference.js_f),
        ("lsgan_pm1:generator_form=zero_sum", lambda u: (u - 1) ** 2 / (u + 1) / 2),
        ("lsgan:generator_form=zero_sum", lambda u: (u - 1) ** 2 / (u + 1) / 8),
        ("softplus_wasserstein", lambda u: -np.log(u)),  # KL(q || p)
        ("lsgan", lambda u: u * np.log(u / (1 + u)) - 1 / (2 * (1 + u))),  # h'' = 1 / (u (1 + u)^3)
        ("hinge", lambda u: abs(u - 1)),  # 2 TV: D's best logit is sign(u - 1)
        ("hinge:generator_form=zero_sum", lambda u: abs(u - 1)),
        ("hinge:margin=3", lambda u: 3 * abs(u - 1)),
    ],
)
def test_generator_of_other_links_descends(name, h):
    """As above, for the links that have the same optimum in another coding."""
    p, q = discrete.counts(5)
    loss = losses.get(name)
    _, logits = discrete.least_loss(loss.discriminator, p, q)
    u = p / q
    slope = (h(u + 1e-6) - h(u - 1e-6)) / 2e-6
    assert np.ptp(loss.generator(None, logits).numpy() - (h(u) - u * slope)) < 1e-6


def test_lsgan_pm1_generator_shuns_points_that_lack_fakes_as_much_as_those_with_too_many():
    """G's target 0 is D's answer at p = q: with D held at its optimum (p - q) / (p + q), G pays half its square.

    That is no f-divergence (h'' < 0 for u > 1). The chi-square of Mao et al. is D's value with its answer to
    G counted in.
    """
    p, q = discrete.counts(5)
    loss = losses.get("lsgan_pm1")
    _, logits = discrete.least_loss(loss.discriminator, p, q)
    np.testing.assert_allclose(loss.generator(None, logits), ((p - q) / (p + q)) ** 2 / 2, atol=1e-9)
    p, q = p / p.sum(), q / q.sum()
    counted_in = np.sum((p + q) * loss.generator(None, logits).numpy())
    assert counted_in == pytest.approx(triangular(p, q) / 2, abs=1e-9)


SEPARABLE = [
    name for name in losses.names() if losses.objectives.entry(name).options.get("pairing") == "independent"
]


@pytest.mark.parametrize("name", [name for name in SEPARABLE if name not in ("wgan", "hinge", "fgan_tv")])
def test_at_equality_d_sits_at_its_threshold_and_g_feels_nothing(name):
    """At p = q D's best logit is the threshold everywhere, so G's loss is the same at all points and its gradient 0.

    Not so for linear, hinge and total variation, whose D has no unique optimum there: any constant (in the
    margin).
    """
    p, _ = discrete.counts(6)
    loss = losses.get(name)
    _, logits = discrete.least_loss(loss.discriminator, p, p)
    np.testing.assert_allclose(logits, loss.link_fn.threshold, atol=1e-6)
    assert np.ptp(loss.generator(None, logits).numpy()) < 1e-6


@pytest.mark.parametrize("form", list(losses.GENERATOR_FORMS))
@pytest.mark.parametrize("pairing", ["paired", "average"])
@pytest.mark.parametrize("link", ["logistic", "least_squares_pm1", "linear", "hinge"])
def test_at_equality_a_constant_critic_rests_and_g_feels_nothing(link, pairing, form):
    """Every real beside every fake, p = q: at equal logits D's loss has slope 0, and G's pulls all fakes alike, so that moving
    mass from one point to another changes nothing.
    """
    p, _ = discrete.counts(6)
    at = np.repeat(np.arange(len(p)), p // 20)
    real_at, fake_at = (side.ravel() for side in np.meshgrid(at, at, indexing="ij"))
    loss = Adversarial(link, pairing, form)
    logits = tf.zeros(len(p), tf.float64)
    fakes = tf.zeros(fake_at.shape, tf.float64)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([logits, fakes])
        d = tf.reduce_mean(loss.discriminator(tf.gather(logits, real_at), tf.gather(logits, fake_at)))
        g = tf.reduce_sum(loss.generator(tf.zeros_like(fakes), fakes))
    np.testing.assert_allclose(tf.convert_to_tensor(tape.gradient(d, logits)), 0, atol=1e-12)
    pull = tape.gradient(g, fakes).numpy()
    assert pull[0] < 0
    np.testing.assert_allclose(pull, pull[0], rtol=1e-12)


@pytest.mark.parametrize("link", ["logistic", "least_squares", "least_squares_pm1"])
@pytest.mark.parametrize("smoothing", [0.1, 0.6])
def test_smoothed_thresholds(link, smoothing):
    """With smoothed labels D's best logit at p = q is the link's threshold; with none, the table's."""
    p, _ = discrete.counts(6)
    smooth = Adversarial(f"{link}:label_smoothing={smoothing}")
    _, logits = discrete.least_loss(smooth.discriminator, p, p)
    np.testing.assert_allclose(logits, smooth.link_fn.threshold, atol=1e-6)
    assert losses.links.get(link).threshold == reference.LINKS[link].threshold


def test_one_sided_smoothing_keeps_the_optimum_monotone():
    """D's best probability is (1 - e) p / (p + q): fakes alone are never called real (Salimans et al. 2016, section 3.4)."""
    p, q = discrete.counts(7, zeros="real")
    _, logits = discrete.least_loss(losses.get("nonsat:label_smoothing=0.1").discriminator, p, q)
    np.testing.assert_allclose(1 / (1 + np.exp(-logits)), 0.9 * p / (p + q), atol=1e-6)
