"""Shapes, draws and refusals of the networks."""

import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tfgan import networks

SHAPES = [(8, 8, 1), (9, 11, 3), (28, 28, 1), (33, 20, 3), (64, 64, 3)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_dcgan_makes_images_of_any_shape(shape):
    images = networks.get("dcgan", image_shape=shape, latent_dim=4, width=4).generator()(tf.ones((2, 4)))
    assert images.shape == (2, *shape)
    assert np.abs(images).max() <= 1


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_dcgan_scores_images_of_any_shape(shape):
    logits = networks.get("dcgan", image_shape=shape, latent_dim=4, width=4).discriminator()(tf.zeros((2, *shape)))
    assert logits.shape == (2, 1)


@pytest.mark.parametrize(("name", "shape"), [("dcgan", (8, 8, 1)), ("mlp", (2,))])
def test_weights_are_a_function_of_the_seed(name, shape):
    first, again, other = (networks.get(name, image_shape=shape, latent_dim=4, width=4, seed=seed).generator() for seed in (0, 0, 1))
    assert all(np.array_equal(a, b) for a, b in zip(first.get_weights(), again.get_weights(), strict=True))
    assert not np.array_equal(first.get_weights()[0], other.get_weights()[0])


def test_layers_of_one_network_are_drawn_apart():
    network = networks.get("mlp", image_shape=(2,), latent_dim=2, width=8)
    kernels = [w for model in (network.generator(), network.discriminator()) for w in model.get_weights() if w.shape == (8, 8)]
    assert len({kernel.tobytes() for kernel in kernels}) == len(kernels) == 4


def test_dcgan_draws_from_n_0_002():
    """Radford et al. 2016, section 3. The deviation of 65,536 draws lies within 3 % of .02 but for chance below 1e-7."""
    network = networks.get("dcgan", image_shape=(28, 28, 1), latent_dim=64, width=32)
    kernel = next(w for w in network.discriminator().get_weights() if w.ndim == 4 and w.shape[-1] == 64)
    assert np.std(kernel) == pytest.approx(0.02, rel=0.03)


def test_dcgan_normalizes_discriminator_unless_told_not_to():
    def norms(**options):
        model = networks.get("dcgan", image_shape=(28, 28, 1), latent_dim=4, width=4, **options).discriminator()
        return sum(isinstance(layer, layers.BatchNormalization) for layer in model.layers)

    assert norms() == 1
    assert norms(discriminator_norm=False) == 0


def test_dcgan_doubles_channels_as_it_halves_sides():
    maps = networks.get("dcgan", image_shape=(64, 64, 3), latent_dim=4, width=16)._maps()
    assert maps == [(64, 64, 3), (32, 32, 16), (16, 16, 32), (8, 8, 64), (4, 4, 128)]


@pytest.mark.parametrize("shape", [(7, 8, 1), (8, 8, 2), (2,)], ids=str)
def test_dcgan_refuses(shape):
    with pytest.raises(ValueError, match="at least 8x8 with 1 or 3 channels"):
        networks.get("dcgan", image_shape=shape, latent_dim=4)


def test_mlp_refuses_images():
    with pytest.raises(ValueError, match="--network=dcgan"):
        networks.get("mlp", image_shape=(8, 8, 1), latent_dim=4)


@pytest.mark.parametrize("option", ["latent_dim", "width"])
def test_sizes_are_checked(option):
    with pytest.raises(ValueError, match=option):
        networks.get("mlp", **{"image_shape": (2,), "latent_dim": 2, option: 0})
