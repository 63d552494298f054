"""Every penalty against its closed form on a quadratic D, whose input gradient is known."""

import dataclasses

import keras
import numpy as np
import penalty_reference as reference
import pytest
import tensorflow as tf

from tfgan import penalties
from tfgan.core import gradients as gradients_lib
from tfgan.penalties.inputs import (
    FAKE,
    REAL,
    Interpolated,
    PerturbedLatents,
    PerturbedReal,
    ShiftedAndFlipped,
)
from tfgan.training.critic import LABELED

NAMES = penalties.names()
D_NAMES, G_NAMES = list(reference.DISCRIMINATOR), list(reference.GENERATOR)


def started(penalty):
    return {key: tf.constant(value) for key, value in penalty.initial_state.items()}


def d_cost(penalty, places):
    return tf.reduce_mean(penalty.discriminator(places, started(penalty)))


def constants():
    return tf.constant(reference.A, tf.float32), tf.constant(reference.B, tf.float32)


def test_every_penalty_has_expected_values(everything):
    assert {name for name, penalty in everything.items() if penalty.overrides("discriminator")} == set(
        D_NAMES
    )
    assert {name for name, penalty in everything.items() if penalty.overrides("generator")} == set(G_NAMES)
    assert set(NAMES) == {*D_NAMES, *G_NAMES, *reference.RULES}


@pytest.mark.parametrize("name", D_NAMES)
def test_what_d_pays_is_the_closed_form(name, everything, places, world):
    found = d_cost(everything[name], places(*constants()))
    np.testing.assert_allclose(found, reference.DISCRIMINATOR[name](world), rtol=2e-5)


@pytest.mark.parametrize("name", G_NAMES)
def test_what_g_pays_is_the_closed_form(name, everything, places, world, noise):
    found = tf.reduce_mean(everything[name].generator(places(*constants()), noise["latents"]))
    np.testing.assert_allclose(found, reference.GENERATOR[name](world), rtol=2e-5)


def test_a_graph_of_unknown_batch_size_costs_what_eager_does(everything, places, world, noise):
    """Of every term of D and of G; float32 sums in another order: 1e-5."""
    real, fake, nearby = (tf.constant(getattr(world, key), tf.float32) for key in ("real", "fake", "nearby"))

    def costs(real, fake, nearby):
        seen = places(*constants(), real=real, fake=fake, nearby=nearby)
        found = {name: d_cost(everything[name], seen) for name in D_NAMES}
        return found | {
            f"{name} of G": tf.reduce_mean(everything[name].generator(seen, noise["latents"]))
            for name in G_NAMES
        }

    graph = tf.function(costs, input_signature=[tf.TensorSpec((None, 2), tf.float32)] * 3)
    expected = costs(real, fake, nearby)
    for name, found in graph(real, fake, nearby).items():
        np.testing.assert_allclose(found, expected[name], rtol=1e-5, err_msg=name)


@pytest.mark.parametrize("known", [True, False])
def test_points_between_one_real_and_many_fakes_are_refused(everything, places, world, known):
    """Broadcasting would set all of them on lines to that one real."""

    def cost(real):
        return d_cost(everything["wgan_gp"], places(*constants(), real=real))

    one = tf.constant(world.real[:1], tf.float32)
    if known:
        with pytest.raises(
            ValueError, match="between real and fake: expected 1 fakes, as many as reals, got 6"
        ):
            cost(one)
    else:
        with pytest.raises(
            tf.errors.InvalidArgumentError,
            match=r"expected \] \[1\] \[ fakes, as many as reals, got \] \[6\]",
        ):
            tf.function(cost, input_signature=[tf.TensorSpec((None, 2), tf.float32)])(one)


def numeric(name, world, field):
    """Return the central differences of the closed form in an array of the world."""
    table = reference.GENERATOR if field in ("fake", "nearby") else reference.DISCRIMINATOR
    value = getattr(world, field)
    gradient = np.zeros_like(value)
    for index in np.ndindex(value.shape):
        step = np.zeros_like(value)
        step[index] = 1e-6
        up, down = (
            table[name](dataclasses.replace(world, **{field: value + sign * step})) for sign in (1, -1)
        )
        gradient[index] = (up - down) / 2e-6
    return gradient


@pytest.fixture(scope="module")
def gradients(everything, places):
    """Return dC/d(A, b) for every cost of D, in one function, compiled or not."""

    def gradients(a, b):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([a, b])
            seen = places(a, b)
            costs = {name: d_cost(everything[name], seen) for name in D_NAMES}
        return {
            name: tape.gradient(cost, [a, b], unconnected_gradients="zero") for name, cost in costs.items()
        }

    return {
        "compiled": tf.function(gradients, jit_compile=True)(*constants()),
        "eager": gradients(*constants()),
    }


