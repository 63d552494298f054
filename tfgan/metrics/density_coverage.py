"""Density and coverage of features."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from tfgan.core.options import PositiveInt
from tfgan.metrics import _checks, _neighbors, _resampling
from tfgan.metrics.metric import Metric, Scores
from tfgan.metrics.samples import Samples


@dataclasses.dataclass(frozen=True)
class DensityCoverage(Metric):
    """How densely fakes stand where reals do, and the share of reals that have a fake near.

    With B_i the ball around real sample i that reaches its k-th nearest real neighbor,

        density = sum over fakes of the number of B_i that hold it / (k m),  coverage = share of B_i that hold a fake.

    Unlike precision and recall, no ball stands around an outlying fake. Of equal distributions density is 1
    on average and coverage 1 - C(n - 1, k) / C(n + m - 1, k), which for n = m tends to 1 - 2^-k.

    Args:
        k: the neighbor; the sample itself is none.

    Reference: Naeem et al. 2020, "Reliable fidelity and diversity metrics for generative models", equations
        4, 5 and section 3.3.
    """

    values: ClassVar = {"density": "higher", "coverage": "higher"}
    bias: ClassVar = "density none, for equal distributions 1; coverage then 1 - 2^-k at equal numbers"

    k: PositiveInt = 5

    def sides(self, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray]:
        return _checks.check_features("density_coverage", real, fake, at_least=self.k + 1)

    def measure(self, real: Samples, fake: Samples) -> Scores:
        sides = self.sides(real, fake)
        found = _neighbors.find_neighborhoods(*sides, self.k, balls_of_fake=False)
        return {
            **_resampling.with_interval("density", found.holding / self.k),
            **_resampling.with_interval("coverage", found.covered),
            "k": self.k,
        }


def density_coverage(real, fake, *, k: int = 5) -> tuple[float, float]:
    """Return density and coverage of two sets of features, (n, d) and (m, d)."""
    found = _neighbors.find_neighborhoods(real, fake, k, balls_of_fake=False)
    return float((found.holding / k).mean()), float(found.covered.mean())
