"""Penalties that hold the norm of D's input gradient at, or below, one."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import keras
from keras import ops

from tfgan import _gradients
from tfgan._options import NonNegative
from tfgan.penalties.penalty import Penalty


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class WGANGP(Penalty):
    """Hold D's slope at one: weight E (|grad_x D(x)| - 1)^2 at x = a real + (1 - a) fake, a ~ U(0, 1) an example.

    Args:
        weight: lambda of the paper.

    Reference: Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", eq. 3.
    """

    place: ClassVar[str] = "interpolated"
    weight: NonNegative = 10.0

    def cost(self, squared_norm):
        return self.weight * ops.square(_gradients.norm(squared_norm) - 1.0)


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class WGANLP(Penalty):
    """Hold D's slope at or below one: weight E relu(|grad_x D(x)| - 1)^2 at the places of WGAN-GP.

    Args:
        weight: lambda of the paper.

    Reference: Petzka et al. 2018, "On the regularization of Wasserstein GANs", eq. 8.
    """

    place: ClassVar[str] = "interpolated"
    weight: NonNegative = 10.0

    def cost(self, squared_norm):
        return self.weight * ops.square(ops.relu(_gradients.norm(squared_norm) - 1.0))
