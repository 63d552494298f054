"""What a pair of networks is."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np

from tfgan._options import Configurable, NonNegativeInt, PositiveInt
from tfgan.layers import MinibatchDeviation, SpectralNorm


@dataclasses.dataclass(frozen=True)
class Network(Configurable):
    """Build a generator and a discriminator for one shape of data.

    Args:
        image_shape: shape of one example, such as (28, 28, 1), or (2,) for points in the plane.
        latent_dim: entries of a latent vector, standard normal.
        width: channels (units) of the widest resolution (of each hidden layer).
        outputs: numbers that D returns for an example: 1 logit, or an embedding for objectives that compare batches.
        discriminator_norm: whether D may use batch normalization. Under a gradient penalty it must not: batch
            statistics would couple the examples whose gradients are taken one by one.
        seed: draws the weights.
        spectral_norm: whether every weighted layer of D is normalized by `tfgan.layers.SpectralNorm`, which takes the place of
            its batch normalization.
        minibatch_deviation: whether D sees how much its batch differs (`tfgan.layers.MinibatchDeviation`).

    Raises:
        ValueError: the network cannot make data of this shape, or minibatch deviation where examples must stand alone; the
            message says what it can.
    """

    image_shape: Any
    latent_dim: PositiveInt
    width: PositiveInt = 64
    outputs: PositiveInt = 1
    discriminator_norm: bool = True
    seed: NonNegativeInt = 0
    spectral_norm: bool = False
    minibatch_deviation: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.minibatch_deviation and not self.discriminator_norm:
            raise ValueError(
                "network: minibatch_deviation makes examples depend on each other, and a gradient penalty takes them one by one; "
                "expected one of the two, got both"
            )

    def generator(self) -> keras.Model:
        """Return G: float32 latents (n, latent_dim) to examples (n, *image_shape)."""
        raise TypeError(f"{type(self).__name__} must define generator()")

    def discriminator(self) -> keras.Model:
        """Return D: examples (n, *image_shape) to raw logits (n, outputs)."""
        raise TypeError(f"{type(self).__name__} must define discriminator()")

    def autoencoder(self) -> keras.Model:
        """Return D for energy-based objectives: examples (n, *image_shape) to `{"reconstruction": (n, *image_shape)}`."""
        raise TypeError(f"{type(self).__name__} must define autoencoder()")

    def _normalized(self, layer: keras.Layer) -> keras.Layer:
        """Return one of D's weighted layers, spectrally normalized where that is asked for."""
        return SpectralNorm(layer) if self.spectral_norm else layer

    def _deviated(self, x):
        """Return what D's last layers see, with the minibatch deviation where that is asked for."""
        return MinibatchDeviation()(x) if self.minibatch_deviation else x


def initializers(make: Callable[..., keras.initializers.Initializer], seed: int, role: str) -> Iterator[keras.initializers.Initializer]:
    """Yield initializers without end, each with a seed of its own that depends on (seed, role, position)."""
    return (make(seed=own) for own in seeds(seed, role))


def seeds(seed: int, role: str) -> Iterator[int]:
    """Yield seeds without end, each a function of (seed, role, position)."""
    sequence = np.random.SeedSequence([seed, *role.encode()])
    while True:
        (child,) = sequence.spawn(1)
        yield int(child.generate_state(1)[0]) % 2**31


def halvings(side: int, count: int) -> list[int]:
    """Return `count` sides, each half of the one before, rounded up.

    >>> halvings(28, 3)
    [28, 14, 7]
    """
    sides = [side]
    while len(sides) < count:
        sides.append(math.ceil(sides[-1] / 2))
    return sides
