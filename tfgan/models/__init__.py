"""Keras models that train a generator against a discriminator."""

from tfgan.models.gan import GAN

__all__ = ["GAN"]
