"""The deep convolutional GAN."""

from __future__ import annotations

import dataclasses
import functools
import math

import keras
from keras import layers

from tfgan.layers.leaky_relu import LeakyReLU
from tfgan.networks.network import Network, halvings, initializers

SMALLEST_SIDE = 8
SMALLEST_MAP = 4
KERNEL = 4  # a multiple of the stride, so that every pixel is covered evenly (Odena et al. 2016)
MOST_CHANNELS = 8  # times the width

_normal = functools.partial(keras.initializers.RandomNormal, stddev=0.02)


@dataclasses.dataclass(frozen=True)
class DCGAN(Network):
    """Make images by strided convolutions, for any height and width from 8 up, square or not, odd or even.

    Radford's rules: strided convolutions and no pooling; batch normalization everywhere but at G's output and
    D's input; no hidden fully connected layer; ReLU in G with tanh at the end, LeakyReLU of slope 0.2 in D; weights
    from N(0, 0.02^2). Channels double from `width` at the finest map each time the side is halved.

    Departures: kernels are 4x4, not 5x5; an odd side is made by cropping the last row and column of the doubled map;
    sides are halved while 4 pixels or more are left, so 28 stops at 7; under a gradient penalty D goes without its
    batch normalization. The autoencoder is D up to a code of `latent_dim` numbers, then another G.

    Reference: Radford et al. 2016, "Unsupervised Representation Learning with Deep Convolutional Generative
    Adversarial Networks", section 3 and figure 1.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        shape = tuple(self.image_shape)
        if len(shape) != 3 or min(shape[:2]) < SMALLEST_SIDE or shape[2] not in (1, 3):
            raise ValueError(
                f"network: 'dcgan' makes images of at least {SMALLEST_SIDE}x{SMALLEST_SIDE} with 1 or 3 channels, got shape {shape}"
            )

    def _maps(self) -> list[tuple[int, int, int]]:
        """Return (height, width, channels) of each map, finest first; the first is the image itself."""
        height, width, channels = self.image_shape
        levels = 1 + int(math.log2(min(height, width) / SMALLEST_MAP))
        rows, columns = halvings(height, levels), halvings(width, levels)
        widths = [channels, *(self.width * min(2**level, MOST_CHANNELS) for level in range(levels - 1))]
        return list(zip(rows, columns, widths, strict=True))

    def generator(self) -> keras.Model:
        source = keras.Input((self.latent_dim,))
        return keras.Model(source, self._decoded(source, initializers(_normal, self.seed, "generator")), name="generator")

    def discriminator(self) -> keras.Model:
        draw = initializers(_normal, self.seed, "discriminator")
        source = keras.Input(self.image_shape)
        return keras.Model(source, self._encoded(source, self.outputs, draw), name="discriminator")

    def autoencoder(self) -> keras.Model:
        draw = initializers(_normal, self.seed, "autoencoder")
        source = keras.Input(self.image_shape)
        code = self._encoded(source, self.latent_dim, draw)
        return keras.Model(source, {"reconstruction": self._decoded(code, draw, norm=self.discriminator_norm)}, name="discriminator")

    def _decoded(self, x, draw, *, norm: bool = True):
        """Return images (n, *image_shape) made from vectors (n, d)."""
        *finer, (rows, columns, channels) = self._maps()
        x = layers.Dense(rows * columns * channels, use_bias=not norm, kernel_initializer=next(draw))(x)
        x = layers.Reshape((rows, columns, channels))(x)
        for level, (rows, columns, channels) in reversed(list(enumerate(finer))):
            x = layers.ReLU()(layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x) if norm else x)
            biased = level == 0 or not norm
            x = layers.Conv2DTranspose(channels, KERNEL, strides=2, padding="same", use_bias=biased, kernel_initializer=next(draw))(x)
            if x.shape[1:3] != (rows, columns):
                x = layers.Cropping2D(((0, x.shape[1] - rows), (0, x.shape[2] - columns)))(x)
        return layers.Activation("tanh", dtype="float32")(x)

    def _encoded(self, x, outputs: int, draw):
        """Return vectors (n, outputs) made from images (n, *image_shape)."""
        _, *coarser = self._maps()
        for level, (_, _, channels) in enumerate(coarser):
            normalized = self.discriminator_norm and level > 0
            x = layers.Conv2D(channels, KERNEL, strides=2, padding="same", use_bias=not normalized, kernel_initializer=next(draw))(x)
            if normalized:
                x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)
            x = LeakyReLU(0.2)(x)
        return layers.Dense(outputs, kernel_initializer=next(draw), dtype="float32")(layers.Flatten()(x))
