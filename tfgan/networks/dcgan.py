"""Build the networks of DCGAN: strided convolutions with batch normalization."""

from __future__ import annotations

import dataclasses
import functools

import keras
from keras import layers

from tfgan.core.options import PositiveInt
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

    Args:
        kernel: side of the kernels; 5 in the paper.

    Reference: Radford et al. 2016, "Unsupervised Representation Learning with Deep Convolutional Generative
    Adversarial Networks", sections 3 and 4 and figure 1.
    """

    kernel: PositiveInt = 4

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
            x = self._with_attention(layers.ReLU()(_batch_norm()(x) if norm else x), "generator")
            biased = level == 0 or not norm
            options = {
                "strides": 2,
                "padding": "same",
                "data_format": LAYOUT,
                "kernel_initializer": next(draw),
            }
            x = layers.Conv2DTranspose(channels, self.kernel, use_bias=biased, **options)(x)
            x = self._crop(x, (rows, columns))
        return layers.Activation(self.kind.activation, dtype="float32")(x)

    def _features(self, x, draw):
        _, *coarser = self._maps()
        for level, (_, _, channels) in enumerate(coarser):
            norm = self.discriminator_norm and not self.spectral_norm and level > 0
            options = {
                "strides": 2,
                "padding": "same",
                "data_format": LAYOUT,
                "kernel_initializer": next(draw),
            }
            convolution = layers.Conv2D(channels, self.kernel, use_bias=not norm, **options)
            x = self._with_spectral_norm(convolution)(x)
            x = self._with_attention(LeakyReLU(0.2)(_batch_norm()(x) if norm else x), "discriminator")
        return layers.Flatten(LAYOUT)(self._with_minibatch_stddev(x))
