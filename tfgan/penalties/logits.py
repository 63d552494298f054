"""Penalties on D's logits: drift, centering and LeCam."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import keras
from keras import ops

from tfgan.core import sizes
from tfgan.core.options import Fraction, NonNegative
from tfgan.penalties.facts import PenaltyFacts
from tfgan.penalties.inputs import FAKE, REAL
from tfgan.penalties.penalty import Cost


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class Drift(Cost):
    """Prevent a drift of the logits: weight E D(x)^2 at real x.

    Args:
        weight: epsilon of the paper.

    Reference: Karras et al. 2018, "Progressive Growing of GANs", appendix A.1.
    """

    facts: ClassVar[PenaltyFacts] = PenaltyFacts(
        d="weight E r^2",
        cost="nothing to speak of",
        game="nothing: the logit on the data is 0",
    )

    weight: NonNegative = 1e-3

    def discriminator(self, critic, state):
        return self.weight * _average_per_example(ops.square(critic[REAL].logits))


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class Centering(Cost):
    """Hold the logits of a real and a fake example around zero: weight E (r_i + f_i)^2, with r = D(x), f = D(G(z)).

    For paired objectives, whose loss sees r_i - f_i only and leaves the level of the logits free.

    Args:
        weight: lambda of the paper.

    Reference: Lin et al. 2025, "Adversarial Flow Models" (arXiv:2511.22475).
    """

    facts: ClassVar[PenaltyFacts] = PenaltyFacts(
        d="weight E (r_i + f_i)^2",
        cost="nothing to speak of",
        game="is of fourth order in (theta, psi): nothing near (0, 0)",
        game_d="weight * (psi * theta)**2",
    )

    weight: NonNegative = 0.01

    def discriminator(self, critic, state):
        real, fake = sizes.require_equal(
            [critic[REAL].logits, critic[FAKE].logits], sizes.ROWS, _describe_unpaired
        )
        return self.weight * _average_per_example(ops.square(real + fake))


def _describe_unpaired(reals, fakes):
    return ["centering: expected ", reals, " fakes, as many as reals, got ", fakes]


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class LeCam(Cost):
    """Hold logits near the other side's average: weight (E relu(r - a_f)^2 + E relu(a_r - f)^2).

    For little data. The relu follows the authors' code; the paper squares both signs. a_r and a_f are moving
    averages of the global batch means of r and f. They are zero-debiased, updated before use, constants to
    the gradient, and part of the saved state.

    Args:
        weight: lambda of the paper; 0.3 suits BigGAN on CIFAR, 3e-7 to 1e-6 StyleGAN2.
        decay: decay of the moving averages per step; 0.99 in the authors' StyleGAN2 code, 0.9 in their BigGAN
            code.

    Reference: Tseng et al. 2021, "Regularizing Generative Adversarial Networks under Limited Data".
    """

    facts: ClassVar[PenaltyFacts] = PenaltyFacts(
        d="weight (E relu(r - a_f)^2 + E relu(a_r - f)^2), a_r and a_f moving averages of E r and E f",
        cost="nothing to speak of",
        game="is of fourth order in (theta, psi): nothing near (0, 0)",
        game_d="weight * relu(-psi * theta)**2",
    )

    uses_whole_batch: ClassVar[bool] = True
    initial_state: ClassVar = {"real": 0.0, "fake": 0.0, "mass": 0.0}
    weight: NonNegative = 0.3
    decay: Fraction = 0.99

    def next_state(self, critic, state):
        seen = {"real": ops.mean(critic[REAL].logits), "fake": ops.mean(critic[FAKE].logits), "mass": 1.0}
        return {
            key: ops.stop_gradient(self.decay * state[key] + (1.0 - self.decay) * seen[key]) for key in seen
        }

    def discriminator(self, critic, state):
        state = self.next_state(critic, state)
        real_average, fake_average = (state[side] / state["mass"] for side in ("real", "fake"))
        above = ops.square(ops.relu(critic[REAL].logits - fake_average))
        below = ops.square(ops.relu(real_average - critic[FAKE].logits))
        return self.weight * (ops.mean(above) + ops.mean(below))


def _average_per_example(values):
    """Average (n, ...) over all but the first axis."""
    return ops.mean(ops.reshape(values, sizes.flat_shape(values)), axis=1)
