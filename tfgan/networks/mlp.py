"""Fully connected networks, for points."""

from __future__ import annotations

import dataclasses

import keras
from keras import layers

from tfgan._options import PositiveInt
from tfgan.layers.leaky_relu import LeakyReLU
from tfgan.networks.network import Network, initializers


@dataclasses.dataclass(frozen=True)
class MLP(Network):
    """Stack `depth` dense layers with LeakyReLU of slope 0.2 on either side; no normalization, linear output.

    Weights are drawn as Glorot & Bengio 2010 do: with the larger ones of He et al. 2015 modes come out blurred.
    """

    width: PositiveInt = 128
    depth: PositiveInt = 3

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.image_shape) != 1:
            raise ValueError(f"network: 'mlp' makes points of shape (d,), got shape {self.image_shape}; use --network=dcgan")

    def generator(self) -> keras.Model:
        draw = self._draw("generator")
        source = keras.Input((self.latent_dim,))
        return keras.Model(source, self._stack(source, self.image_shape[0], draw), name="generator")

    def discriminator(self) -> keras.Model:
        draw = self._draw("discriminator")
        source = keras.Input(self.image_shape)
        return keras.Model(source, self._stack(source, self.outputs, draw), name="discriminator")

    def autoencoder(self) -> keras.Model:
        draw = self._draw("autoencoder")
        source = keras.Input(self.image_shape)
        x = self._stack(self._stack(source, self.latent_dim, draw), self.image_shape[0], draw)
        return keras.Model(source, {"reconstruction": x}, name="discriminator")

    def _draw(self, role: str):
        return initializers(keras.initializers.GlorotUniform, self.seed, role)

    def _stack(self, x, outputs: int, draw):
        for _ in range(self.depth):
            x = LeakyReLU(0.2)(layers.Dense(self.width, kernel_initializer=next(draw))(x))
        return layers.Dense(outputs, kernel_initializer=next(draw), dtype="float32")(x)
