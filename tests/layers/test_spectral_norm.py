"""Spectral normalization is a reparametrization: its value, its gradient, its u, and what D sees of it in a step."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

import tfgan
from tfgan.layers import SpectralNorm
from tfgan.penalties.inputs import FAKE, REAL, Interpolated
from tfgan.training.gradients import Batch, Weights, critic_on

RNG = np.random.default_rng(0)
X = RNG.normal(size=(6, 5)).astype("float32")


def dense(kernel, **options):
    """Return a normalized dense layer of this kernel."""
    layer = SpectralNorm(layers.Dense(kernel.shape[1], **options))
    layer.build((None, kernel.shape[0]))
    layer.layer.kernel.assign(kernel)
    return layer


def power_step(kernel, u):
    """Return (v, u', sigma) of one step in float64, from Miyato et al. 2018, algorithm 1."""
    matrix = np.float64(kernel).reshape(-1, kernel.shape[-1])
    v = matrix @ np.float64(u)
    v /= np.linalg.norm(v)
    u = matrix.T @ v
    u /= np.linalg.norm(u)
    return v, u, v @ matrix @ u


@pytest.fixture
def kernel():
    return RNG.normal(size=(5, 4)).astype("float32")


def test_sigma_becomes_the_largest_singular_value(kernel):
    layer = dense(kernel, use_bias=False)
    for _ in range(200):
        layer(X, training=True)
    np.testing.assert_allclose(
        layer(X), X @ kernel / np.linalg.svd(kernel, compute_uv=False)[0], rtol=2e-5, atol=1e-6
    )


def test_a_convolution_is_normalized_as_a_matrix_of_its_outputs():
    layer = SpectralNorm(layers.Conv2D(4, 3, use_bias=False))
    x = RNG.normal(size=(2, 5, 5, 3)).astype("float32")
    plain = layers.Conv2D(4, 3, use_bias=False)
    for _ in range(200):
        layer(x, training=True)
    plain.build(x.shape)
    kernel = layer.layer.kernel.numpy()
    plain.kernel.assign(kernel / np.linalg.svd(kernel.reshape(-1, 4), compute_uv=False)[0])
    np.testing.assert_allclose(layer(x), plain(x), rtol=1e-4, atol=1e-6)


def test_training_stores_one_power_step_of_u(kernel):
    layer = dense(kernel)
    _, expected, _ = power_step(kernel, layer.u.numpy())
    layer(X, training=True)
    np.testing.assert_allclose(layer.u, expected, atol=1e-6)


def test_inference_stores_nothing(kernel):
    layer = dense(kernel)
    before = layer.u.numpy()
    layer(X)
    np.testing.assert_array_equal(layer.u, before)


def test_gradient_goes_through_sigma_with_u_and_v_constant(kernel):
    """Of L = sum(c * x W / sigma): (x'c - <x'c, W> / sigma v u'^T) / sigma, in float64."""
    layer = dense(kernel, use_bias=False)
    c = RNG.normal(size=(6, 4))
    v, u, sigma = power_step(kernel, layer.u.numpy())
    slope = np.float64(X).T @ c
    expected = (slope - (slope * kernel).sum() / sigma * np.outer(v, u)) / sigma
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(X, training=True) * tf.constant(c, tf.float32))
    gradient = tape.gradient(loss, layer.layer.kernel.value)
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-5)
    assert abs(np.sum(gradient.numpy() * kernel)) < 1e-4  # W / sigma does not depend on the length of W


def test_keras_projects_where_ours_reparametrizes(kernel):
    """Keras overwrites the kernel by W / sigma at a training call. If this fails for Keras's, use it again."""
    ours, theirs = dense(kernel), keras.layers.SpectralNormalization(layers.Dense(4))
    theirs.build((None, 5))
    theirs.layer.kernel.assign(kernel)
    for layer in (ours, theirs):
        layer(X, training=True)
    np.testing.assert_array_equal(ours.layer.kernel, kernel)
    assert np.abs(theirs.layer.kernel.numpy() - kernel).max() > 0.1


def test_a_kernel_of_zeros_is_left_alone():
    layer = dense(np.zeros((5, 4), "float32"))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(X, training=True))
    gradient = tape.gradient(loss, layer.layer.kernel.value)
    assert float(loss) == 0.0
    np.testing.assert_allclose(gradient, np.repeat(X.sum(0)[:, None], 4, 1), rtol=1e-5)
    assert np.isfinite(layer.u.numpy()).all()


