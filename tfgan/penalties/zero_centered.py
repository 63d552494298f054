"""Penalties that pull the norm of D's input gradient to zero."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import keras
from keras import ops

from tfgan.core import schedules, sizes
from tfgan.core.options import NonNegative, Positive, PositiveInt
from tfgan.penalties.inputs import FAKE, REAL, Interpolated, Jittered, Point
from tfgan.penalties.penalty import GradientPenalty


@dataclasses.dataclass(frozen=True)
class _ZeroCentered(GradientPenalty):
    gamma: NonNegative = 1.0
    gamma_end: NonNegative | None = None
    over: PositiveInt | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.gamma_end is None) != (self.over is None):
            raise ValueError(f"gamma_end, over: expected both or neither, got gamma_end={self.gamma_end}, over={self.over}")
        if self.gamma_end is not None and self.gamma == 0:
            raise ValueError("gamma: expected a number above 0 where gamma_end says what becomes of it, got 0")

    def cost(self, squared_norm):
        return 0.5 * self.gamma * squared_norm

    def strength(self, step):
        return 1.0 if self.over is None else schedules.cosine(1.0, self.gamma_end / self.gamma, self.over, step)


@dataclasses.dataclass(frozen=True)
class _Estimable(_ZeroCentered):
    finite_difference: Positive | None = None

    @property
    def points(self):
        return (self.place, Jittered(self.place, self.finite_difference)) if self.finite_difference else (self.place,)

    @property
    def gradient_at(self):
        return () if self.finite_difference else (self.place,)

    def discriminator(self, places, state):
        if not self.finite_difference:
            return super().discriminator(places, state)
        here, there = (places[point].logits for point in self.points)
        rise = ops.sum(ops.reshape(there - here, sizes.flat_shape(here)), axis=1)
        return self.cost(ops.square(rise / self.finite_difference))


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class R1(_Estimable):
    """Keep D flat on the data: gamma/2 E |grad_x D(x)|^2 at real x.

    Args:
        gamma: weight; the half is in the formula. The weight `reg_param` of the authors' code GAN_stability has no half:
            its 10 is a gamma of 20 here.
        gamma_end: what the weight becomes along half a cosine in the first `over` steps (Huang et al. 2024); None keeps it.
        over: those steps, of G.
        finite_difference: h > 0 estimates |grad D|^2 by ((D(x + h v) - D(x)) / h)^2, v ~ N(0, I) an example: one more
            forward pass of D instead of a second backward one. Over v its mean is |grad D|^2 + O(h^2), and without
            curvature its standard deviation is sqrt(2) times that. None, the default, differentiates.

    Reference: Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", eq. 9. The estimate is
    that of Lin et al. 2025, "Diffusion Adversarial Post-Training for One-Step Video Generation", divided by h^2.
    """

    place: ClassVar[Point] = REAL


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class R2(_Estimable):
    """Keep D flat on the fakes: gamma/2 E |grad_x D(x)|^2 at fake x.

    Args:
        gamma, gamma_end, over, finite_difference: as for `R1`.

    Reference: Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", eq. 10.
    """

    place: ClassVar[Point] = FAKE


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class GP0(_ZeroCentered):
    """Keep D flat between data and fakes: gamma/2 E |grad_x D(x)|^2 at x = a real + (1 - a) fake, a ~ U(0, 1).

    Args:
        gamma, gamma_end, over: as for `R1`.

    Reference: Thanh-Tung et al. 2019, "Improving Generalization and Stability of Generative Adversarial Networks".
    """

    place: ClassVar[Point] = Interpolated()


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class MaxGP(GradientPenalty):
    """Bound D's steepest slope: weight max_i |grad_x D(x_i)|^2 at x = a real + (1 - a) fake, over the global batch.

    Args:
        weight: lambda of the paper.

    Reference: Zhou et al. 2019, "Lipschitz Generative Adversarial Nets".
    """

    place: ClassVar[Point] = Interpolated()
    couples: ClassVar[bool] = True
    weight: NonNegative = 10.0

    def cost(self, squared_norm):
        return self.weight * ops.max(squared_norm)
