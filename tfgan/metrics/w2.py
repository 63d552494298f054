"""Wasserstein distance of points."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from tfgan.core.options import PositiveInt
from tfgan.metrics import _checks, _neighbors
from tfgan.metrics.metric import Metric, Scores
from tfgan.metrics.samples import Samples
from tfgan.metrics.sliced_wasserstein import SlicedWasserstein


@dataclasses.dataclass(frozen=True)
class W2(Metric):
    """Wasserstein-2 distance of points, or of the features that the name says.

        W2^2 = min over pairings p of 1/n sum |x_i - y_p(i)|^2,

    exact, by the Hungarian method, of up to `exact_up_to` points of each side; of more, the sliced distance,
    under the name of `sliced_w2`. Of unequal numbers the first of the longer side are taken.

    Args:
        exact_up_to: points of one side.

    Reference: Peyre & Cuturi 2019, "Computational Optimal Transport", sections 2.2 and 3.5 (the pairing),
        10.4 (the slices).
    """

    values: ClassVar = {"w2": "lower", "sliced_w2": "lower"}
    default_samples: ClassVar = 2_000
    bias: ClassVar = (
        "upwards, about n^(-1/d) beyond 4 dimensions: two samples of one distribution are not 0 apart"
    )

    exact_up_to: PositiveInt = 2_500

    def sides(self, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray]:
        return _checks.check_features("w2", real, fake, at_least=1)

    def measure(self, real: Samples, fake: Samples) -> Scores:
        sides = self.sides(real, fake)
        count = min(map(len, sides))
        if count > self.exact_up_to:
            found = SlicedWasserstein().measure(real, fake)
            return {"sliced_w2": found.pop("sliced_wasserstein"), "exact_up_to": self.exact_up_to, **found}
        return {
            "w2": w2(*(side[:count] for side in sides)),
            "num_pairs": count,
            "exact_up_to": self.exact_up_to,
        }


def w2(real: np.ndarray, fake: np.ndarray) -> float:
    """Return the Wasserstein-2 distance of as many real as fake points, both (n, d), exactly."""
    from scipy.optimize import linear_sum_assignment

    costs = _neighbors.compute_squared_distances(real, fake)
    return float(np.sqrt(costs[linear_sum_assignment(costs)].mean()))