def test_bfloat16_leaves_the_norm_in_float32(kernel):
    layer = dense(kernel, dtype="mixed_bfloat16")
    _, expected, _ = power_step(kernel, layer.u.numpy())
    assert layer(tf.cast(X, tf.bfloat16), training=True).dtype == tf.bfloat16
    np.testing.assert_allclose(layer.u, expected, atol=1e-6)  # bfloat16 would err by 1e-3


def test_a_layer_without_kernel_is_refused():
    with pytest.raises(ValueError, match="with a kernel, got Flatten"):
        SpectralNorm(layers.Flatten())(X)


def test_u_is_saved_with_its_mark(kernel, tmp_path):
    layer = dense(kernel)
    source = keras.Input((5,))
    model = keras.Model(source, layer(source))
    model(X, training=True)
    model.save(tmp_path / "d.keras")
    loaded = tfgan.load(tmp_path / "d.keras")
    np.testing.assert_array_equal(loaded(X), model(X))
    (u,) = loaded.non_trainable_variables
    assert u.once_a_step


@pytest.fixture
def make_gan():
    """Build an uncompiled GAN with spectral normalization in D."""

    def make(**options):
        network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=8, spectral_norm=True)
        gan = tfgan.GAN(network.generator(), network.discriminator())
        gan.compile(jit_compile=False, **options)
        return gan

    return make


def units(gan):
    return [layer for layer in gan.discriminator.layers if isinstance(layer, SpectralNorm)]


@pytest.mark.parametrize("penalties", [[], ["r1", "gp0"], ["cr", "r1:every=2"]], ids=str)
def test_u_moves_one_power_step_an_update_of_d(make_gan, penalties):
    """However many passes of D the update and G's update make."""
    gan = make_gan(penalties=penalties)
    expected = [power_step(unit.layer.kernel.numpy(), unit.u.numpy())[1] for unit in units(gan)]
    gan.train_step(tf.constant(RNG.normal(size=(8, 2)), tf.float32))
    for unit, u in zip(units(gan), expected, strict=True):
        np.testing.assert_allclose(unit.u, u, atol=1e-6)


def test_u_moves_with_every_update_of_d(make_gan):
    """Two updates that leave the weights where they are: two power steps."""
    still = keras.optimizers.SGD(1e-30)
    gan = make_gan(d_steps=2, d_optimizer=still)
    expected = []
    for unit in units(gan):
        kernel = unit.layer.kernel.numpy()
        expected.append(power_step(kernel, power_step(kernel, unit.u.numpy())[1])[1])
    gan.train_step(tf.constant(RNG.normal(size=(2, 8, 2)), tf.float32))
    for unit, u in zip(units(gan), expected, strict=True):
        np.testing.assert_allclose(unit.u, u, atol=1e-6)


def test_d_has_the_same_weights_at_every_place(make_gan):
    """With fakes equal to reals, all places are the same points: so must be the logits."""
    gan = make_gan(penalties=["gp0"])
    real = tf.constant(RNG.normal(size=(8, 2)), tf.float32)
    batch = Batch(real, gan.sample_noise(8, 0), {}, tf.constant(0), generated={FAKE: real})
    critic = critic_on(gan, Weights.of(gan.discriminator), batch)
    logits = [critic[point].logits for point in (REAL, FAKE, Interpolated())]
    np.testing.assert_array_equal(logits[0], logits[1])
    np.testing.assert_allclose(logits[0], logits[2], atol=1e-6)


def test_state_without_the_mark_follows_every_pass():
    """Batch statistics take in reals, then fakes: each moves them a tenth of the way."""
    source = keras.Input((2,))
    norm = layers.BatchNormalization(momentum=0.9)
    d = keras.Model(source, layers.Dense(1)(norm(source)))
    gan = tfgan.GAN(tfgan.networks.get("mlp", image_shape=(2,), latent_dim=2, width=4).generator(), d)
    gan.compile(jit_compile=False)
    real, fake = (tf.constant(RNG.normal(size=(8, 2)), tf.float32) for _ in range(2))
    batch = Batch(real, gan.sample_noise(8, 0), {}, tf.constant(0), generated={FAKE: fake})
    critic = critic_on(gan, Weights.of(d), batch)
    assert critic[REAL].logits.shape == critic[FAKE].logits.shape
    expected = 0.9 * 0.1 * tf.reduce_mean(real, 0) + 0.1 * tf.reduce_mean(fake, 0)
    np.testing.assert_allclose(critic.state[0], expected, atol=1e-6)
