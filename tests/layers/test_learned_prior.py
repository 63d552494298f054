"""The learned prior: a function of its latents whose components are equally likely and whose noise is normal."""

import keras
import numpy as np
import pytest
import scipy.special
import scipy.stats
import tensorflow as tf

import tfgan
from tfgan import layers

RNG = np.random.default_rng(0)
Z = RNG.normal(size=(64, 3)).astype("float32")


def built(prior, count, **options):
    layer = layers.LearnedPrior(prior, count, seed=0, **options)
    layer.build((None, 3))
    return layer


@pytest.mark.parametrize("prior", ["particles", "gaussians"])
def test_values_are_those_of_the_formula(prior):
    layer = built(prior, 5, spread=0.3)
    scales = np.full((5, 3), 0.3)
    if prior == "gaussians":
        scales = RNG.uniform(0.1, 1.0, (5, 3))
        layer.log_scales.assign(np.log(scales))
    place = 5 * scipy.special.ndtr(np.float64(Z[:, 0]))
    index = np.floor(place).astype(int)
    noise = np.column_stack([scipy.special.ndtri(place - index), Z[:, 1:]])
    expected = np.float64(layer.positions)[index] + scales[index] * noise
    np.testing.assert_allclose(
        layer(Z), expected, atol=2e-4
    )  # float32 loses bits in Phi(z) and in its inverse


def test_components_are_equally_likely_and_the_noise_is_normal():
    """Chi-square over 16 components and Kolmogorov-Smirnov: a false alarm each in 10,000 seeds; the seed is fixed."""
    layer = built("particles", 16, spread=1.0)
    apart = 100.0 * np.arange(16)
    layer.positions.assign(np.tile(apart[:, None], 3))
    z = np.random.default_rng(1).normal(size=(40_000, 3)).astype("float32")
    y = layer(z).numpy()
    index = np.round(y[:, 0] / 100.0).astype(int)
    noise = y - apart[index][:, None]
    assert scipy.stats.chisquare(np.bincount(index, minlength=16)).pvalue > 1e-4
    assert scipy.stats.kstest(noise[:, 0], "norm").pvalue > 1e-4
    assert scipy.stats.kstest(noise[index == 3][:, 0], "norm").pvalue > 1e-4
    assert scipy.stats.spearmanr(index, noise[:, 0]).pvalue > 1e-4
    np.testing.assert_allclose(noise[:, 1:], z[:, 1:], atol=2e-4)


def test_extreme_latents_stay_finite():
    z = np.float32([[-40, 0, 0], [-6, 0, 0], [0, 0, 0], [6, 0, 0], [40, 0, 0]])
    assert np.isfinite(built("gaussians", 7)(z)).all()


@pytest.mark.parametrize("compiled", [False, True])
def test_each_position_gets_the_gradients_of_its_examples(compiled):
    layer = built("particles", 4)
    weights = tf.constant(RNG.normal(size=Z.shape), tf.float32)

    def gradient(z):
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(weights * layer(z))
        return tape.gradient(total, layer.positions.value)

    found = tf.function(gradient, jit_compile=compiled)(Z)
    index = np.floor(4 * scipy.special.ndtr(np.float64(Z[:, 0]))).astype(int)
    expected = np.zeros((4, 3))
    np.add.at(expected, index, np.float64(weights))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_an_unknown_prior_is_refused():
    with pytest.raises(ValueError, match="prior: expected 'particles' or 'gaussians', got 'uniform'"):
        layers.LearnedPrior("uniform", 3)


@pytest.mark.parametrize("prior", ["particles", "gaussians"])
def test_a_gan_trains_averages_and_saves_it(prior, tmp_path):
    network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=3, width=8, prior=prior, prior_size=4)
    gan = tfgan.GAN(network.generator(), network.discriminator(), seed=0)
    gan.compile("nonsat", penalties=["r1"], ema_half_life=100.0, jit_compile=False)
    before = [weight.numpy() for weight in gan.generator.get_layer("prior").weights]
    points = tf.data.Dataset.from_tensor_slices(RNG.normal(size=(4, 16, 2)).astype("float32"))
    gan.fit(points, epochs=1, verbose=0)
    for old, new in zip(before, gan.generator.get_layer("prior").weights, strict=True):
        assert np.abs(old - new.numpy()).min() > 0
    gan.save(tmp_path / "gan.keras")
    again = tfgan.load(tmp_path / "gan.keras")
    np.testing.assert_array_equal(again.generate(Z), gan.generate(Z))
    names = [weight.path for weight in again.ema_generator.weights]
    assert any("prior" in name for name in names)


def test_a_prior_beyond_the_memory_is_refused():
    with pytest.raises(
        ValueError, match=r"prior_size: expected components that fit in .* GiB of memory, got 1000000000000"
    ):
        tfgan.networks.get("mlp", image_shape=(2,), latent_dim=3, prior="particles", prior_size=10**12)


def test_a_network_without_it_is_as_before():
    """The layer comes with no weight and no seed of its own where it is off."""
    network = tfgan.networks.get("mlp", image_shape=(2,), latent_dim=3, width=8)
    assert [type(layer) for layer in network.generator().layers[:2]] == [
        keras.layers.InputLayer,
        keras.layers.Dense,
    ]
