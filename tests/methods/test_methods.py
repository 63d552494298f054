"""Losses of the methods against float64 NumPy, their contract, and the model that they train."""

import re

import keras
import method_reference
import numpy as np
import pytest
import tensorflow as tf

import tfgan
from tfgan import methods, networks
from tfgan.methods import drifting, flow
from tfgan.methods.method import Method

RIVALS = [name for name in methods.names() if name != "gan"]
REAL = np.random.default_rng(0).normal(size=(6, 3))
FAKE = np.random.default_rng(1).normal(size=(6, 3)) + 0.5
RING = np.stack([np.cos(np.arange(8) * np.pi / 4), np.sin(np.arange(8) * np.pi / 4)], axis=1)


def given(fake):
    """Return a generator whose output is `fake`."""
    return lambda latents, training: tf.constant(fake, tf.float32)


def make(spec, *, seed=0, width=16, jit_compile=False, **options):
    """Return a small compiled model of points in the plane."""
    network = networks.get("mlp", image_shape=(2,), latent_dim=2, width=width, seed=seed)
    model = methods.LoneGenerator(methods.get(spec).build_generator(network), seed=seed)
    model.compile(spec, jit_compile=jit_compile, **options)
    return model


def ring_batches(batch_size=64):
    """Return endless batches of eight narrow modes on the unit circle, the same on every call."""

    def batch(step):
        key = tf.stack([tf.constant(5, tf.int64), step])
        mode = tf.random.stateless_uniform((batch_size,), key, 0, 8, tf.int32)
        return tf.gather(tf.constant(RING, tf.float32), mode) + tf.random.stateless_normal(
            (batch_size, 2), key, stddev=0.01
        )

    return tf.data.Dataset.counter().map(batch)


# Losses


@pytest.mark.parametrize("spec", method_reference.LOSSES)
def test_loss_equals_the_formula(spec):
    """float32 against float64: distances carry 7 digits, small bandwidths and temperatures divide them."""
    loss = methods.get(spec).loss(given(FAKE), tf.constant(REAL, tf.float32), {"latents": None})
    assert float(loss) == pytest.approx(method_reference.LOSSES[spec](REAL, FAKE), rel=1e-4, abs=1e-6)


def test_every_rival_has_an_expected_loss():
    assert {spec.partition(":")[0] for spec in method_reference.LOSSES} | {"flow"} == set(RIVALS)


@pytest.mark.parametrize("tau", [0.1, 1.0])
def test_drift_is_the_sum_over_pairs(tau):
    found = drifting.compute_drift(tf.constant(FAKE, tf.float32), tf.constant(REAL, tf.float32), tau)
    np.testing.assert_allclose(found, method_reference.drift(FAKE, REAL, tau), rtol=1e-4, atol=1e-6)


def test_a_lone_pair_drifts_along_the_line_that_joins_fake_and_real():
    """One real at 1, fakes at 0 and -1: both move up, and a fake on the real is pushed nowhere but up by the other."""
    found = drifting.compute_drift(tf.constant([[0.0], [-1.0]]), tf.constant([[1.0]]), 1.0).numpy()
    assert (found > 0).all()


def test_drift_is_no_part_of_the_gradient():
    """With the target fixed, d loss / d x = -2 V / (entries scale): the gradient is the field itself."""
    method, real = methods.get("drifting:temperature=0.5"), tf.constant(REAL, tf.float32)
    fake = tf.Variable(tf.constant(FAKE, tf.float32))
    with tf.GradientTape() as tape:
        loss = method.loss(lambda latents, training: fake + 0.0, real, {"latents": None})
    scale = drifting.mean_distance(fake, real) / np.sqrt(3)
    field = method.field(fake / scale, real / scale)
    np.testing.assert_allclose(tape.gradient(loss, fake), -2 * field / (fake.shape[0] * 3 * scale), rtol=1e-4)


def test_mmd_of_the_biased_estimate_is_zero_for_equal_batches():
    method = methods.get("mmd:unbiased=false")
    assert float(method.discrepancy(tf.constant(REAL), tf.constant(REAL))) == pytest.approx(0, abs=1e-12)


def test_flow_regresses_the_straight_line():
    model = make("flow")
    start, time = np.random.default_rng(2).normal(size=(5, 2)), np.random.default_rng(3).uniform(size=(5, 1))
    real = REAL[:5, :2]
    velocity = model.generator.get_layer("flow").velocity

    def v(x, t):
        return velocity(tf.constant(np.concatenate([x, t], axis=1), tf.float32)).numpy()

    noise = {"latents": tf.constant(start, tf.float32), "times": tf.constant(time, tf.float32)}
    loss = model.method.loss(model.generator, tf.constant(real, tf.float32), noise)
    assert float(loss) == pytest.approx(method_reference.flow(real, start, time, v), rel=1e-5)


