"""What a penalty on D is."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from tfgan._options import Configurable, PositiveInt


@dataclasses.dataclass(frozen=True)
class Penalty(Configurable):
    """Add a cost on the squared norm of D's input gradient, at one place.

    Attributes:
        place: where the gradient is taken: "real", "fake" or "interpolated" (on the segment from a real to a fake
            example, at a fraction drawn uniformly, one an example).

    Args:
        every: apply it at every k-th step only, with k times the weight.
    """

    place: ClassVar[str]
    every: PositiveInt = 1

    def cost(self, squared_norm):
        """Return the cost of each example.

        Args:
            squared_norm: float32 tensor of shape (n,), the squared Euclidean norm of each example's gradient.

        Returns:
            float32 tensor of shape (n,).
        """
        raise TypeError(f"{type(self).__name__} must define cost(squared_norm)")
