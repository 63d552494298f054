"""What the networks of images share."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import keras
from keras import layers

from tfgan._options import NonNegativeInt
from tfgan.layers import SelfAttention
from tfgan.networks.network import Network, halvings, seeds

SMALLEST_SIDE = 8
SMALLEST_MAP = 4


@dataclasses.dataclass(frozen=True)
class ImageNetwork(Network):
    """Make images of any height and width from 8 up, square or not, odd or even, grey or colour.

    A subclass says how an image is made from a vector (`_decoded`) and a vector from an image (`_encoded`); its autoencoder
    is D up to a code of `latent_dim` numbers, then another G.

    Args:
        attention: side at which both networks get self-attention: at the maps whose shorter side is this; 0 for nowhere.
    """

    attention: NonNegativeInt = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        shape = tuple(self.image_shape)
        if len(shape) != 3 or min(shape[:2]) < SMALLEST_SIDE or shape[2] not in (1, 3):
            raise ValueError(
                f"network: {type(self).__name__} makes images of at least {SMALLEST_SIDE}x{SMALLEST_SIDE} with 1 or 3 channels, "
                f"got shape {shape}" + "; use --network=mlp" * (len(shape) == 1)
            )
        sides = sorted({min(size) for size in self.sizes()[1:]})
        if self.attention and self.attention not in sides:
            known = ", ".join(map(str, sides))
            raise ValueError(f"network: attention: expected a side of G's maps, one of {known}, or 0, got {self.attention}")

    def sizes(self, smallest: int = SMALLEST_MAP) -> list[tuple[int, int]]:
        """Return (height, width) of the image, and of it halved, rounding up, while the shorter side has `smallest` pixels or more."""
        height, width = self.image_shape[:2]
        count = 1 + int(math.log2(min(height, width) / smallest))
        return list(zip(halvings(height, count), halvings(width, count), strict=True))

    def generator(self) -> keras.Model:
        source = keras.Input((self.latent_dim,))
        draw = self._draw("generator")
        return keras.Model(source, self._decoded(source, draw), name="generator")

    def discriminator(self) -> keras.Model:
        source = keras.Input(self.image_shape)
        draw = self._draw("discriminator")
        return keras.Model(source, self._encoded(source, self.outputs, draw), name="discriminator")

    def autoencoder(self) -> keras.Model:
        source = keras.Input(self.image_shape)
        draw = self._draw("autoencoder")
        code = self._encoded(source, self.latent_dim, draw)
        decoded = self._decoded(code, draw, norm=self.discriminator_norm)
        return keras.Model(source, {"reconstruction": decoded}, name="discriminator")

    def _draw(self, role: str) -> Iterator[Any]:
        """Yield what starts the weights of one network, layer by layer: initializers, or seeds of them."""
        raise TypeError(f"{type(self).__name__} must define _draw(role)")

    def _decoded(self, x, draw, *, norm: bool = True):
        """Return images (n, *image_shape) made from vectors (n, d); without batch normalization unless `norm`."""
        raise TypeError(f"{type(self).__name__} must define _decoded(x, draw)")

    def _encoded(self, x, outputs: int, draw):
        """Return vectors (n, outputs) made from images (n, *image_shape)."""
        raise TypeError(f"{type(self).__name__} must define _encoded(x, outputs, draw)")

    def _attended(self, x, role: str):
        """Return a map after self-attention, where it is asked for."""
        if min(x.shape[1:3]) != self.attention:
            return x
        normalized = self.spectral_norm and role == "discriminator"
        return SelfAttention(spectral_norm=normalized, seed=next(seeds(self.seed, f"{role} attention")))(x)

    def _cropped(self, x, size: tuple[int, int]):
        """Return a map without the last rows and columns beyond a size."""
        if x.shape[1:3] == tuple(size):
            return x
        return layers.Cropping2D(((0, x.shape[1] - size[0]), (0, x.shape[2] - size[1])))(x)
