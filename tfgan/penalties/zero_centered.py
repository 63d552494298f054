"""Penalties that pull the norm of D's input gradient to zero."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import keras
from keras import ops

from tfgan.core import schedules
from tfgan.core.options import NonNegative, PositiveInt
from tfgan.penalties.facts import BACKWARD, BETWEEN, DAMPS, HALF, PenaltyFacts
from tfgan.penalties.inputs import FAKE, REAL, CriticInput, Interpolated
from tfgan.penalties.penalty import GradientPenalty


@dataclasses.dataclass(frozen=True)
class _ZeroCentered(GradientPenalty):
    gamma: NonNegative = 1.0
    gamma_end: NonNegative | None = None
    over: PositiveInt | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.gamma_end is None) != (self.over is None):
            raise ValueError(
                f"gamma_end, over: expected both or neither, got gamma_end={self.gamma_end}, over={self.over}"
            )
        if self.gamma_end is not None and self.gamma == 0:
            raise ValueError("gamma: expected a number above 0 with gamma_end, which it changes to, got 0")

    def discriminator(self, critic, state):
        return self.cost(critic[self.critic_input].squared_norm)

    def cost(self, squared_norm):
        return 0.5 * self.gamma * squared_norm

    def strength(self, step):
        return (
            1.0 if self.over is None else schedules.cosine(1.0, self.gamma_end / self.gamma, self.over, step)
        )


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class R1(_ZeroCentered):
    """Keep D flat on the data: gamma/2 E |grad_x D(x)|^2 at real x.

    Args:
        gamma: weight; the half is in the formula. The weight `reg_param` of the authors' code GAN_stability
            has no half: its 10 is a gamma of 20 here.
        gamma_end: the weight after the first `over` steps, reached along half a cosine (Huang et al. 2024);
            None keeps gamma.
        over: number of these steps of G.

    Reference: Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", eq. 9.
    """

    facts: ClassVar[PenaltyFacts] = PenaltyFacts(
        d="gamma/2 E |grad D(x)|^2, x real",
        cost=f"{BACKWARD} on the reals, whose forward pass it shares",
        game=DAMPS,
        game_d="gamma / 2 * psi**2",
        damping="gamma",
        elsewhere=HALF,
    )

    critic_input: ClassVar[CriticInput] = REAL


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class R2(_ZeroCentered):
    """Keep D flat on the fakes: gamma/2 E |grad_x D(x)|^2 at fake x.

    Args:
        gamma, gamma_end, over: as for `R1`.

    Reference: Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", eq. 10.
    """

    facts: ClassVar[PenaltyFacts] = PenaltyFacts(
        d="gamma/2 E |grad D(x)|^2, x fake",
        cost=f"{BACKWARD} on the fakes, whose forward pass it shares",
        game=DAMPS,
        game_d="gamma / 2 * psi**2",
        damping="gamma",
        elsewhere=HALF,
    )

    critic_input: ClassVar[CriticInput] = FAKE


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class GP0(_ZeroCentered):
    """Keep D flat between data and fakes: gamma/2 E |grad_x D(x)|^2 at x = a real + (1 - a) fake, a ~ U(0, 1).

    Args:
        gamma, gamma_end, over: as for `R1`.

    Reference: Thanh-Tung et al. 2019, "Improving Generalization and Stability of Generative Adversarial
        Networks".
    """

    facts: ClassVar[PenaltyFacts] = PenaltyFacts(
        d="gamma/2 E |grad D(x)|^2, x = a real + (1 - a) fake, a ~ U(0, 1)",
        cost=BETWEEN,
        game=DAMPS,
        game_d="gamma / 2 * psi**2",
        damping="gamma",
    )

    critic_input: ClassVar[CriticInput] = Interpolated()


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class MaxGP(GradientPenalty):
    """Bound D's steepest slope: weight max_i |grad_x D(x_i)|^2 at x = a real + (1 - a) fake, over the global batch.

    Args:
        weight: lambda of the paper.

    Reference: Zhou et al. 2019, "Lipschitz Generative Adversarial Nets".
    """

    facts: ClassVar[PenaltyFacts] = PenaltyFacts(
        d="weight max_i |grad D(x_i)|^2, x = a real + (1 - a) fake, a ~ U(0, 1)",
        cost=BETWEEN,
        game=DAMPS,
        game_d="weight * psi**2",
        damping="2 * weight",
    )

    critic_input: ClassVar[CriticInput] = Interpolated()
    uses_whole_batch: ClassVar[bool] = True
    weight: NonNegative = 10.0

    def cost(self, squared_norm):
        return self.weight * ops.max(squared_norm)
