"""Losses of networks' own layers are paid once, by the player whose layers they are, in every schedule and in parts."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan
from tfgan.training import layer_losses

BATCH = 16
KERNEL, ACTIVITY, ADDED = 0.3, 0.2, 0.7
ARGUMENTS = {
    "alternating": {},
    "simultaneous": {"schedule": "simultaneous"},
    "micro_batch": {"micro_batch": 4},
    "micro_batch simultaneous": {"micro_batch": 4, "schedule": "simultaneous"},
    "with r1": {"penalties": ["r1:gamma=0.5"]},
    "with lazy r1": {"penalties": ["r1:gamma=0.5,every=2"]},
    "with features": {"penalties": ["feature_matching"]},
}


@keras.saving.register_keras_serializable("tests")
class Adding(keras.layers.Layer):
    """Add ADDED times the mean of the input to the losses."""

    def call(self, x):
        self.add_loss(ADDED * tf.reduce_mean(x))
        return x


def network(entries, outputs, seed, regularized=True, adds=False):
    start = [keras.initializers.GlorotUniform(seed + layer) for layer in range(2)]
    own = {
        "kernel_regularizer": keras.regularizers.L2(KERNEL),
        "activity_regularizer": keras.regularizers.L2(ACTIVITY),
    }
    source = keras.Input((entries,))
    hidden = keras.layers.Dense(
        4, activation="tanh", kernel_initializer=start[0], **(own if regularized else {})
    )(source)
    hidden = Adding()(hidden) if adds else hidden
    return keras.Model(source, keras.layers.Dense(outputs, kernel_initializer=start[1])(hidden))


def gan_of(regularized=True, adds=False, **arguments):
    gan = tfgan.GAN(network(3, 2, 0, regularized, adds), network(2, 1, 5, regularized, adds))
    rates = {f"{player}_optimizer": keras.optimizers.SGD(0.1) for player in "gd"}
    gan.compile(**{"jit_compile": False, **rates, **arguments})
    return gan


@pytest.fixture(scope="module")
def real():
    return tf.constant(np.random.default_rng(0).normal(size=(BATCH, 2)), tf.float32)


def losses(weights, *batches, adds=False):
    """Return KERNEL |W|^2 + for each batch ACTIVITY/n |h|^2 (+ ADDED mean h), h = tanh(x W + b): the docstring's formula."""
    total = KERNEL * tf.reduce_sum(weights[0] ** 2)
    for x in batches:
        hidden = tf.tanh(x @ weights[0] + weights[1])
        total += ACTIVITY * tf.reduce_sum(hidden**2) / len(x) + (
            ADDED * tf.reduce_mean(hidden) if adds else 0.0
        )
    return total


def moved(gan, real):
    """Return the weights of D and of G before a step and after, and its logs."""
    before = [
        [tf.identity(v) for v in network.trainable_variables]
        for network in (gan.discriminator, gan.generator)
    ]
    logs = gan.train_step(real)
    return before, [network.trainable_variables for network in (gan.discriminator, gan.generator)], logs


CASES = [(name, False) for name in ARGUMENTS] + [
    (name, True) for name in ("alternating", "simultaneous", "with r1")
]


@pytest.mark.parametrize(("case", "adds"), CASES)
def test_each_player_pays_the_losses_of_its_layers(real, case, adds):
    """A step with them is the step without, less 0.1 times their gradient by the formula, D's over reals and fakes."""
    arguments = ARGUMENTS[case]
    paying, plain = gan_of(adds=adds, **arguments), gan_of(regularized=False, **arguments)
    latents = plain.sample_noise(BATCH, 0)["latents"]
    fake = plain.generator(latents)
    (d, g), paid, logs = moved(paying, real)
    if arguments.get("schedule", "alternating") == "alternating":  # G's update sees D after its own
        plain.train_step(real)
        d_expected = [tf.identity(v) for v in plain.discriminator.trainable_variables]
        again = gan_of(regularized=False, **{**arguments, "d_optimizer": keras.optimizers.SGD(0.0)})
        again.discriminator.set_weights(paying.discriminator.get_weights())
        again.train_step(real)
        g_expected = again.generator.trainable_variables
    else:
        plain.train_step(real)
        d_expected, g_expected = plain.discriminator.trainable_variables, plain.generator.trainable_variables
    for before, expected, after, batches, player in (
        (d, d_expected, paid[0], (real, fake), "discriminator"),
        (g, g_expected, paid[1], (latents,), "generator"),
    ):
        with tf.GradientTape() as tape:
            tape.watch(before)
            value = losses(before, *batches, adds=adds)
        assert float(logs[f"regularization/{player}"]) == pytest.approx(float(value), rel=1e-5)
        gradients = tape.gradient(value, before, unconnected_gradients="zero")
        assert max(np.abs(gradient).max() for gradient in gradients) > 0.1
        for variable, without, gradient in zip(after, expected, gradients, strict=True):
            np.testing.assert_allclose(variable, without - 0.1 * gradient, atol=2e-6)


def test_a_strong_regularizer_moves_the_weights(real):
    """The reported case: L2(1e6) leaves D's weights as they were without it no longer; 1 - 2e6 rate = 0 makes them vanish."""
    source = keras.Input((2,))
    critic = keras.Model(source, keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L2(1e6))(source))
    gan = tfgan.GAN(network(3, 2, 0, regularized=False), critic)
    gan.compile(d_optimizer=keras.optimizers.SGD(0.5e-6), jit_compile=False)
    gan.train_step(real)
    np.testing.assert_allclose(critic.get_weights()[0], 0.0, atol=1e-5)