@pytest.mark.parametrize("how", ["compiled", "eager"])
@pytest.mark.parametrize("name", D_NAMES)
def test_second_derivatives_match_finite_differences(name, how, gradients, world):
    """The gradient of a cost on D's input gradient, against central differences of the closed form: 1e-3 in float32.

    D(x) = x'Ax/2 sees A's symmetric part alone in its values, but TensorFlow differentiates each entry:
    compare those.
    """
    d_a, d_b = gradients[how][name]
    np.testing.assert_allclose(d_b, numeric(name, world, "b"), rtol=1e-3, atol=1e-3)
    expected = numeric(name, world, "a")
    np.testing.assert_allclose(d_a + tf.transpose(d_a), expected + expected.T, rtol=1e-3, atol=2e-3)


@pytest.mark.parametrize("name", G_NAMES)
def test_gradients_in_the_fakes_match_finite_differences(name, everything, places, world, noise):
    fake = tf.constant(world.fake, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(fake)
        cost = tf.reduce_mean(everything[name].generator(places(*constants(), fake=fake), noise["latents"]))
    np.testing.assert_allclose(tape.gradient(cost, fake), numeric(name, world, "fake"), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["wgan_gp", "wgan_lp", "dragan", "r1", "max_gp"])
def test_flat_discriminator_gives_no_nan(name, everything, places):
    """|grad| has no derivative at 0; the penalty's gradient there is 0, not NaN."""
    flat, b = tf.zeros((2, 2)), tf.zeros(2)
    with tf.GradientTape() as tape:
        tape.watch([flat, b])
        total = d_cost(everything[name], places(flat, b))
    assert all(np.isfinite(g).all() for g in tape.gradient(total, [flat, b], unconnected_gradients="zero"))


@pytest.mark.parametrize("name", NAMES)
def test_round_trips(name, everything):
    penalty = everything[name]
    assert penalties.get(penalty) is penalty
    assert penalties.get(keras.saving.serialize_keras_object(penalty)) == penalty
    assert type(penalty).from_config(penalty.get_config()) == penalty
    assert penalties.name_of(penalty) == name


@pytest.mark.parametrize("name", [*D_NAMES, *G_NAMES])
def test_weights_multiply_the_cost(name, places, noise):
    """gamma, weight, d_weight and g_weight three times as large, the cost three times as large."""
    options = [
        key for key in penalties.penalties.options(name) if key in ("gamma", "weight", "d_weight", "g_weight")
    ]
    others = reference.OPTIONS.get(name, {})
    single, triple = (
        penalties.get(name, **{**others, **dict.fromkeys(options, value)}) for value in (1.0, 3.0)
    )
    seen = places(*constants())
    if name in D_NAMES:
        np.testing.assert_allclose(d_cost(triple, seen), 3 * d_cost(single, seen), rtol=1e-5)
    if name in G_NAMES:
        costs = [tf.reduce_mean(penalty.generator(seen, noise["latents"])) for penalty in (single, triple)]
        np.testing.assert_allclose(costs[1], 3 * costs[0], rtol=1e-5)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("r1:gamma=-1", "r1:gamma: expected a number of at least 0, got -1.0"),
        ("wgan_gp:weight=-0.5", "wgan_gp:weight: expected a number of at least 0"),
        ("wgan_lp:every=0", "wgan_lp:every: expected a whole number above 0"),
        ("wgan_gp:gamma=1", "has no option 'gamma'"),
        ("r2:weight=1", "has no option 'weight'"),
        ("clip:limit=0", "clip:limit: expected a number above 0"),
        ("clip:every=2", "has no option 'every'"),
        ("lecam:decay=1", r"lecam:decay: expected a number in \[0, 1\)"),
        ("instance_noise:anneal_steps=0", "anneal_steps: expected a whole number above 0"),
        ("lecamm", r"unknown penalty 'lecamm' \(did you mean 'lecam'\?\)"),
    ],
)
def test_bad_options_are_refused(spec, words):
    with pytest.raises(ValueError, match=words):
        penalties.get(spec)


@pytest.mark.parametrize(
    "identifier", [42, penalties.R1, keras.regularizers.L2()], ids=lambda each: type(each).__name__
)
def test_what_is_no_penalty_is_refused(identifier):
    with pytest.raises(
        TypeError, match=r"^penalty: expected a name, a Keras config or an instance of Penalty, got "
    ):
        penalties.get(identifier)


# State, rules, and points


def test_lecam_averages_are_debiased_and_updated_before_use(places, world):
    """After steps with logit means m1, m2: (d m1 + m2) (1 - d) / (1 - d^2) at decay d; no gradient flows through them."""
    penalty = penalties.get("lecam:decay=0.5")
    state = started(penalty)
    first, second = places(*constants()), places(constants()[0], 2 * constants()[1])
    state = penalty.next_state(first, state)
    state = penalty.next_state(second, state)
    means = [float(tf.reduce_mean(seen[REAL].logits)) for seen in (first, second)]
    np.testing.assert_allclose(
        state["real"] / state["mass"], (0.5 * means[0] + means[1]) * 0.5 / 0.75, rtol=1e-5
    )


