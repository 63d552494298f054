"""The softplus link: the cross-entropy for D, the critic's raw logit for G."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import keras
from keras import ops

from tfgan.losses.link import Link, LinkFacts


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class Softplus(Link):
    """Pay the cross-entropy on both sides, a hinge with a round corner; G's side is linear, as the Wasserstein critic's.

        real(s) = softplus(-s),  fake(s) = softplus(s),  fool(s) = -s

    With D at its best, ln(p / q), G descends KL(q || p) exactly. Under a relative pairing, where `fool` is
    not used, it is the logistic link.

    Reference: Sonderby et al. 2017, "Amortised MAP Inference for Image Super-resolution".
    """

    facts: ClassVar[LinkFacts] = LinkFacts(
        real="softplus(-s)",
        fake="softplus(s)",
        fool="-s",
        best="ln(p / q)",
        least="2 ln 2 - 2 JSD(p, q)",
        zero_sum="2 JSD(p, q)",
        nonsat="KL(q || p), which seeks modes",
    )

    def real(self, logits):
        return ops.softplus(-logits)

    def fake(self, logits):
        return ops.softplus(logits)

    def fool(self, logits):
        return -logits
