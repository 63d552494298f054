"""Penalties of G: mode seeking rewards variety, and feature matching compares means of D's features."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import keras
from keras import ops

from tfgan.core.options import NonNegative
from tfgan.penalties.facts import PenaltyFacts
from tfgan.penalties.inputs import FAKE, REAL
from tfgan.penalties.penalty import Penalty

EPSILON = 1e-5  # of the authors' code


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class ModeSeeking(Penalty):
    """Make G spread: weight / (d(G(z), G(z')) / d(z, z') + 1e-5), d the mean absolute difference over the batch.

    z' is the batch of latents shifted by one place, so no second batch is needed.

    Args:
        weight: of the term in G's loss.

    Reference: Mao et al. 2019, "Mode Seeking Generative Adversarial Networks for Diverse Image Synthesis".
    """

    facts: ClassVar[PenaltyFacts] = PenaltyFacts(
        g="weight / (d(G(z), G(z')) / d(z, z') + 1e-5), d the mean absolute difference, z' the latents moved on by one",
        cost="nothing to speak of",
        game="nothing: that G ignores its latents",
    )

    uses_whole_batch: ClassVar[bool] = True
    gathered_outputs: ClassVar[tuple[str, ...]] = ("x",)
    weight: NonNegative = 1.0

    def generator(self, critic, latents):
        images, codes = (ops.mean(ops.abs(x - ops.roll(x, 1, axis=0))) for x in (critic.x(FAKE), latents))
        return self.weight / (images / codes + EPSILON)


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class FeatureMatching(Penalty):
    """Make fakes look like reals to D's last hidden layer f: weight |E f(real) - E f(fake)|^2, a term of G.

    It compares means over the global batch, never one real example with one fake. The norm sums over the
    entries of f, as in the paper; the authors' code improved-gan takes the mean over them, so that a weight
    of 1 there, on squares, is 1 / (number of entries) here.

    Args:
        weight: of the term in G's loss.
        alone: whether G minimizes it in place of the adversarial loss, as in the paper.

    Reference: Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.1.
    """

    facts: ClassVar[PenaltyFacts] = PenaltyFacts(
        g="weight |E f(x) - E f(G(z))|^2, f the input of D's last layer",
        cost="a forward pass of D on the reals in G's step",
        game="damps G: f is the identity there",
        game_g="weight * theta**2",
        g_damping="2 * weight",
        elsewhere="improved-gan, the authors' code, takes the mean over the d entries of f: its weight of 1 on squares is 1/d here",
    )

    uses_whole_batch: ClassVar[bool] = True
    reads_features: ClassVar[bool] = True
    gathered_outputs: ClassVar[tuple[str, ...]] = ("features",)
    weight: NonNegative = 1.0
    alone: bool = False

    @property
    def replaces_generator_loss(self):
        return self.alone

    def generator(self, critic, latents):
        real, fake = (ops.mean(critic[at].features, axis=0) for at in (REAL, FAKE))
        return self.weight * ops.sum(ops.square(real - fake))
