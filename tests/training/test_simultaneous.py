"""The one-pass step finds what two passes find, at the cost of one; parts and schedules that cannot be are refused."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan
from tfgan.training.state import WaitingShare

BATCH = 16


def gan_of(loss, penalties=(), **arguments):
    objective = tfgan.losses.get(loss)
    network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=8)
    gan = tfgan.GAN(
        network.generator(),
        network.autoencoder() if objective.uses_reconstruction else network.discriminator(),
    )
    gan.compile(loss=objective, penalties=penalties, jit_compile=False, **arguments)
    return gan


def scaled(gan, factor):
    """Multiply D's last layer, so that some logits are far from 0."""
    for variable in gan.discriminator.trainable_variables[-2:]:
        variable.assign(factor * variable)


@pytest.fixture(scope="module")
def real():
    return tf.constant(np.random.default_rng(0).normal(size=(BATCH, 2)), tf.float32)


CASES = [
    (name, [])
    for name in (
        "nonsat",
        "minimax",
        "lsgan",
        "hinge",
        "wgan",
        "rpgan",
        "rahinge",
        "ralsgan",
        "fgan_kl",
        "ebgan",
    )
]
CASES += [("dual_contrastive", []), ("began", ["r1"])]
CASES += [
    ("hinge", ["r1", "r2", "wgan_gp"]),
    ("nonsat", ["lecam", "drift", "zcr"]),
    ("rpgan", ["feature_matching", "mode_seeking"]),
]
CASES += [("nonsat", ["cr:every=2", "instance_noise"])]


@pytest.mark.parametrize(
    ("loss", "penalties"), CASES, ids=lambda value: value if isinstance(value, str) else "+".join(value)
)
@pytest.mark.parametrize("factor", [1.0, 100.0])
def test_one_pass_finds_what_two_find(real, loss, penalties, factor, one_pass_and_two):
    """Gradients of both players at the same weights, each from its own forward and backward pass of D, are those of the one.

    To 2e-6 of the largest entry: rounding, and 2^-40 for slopes of 0. With logits times 100 hinge has many of
    these.
    """
    gan = gan_of(loss, penalties, schedule="simultaneous")
    scaled(gan, factor)
    (d_both, g_both), (d_alone, g_alone) = one_pass_and_two(gan, real, gan.sample_noise(BATCH, 0))
    for both, alone in ((d_both, d_alone), (g_both, g_alone)):
        assert {tag: float(value) for tag, value in both.losses.items()} == pytest.approx(
            {k: float(v) for k, v in alone.losses.items()}
        )
        largest = max(np.abs(gradient).max() for gradient in alone.gradients)
        assert largest > 0
        for one, two in zip(both.gradients, alone.gradients, strict=True):
            np.testing.assert_allclose(one, two, rtol=0, atol=2e-6 * largest)
    np.testing.assert_array_equal(
        d_both.critic.outputs().fake["outputs"], d_alone.critic.outputs().fake["outputs"]
    )


def test_slopes_of_zero_are_among_those_cases(real):
    """Under hinge with logits times 100, D's slope is 0 on some fakes and G's is not."""
    gan = gan_of("hinge", schedule="simultaneous")
    scaled(gan, 100.0)
    fakes = gan.discriminator(gan.generator(gan.sample_noise(BATCH, 0)["latents"]))
    assert 0 < int(tf.reduce_sum(tf.cast(fakes < -1, tf.int32))) < BATCH


def test_one_pass_sees_each_batch_once(real, monkeypatch):
    gan = gan_of("rpgan", ["r1", "r2"], schedule="simultaneous")
    made, call = [], gan.call_discriminator
    monkeypatch.setattr(
        gan, "call_discriminator", lambda *arguments, **named: (made.append(1), call(*arguments, **named))[1]
    )
    gan.train_step(real)
    assert len(made) == 2


def test_compiled_one_pass_step_moves_both_players(real):
    network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=8)
    gan = tfgan.GAN(network.generator(), network.discriminator())
    gan.compile(loss="hinge", schedule="simultaneous")
    before = [network.get_weights()[0] for network in (gan.generator, gan.discriminator)]
    logs = gan.train_step(real)
    after = [network.get_weights()[0] for network in (gan.generator, gan.discriminator)]
    assert all(not np.array_equal(x, y) for x, y in zip(before, after, strict=True))
    assert float(logs["loss/total"]) == pytest.approx(
        float(logs["loss/discriminator"] + logs["loss/generator"])
    )
    assert bool(gan.state.finite.numpy())


