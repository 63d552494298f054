"""Penalties that pull the norm of D's input gradient to zero."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import keras

from tfgan._options import NonNegative
from tfgan.penalties.penalty import Penalty


@dataclasses.dataclass(frozen=True)
class _ZeroCentered(Penalty):
    gamma: NonNegative = 1.0

    def cost(self, squared_norm):
        return 0.5 * self.gamma * squared_norm


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class R1(_ZeroCentered):
    """Keep D flat on the data: gamma/2 E |grad_x D(x)|^2 at real x.

    Args:
        gamma: weight; the half is in the formula.

    Reference: Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", eq. 9.
    """

    place: ClassVar[str] = "real"


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class R2(_ZeroCentered):
    """Keep D flat on the fakes: gamma/2 E |grad_x D(x)|^2 at fake x.

    Args:
        gamma: weight; the half is in the formula.

    Reference: Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", eq. 10.
    """

    place: ClassVar[str] = "fake"


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class GP0(_ZeroCentered):
    """Keep D flat between data and fakes: gamma/2 E |grad_x D(x)|^2 at x = a real + (1 - a) fake, a ~ U(0, 1).

    Args:
        gamma: weight; the half is in the formula.

    Reference: Thanh-Tung et al. 2019, "Improving Generalization and Stability of GANs", section 5.
    """

    place: ClassVar[str] = "interpolated"
