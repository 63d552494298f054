"""Build convolutional networks along one axis, for series, texts and biological sequences."""

from __future__ import annotations

import dataclasses

import keras
from keras import layers

from tfgan.core.options import NonNegativeInt, PositiveInt
from tfgan.layers import LeakyReLU
from tfgan.networks.network import Network, initializers

LAYOUT = "channels_last"
BRANCH = 0.3  # scale of a residual branch; Gulrajani et al. 2017, released code


@dataclasses.dataclass(frozen=True)
class Conv1D(Network):
    """Stack residual blocks of 1-D convolutions over examples (length, channels), beside a dense path.

    A convolution sees neighbors and learns local patterns; a dense layer sees the whole and learns how an
    example differs from others, such as its composition. Both networks have both paths.

    - G: a dense layer makes a map (length, width) of the latents, and `blocks` residual blocks follow,
      x + 0.3 conv(lrelu(conv(lrelu(x)))). Each block first adds a vector that is linear in the latents to every
      place. A dense path of `global_depth` layers makes its own logits of the latents, and both are added.
    - D: blocks of the same form on the example, each followed by an average over two places, down to 4 places
      or `blocks` halvings. Its features are the last map, flattened, its mean over the places, and the last
      layer of a dense path on the flattened example.
    - `tcn=true`: the blocks keep the length, and their first convolution is dilated by 1, 2, 4, ... Where
      `latent_dim` is a multiple of the length, G's first map is the latents themselves, some at each place.

    Args:
        blocks: residual blocks in each network.
        kernel: places that a convolution sees.
        tcn: whether the convolutions are dilated, for long memory.
        global_depth: hidden layers of the dense paths; 0 leaves the paths out.
        global_width: units of these layers; None for 4 times `width`.

    Raises:
        ValueError: examples that have no shape (length, channels).

    Reference: Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", appendix (the character model);
    Wiese et al. 2020, "Quant GANs: deep generation of financial time series", section 5 (dilated convolutions).
    """

    width: PositiveInt = 32
    blocks: PositiveInt = 2
    kernel: PositiveInt = 5
    tcn: bool = False
    global_depth: NonNegativeInt = 2
    global_width: PositiveInt | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.image_shape) != 2:
            raise ValueError(
                f"network: 'conv1d' makes examples of shape (length, channels), got shape {tuple(self.image_shape)}; "
                f"use --network={self.kind.default_network}"
            )

    @property
    def length(self) -> int:
        """Places of an example."""
        return self.image_shape[0]

    def _initializers(self, role: str):
        return initializers(keras.initializers.HeNormal, self.seed, role)

    def _convolution(self, width: int, draw, *, dilation: int = 1, kernel: int | None = None) -> keras.Layer:
        return layers.Conv1D(
            width,
            kernel or self.kernel,
            padding="same",
            dilation_rate=dilation,
            data_format=LAYOUT,
            kernel_initializer=next(draw),
        )

    def _block(self, x, draw, index: int, wrap=lambda layer: layer):
        """Return x + 0.3 conv(lrelu(conv(lrelu(x)))); the first convolution of a TCN is dilated by 2^index."""
        branch = LeakyReLU(0.2)(x)
        dilation = 2**index if self.tcn else 1
        branch = wrap(self._convolution(self.width, draw, dilation=dilation))(branch)
        branch = wrap(self._convolution(self.width, draw))(LeakyReLU(0.2)(branch))
        return layers.Add()([x, layers.Rescaling(BRANCH)(branch)])

    def _dense_path(self, x, draw, wrap=lambda layer: layer):
        """Return the last hidden layer of a dense path, from vectors (n, d)."""
        for _ in range(self.global_depth):
            x = LeakyReLU(0.2)(
                wrap(layers.Dense(self.global_width or 4 * self.width, kernel_initializer=next(draw)))(x)
            )
        return x

    def _first_map(self, latents, draw):
        """Return G's first map (n, length, width)."""
        if self.tcn and latents.shape[-1] % self.length == 0:
            x = layers.Reshape((self.length, latents.shape[-1] // self.length))(latents)
            return self._convolution(self.width, draw, kernel=1)(x)
        x = layers.Dense(self.length * self.width, kernel_initializer=next(draw))(latents)
        return layers.Reshape((self.length, self.width))(x)

    def _generate(self, x, draw, *, norm: bool = True, pack: int = 1):
        latents, channels = x, pack * self.image_shape[-1]
        x = self._first_map(latents, draw)
        for index in range(self.blocks):
            everywhere = layers.Dense(self.width, kernel_initializer=next(draw))(latents)
            x = self._block(layers.Add()([x, layers.Reshape((1, self.width))(everywhere)]), draw, index)
        x = layers.Conv1D(channels, 1, data_format=LAYOUT, kernel_initializer=next(draw), dtype="float32")(
            LeakyReLU(0.2)(x)
        )
        if self.global_depth:
            whole = layers.Dense(self.length * channels, kernel_initializer=next(draw), dtype="float32")(
                self._dense_path(latents, draw)
            )
            x = layers.Add(dtype="float32")([x, layers.Reshape((self.length, channels))(whole)])
        return x

    def _features(self, x, draw):
        whole = layers.Flatten(data_format=LAYOUT)(x)
        x = self._with_spectral_norm(self._convolution(self.width, draw, kernel=1))(x)
        for index in range(self.blocks):
            x = self._block(x, draw, index, self._with_spectral_norm)
            if not self.tcn and x.shape[1] >= 8:
                x = layers.AveragePooling1D(2, data_format=LAYOUT)(x)
        x = LeakyReLU(0.2)(x)
        paths = [layers.Flatten(data_format=LAYOUT)(x), layers.GlobalAveragePooling1D(data_format=LAYOUT)(x)]
        if self.global_depth:
            paths.append(self._dense_path(whole, draw, self._with_spectral_norm))
        return self._with_minibatch_stddev(layers.Concatenate()(paths))
