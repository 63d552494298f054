"""Define the inputs at which penalties evaluate D: batches in data space.

Equal inputs share one forward pass of D. `draw` samples the random numbers beforehand, outside of XLA;
`compute` is a function of them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import ClassVar

import tensorflow as tf

from tfgan import kinds
from tfgan.core import sizes
from tfgan.core.noise import Draws


@dataclasses.dataclass(frozen=True)
class CriticInput:
    """A batch of inputs of D, made from other batches and noise.

    Attributes:
        key: the name in the keys of random numbers; it never changes, so a run keeps its noise if a class is
            renamed.
    """

    key: ClassVar[str]

    @property
    def purpose(self) -> str:
        """The text that keys the random numbers of this input, with its options."""
        options = ((field.name, getattr(self, field.name)) for field in dataclasses.fields(self))
        texts = [
            f"{name}={value.purpose if isinstance(value, CriticInput) else repr(value)}"
            for name, value in options
        ]
        return f"{self.key}({', '.join(texts)})"

    def draw(self, draws: Draws, shape: tuple[int, ...], latents: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return the noise that `compute` needs, for data of shape (n, ...) made from latents (n, latent_dim)."""
        return {}

    def measure(self, real: tf.Tensor) -> dict[str, tf.Tensor]:
        """Return means over the reals, float32 scalars, that `compute` needs; without shards, `compute` computes them itself."""
        return {}

    def compute(self, x_of: Callable[[CriticInput], tf.Tensor], drawn: dict[str, tf.Tensor]) -> tf.Tensor:
        """Return the batch, float32 (n, ...).

        Args:
            x_of: returns the batch of another input.
            drawn: the noise of `draw`.
        """
        raise TypeError(f"{type(self).__name__} comes with the batch, and is not made from other inputs")


@dataclasses.dataclass(frozen=True)
class Real(CriticInput):
    """The real examples."""

    key: ClassVar[str] = "Real"


@dataclasses.dataclass(frozen=True)
class Fake(CriticInput):
    """The generated examples G(z)."""

    key: ClassVar[str] = "Fake"


REAL, FAKE = Real(), Fake()


@dataclasses.dataclass(frozen=True)
class PerturbedLatents(CriticInput):
    """G(z + sigma N(0, I)), which comes with the batch; its latents are drawn here."""

    key: ClassVar[str] = "Nearby"
    sigma: float

    def draw(self, draws, shape, latents):
        return {"latents": latents + self.sigma * draws.normal("nearby", latents.shape)}


@dataclasses.dataclass(frozen=True)
class Interpolated(CriticInput):
    """Points a real + (1 - a) fake between reals and fakes, with one a ~ U(0, 1) per example."""

    key: ClassVar[str] = "Interpolated"

    def draw(self, draws, shape, latents):
        return {"fractions": draws.uniform("fractions", shape[:1])}

    def compute(self, x_of, drawn):
        real, fake = sizes.require_equal([x_of(REAL), x_of(FAKE)], sizes.ROWS, _describe_unpaired)
        fraction = _expand_like(drawn["fractions"], real)
        return fraction * real + (1.0 - fraction) * fake


def _describe_unpaired(reals, fakes):
    return ["points between real and fake: expected ", reals, " fakes, as many as reals, got ", fakes]


@dataclasses.dataclass(frozen=True)
class PerturbedReal(CriticInput):
    """Perturbed real examples: x + a d with d = std(x) U(0, 1) / 2 per entry and a ~ U(0, 1) per example.

    `std(x)` is one scalar, over all entries of the batch. With `deviation` the inputs are x + deviation N(0,
    1).
    """

    key: ClassVar[str] = "Around"
    deviation: float | None = None

    def draw(self, draws, shape, latents):
        if self.deviation is not None:
            return {"normal": draws.normal("around", shape)}
        return {
            "fractions": draws.uniform("around fractions", shape[:1]),
            "entries": draws.uniform("around", shape),
        }

    def measure(self, real):
        return (
            {}
            if self.deviation is not None
            else {"mean": tf.reduce_mean(real), "square": tf.reduce_mean(tf.square(real))}
        )

    def compute(self, x_of, drawn):
        real = x_of(REAL)
        if self.deviation is not None:
            return real + self.deviation * drawn["normal"]
        found = drawn if "mean" in drawn else self.measure(real)
        deviation = tf.sqrt(tf.maximum(found["square"] - tf.square(found["mean"]), 0.0))
        return real + _expand_like(drawn["fractions"], real) * 0.5 * deviation * drawn["entries"]


@dataclasses.dataclass(frozen=True)
class GaussianPerturbed(CriticInput):
    """Every k-th example of another input plus noise: x + sigma N(0, I).

    Args:
        of: the other input.
        sigma: standard deviation of the noise, in training units.
        one_in: k; the number of examples must be a multiple of it.
    """

    key: ClassVar[str] = "GaussianPerturbed"
    of: CriticInput
    sigma: float
    one_in: int = 1

    def draw(self, draws, shape, latents):
        return {"normal": draws.normal(self.purpose, shape)}

    def compute(self, x_of, drawn):
        x = x_of(self.of)
        if x.shape[0] is not None and x.shape[0] % self.one_in:
            raise ValueError(
                f"one_in: expected a divisor of the {x.shape[0]} examples of a batch, got {self.one_in}"
            )
        return x[:: self.one_in] + self.sigma * drawn["normal"][:: self.one_in]


@dataclasses.dataclass(frozen=True)
class ShiftedAndFlipped(CriticInput):
    """Images of another input, randomly shifted and flipped.

    The shift is at most the share `shift` of each side, edges repeat, and the probability of a flip is 1/2.
    To data that are no images, `sigma` N(0, 1) is added instead.
    """

    key: ClassVar[str] = "Moved"
    of: CriticInput
    shift: float
    mirror: bool
    sigma: float

    def draw(self, draws, shape, latents):
        if not kinds.of(shape[1:]).shifts_and_flips:
            return {"normal": draws.normal(self.purpose, shape)}
        return {"uniform": draws.uniform(self.purpose, (shape[0], 3))}

    def compute(self, x_of, drawn):
        x = x_of(self.of)
        if "normal" in drawn:
            return x + self.sigma * drawn["normal"]
        x = _shift(x, drawn["uniform"][:, 0], self.shift, axis=1)
        x = _shift(x, drawn["uniform"][:, 1], self.shift, axis=2)
        return tf.where(_expand_like(drawn["uniform"][:, 2], x) < 0.5 * self.mirror, x[:, :, ::-1], x)


def _shift(x, fractions, share, axis):
    """Shift each image along an axis by whole pixels, uniformly up to `share` of the side either way."""
    side = x.shape[axis]
    most = int(share * side)
    pixels = tf.cast(tf.floor(fractions * (2 * most + 1)), tf.int32) - most
    index = tf.clip_by_value(tf.range(side)[None] + pixels[:, None], 0, side - 1)
    return tf.gather(x, index, axis=axis, batch_dims=1)


def _expand_like(values, x):
    """Reshape values (n,) to broadcast with examples (n, ...)."""
    return tf.reshape(values, (-1,) + (1,) * (len(x.shape) - 1))
