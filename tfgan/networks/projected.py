"""Build the projected discriminator: small heads on random mixtures of a frozen network's maps."""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Any, Literal

import keras
from keras import layers, ops

from tfgan import kinds
from tfgan.core.options import Configurable, NonNegativeInt, PositiveInt
from tfgan.layers import FrozenFeatures, LeakyReLU, RandomMixing, Resize
from tfgan.networks.heads import DiscriminatorHeads
from tfgan.networks.image import LAYOUT
from tfgan.networks.network import initializers, seeds
from tfgan.pretrained import effnet_lite0

COARSEST = 32  # pixels of the resized image a place of the coarsest map
LARGEST_SIDE = 256
LAST_KERNEL = 4

_glorot = functools.partial(keras.initializers.VarianceScaling, 1.0, mode="fan_avg", distribution="uniform")


@dataclasses.dataclass(frozen=True)
class Projected(DiscriminatorHeads, Configurable):
    """Judge images by features of EfficientNet-Lite0, which stays as ImageNet trained it.

    Images are resized to `side` pixels (`tfgan.layers.Resize`), the frozen network gives maps of the strides
    4, 8, 16 and 32 (`FrozenFeatures`), fixed random convolutions mix their channels and scales
    (`RandomMixing`), and a head on each of the four mixtures, of sides `side` / 2, / 4, / 8 and / 16, ends in
    logits. Only the heads train.

    A head halves its map by 4x4 convolutions of stride 2 with batch normalization and LeakyReLU of slope 0.2
    while its side is above `side` / 32, then one convolution, 4x4 or as large as the map, without padding,
    gives the logits. Every convolution is spectrally normalized. With c = `channels`, the maps of the sides
    `side` / 2 .. `side` / 32 have c, c, 2c, 4c and 8c channels. `side=256,channels=64` are the paper's heads.

    The logits are a map (n, 4, m, 1): a row for each scale, finest first, and a column for each of its m
    places. Every scale has as many places, so the mean of a loss over the map is the mean of the four scales'
    means: scales count equally. The paper adds the scales' losses, which is 4 times as much for both
    players; Adam does not see it.

    - `condition="projection"`: <e_k(label), h_k> is added to the logits of scale k, with h_k (n, d_k) the
      mean of the head's last map over places.
    - `condition="acgan"` and `info_*`: classes and codes come from the features h = (h_1 .. h_4), as in
      `Network`.
    - `task="classify"`, and objectives of embeddings: the outputs come from h, and there is no map.

    A gradient penalty passes through the frozen network to the image, and is exact; the paper has none, and
    its cost is another pass through the network.

    Departures by choice: cross-scale mixing has 3x3 convolutions, as in the paper and not in its code;
    `side` and `channels` are small, for processors; `Network.discriminator_norm` also drops the batch
    normalization of heads.

    Args:
        image_shape: shape of one image, (height, width, 1 or 3).
        side: to which images are resized, a multiple of 32 up to 256.
        channels: of the finest mixture, c.
        batch_norm: whether heads have batch normalization, where D may have it.
        outputs: numbers that D returns for an image, as in `Network`.
        discriminator_norm: whether D may use batch normalization.
        seed: seed of the mixtures and of the heads' weights.
        num_classes: as in `Network`.
        condition: "projection" or "acgan"; "concat" is refused.
        task: as in `Network`.
        info_categorical: as in `Network`.
        info_continuous: as in `Network`.
        pack: 1: the frozen network sees one image at a time.

    Raises:
        ValueError: without the package of the weights, for data other than images, and for options that do
            not fit; the message names the way out.

    Example:
        >>> judge = tfgan.networks.discriminators.get("projected:side=64", image_shape=(28, 28, 1))
        >>> gan = tfgan.GAN(network.generator(), judge.discriminator())

    Reference: Sauer et al. 2021, "Projected GANs Converge Faster", section 3 and appendix; the heads of its
        code, `pg_modules/discriminator.py`.
    """

    image_shape: Any
    side: PositiveInt = 64
    channels: PositiveInt = 16
    batch_norm: bool = True
    outputs: PositiveInt = 1
    discriminator_norm: bool = True
    seed: NonNegativeInt = 0
    num_classes: NonNegativeInt = 0
    condition: Literal["none", "concat", "projection", "acgan"] = "none"
    task: Literal["generate", "classify"] = "generate"
    info_categorical: NonNegativeInt = 0
    info_continuous: NonNegativeInt = 0
    pack: PositiveInt = 1

    spectral_norm = True  # of every weighted layer

    def __post_init__(self) -> None:
        super().__post_init__()
        shape = tuple(self.image_shape)
        if not kinds.of(shape).has_pixels or shape[-1] not in (1, 3):
            raise ValueError(
                f"discriminator: projected: expected images with 1 or 3 channels, got shape {shape}; leave --discriminator out"
            )
        if self.side % COARSEST or self.side > LARGEST_SIDE:
            raise ValueError(
                f"discriminator: projected: side: expected a multiple of {COARSEST} up to {LARGEST_SIDE}, got {self.side}"
            )
        self._check_side_objectives()
        if self.condition == "concat":
            raise ValueError(
                "discriminator: projected: expected condition=projection or acgan, got concat: the frozen network sees images alone"
            )
        if self.pack > 1:
            raise ValueError(
                f"discriminator: projected: expected pack=1, got {self.pack}: the frozen network sees one image at a time"
            )
        effnet_lite0.find_weights()

    def discriminator(self) -> keras.Model:
        """Build D: images (n, *image_shape), or [images, labels], to logits (n, 4, m, 1), or to a dict with "logits"."""
        inputs = [keras.Input(tuple(self.image_shape), name="x")]
        if self.condition == "projection":
            inputs.append(keras.Input((), dtype="int32", name="labels"))
        draw = initializers(_glorot, self.seed, "discriminator")
        maps = [self._down(x, draw) for x in self._mixtures(inputs[0])]
        means = [ops.mean(x, axis=(1, 2)) for x in maps]  # (n, d_k)
        outputs = self._outputs(maps, means, inputs[1:], draw)
        return keras.Model(inputs if len(inputs) > 1 else inputs[0], outputs, name="discriminator")

    def autoencoder(self) -> keras.Model:
        """Refuse: an objective of reconstructions needs a D that decodes.

        Raises:
            ValueError: always.
        """
        raise ValueError(
            "discriminator: projected: expected an objective of logits, got one of reconstructions; leave one of the two out"
        )

    def _mixtures(self, x) -> list:
        """Return the four mixtures, finest first."""
        maps = FrozenFeatures(name="frozen")(Resize((self.side, self.side))(x))
        return RandomMixing(self.channels, seed=next(seeds(self.seed, "mixing")), name="mixing")(maps)

    def _down(self, x, draw):
        """Halve a mixture to `side` / 32."""
        while (side := x.shape[1]) > self.side // COARSEST:
            norm = self.batch_norm and self.discriminator_norm
            options = {
                "strides": 2,
                "padding": "same",
                "data_format": LAYOUT,
                "kernel_initializer": next(draw),
            }
            channels = self.channels * self.side // (2 * side)
            x = self._with_spectral_norm(layers.Conv2D(channels, 4, use_bias=not norm, **options))(x)
            x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x) if norm else x
            x = LeakyReLU(0.2)(x)
        return x

    def _outputs(self, maps, means, labels, draw):
        """Return D's outputs from the heads' last maps, the means of these over places, and labels, if any."""
        features = layers.Concatenate(dtype="float32")(means)
        if self.task == "classify" or self.outputs > 1:
            return self._discriminator_heads(features, None, draw)
        rows = [self._row(x, draw) for x in maps]
        if self.condition == "projection":
            own = self._one_hot(labels[0])
            rows = [
                row
                + ops.reshape(
                    layers.Dot(axes=-1, dtype="float32")([self._embedding(h.shape[-1], draw)(own), h]),
                    (-1, 1, 1, 1),
                )
                for row, h in zip(rows, means, strict=True)
            ]
        logits = layers.Concatenate(axis=1, dtype="float32")(rows)
        if self.condition == "acgan" or self.info_categorical or self.info_continuous:
            return {**self._discriminator_heads(features, None, draw), "logits": logits}
        return logits

    def _row(self, x, draw):
        """Return the logits of a head, (n, 1, m, 1)."""
        kernel = min(LAST_KERNEL, x.shape[1])
        last = layers.Conv2D(
            1, kernel, use_bias=False, data_format=LAYOUT, kernel_initializer=next(draw), dtype="float32"
        )
        logits = self._with_spectral_norm(last)(x)
        return layers.Reshape((1, math.prod(logits.shape[1:3]), 1), dtype="float32")(logits)

    def _next_initializer(self, draw) -> keras.initializers.Initializer:
        return next(draw)