def test_lecam_uses_the_other_sides_average():
    """Reals far above the fakes' mean pay, fakes far below the reals' mean pay; reals below and fakes above pay nothing."""
    penalty = penalties.get("lecam:weight=1")

    seen = {REAL: _Logits([3.0, 5.0]), FAKE: _Logits([-1.0, 1.0])}
    expected = ((3 - 0) ** 2 + (5 - 0) ** 2) / 2 + ((4 + 1) ** 2 + (4 - 1) ** 2) / 2
    np.testing.assert_allclose(penalty.discriminator(seen, started(penalty)), expected, rtol=1e-6)
    swapped = {REAL: seen[FAKE], FAKE: seen[REAL]}
    np.testing.assert_allclose(penalty.discriminator(swapped, started(penalty)), 0.0, atol=1e-12)


class _Logits:
    def __init__(self, values):
        self.logits = tf.constant(values)[:, None]


def test_clip_leaves_weights_inside_the_limit():
    np.testing.assert_allclose(
        penalties.get("clip:limit=0.5").after_update(tf.constant([-2.0, 0.3, 0.7])), [-0.5, 0.3, 0.5]
    )


def test_instance_noise_is_annealed_in_a_straight_line():
    """sigma (1 - t / T) until T, then 0; the standard deviation of 20,000 draws has a standard error of sigma / 200: 5 of them."""
    from tfgan.core import noise as noise_lib

    penalty = penalties.get("instance_noise:sigma=0.4,anneal_steps=10")
    draw = lambda step: penalty.draw(noise_lib.Draws(0, step, 0), tf.constant(step), REAL, (20_000,))  # noqa: E731
    for step, sigma in ((0, 0.4), (5, 0.2), (10, 0.0), (12, 0.0)):
        assert np.std(draw(step)) == pytest.approx(sigma, abs=5 * 0.4 / 200)
    np.testing.assert_allclose(penalty.transform(tf.ones(3), tf.constant([0.1, 0.2, 0.3])), [1.1, 1.2, 1.3])


def test_random_numbers_keep_the_keys_of_earlier_versions():
    """A run of before continues with its noise, though classes have other names now."""
    moved = ShiftedAndFlipped(FAKE, shift=0.125, mirror=True, sigma=0.05)
    assert moved.purpose == "Moved(of=Fake(), shift=0.125, mirror=True, sigma=0.05)"
    assert PerturbedLatents(0.05).purpose == "Nearby(sigma=0.05)"
    assert PerturbedReal().purpose == "Around(deviation=None)"
    assert (Interpolated().purpose, LABELED.purpose) == ("Interpolated()", "Labelled()")


def test_moved_images_are_shifted_and_mirrored():
    """Draws (0, .5, .9): the most up, no shift sideways, not mirrored; (.5, .99, 0): the most right, mirrored."""
    image = np.arange(64, dtype="float32").reshape(8, 8, 1)
    point = ShiftedAndFlipped(REAL, shift=0.125, mirror=True, sigma=0.05)
    drawn = {"uniform": tf.constant([[0.0, 0.5, 0.9], [0.5, 0.99, 0.0]])}
    up, mirrored = point.compute(lambda _: tf.constant(np.stack([image, image])), drawn).numpy()
    np.testing.assert_array_equal(up, image[[0, 0, 1, 2, 3, 4, 5, 6]])
    np.testing.assert_array_equal(mirrored, image[:, [1, 2, 3, 4, 5, 6, 7, 7]][:, ::-1])


# Errors that recur in public code: each must fail the very check that ours passes.


def check_wgan_gp(cost_of_gradients):
    """Gradients (3, 4) and (0, 0): the mean of 10 (5 - 1)^2 and 10 (0 - 1)^2 is 85."""
    np.testing.assert_allclose(cost_of_gradients(tf.constant([[3.0, 4.0], [0.0, 0.0]])), 85.0, rtol=1e-6)


def check_r1(cost_of_gradients):
    """Gradients (3, 4) and (0, 0): the mean of gamma/2 g^2 at gamma = 1 is 25/4."""
    np.testing.assert_allclose(cost_of_gradients(tf.constant([[3.0, 4.0], [0.0, 0.0]])), 6.25, rtol=1e-6)


def check_fractions(noise_of):
    """64 fractions, one an example, inside [0, 1]. For uniform ones the mean of a fixed draw is within 5/sqrt(12 * 64) of 1/2."""
    fractions = np.asarray(noise_of(64)) * np.ones(64)
    assert len(np.unique(fractions)) == 64
    assert fractions.min() >= 0
    assert fractions.max() <= 1
    assert abs(fractions.mean() - 0.5) < 5 / np.sqrt(12 * 64)


