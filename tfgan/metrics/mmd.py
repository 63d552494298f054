"""Kernel distance of points."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from tfgan.metrics import _checks, _neighbors
from tfgan.metrics.metric import Metric, Scores
from tfgan.metrics.samples import Samples

# Of the median distance of real points: within modes, between neighbors, the whole
FACTORS = (1 / 16, 1 / 4, 1.0)
MEDIAN_OF = 1000


@dataclasses.dataclass(frozen=True)
class Mmd(Metric):
    """Squared maximum mean discrepancy of points, or of the features that the name says, under Gaussian kernels.

        k(x, y) = mean over bandwidths s of exp(-|x - y|^2 / (2 s^2)),
        MMD^2 = sum_{i != j} k(x_i, x_j) / (n (n - 1)) + sum_{i != j} k(y_i, y_j) / (m (m - 1)) - 2 sum_{i, j}
        k(x_i, y_j) / (n m),

    with s of 1/16, 1/4 and 1 times the median distance of (the first 1,000) real points, stated as
    `bandwidth_0` to `bandwidth_2`. It may be negative.

    Reference: Gretton et al. 2012, "A kernel two-sample test", lemma 6; section 8 (the median).
    """

    values: ClassVar = {"mmd": "lower"}
    default_samples: ClassVar = 2_000
    bias: ClassVar = "none"

    def sides(self, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray]:
        return _checks.check_features("mmd", real, fake)

    def measure(self, real: Samples, fake: Samples) -> Scores:
        sides = self.sides(real, fake)
        bandwidths = [factor * compute_median_distance(sides[0]) for factor in FACTORS]
        return {
            "mmd": mmd(*sides, bandwidths=bandwidths),
            "mmd_bias": 0.0,
            **{f"bandwidth_{i}": s for i, s in enumerate(bandwidths)},
        }


def mmd(real: np.ndarray, fake: np.ndarray, *, bandwidths: Sequence[float]) -> float:
    """Return the unbiased MMD^2 of points (n, d) and (m, d), under the mean of Gaussian kernels."""
    n, m = len(real), len(fake)
    within = [
        (_sum_kernel(side, side, bandwidths) - len(side)) / (len(side) * (len(side) - 1))
        for side in (real, fake)
    ]
    return sum(within) - 2 * _sum_kernel(real, fake, bandwidths) / (n * m)


def compute_median_distance(points: np.ndarray) -> float:
    """Return the median distance between two of the first 1,000 points; 1 where that is 0."""
    squares = _neighbors.compute_squared_distances(points[:MEDIAN_OF], points[:MEDIAN_OF])
    return float(np.sqrt(np.median(squares[np.triu_indices(len(squares), 1)]))) or 1.0


def _sum_kernel(x: np.ndarray, y: np.ndarray, bandwidths: Sequence[float]) -> float:
    sums = [
        np.exp(squares / (-2 * s * s)).sum()
        for _, _, squares in _neighbors.iterate_blocks(x, y)
        for s in bandwidths
    ]
    return float(sum(sums)) / len(bandwidths)
