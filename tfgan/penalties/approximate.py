"""R1 and R2 by a difference of logits instead of a derivative: no second backward pass through D."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import keras
from keras import ops

from tfgan.core import sizes
from tfgan.core.options import NonNegative, Positive, PositiveInt
from tfgan.penalties.facts import DAMPS, PenaltyFacts
from tfgan.penalties.inputs import FAKE, REAL, CriticInput, GaussianPerturbed
from tfgan.penalties.penalty import Cost

NOISE = f"{DAMPS}, as the derivative does"


@dataclasses.dataclass(frozen=True)
class _Approximate(Cost):
    """A cost gamma/2 E (D(x) - D(x + sigma n))^2 / sigma^2 at the input `of`, with n ~ N(0, I).

    A first-order expansion of D gives (grad D(x) . n)^2, whose mean over n is |grad D(x)|^2.
    """

    of: ClassVar[CriticInput]
    gamma: NonNegative = 1.0
    sigma: Positive = 0.01
    one_in: PositiveInt = 1

    @property
    def perturbed(self) -> CriticInput:
        """The perturbed examples."""
        return GaussianPerturbed(self.of, self.sigma, self.one_in)

    @property
    def inputs(self):
        return (self.perturbed,)

    def discriminator(self, critic, state):
        change = critic[self.of].logits[:: self.one_in] - critic[self.perturbed].logits
        squared = ops.square(change / self.sigma)  # divided first: sigma^2 may be tiny
        return 0.5 * self.gamma * ops.mean(ops.reshape(squared, sizes.flat_shape(squared)), axis=1)


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class ApproxR1(_Approximate):
    """Keep D flat on the data without a second derivative: gamma/2 E (D(x) - D(x + sigma n))^2 / sigma^2 at real x.

    n ~ N(0, I). For small sigma this is R1 in expectation, at the cost of one more forward pass. The authors
    write lambda (D(x) - D(x + sigma n))^2: their lambda is gamma / (2 sigma^2) here, so that their lambda=100
    with sigma=0.01 is gamma=0.02.

    Args:
        gamma: weight, as in `R1`.
        sigma: standard deviation of the noise, in training units. In bfloat16, whose logits have three
            digits, take 0.1 or more.
        one_in: k > 1 takes every k-th example only; the batch of each shard must be a multiple of k.

    Reference: Lin et al. 2025, "Diffusion Adversarial Post-Training for One-Step Video Generation",
        approximated R1.
    """

    facts: ClassVar[PenaltyFacts] = PenaltyFacts(
        d="gamma/2 E (D(x) - D(x + sigma n))^2 / sigma^2, x real, n ~ N(0, I)",
        cost="a forward and a backward pass of D on perturbed reals",
        game=NOISE,
        game_d="gamma / 2 * psi**2",
        damping="gamma",
        elsewhere="the authors' lambda is gamma / (2 sigma^2)",
    )

    of: ClassVar[CriticInput] = REAL


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class ApproxR2(_Approximate):
    """Keep D flat on the fakes without a second derivative: gamma/2 E (D(x) - D(x + sigma n))^2 / sigma^2 at fake x.

    Args:
        gamma, sigma, one_in: as for `ApproxR1`.

    Reference: Lin et al. 2025, "Adversarial Flow Models" (arXiv:2511.22475).
    """

    facts: ClassVar[PenaltyFacts] = PenaltyFacts(
        d="gamma/2 E (D(x) - D(x + sigma n))^2 / sigma^2, x fake, n ~ N(0, I)",
        cost="a forward and a backward pass of D on perturbed fakes",
        game=NOISE,
        game_d="gamma / 2 * psi**2",
        damping="gamma",
        elsewhere="the authors' lambda is gamma / (2 sigma^2)",
    )

    of: ClassVar[CriticInput] = FAKE
