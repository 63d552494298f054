"""Packs: what D sees of several examples, whose gradient is whose, and what cannot be packed."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan
from tfgan.penalties.inputs import FAKE, REAL
from tfgan.training import packing
from tfgan.training.gradients import Batch, Weights, critic_on, discriminator_gradients, generate

BATCH = 12


def test_a_pack_holds_neighbors_side_by_side():
    x = np.arange(4 * 2 * 2 * 3).reshape(4, 2, 2, 3)
    packs = packing.packed(tf.constant(x), 2).numpy()
    np.testing.assert_array_equal(packs[1], np.concatenate([x[2], x[3]], axis=-1))


@pytest.mark.parametrize("shape", [(6, 2), (6, 3, 2, 1), (6, 2, 2, 3)], ids=str)
def test_unpacking_undoes_packing(shape):
    x = tf.reshape(tf.range(np.prod(shape)), shape)
    np.testing.assert_array_equal(packing.unpacked(packing.packed(x, 3), 3), x)


def gan_of(pack, loss="nonsat", **arguments):
    network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=8, pack=pack)
    gan = tfgan.GAN(network.generator(), network.discriminator(), pack=pack)
    gan.compile(loss=loss, jit_compile=False, **arguments)
    return gan


@pytest.fixture(scope="module")
def real():
    return tf.constant(np.random.default_rng(0).normal(size=(BATCH, 2)), tf.float32)


def test_gradient_norms_are_taken_over_the_pack(real):
    """R1's squared norm of a pack is the sum over its examples of the squared gradients in them."""
    gan = gan_of(3, penalties=["r1"])
    batch = Batch(real, gan.sample_noise(BATCH, 0), {}, tf.constant(0), pack=3)
    batch.generated, _ = generate(gan, Weights.of(gan.generator), batch)
    evaluation = critic_on(gan, Weights.of(gan.discriminator), batch)[REAL]
    with tf.GradientTape() as tape:
        tape.watch(real)
        logits = gan.discriminator(packing.packed(real, 3))
    own = tf.reduce_sum(tf.square(tape.gradient(logits, real)), axis=1)
    np.testing.assert_allclose(
        evaluation.squared_norm, tf.reduce_sum(tf.reshape(own, (-1, 3)), axis=1), rtol=1e-5
    )


def test_a_step_with_packs_of_copies_is_a_step_without(real):
    """A D that averages over the pack and a batch of copies of each example give the gradients of no packing.

    G's are compared through D's loss alone: its fakes are no copies.
    """
    x = keras.Input((2,))
    body = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(1)])
    plain = keras.Model(x, body(x))
    pair = keras.Input((4,))
    packed = keras.Model(pair, 0.5 * (body(pair[:, :2]) + body(pair[:, 2:])))
    network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=8)
    losses = []
    for critic, pack, x in ((plain, 1, real), (packed, 2, tf.repeat(real, 2, axis=0))):
        gan = tfgan.GAN(network.generator(), critic, pack=pack)
        gan.compile(loss="wgan", jit_compile=False)
        batch = Batch(
            x, gan.sample_noise(BATCH * pack, 0), {}, tf.constant(0), pack=pack, generated={FAKE: x}
        )
        losses.append(discriminator_gradients(gan, Weights.of(critic), batch).gradients)
    assert len(losses[0]) == len(losses[1]) > 0
    for one, two in zip(*losses, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-6)


@pytest.mark.parametrize("loss", ["nonsat", "rahinge", "rpgan"])
def test_one_pass_finds_what_two_find(real, loss, one_pass_and_two):
    gan = gan_of(2, loss, schedule="simultaneous", penalties=["mode_seeking"])
    (d_both, g_both), (d_alone, g_alone) = one_pass_and_two(gan, real, gan.sample_noise(BATCH, 0))
    for one, two in zip(
        d_both.gradients + g_both.gradients, d_alone.gradients + g_alone.gradients, strict=True
    ):
        np.testing.assert_allclose(one, two, atol=1e-5 * max(1.0, np.abs(two).max()))


@pytest.mark.parametrize("loss", ["nonsat", "ragan"])
def test_slices_of_the_batch_add_up_to_the_batch(real, loss):
    """Weights after one step in slices of 4 examples, two packs, are those of a step at once."""
    after = []
    for micro_batch in (None, 4):
        # Adam would magnify gradients that are rounding
        sgd = {f"{player}_optimizer": keras.optimizers.SGD(0.1) for player in "gd"}
        gan = gan_of(2, loss, penalties=["r1", "instance_noise"], micro_batch=micro_batch, **sgd)
        gan.train_step(real)
        after.append(gan.get_weights())
    for one, two in zip(*after, strict=True):
        np.testing.assert_allclose(one, two, atol=1e-6)


@pytest.mark.parametrize("loss", ["ebgan", "began"])
def test_autoencoders_are_compared_with_the_pack(real, loss):
    network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=8, pack=3)
    gan = tfgan.AutoencodingGAN(network.generator(), network.autoencoder(), pack=3)
    gan.compile(
        loss, g_optimizer=keras.optimizers.SGD(0.0), d_optimizer=keras.optimizers.SGD(0.0), jit_compile=False
    )
    packs = packing.packed(real, 3)
    error = np.sqrt(np.mean(np.square(gan.reconstruct(packs) - packs)))
    np.testing.assert_allclose(gan.train_step(real)["reconstruction/real"], error, rtol=1e-5)


def test_packs_that_do_not_divide_the_batch_are_refused(real):
    with pytest.raises(ValueError, match="pack: expected a divisor of a replica's 11 examples, got 2"):
        gan_of(2).train_step(real[:11])


def test_a_discriminator_of_single_examples_is_refused():
    network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=8)
    with pytest.raises(
        ValueError,
        match=r"expected input shape \(None, 4\) as the generator makes, in packs of 2, got \(None, 2\)",
    ):
        tfgan.GAN(network.generator(), network.discriminator(), pack=2)


def test_a_pack_has_no_score_of_one_example(real):
    with pytest.raises(ValueError, match="pack=2 compares examples"):
        gan_of(2).score(real)


@pytest.mark.parametrize("pack", [0, 1.5])
def test_no_number_of_examples_is_refused(pack):
    network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=8)
    with pytest.raises(ValueError, match="pack: expected a whole number above 0"):
        tfgan.GAN(network.generator(), network.discriminator(), pack=pack)
