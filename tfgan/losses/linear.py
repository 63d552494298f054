"""The linear link: the Wasserstein critic."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import keras

from tfgan.losses.link import Link, LinkFacts


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class Linear(Link):
    """Pay the logit itself.

        real(s) = -s,  fake(s) = s,  fool(s) = -s

    Under a 1-Lipschitz D, minus D's least loss is the Wasserstein-1 distance; nothing here makes D Lipschitz.

    Reference: Arjovsky et al. 2017, "Wasserstein GAN", eq. 2 and 3.
    """

    facts: ClassVar[LinkFacts] = LinkFacts(
        real="-s",
        fake="s",
        fool="-s",
        best="unbounded, unless D is 1-Lipschitz: then a Kantorovich potential",
        least="-W1(p, q) under a 1-Lipschitz D, the Wasserstein-1 distance",
        zero_sum="W1(p, q) under a 1-Lipschitz D",
        nonsat="W1(p, q) under a 1-Lipschitz D; the two forms are one",
    )

    def real(self, logits):
        return -logits

    def fake(self, logits):
        return logits

    fool = real
