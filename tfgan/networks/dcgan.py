"""Build the networks of DCGAN: strided convolutions with batch normalization."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import keras
from keras import layers

from tfgan.core.options import NonNegativeInt, PositiveInt
from tfgan.layers import LeakyReLU
from tfgan.networks.image import LAYOUT, ImageNetwork
from tfgan.networks.network import initializers

MOST_CHANNELS = 8  # times the width

_normal = functools.partial(keras.initializers.RandomNormal, stddev=0.02)
_batch_norm = functools.partial(layers.BatchNormalization, momentum=0.9, epsilon=1e-5)


@dataclasses.dataclass(frozen=True)
class DCGAN(ImageNetwork):
    """Make images by strided convolutions.

    The rules of Radford et al.: strided convolutions and no pooling; batch normalization everywhere except at
    G's output and D's input; no hidden fully connected layer; ReLU in G with tanh at the end, LeakyReLU of
    slope 0.2 in D; weights from N(0, 0.02^2). Channels double from `width` at the finest map each time the
    side is halved.

    Departures that shapes require: sides are halved while 4 pixels or more are left, so 64x64 images begin at
    4x4, as in the paper, and 28x28 images at 7x7; G makes an odd side by cropping the last row and column of
    the doubled map. Under a gradient penalty or spectral normalization, D has no batch normalization.

    Departures by choice: kernels are 4x4; the paper's are 5x5 (`kernel=5`). A side that is a multiple of the
    stride covers every pixel evenly (Odena et al. 2016, "Deconvolution and Checkerboard Artifacts") and costs
    less. Gains of batch normalization start at 1; the authors' code draws them from N(1, 0.02^2), and the
    paper does not mention it. Latents are standard normal, as in every network here; the paper's are uniform.
    There are at most 8 `width` channels, the paper's number at 64x64.

    Small images need extra layers: at 8x8 the strides alone leave one hidden layer to each network.

    Args:
        kernel: side of the kernels; 5 in the paper.
        extra_layers: 3x3 convolutions of stride 1 after each change of size, in both networks; the option of
            this name in the code of Arjovsky et al. 2017.

    Reference: Radford et al. 2016, "Unsupervised Representation Learning with Deep Convolutional Generative
    Adversarial Networks", sections 3 and 4 and figure 1; Arjovsky et al. 2017, "Wasserstein GAN", its code.
    """

    kernel: PositiveInt = 4
    extra_layers: NonNegativeInt = 0

    def _maps(self, pack: int = 1) -> list[tuple[int, int, int]]:
        """Return (height, width, channels) of each map, finest first; the first is the image, or a pack."""
        first, *coarser = self.sizes()
        widths = [self.width * min(2**level, MOST_CHANNELS) for level in range(len(coarser))]
        return [
            (*first, pack * self.image_shape[2]),
            *((*size, channels) for size, channels in zip(coarser, widths, strict=True)),
        ]

    def _initializers(self, role):
        return initializers(_normal, self.seed, role)

    def _generate(self, x, draw, *, norm: bool = True, pack: int = 1):
        *finer, (rows, columns, channels) = self._maps(pack)
        x = layers.Dense(rows * columns * channels, use_bias=not norm, kernel_initializer=next(draw))(x)
        x = layers.Reshape((rows, columns, channels))(x)
        for level, (rows, columns, channels) in reversed(list(enumerate(finer))):
            x = layers.ReLU()(_batch_norm()(x) if norm else x)
            for _ in range(self.extra_layers):
                x = layers.Conv2D(x.shape[-1], 3, use_bias=not norm, **_same(1, next(draw)))(x)
                x = layers.ReLU()(_batch_norm()(x) if norm else x)
            x = self._with_attention(x, "generator")
            biased = level == 0 or not norm
            x = layers.Conv2DTranspose(channels, self.kernel, use_bias=biased, **_same(2, next(draw)))(x)
            x = self._crop(x, (rows, columns))
        return layers.Activation(self.kind.activation, dtype="float32")(x)

    def _features(self, x, draw):
        _, *coarser = self._maps()
        may_norm = self.discriminator_norm and not self.spectral_norm
        for level, (_, _, channels) in enumerate(coarser):
            x = self._convolve(x, channels, self.kernel, 2, next(draw), norm=may_norm and level > 0)
            for _ in range(self.extra_layers):
                x = self._convolve(x, channels, 3, 1, next(draw), norm=may_norm)
            x = self._with_attention(x, "discriminator")
        return layers.Flatten(LAYOUT)(self._with_minibatch_stddev(x))

    def _convolve(self, x, channels: int, kernel: int, strides: int, initializer, *, norm: bool):
        """Apply a convolution of D, batch normalization if `norm`, and LeakyReLU."""
        convolution = layers.Conv2D(channels, kernel, use_bias=not norm, **_same(strides, initializer))
        x = self._with_spectral_norm(convolution)(x)
        return LeakyReLU(0.2)(_batch_norm()(x) if norm else x)


def _same(strides: int, initializer) -> dict[str, Any]:
    """Return options of a convolution that keeps the size, divided (or multiplied) by the strides."""
    return {
        "strides": strides,
        "padding": "same",
        "data_format": LAYOUT,
        "kernel_initializer": initializer,
    }
