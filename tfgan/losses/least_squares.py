"""The least squares links, in both codings of the paper."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import keras
from keras import ops

from tfgan.core.options import Fraction
from tfgan.losses.link import Link, LinkFacts


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class LeastSquares(Link):
    """Pay half the squared distance to 1 on real and to 0 on fake; G aims at 1.

        real(s) = (s - 1)^2 / 2,  fake(s) = s^2 / 2,  fool(s) = (s - 1)^2 / 2

    Args:
        label_smoothing: e, which moves D's target on reals, and nothing else, to 1 - e.

    Reference: Mao et al. 2017, "Least Squares Generative Adversarial Networks", eq. 9.
    """

    facts: ClassVar[LinkFacts] = LinkFacts(
        real="(s - 1)**2 / 2",
        fake="s**2 / 2",
        fool="(s - 1)**2 / 2",
        best="p / (p + q)",
        least="(1 - sum (p - q)^2 / (p + q) / 2) / 4",
        zero_sum="sum (p - q)^2 / (p + q) / 8; off D's optimum it pushes fakes with s < 0 further down",
        nonsat="an f-divergence with h''(u) = 1 / (u (1 + u)^3), u = p / q",
    )

    label_smoothing: Fraction = 0.0

    @property
    def threshold(self) -> float:
        """D's logit at p = q: halfway between its two targets."""
        return 0.5 * (1.0 - self.label_smoothing)

    def real(self, logits):
        return 0.5 * ops.square(logits - (1.0 - self.label_smoothing))

    def fake(self, logits):
        return 0.5 * ops.square(logits)

    def fool(self, logits):
        return 0.5 * ops.square(logits - 1.0)


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class LeastSquaresPM1(Link):
    """Pay half the squared distance to 1 on real and to -1 on fake; G aims at 0.

        real(s) = (s - 1)^2 / 2,  fake(s) = (s + 1)^2 / 2,  fool(s) = s^2 / 2

    At D's optimum its loss is 1 - sum (p - q)^2 / (p + q) / 2, one minus half a Pearson chi-square
    divergence.

    Args:
        label_smoothing: e, which moves D's target on reals, and nothing else, to 1 - 2 e.

    Reference: Mao et al. 2017, "Least Squares Generative Adversarial Networks", eq. 8.
    """

    facts: ClassVar[LinkFacts] = LinkFacts(
        real="(s - 1)**2 / 2",
        fake="(s + 1)**2 / 2",
        fool="s**2 / 2",
        best="(p - q) / (p + q)",
        least="1 - sum (p - q)^2 / (p + q) / 2, the sum being Pearson's chi-square(2q || p + q)",
        zero_sum="sum (p - q)^2 / (p + q) / 2; off D's optimum it pushes fakes with s < -1 further down",
        nonsat=(
            "no divergence: G pays ((p - q) / (p + q))^2 / 2, as much where fakes lack as where they "
            "abound. With the same cost on reals, which no gradient of G sees, it adds up to half of sum "
            "(p - q)^2 / (p + q), the chi-square of Mao et al."
        ),
    )

    label_smoothing: Fraction = 0.0

    @property
    def threshold(self) -> float:
        """D's logit at p = q: halfway between its two targets."""
        return -self.label_smoothing

    def real(self, logits):
        return 0.5 * ops.square(logits - (1.0 - 2.0 * self.label_smoothing))

    def fake(self, logits):
        return 0.5 * ops.square(logits + 1.0)

    def fool(self, logits):
        return 0.5 * ops.square(logits)
