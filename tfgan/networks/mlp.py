"""Fully connected networks, for points."""

from __future__ import annotations

import dataclasses

import keras
from keras import layers

from tfgan._options import PositiveInt
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
        return self._stack("generator", self.latent_dim, self.image_shape[0])

    def discriminator(self) -> keras.Model:
        return self._stack("discriminator", self.image_shape[0], 1)

    def _stack(self, name: str, inputs: int, outputs: int) -> keras.Model:
        draw = initializers(keras.initializers.GlorotUniform, self.seed, name)
        x = source = keras.Input((inputs,))
        for _ in range(self.depth):
            x = layers.Dense(self.width, kernel_initializer=next(draw))(x)
            x = layers.LeakyReLU(0.2)(x)
        x = layers.Dense(outputs, kernel_initializer=next(draw), dtype="float32")(x)
        return keras.Model(source, x, name=name)
