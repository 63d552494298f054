"""Penalties that hold the norm of D's input gradient at, or below, one."""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

import keras
from keras import ops

from tfgan.core import gradients
from tfgan.core.options import NonNegative, Positive
from tfgan.penalties.facts import BACKWARD, BETWEEN, KINK, PenaltyFacts
from tfgan.penalties.inputs import FAKE, REAL, CriticInput, Interpolated, PerturbedReal
from tfgan.penalties.penalty import GradientPenalty


@dataclasses.dataclass(frozen=True)
class _OneCentered(GradientPenalty):
    weight: NonNegative = 10.0

    def cost(self, squared_norm):
        return self.weight * ops.square(gradients.norm(squared_norm) - 1.0)


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class WGANGP(_OneCentered):
    """Hold D's slope at one: weight E (|grad_x D(x)| - 1)^2 at x between real and fake.

    x = a real + (1 - a) fake, with one a ~ U(0, 1) per example.

    Args:
        weight: lambda of the paper.

    Reference: Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", eq. 3.
    """

    facts: ClassVar[PenaltyFacts] = PenaltyFacts(
        d="weight E (|grad D(x)| - 1)^2, x = a real + (1 - a) fake, a ~ U(0, 1)",
        cost=BETWEEN,
        game=KINK,
        game_d="weight * (abs(psi) - 1)**2",
        damping=None,
    )

    critic_input: ClassVar[CriticInput] = Interpolated()


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class WGANLP(_OneCentered):
    """Hold D's slope at or below one: weight E relu(|grad_x D(x)| - 1)^2 at the points of WGAN-GP.

    Args:
        weight: lambda of the paper.

    Reference: Petzka et al. 2018, "On the regularization of Wasserstein GANs".
    """

    facts: ClassVar[PenaltyFacts] = PenaltyFacts(
        d="weight E relu(|grad D(x)| - 1)^2, x = a real + (1 - a) fake, a ~ U(0, 1)",
        cost=BETWEEN,
        game="nothing while |psi| < 1",
        game_d="weight * relu(abs(psi) - 1)**2",
    )

    critic_input: ClassVar[CriticInput] = Interpolated()

    def cost(self, squared_norm):
        return self.weight * ops.square(ops.relu(gradients.norm(squared_norm) - 1.0))


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class SlopeCap(GradientPenalty):
    """Hold D's slope at or below one on data and fakes: weight (E relu(|g| - 1)^2 at real x + the same at fake x).

    g = grad_x D(x). D is free below the cap, where R1 and R2 pull its slope to zero.

    Args:
        weight: lambda of `WGANLP`.
        per_entry: whether |g| is the root mean square over the d entries of an example and not their Euclidean
            norm: the cap on the norm is then sqrt(d).

    Reference: the one-sided penalty of Petzka et al. 2018, "On the regularization of Wasserstein GANs", at the
        inputs of Mescheder et al. 2018, eq. 9 and 10.
    """

    facts: ClassVar[PenaltyFacts] = PenaltyFacts(
        d="weight (E relu(|grad D(x)| - 1)^2, x real, + E relu(|grad D(x)| - 1)^2, x fake)",
        cost=f"{BACKWARD} on reals and fakes, whose forward passes it shares",
        game="nothing while |psi| < 1",
        game_d="2 * weight * relu(abs(psi) - 1)**2",
    )

    weight: NonNegative = 10.0
    per_entry: bool = False

    @property
    def inputs(self):
        return (REAL, FAKE)

    @property
    def gradient_inputs(self):
        return (REAL, FAKE)

    def discriminator(self, critic, state):
        return sum(self.cost(critic[at].squared_norm / self._unit(critic[at].x)) for at in (REAL, FAKE))

    def _unit(self, x) -> int:
        """Return the squared norm that the cap allows, for examples x (n, *shape)."""
        return math.prod(x.shape[1:]) if self.per_entry else 1

    def cost(self, squared_norm):
        return self.weight * ops.square(ops.relu(gradients.norm(squared_norm) - 1.0))


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class DRAGAN(_OneCentered):
    """Hold D's slope at one around the data: weight E (|grad_x D(x')| - 1)^2 at x' = x + a d, x real.

    d = std(x) U(0, 1) / 2 per entry, with one standard deviation over the global batch, and a ~ U(0, 1) per
    example.

    Args:
        weight: lambda of the paper.
        deviation: c > 0 uses x' = x + c N(0, 1) instead; None, the default, follows the authors' code.

    Reference: Kodali et al. 2017, "On Convergence and Stability of GANs".
    """

    facts: ClassVar[PenaltyFacts] = PenaltyFacts(
        d="weight E (|grad D(x')| - 1)^2, x' = x + a d, x real, d = std(x) U(0, 1) / 2, a ~ U(0, 1)",
        cost=BETWEEN,
        game=KINK,
        game_d="weight * (abs(psi) - 1)**2",
        damping=None,
    )

    deviation: Positive | None = None

    @property
    def critic_input(self):
        return PerturbedReal(self.deviation)