def test_a_layer_that_is_used_twice_pays_twice(real):
    """ACTIVITY/n (|h1|^2 + |h2|^2) for h1 = x W, h2 = h1 W, over reals and over fakes."""
    source = keras.Input((2,))
    twice = keras.layers.Dense(2, use_bias=False, activity_regularizer=keras.regularizers.L2(ACTIVITY))
    gan = tfgan.GAN(
        network(3, 2, 0, regularized=False), keras.Model(source, keras.layers.Dense(1)(twice(twice(source))))
    )
    gan.compile(jit_compile=False)
    kernel, fake = twice.kernel.numpy(), gan.generator(gan.sample_noise(BATCH, 0)["latents"]).numpy()
    hidden = [y for x in (real.numpy(), fake) for y in (x @ kernel, x @ kernel @ kernel)]
    expected = sum(ACTIVITY * np.sum(h**2) / BATCH for h in hidden)
    assert float(gan.train_step(real)["regularization/discriminator"]) == pytest.approx(expected, rel=1e-5)


def test_networks_without_such_losses_log_none(real, make_gan):
    assert not [
        tag for tag in make_gan(jit_compile=False).train_step(real) if tag.startswith("regularization/")
    ]
    one_sided = tfgan.GAN(network(3, 2, 0, regularized=False), network(2, 1, 5))
    one_sided.compile(jit_compile=False)
    logs = one_sided.train_step(real)
    assert [tag for tag in logs if tag.startswith("regularization/")] == ["regularization/discriminator"]


def test_frozen_weights_are_not_regularized(real):
    gan = gan_of(adds=True)
    gan.discriminator.layers[1].trainable = False
    gan.compile(jit_compile=False)
    hidden = [
        gan.discriminator.layers[1](x) for x in (real, gan.generator(gan.sample_noise(BATCH, 0)["latents"]))
    ]
    expected = sum(ACTIVITY * tf.reduce_sum(h**2) / BATCH + ADDED * tf.reduce_mean(h) for h in hidden)
    assert float(gan.train_step(real)["regularization/discriminator"]) == pytest.approx(
        float(expected), rel=1e-5
    )


def test_under_xla_d_pays_too_in_each_of_its_updates(real):
    gan = gan_of(adds=True, jit_compile=True, d_steps=2)
    gan.fit(tf.data.Dataset.from_tensors(real).repeat(2), verbose=0)
    same = gan_of(adds=True, d_steps=2)
    same.train_step(tf.stack([real, real]))
    for one, other in zip(gan.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("how", ["acgan", "info", "classify"])
def test_models_with_heads_pay_beside_their_terms(how, real):
    """D of each model has one regularized layer: what it logs is the formula, beside terms of its own."""
    kind, heads, arguments, of_g = {
        "acgan": (tfgan.ACGAN, {"classes": 3}, {"num_classes": 3}, "labels"),
        "info": (tfgan.InfoGAN, {"codes": 3}, {"categorical": 3}, "codes"),
        "classify": (tfgan.SemiSupervisedGAN, {"classes": 3}, {}, None),
    }[how]
    inputs = [
        keras.Input((3,)),
        *([keras.Input((), dtype="int32")] * (of_g == "labels")),
        *([keras.Input((3,))] * (of_g == "codes")),
    ]
    body = (
        inputs[0]
        if of_g is None
        else keras.layers.Concatenate()(
            [inputs[0], keras.ops.one_hot(inputs[1], 3) if of_g == "labels" else inputs[1]]
        )
    )
    generator = keras.Model(inputs if of_g else inputs[0], keras.layers.Dense(2)(body))
    own = {
        "kernel_regularizer": keras.regularizers.L2(KERNEL),
        "activity_regularizer": keras.regularizers.L2(ACTIVITY),
    }
    source = keras.Input((2,))
    hidden = keras.layers.Dense(4, activation="tanh", **own)(source)
    critic = keras.Model(
        source,
        {"logits": keras.layers.Dense(1)(hidden)}
        | {head: keras.layers.Dense(width)(hidden) for head, width in heads.items()},
    )
    gan = kind(generator, critic, **arguments)
    gan.compile(jit_compile=False)
    labels = tf.range(BATCH) % 3
    rows = {"labels": labels, "labeled_x": 2 * real, "labeled_labels": labels}
    noise = gan.sample_noise(BATCH, 0) | rows
    fake = generator([noise["latents"], noise[of_g]] if of_g else noise["latents"])
    expected = losses([tf.identity(v) for v in critic.trainable_variables], real, fake)
    logs = gan.train_step((real, rows))
    assert float(logs["regularization/discriminator"]) == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize(
    ("layer", "named"),
    [
        (
            lambda: Adding(name="mine"),
            "'mine': expected layers' losses that are means over examples .* with micro_batch=4, got add_loss",
        ),
        (
            lambda: keras.layers.Dense(2, activity_regularizer="orthogonal_regularizer", name="other"),
            "'other': expected .* got activity_regularizer=OrthogonalRegularizer; use one of those, or no parts",
        ),
    ],
)
def test_losses_that_parts_would_change_are_refused_by_name(layer, named):
    source = keras.Input((2,))
    critic = keras.Model(
        source, keras.layers.Dense(1)(keras.Sequential([keras.Input((2,)), layer()])(source))
    )
    gan = tfgan.GAN(network(3, 2, 0), critic)
    with pytest.raises(ValueError, match=named):
        gan.compile(micro_batch=4)
    gan.compile(jit_compile=False)


def test_networks_of_this_package_are_not_traced_for_them(monkeypatch, make_gan):
    """They have none, and pay no time for it."""
    monkeypatch.setattr(layer_losses.tf, "function", lambda *_, **__: pytest.fail("traced"))
    make_gan(jit_compile=False)
