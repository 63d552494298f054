"""The logistic link: cross-entropy."""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

import keras
from keras import ops

from tfgan.core.options import Fraction
from tfgan.losses.link import Link, LinkFacts


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class Logistic(Link):
    """Take the logit for ln(p / (1 - p)), p being D's probability of real, and pay the cross-entropy in nats.

        real(s) = softplus(-s) = -ln sigmoid(s),  fake(s) = softplus(s) = -ln(1 - sigmoid(s)),  fool(s) = softplus(-s)

    With smoothing e, D fits reals to the probability 1 - e: real(s) = (1 - e) softplus(-s) + e softplus(s).
    Keras's and TF-GAN's `label_smoothing` moves the label by half of its value: their 2 e is e here.

    Args:
        label_smoothing: e, on the real side only; smoothing fakes would reward D for keeping them where they
            are.

    Reference: Goodfellow et al. 2014, "Generative Adversarial Nets", eq. 1 and the end of section 3;
        smoothing: Salimans et al. 2016, "Improved Techniques for Training GANs", section 3.4.
    """

    facts: ClassVar[LinkFacts] = LinkFacts(
        real="softplus(-s)",
        fake="softplus(s)",
        fool="softplus(-s)",
        best="ln(p / q)",
        least="2 ln 2 - 2 JSD(p, q)",
        zero_sum="2 JSD(p, q)",
        nonsat="KL(q || p) - 2 JSD(p, q) (Arjovsky & Bottou 2017, theorem 2.5)",
    )

    label_smoothing: Fraction = 0.0

    @property
    def threshold(self) -> float:
        """D's logit at p = q: ln((1 - e) / (1 + e))."""
        return math.log1p(-self.label_smoothing) - math.log1p(self.label_smoothing)

    def real(self, logits):
        return ops.softplus(-logits) + self.label_smoothing * logits  # softplus(s) = softplus(-s) + s

    def fake(self, logits):
        return ops.softplus(logits)

    def fool(self, logits):
        return ops.softplus(-logits)
