"""The least squares links, in both codings of the paper."""

import dataclasses
from typing import ClassVar

import keras
from keras import ops

from tfgan.losses.link import Link


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class LeastSquares(Link):
    """Pay half the squared distance to 1 on real and to 0 on fake; G aims at 1.

        real(s) = (s - 1)^2 / 2,  fake(s) = s^2 / 2,  fool(s) = (s - 1)^2 / 2

    Reference: Mao et al. 2017, "Least Squares Generative Adversarial Networks", eq. 9.
    """

    threshold: ClassVar[float] = 0.5

    def real(self, logits):
        return 0.5 * ops.square(logits - 1.0)

    def fake(self, logits):
        return 0.5 * ops.square(logits)

    fool = real


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class LeastSquaresPM1(Link):
    """Pay half the squared distance to 1 on real and to -1 on fake; G aims at 0.

        real(s) = (s - 1)^2 / 2,  fake(s) = (s + 1)^2 / 2,  fool(s) = s^2 / 2

    At D's optimum G minimizes a Pearson chi-square divergence.

    Reference: Mao et al. 2017, "Least Squares Generative Adversarial Networks", eq. 8.
    """

    def real(self, logits):
        return 0.5 * ops.square(logits - 1.0)

    def fake(self, logits):
        return 0.5 * ops.square(logits + 1.0)

    def fool(self, logits):
        return 0.5 * ops.square(logits)
