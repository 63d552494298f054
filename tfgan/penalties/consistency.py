"""Penalties on the difference between D's logits for an example and for a slightly changed copy."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import keras
from keras import ops

from tfgan.core import sizes
from tfgan.core.options import Fraction, NonNegative, Positive
from tfgan.penalties.facts import DAMPS, PenaltyFacts
from tfgan.penalties.inputs import FAKE, REAL, CriticInput, PerturbedLatents, ShiftedAndFlipped
from tfgan.penalties.penalty import Cost, Penalty


@dataclasses.dataclass(frozen=True)
class _Consistency(Cost):
    """A penalty weight E (D(x) - D(T x))^2 at each input in `of`."""

    of: ClassVar[tuple[CriticInput, ...]]
    weight: NonNegative = 10.0
    shift: Fraction = 0.125
    mirror: bool = True
    sigma: Positive = 0.05

    @property
    def inputs(self):
        return tuple(ShiftedAndFlipped(at, self.shift, self.mirror, self.sigma) for at in self.of)

    def discriminator(self, critic, state):
        pairs = zip(self.of, self.inputs, strict=True)
        return sum(self.weight * _squared_difference(critic[here], critic[there]) for here, there in pairs)


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class CR(_Consistency):
    """Make D blind to small changes of real examples: weight E (D(x) - D(T x))^2 at real x.

    T shifts an image by whole pixels, repeats its edges, and mirrors it with probability 1/2. To data that
    are no images T adds noise instead.

    Args:
        weight: lambda of the paper.
        shift: the largest shift of T, as a share of the side.
        mirror: whether T mirrors; turn it off if left and right differ, as in digits.
        sigma: standard deviation of T's noise on data that are no images, in training units.

    Reference: Zhang et al. 2020, "Consistency Regularization for Generative Adversarial Networks".
    """

    facts: ClassVar[PenaltyFacts] = PenaltyFacts(
        d="weight E (D(x) - D(T x))^2, x real, T a small change",
        cost="a forward and a backward pass of D on the changed reals",
        game=f"{DAMPS} (T adds noise there)",
        game_d="weight * (sigma * psi)**2",
        damping="2 * weight * sigma**2",
    )

    of: ClassVar[tuple[CriticInput, ...]] = (REAL,)


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class BCR(_Consistency):
    """Make D blind to small changes on both sides: weight E (D(x) - D(T x))^2 at real x, and the same at fake x.

    Args:
        weight: both lambdas of the paper.
        shift, mirror, sigma: of T, as for `CR`.

    Reference: Zhao et al. 2021, "Improved Consistency Regularization for GANs" (balanced).
    """

    facts: ClassVar[PenaltyFacts] = PenaltyFacts(
        d="weight E (D(x) - D(T x))^2, x real, and the same for x fake",
        cost="a forward and a backward pass of D on the changed reals, and on the changed fakes",
        game=f"{DAMPS} (T adds noise there)",
        game_d="2 * weight * (sigma * psi)**2",
        damping="4 * weight * sigma**2",
    )

    of: ClassVar[tuple[CriticInput, ...]] = (REAL, FAKE)


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class ZCR(Penalty):
    """Make D blind to small changes of the latents and G sensitive to them: z' = z + sigma N(0, I).

    D pays d_weight E (D(G(z)) - D(G(z')))^2, G pays -g_weight E mean (G(z) - G(z'))^2, the mean over entries.

    Args:
        d_weight, g_weight: lambda of the paper for D and for G.
        sigma: standard deviation of the latents' change.

    Reference: Zhao et al. 2021, "Improved Consistency Regularization for GANs" (in latent space).
    """

    facts: ClassVar[PenaltyFacts] = PenaltyFacts(
        d="d_weight E (D(G(z)) - D(G(z')))^2, z' = z + sigma N(0, I)",
        g="-g_weight E mean (G(z) - G(z'))^2",
        cost="a pass of G and one of D, both ways, on the changed latents",
        game="nothing: that G ignores its latents",
    )

    d_weight: NonNegative = 20.0
    g_weight: NonNegative = 0.5
    sigma: Positive = 0.05

    @property
    def inputs(self):
        return (PerturbedLatents(self.sigma),)

    def discriminator(self, critic, state):
        return self.d_weight * _squared_difference(critic[FAKE], critic[PerturbedLatents(self.sigma)])

    def generator(self, critic, latents):
        return -self.g_weight * ops.mean(ops.square(critic.x(FAKE) - critic.x(PerturbedLatents(self.sigma))))


def _squared_difference(here, there):
    """Return the squared difference of logits, averaged over an example's map, shape (n,)."""
    squared = ops.square(here.logits - there.logits)
    return ops.mean(ops.reshape(squared, sizes.flat_shape(squared)), axis=1)