def check_feature_matching(cost):
    """Real features (1, 0), (-1, 0) and fake (3, 0), (-3, 0) have equal means: a fake need not be like any real."""
    real, fake = tf.constant([[1.0, 0.0], [-1.0, 0.0]]), tf.constant([[3.0, 0.0], [-3.0, 0.0]])
    np.testing.assert_allclose(cost(real, fake), 0.0, atol=1e-6)


def ours(name):
    return lambda gradient: tf.reduce_mean(penalties.get(name).cost(tf.reduce_sum(gradient**2, axis=1)))


def our_feature_matching(real, fake):
    features = type("Seen", (), {})
    seen = {}
    for point, values in ((REAL, real), (FAKE, fake)):
        seen[point] = features()
        seen[point].features = values
    return penalties.get("feature_matching").generator(seen, None)


ERRORS = {
    "one norm over the batch": (
        check_wgan_gp,
        ours("wgan_gp"),
        lambda gradient: 10 * (tf.norm(gradient) - 1) ** 2,
    ),
    "norm over the batch axis": (
        check_wgan_gp,
        ours("wgan_gp"),
        lambda g: tf.reduce_mean(10 * (tf.norm(g, axis=0) - 1) ** 2),
    ),
    "R1 without the half": (
        check_r1,
        ours("r1"),
        lambda gradient: tf.reduce_mean(tf.reduce_sum(gradient**2, axis=1)),
    ),
    "R1 averaged over entries": (check_r1, ours("r1"), lambda gradient: 0.5 * tf.reduce_mean(gradient**2)),
    "feature matching on unrelated pairs": (
        check_feature_matching,
        our_feature_matching,
        lambda real, fake: tf.reduce_sum(tf.reduce_mean((real - fake) ** 2, axis=0)),
    ),
}


@pytest.mark.parametrize("error", ERRORS)
def test_ours_passes_and_the_error_fails(error):
    check, right, wrong = ERRORS[error]
    check(right)
    with pytest.raises(AssertionError):
        check(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda count: tf.random.stateless_uniform((), (1, 2)),
        lambda count: tf.random.stateless_normal((count,), (1, 2)),
    ],
    ids=["one for the batch", "normal"],
)
@pytest.mark.parametrize(
    ("name", "point"), [("wgan_gp", "Interpolated()"), ("dragan", "PerturbedReal(deviation=None)")]
)
def test_our_fractions_pass_and_the_error_fails(make_gan, name, point, wrong):
    gan = make_gan(penalties=[name], jit_compile=False)
    check_fractions(lambda count: gan.sample_noise(count, 0)[point]["fractions"])
    with pytest.raises(AssertionError):
        check_fractions(wrong)


def test_norm_of_flat_places_is_zero():
    np.testing.assert_array_equal(gradients_lib.norm(tf.zeros(3)), np.zeros(3))


@pytest.mark.parametrize("name", ["r1", "r2", "gp0"])
def test_gamma_falls_along_a_cosine(name):
    """gamma 2 to 0.5 over 30 steps: what the cost at gamma = 2 is multiplied by is 1, (0.5 + 1.5 * 3 / 4) / 2 at 10, 0.25 after."""
    penalty = penalties.get(f"{name}:gamma=2,gamma_end=0.5,over=30")
    np.testing.assert_allclose(
        [penalty.strength(step) for step in (0, 10, 30, 99)], [1.0, 0.8125, 0.25, 0.25], rtol=1e-6
    )


def test_gamma_stays_unless_told_to_fall():
    assert penalties.get("r1:gamma=2").strength(7) == 1.0


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("r1:gamma_end=1", "gamma_end, over: expected both or neither"),
        ("gp0:over=5", "gamma_end, over: expected both or neither"),
        ("r2:gamma=0,gamma_end=1,over=5", "gamma: expected a number above 0"),
    ],
)
def test_a_schedule_of_gamma_is_whole(spec, message):
    with pytest.raises(ValueError, match=message):
        penalties.get(spec)


def test_weights_beside_those_of_the_authors_code(everything, places, world):
    """GAN_stability adds reg_param E |grad D|^2, improved-gan the mean over the entries of f of a squared difference."""
    seen = places(*constants())
    squared = np.mean(np.sum(np.square(seen[REAL].gradient), axis=1))
    np.testing.assert_allclose(d_cost(penalties.get("r1:gamma=20"), seen), 10 * squared, rtol=1e-5)
    difference = world.real.mean(axis=0) - world.fake.mean(axis=0)
    found = penalties.get("feature_matching", weight=1 / len(difference)).generator(seen, None)
    np.testing.assert_allclose(found, np.mean(np.square(difference)), rtol=1e-5)
