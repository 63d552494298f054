"""The hinge link."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import keras
from keras import ops

from tfgan.core.options import Positive
from tfgan.losses.link import Link, LinkFacts


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class Hinge(Link):
    """Pay linearly until the logit is beyond a margin m; G's side is linear without bound.

        real(s) = relu(m - s),  fake(s) = relu(m + s),  fool(s) = -s

    At D's optimum its loss is 2 m (1 - TV(real, fake)).

    Args:
        margin: m, in units of the logit.

    Reference: Lim & Ye 2017, "Geometric GAN"; Miyato et al. 2018, "Spectral Normalization for GANs", eq. 16
        and 17.
    """

    facts: ClassVar[LinkFacts] = LinkFacts(
        real="relu(margin - s)",
        fake="relu(margin + s)",
        fool="-s",
        best="margin where p > q, -margin where p < q",
        least="2 margin (1 - TV(p, q))",
        zero_sum="2 margin TV(p, q)",
        nonsat=(
            "2 margin TV(p, q), as in the zero-sum form, which differs by a constant there; D's best "
            "logit is flat but for a step, and G's gradient in x comes from how D bridges it"
        ),
    )

    margin: Positive = 1.0

    def real(self, logits):
        return ops.relu(self.margin - logits)

    def fake(self, logits):
        return ops.relu(self.margin + logits)

    def fool(self, logits):
        return -logits
