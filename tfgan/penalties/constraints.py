"""Constraints on D's weights or its input: weight clipping and instance noise."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import keras
import tensorflow as tf
from keras import ops

from tfgan.core.options import Positive, PositiveInt
from tfgan.penalties.facts import PenaltyFacts
from tfgan.penalties.penalty import Penalty


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class Clip(Penalty):
    """Clip every trainable weight of D to [-limit, limit] after each of its updates.

    Args:
        limit: c of the paper.

    Reference: Arjovsky et al. 2017, "Wasserstein GAN", algorithm 1.
    """

    facts: ClassVar[PenaltyFacts] = PenaltyFacts(
        d="each weight w of D becomes min(max(w, -limit), limit) after each update",
        cost="nothing to speak of",
        game="nothing while |psi| < limit",
    )

    limit: Positive = 0.01

    def after_update(self, weight):
        return ops.clip(weight, -self.limit, self.limit)


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class InstanceNoise(Penalty):
    """Add noise to every input of D, real or fake: D(x + sigma_t N(0, 1)), drawn anew each step for each batch.

    Args:
        sigma: standard deviation at the start, in training units (images are in [-1, 1]).
        anneal_steps: sigma_t falls linearly to 0 over this number of steps; None keeps sigma. The train
            command fills in --steps.

    Reference: Sonderby et al. 2017, "Amortised MAP Inference for Image Super-resolution"; Arjovsky & Bottou
    2017, "Towards Principled Methods for Training Generative Adversarial Networks", section 3.
    """

    facts: ClassVar[PenaltyFacts] = PenaltyFacts(
        d="D sees x + sigma_t N(0, 1) in place of every x; sigma_t falls from sigma to 0 over anneal_steps, or stays if there are none",
        cost="the noise",
        game="damps D by sigma^2 (a'' + b'')(0), a and b the link's halves: nothing for linear, hinge and tv",
    )

    sigma: Positive = 0.1
    anneal_steps: PositiveInt | None = None

    def draw(self, draws, step, at, shape):
        left = 1.0
        if self.anneal_steps is not None:
            left = tf.maximum(0.0, 1.0 - tf.cast(step, tf.float32) / self.anneal_steps)
        return self.sigma * left * draws.normal(f"instance noise {at.purpose}", shape)

    def transform(self, x, drawn):
        return x + drawn