@pytest.mark.parametrize("steps", [1, 4])
def test_euler_steps_follow_the_velocity(steps):
    """v(x, t) = t x: x after the steps is the product of 1 + k / steps^2."""
    x = keras.Input((3,))
    velocity = keras.Model(x, x[:, :2] * x[:, 2:])
    found = flow.EulerSteps(velocity, steps)(tf.constant([[1.0, -2.0]]))
    product = np.prod([1 + k / steps**2 for k in range(steps)])
    np.testing.assert_allclose(found, [[product, -2 * product]], rtol=1e-6)


def test_flow_of_images_has_about_the_weights_of_g():
    network = networks.get("dcgan", image_shape=(8, 8, 1), latent_dim=32, width=16)
    generator = methods.get("flow:steps=2").build_generator(network)
    ratio = generator.count_params() / network.generator().count_params()
    assert 1 <= ratio < 1.05
    assert generator.output.shape == (None, 8, 8, 1)
    assert float(abs(generator(100 * tf.ones((1, 64)))).numpy().max()) <= 1


# The contract


@pytest.mark.parametrize("name", methods.names())
def test_entry_is_a_method_with_help_and_source(name):
    entry = methods.methods.entry(name)
    assert isinstance(methods.get(name), Method)
    assert entry.help
    assert entry.source


@pytest.mark.parametrize("spec", [*RIVALS, "flow:steps=2"])
def test_model_is_saved_as_it_was_compiled(spec, tmp_path):
    model = make(spec, ema_half_life=100.0)
    model.save(tmp_path / "model.keras")
    again = tfgan.load(tmp_path / "model.keras")
    assert (again.method, again.ema_half_life) == (methods.get(spec), 100.0)
    latents = tf.random.stateless_normal((4, model.latent_dim), (0, 0))
    np.testing.assert_array_equal(again.generate(latents), model.generate(latents))


@pytest.mark.parametrize("name", RIVALS)
def test_step_is_a_function_of_the_seed(name):
    def weights():
        model = make(name)
        model.fit(ring_batches(16), epochs=1, steps_per_epoch=3, verbose=0)
        return model.get_weights()

    assert all(map(np.array_equal, weights(), weights()))


@pytest.mark.parametrize("name", RIVALS)
def test_training_brings_points_to_the_ring(name):
    """Mean distance of samples from the nearest mode: 600 steps of seed 0 halve it, or better."""
    model = make(name, width=64, jit_compile=True, g_optimizer=keras.optimizers.Adam(3e-3))
    model.steps_per_execution = 50

    def distance():
        points = model.generate(tf.random.stateless_normal((512, 2), (1, 0))).numpy()
        return method_reference.distances(points, RING).min(axis=1).mean()

    before = distance()
    model.fit(ring_batches(), epochs=1, steps_per_epoch=600, verbose=0)
    assert distance() < before / 2


# Refusals


def test_what_needs_a_discriminator_is_refused():
    model = make("mmd")
    with pytest.raises(ValueError, match="score: LoneGenerator has no discriminator"):
        model.score(REAL)
    with pytest.raises(ValueError, match="evaluate: LoneGenerator has no losses of examples"):
        model.evaluate(REAL)
    with pytest.raises(ValueError, match="expected one without a discriminator, got 'gan'"):
        model.compile("gan")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ({"method": "mm"}, "--method: unknown method 'mm' (did you mean 'mmd'?)"),
        ({"method": "flow:steps=0"}, "--method: method flow:steps: expected a whole number above 0, got 0"),
        ({"method": "mmd:steps=2"}, "--method: method 'mmd' has no option 'steps'"),
        ({"method": "mmd", "penalty": ("r1",)}, "--penalty: expected --method=gan beside it, got mmd"),
        ({"method": "mmd", "d_lr": 1e-3}, "--d_optimizer: expected --method=gan beside it, got mmd"),
        ({"method": "drifting", "loss": "hinge"}, "--loss: expected --method=gan beside it, got drifting"),
        ({"method": "flow", "latent_dim": 3}, "--latent_dim: expected none beside --method=flow"),
        ({"method": "mmd", "on_collapse": "stop"}, "--on_collapse: expected --method=gan beside it"),
    ],
)
def test_bad_flags_are_one_line(flags, words):
    from tfgan.runs import config

    with pytest.raises(ValueError, match=f"^{re.escape(words)}.*$") as refused:
        config.resolve(config.Config(dataset="ring8", **flags))
    assert "\n" not in str(refused.value)
