"""Keras models that train a generator against a discriminator."""

from tfgan.core import checked_backend  # noqa: F401
from tfgan.models.autoencoding import AutoencodingGAN
from tfgan.models.conditional import ACGAN, ConditionalGAN
from tfgan.models.gan import GAN
from tfgan.models.infogan import InfoGAN
from tfgan.models.semi_supervised import SemiSupervisedGAN

__all__ = ["ACGAN", "GAN", "AutoencodingGAN", "ConditionalGAN", "InfoGAN", "SemiSupervisedGAN"]
