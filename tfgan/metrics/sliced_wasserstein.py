"""Sliced Wasserstein distance."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from tfgan.core.options import PositiveInt
from tfgan.metrics import _checks
from tfgan.metrics.metric import Metric, Scores
from tfgan.metrics.samples import Samples

SEED = 0
BLOCK_DIRECTIONS, BLOCK_ROWS = 32, 2048


@dataclasses.dataclass(frozen=True)
class SlicedWasserstein(Metric):
    """Sliced Wasserstein-2 distance, of points or of the features that the name says.

        SW^2 = E over unit vectors u of W2^2(u'x, u'y),

    the W2 on each line exact (sorted samples), the mean over `projections` directions drawn from a fixed
    seed. The standard error is of that draw, not of the samples.

    Args:
        projections: directions.

    Reference: Bonneel et al. 2015, "Sliced and Radon Wasserstein barycenters of measures", section 3.1.
    """

    values: ClassVar = {"sliced_wasserstein": "lower"}
    default_samples: ClassVar = 2_000
    bias: ClassVar = "upwards: two samples of one distribution are not 0 apart"

    projections: PositiveInt = 512

    def sides(self, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray]:
        return _checks.check_features("sliced_wasserstein", real, fake)

    def measure(self, real: Samples, fake: Samples) -> Scores:
        squares = compute_slices(*self.sides(real, fake), projections=self.projections)
        return {
            "sliced_wasserstein": float(np.sqrt(squares.mean())),
            "projections": self.projections,
        } | _compute_standard_error(squares)


def sliced_wasserstein(real: np.ndarray, fake: np.ndarray, *, projections: int = 512) -> float:
    """Return the sliced Wasserstein-2 distance of points (n, d) and (m, d)."""
    return float(np.sqrt(compute_slices(real, fake, projections=projections).mean()))


def compute_slices(real: np.ndarray, fake: np.ndarray, *, projections: int) -> np.ndarray:
    """Return the squared W2 on each of the lines, shape (projections,)."""
    directions = np.random.default_rng(SEED).standard_normal((real.shape[1], projections))
    directions /= np.linalg.norm(directions, axis=0)
    squares = np.empty(projections)
    for start in range(0, projections, BLOCK_DIRECTIONS):
        some = directions[:, start : start + BLOCK_DIRECTIONS]
        squares[start : start + BLOCK_DIRECTIONS] = w2_on_lines(_project(real, some), _project(fake, some))
    return squares


def w2_on_lines(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the squared W2 of each column of x, (n, c), and y, (m, c): the integral of (F^-1(t) - G^-1(t))^2 over t, shape (c,)."""
    x, y = np.sort(x, axis=0), np.sort(y, axis=0)
    if len(x) == len(y):
        return np.square(x - y).mean(axis=0)
    # Of the steps, in 1/(n m)
    edges = np.union1d(np.arange(1, len(x) + 1) * len(y), np.arange(1, len(y) + 1) * len(x))
    weights = np.diff(edges, prepend=0) / (len(x) * len(y))
    return weights @ np.square(x[(edges - 1) // len(y)] - y[(edges - 1) // len(x)])


def _project(points: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Return products in float64, (n, c), without a float64 copy of all points."""
    return np.concatenate(
        [points[start : start + BLOCK_ROWS] @ directions for start in range(0, len(points), BLOCK_ROWS)]
    )


def _compute_standard_error(squares: np.ndarray) -> Scores:
    """Return the standard error of the root of the mean of the squares, by the delta method."""
    root = np.sqrt(squares.mean())
    if len(squares) < 2 or not root:
        return {}
    return {"projection_standard_error": float(squares.std(ddof=1) / np.sqrt(len(squares)) / (2 * root))}