def dcgan(**options):
    network = tfgan.networks.get("dcgan", image_shape=(16, 16, 1), latent_dim=4, width=4, **options)
    return tfgan.GAN(network.generator(), network.discriminator())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"schedule": "simultaneous"},
            r"simultaneous: expected a discriminator that treats each example alone, got 'batch_norm",
        ),
        ({"micro_batch": 0}, r"micro_batch: expected a whole number above 0, or None, got 0"),
        (
            {"micro_batch": 4},
            r"micro_batch: expected a generator that treats each example alone, got 'batch_norm",
        ),
        ({"schedule": "both"}, r"schedule: expected 'alternating' or 'simultaneous', got 'both'"),
    ],
)
def test_networks_that_couple_examples_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        dcgan().compile(**arguments)


def test_several_logits_an_example_are_refused():
    source = keras.Input((8, 8, 1))
    patches = keras.Model(source, keras.layers.Conv2D(1, 3)(source))
    generator = tfgan.networks.get("dcgan", image_shape=(8, 8, 1), latent_dim=4, width=4).generator()
    with pytest.raises(ValueError, match=r"one logit an example, got shape \(6, 6, 1\)"):
        tfgan.GAN(generator, patches).compile(schedule="simultaneous")
    with pytest.raises(ValueError, match="one logit an example"):
        gan_of("cramer", schedule="simultaneous")


def test_a_micro_batch_divides_the_batch(real):
    with pytest.raises(ValueError, match="micro_batch: expected a divisor of a replica's 16 examples, got 5"):
        gan_of("nonsat", micro_batch=5).train_step(real)


def test_the_share_of_waiting_is_that_of_the_time_between_ends():
    """Data at 1, done at 2; data at 3, done at 5: of 4 seconds 1 was waited; the first step has no end before it."""
    share = WaitingShare()
    for began, ended in ((1.0, 2.0), (3.0, 5.0)):
        share.update_state(tf.constant(began, tf.float64), tf.constant(ended, tf.float64))
    assert float(share.result()) == pytest.approx(1 / 4)
    share.reset_state()
    assert float(share.result()) == 0.0


def test_one_text_is_no_list_of_penalties():
    with pytest.raises(
        TypeError, match=r"penalties: expected several, got one text; write penalties=\['r1'\]"
    ):
        gan_of("nonsat", "r1")


def test_batches_of_unknown_size_are_refused():
    data = tf.data.Dataset.from_tensor_slices(tf.zeros((12, 2))).window(4)
    data = data.flat_map(lambda rows: rows.batch(4))
    with pytest.raises(
        ValueError,
        match=r"x: expected batches of one size, got shape \(None, 2\); use .batch\(n, drop_remainder=True\)",
    ):
        gan_of("nonsat").fit(data, verbose=0)


def with_last(layer):
    """Return an uncompiled GAN whose D has this layer before its last."""
    source = keras.Input((2,))
    network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=8)
    return tfgan.GAN(
        network.generator(), keras.Model(source, keras.layers.Dense(1)(layer(keras.layers.Dense(4)(source))))
    )


def test_layers_with_noise_of_their_own_are_refused_in_parts_and_keep_their_seed_otherwise():
    with pytest.raises(ValueError, match=r"'dropout': expected layers without noise of their own"):
        with_last(keras.layers.Dropout(0.5, name="dropout")).compile(micro_batch=4)
    with_last(keras.layers.Dropout(0.5)).compile()


def test_a_lazy_look_at_a_network_that_exchanges_is_refused(monkeypatch):
    gan = with_last(keras.layers.BatchNormalization())
    monkeypatch.setattr("tfgan.distributed.replicas.count", lambda: 2)
    with pytest.raises(
        ValueError, match="cr: every=k expected a discriminator that treats each example alone"
    ):
        gan.compile(penalties=["cr:every=2"])
    with pytest.raises(
        ValueError, match="r1: expected a discriminator that treats each example alone, got 'batch_norm"
    ):
        gan.compile(penalties=["r1"])
    gan.compile(penalties=["cr:every=2"], sync_batch_norm=False)


def test_float16_is_refused():
    with pytest.raises(ValueError, match="networks: expected float32 or bfloat16, got float16"):
        with_last(keras.layers.Dense(4, dtype="mixed_float16")).compile()


def test_features_are_compared_in_float32(real):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        gan = gan_of("nonsat", ["feature_matching"], micro_batch=8)
    finally:
        keras.config.set_dtype_policy("float32")
    _, outputs = gan.shards._forward_on_shard(*gan._read_variables(), real, gan.sample_noise(BATCH, 0), {})
    assert outputs.fake["features"].dtype == tf.float32
    assert np.isfinite(float(gan.train_step(real)["penalty/feature_matching"]))
