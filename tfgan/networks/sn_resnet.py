"""Build the residual networks of spectrally normalized GANs."""

from __future__ import annotations

import dataclasses

import keras
from keras import layers, ops

from tfgan.layers import ConditionalBatchNorm, NearestUpsample
from tfgan.networks.image import LAYOUT, ImageNetwork
from tfgan.networks.network import seeds

SMALL = 48  # pixels of the shorter side; below, all maps have equal width
MOST_CHANNELS = 16  # times the width, at larger sides
SMALLEST_MAP_OF_D = 3
BATCH_NORM = {"momentum": 0.9, "epsilon": 2e-5}  # defaults of Chainer, the library of the paper's code


@dataclasses.dataclass(frozen=True)
class SNResNet(ImageNetwork):
    """Make images by residual blocks; D has residual blocks with spectral normalization.

    A block of G: batch normalization, ReLU, doubling (nearest), 3x3 convolution, batch normalization, ReLU,
    3x3 convolution; its shortcut is a 1x1 convolution and doubling. A block of D: ReLU, 3x3 convolution,
    ReLU, 3x3 convolution, halving (2x2 means); its shortcut is halving and a 1x1 convolution, or the identity
    if neither side nor channels change. D's first block has no ReLU on the image. D ends with ReLU, the sum
    over all places and one dense layer. Every weighted layer of D is spectrally normalized. (The 1x1
    convolution of a shortcut runs on the smaller map, since it commutes with doubling and halving.)

    With w = `width` (64 gives the tables of the paper): below 48 pixels G has 4w channels at every map and D
    has 2w, in two blocks that halve and two that do not (table 4: 32x32). From 48 pixels up, channels double
    from w at the finest map up to 16w, and D halves while 3 pixels are left, then has one more block (table
    5: 48x48; 128x128 as in Miyato & Koyama 2018).

    Under `condition` projection and acgan the batch normalizations of G's blocks have gains and shifts for
    each class (`tfgan.layers.ConditionalBatchNorm`), and G's first layer takes the latents alone, as in the
    code of Miyato & Koyama; the batch normalization before the last convolution is shared by all classes.
    Under concat G takes labels and latents.

    Departures that shapes require: G makes an odd side by cropping the doubled map, and D rounds half of an
    odd side up.

    Weights start as in Glorot & Bengio 2010, with gain sqrt(2) for the 3x3 convolutions of blocks.

    The paper trains with `--loss=hinge --d_steps=5` and Adam(2e-4, 0, 0.9).

    Reference: Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks", appendix B.4;
    hidden channels and gains as in the code of Miyato & Koyama 2018, "cGANs with Projection Discriminator".
    """

    spectral_norm: bool = True

    @property
    def _is_small(self) -> bool:
        return min(self.image_shape[:2]) < SMALL

    def _channels(self, level: int) -> int:
        """Return the channels of G's map after `level` halvings of the image, and of D's block `level`."""
        return self.width * min(2**level, MOST_CHANNELS)

    def _initializers(self, role):
        return seeds(self.seed, role)

    def _next_initializer(self, draw):
        return _glorot(draw)

    def _build_generator(self, latents, given=None, *, draw):
        if self.condition in ("projection", "acgan"):
            return self._generate(latents, draw, labels=given)
        return super()._build_generator(latents, given, draw=draw)

    def _generate(self, x, draw, *, norm: bool = True, pack: int = 1, labels=None):
        *finer, (rows, columns) = self.sizes()
        channels = 4 * self.width if self._is_small else self._channels(len(finer))
        x = layers.Dense(rows * columns * channels, kernel_initializer=_glorot(draw))(x)
        x = self._with_attention(layers.Reshape((rows, columns, channels))(x), "generator")
        for level, size in reversed(list(enumerate(finer))):
            x = self._generator_block(
                x, 4 * self.width if self._is_small else self._channels(level), size, draw, norm, labels
            )
            x = self._with_attention(x, "generator") if level else x
        x = layers.Conv2D(
            pack * self.image_shape[2],
            3,
            padding="same",
            data_format=LAYOUT,
            kernel_initializer=_glorot(draw),
        )(self._activate(x, norm))
        return layers.Activation(self.kind.activation, dtype="float32")(x)

    def _generator_block(self, x, channels: int, size, draw, norm: bool, labels):
        """Apply a block of G: return a map of `size` with `channels`; labels select the normalization."""

        def upsample(x):
            return self._crop(NearestUpsample()(x), size)

        y = _convolution(channels, 3, draw, gain=2.0)(upsample(self._activate(x, norm, labels)))
        y = _convolution(channels, 3, draw, gain=2.0)(self._activate(y, norm, labels))
        return layers.Add()([y, upsample(_convolution(channels, 1, draw)(x))])

    def _activate(self, x, norm: bool, labels=None):
        if norm and labels is not None:
            x = ConditionalBatchNorm(self.num_classes, **BATCH_NORM)((x, labels))
        elif norm:
            x = layers.BatchNormalization(**BATCH_NORM)(x)
        return layers.ReLU()(x)

    def _features(self, x, draw):
        if self._is_small:
            blocks = [(2 * self.width, True)] * 2 + [(2 * self.width, False)] * 2
        else:
            levels = len(self.sizes(SMALLEST_MAP_OF_D)) - 1
            blocks = [(self._channels(level), True) for level in range(levels)] + [
                (self._channels(levels), False)
            ]
        for number, (channels, halve) in enumerate(blocks):
            x = self._discriminator_block(x, channels, draw, halve=halve, first=number == 0)
            x = self._with_attention(x, "discriminator") if halve else x
        x = self._with_minibatch_stddev(layers.ReLU()(x))
        return ops.sum(x, axis=(1, 2))

    def _discriminator_block(self, x, channels: int, draw, *, halve: bool, first: bool):
        """Apply a block of D; the first block has no ReLU on its input."""

        def downsample(x):
            return layers.AveragePooling2D(2, padding="same", data_format=LAYOUT)(x) if halve else x

        hidden = channels if first else x.shape[-1]
        y = x if first else layers.ReLU()(x)
        y = layers.ReLU()(self._with_spectral_norm(_convolution(hidden, 3, draw, gain=2.0))(y))
        y = downsample(self._with_spectral_norm(_convolution(channels, 3, draw, gain=2.0))(y))
        if halve or x.shape[-1] != channels:
            x = self._with_spectral_norm(_convolution(channels, 1, draw))(downsample(x))
        return layers.Add()([y, x])


def _convolution(channels: int, kernel: int, draw, *, gain: float = 1.0) -> keras.Layer:
    return layers.Conv2D(
        channels, kernel, padding="same", data_format=LAYOUT, kernel_initializer=_glorot(draw, gain)
    )


def _glorot(draw, gain: float = 1.0) -> keras.initializers.Initializer:
    """Return Glorot's initializer with `gain` times its variance."""
    return keras.initializers.VarianceScaling(gain, mode="fan_avg", distribution="uniform", seed=next(draw))
