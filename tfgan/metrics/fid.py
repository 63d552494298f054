"""Frechet distance of features."""

from __future__ import annotations

import dataclasses
import warnings
from typing import ClassVar

import numpy as np

from tfgan.core.options import PositiveInt
from tfgan.metrics import _checks, _resampling
from tfgan.metrics.metric import Metric, Scores
from tfgan.metrics.samples import Samples

BLOCK_ROWS = 2048
NORMAL_QUANTILE = 1.959964


@dataclasses.dataclass(frozen=True)
class Fid(Metric):
    """Frechet inception distance, on the features that the name says.

        FID = |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)),

    m and S the mean and the covariance (with 1/(n - 1)) of the features of each side: the squared
    Wasserstein-2 distance of two Gaussians. The estimate is biased upwards by about c/n; `fid_bias` estimates
    it by a jackknife over groups, and `fid_low` and `fid_high` are `fid` less and plus 1.96 of the
    jackknife's standard errors. Both need more samples than dimensions.

    Args:
        groups: of the jackknife.

    Reference: Heusel et al. 2017, "GANs trained by a two time-scale update rule", equation 6; Chong & Forsyth
    2020, "Effectively unbiased FID and Inception score", section 3.1 (the bias).
    """

    values: ClassVar = {"fid": "lower"}
    bias: ClassVar = "upwards, about c/n; fid_bias estimates it. Compare equal numbers only"

    groups: PositiveInt = 10

    def sides(self, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray]:
        return _checks.check_features("fid", real, fake)

    def measure(self, real: Samples, fake: Samples) -> Scores:
        sides = self.sides(real, fake)
        whole = tuple(compute_moments(side) for side in sides)
        value = distance_of_moments(*whole)
        scores = {"fid": value, "dimensions": sides[0].shape[1]}
        groups = min(self.groups, *(len(side) // 2 for side in sides))
        if groups < 2:
            warn_of_few("fid", *whole)
            return scores
        without = [
            distance_of_moments(
                *(_drop_group(side, of_all, group, groups) for side, of_all in zip(sides, whole, strict=True))
            )
            for group in range(groups)
        ]
        found = _resampling.jackknife(value, np.array(without))
        warn_of_few("fid", *whole, found.bias)
        half = NORMAL_QUANTILE * found.standard_error
        return scores | {"fid_bias": found.bias, "fid_low": value - half, "fid_high": value + half}

    def floor(self, real: Samples, second: Samples) -> Scores:
        return {"fid": fid(*self.sides(real, second))}


@dataclasses.dataclass(frozen=True)
class Moments:
    """Sums over samples, around a fixed point so that nothing cancels.

    Attributes:
        count: of samples.
        around: the fixed point c, shape (d,).
        total: sum of x - c, shape (d,).
        scatter: sum of (x - c)(x - c)', shape (d, d).
    """

    count: int
    around: np.ndarray
    total: np.ndarray
    scatter: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """The mean, shape (d,)."""
        return self.around + self.total / self.count

    @property
    def covariance(self) -> np.ndarray:
        """The covariance with 1/(n - 1), shape (d, d)."""
        product = np.outer(self.total, self.total / -self.count)
        product += self.scatter
        product /= self.count - 1
        return product


def compute_moments(features: np.ndarray, around: np.ndarray | None = None) -> Moments:
    """Return the moments in float64, in one pass over blocks of rows.

    Args:
        features: floats (n, d).
        around: the point to sum around; None for the mean of the first block.
    """
    from scipy.linalg.blas import dsyrk

    dimensions = features.shape[1]
    if around is None:
        around = features[:BLOCK_ROWS].mean(axis=0, dtype=np.float64)
    total, scatter = np.zeros(dimensions), np.zeros((dimensions, dimensions), order="F")
    centered = np.empty((min(BLOCK_ROWS, len(features)), dimensions))
    for start in range(0, len(features), BLOCK_ROWS):
        block = features[start : start + BLOCK_ROWS]
        rows = np.subtract(block, around, out=centered[: len(block)])
        total += rows.sum(axis=0)
        # Adds rows' rows to the upper triangle, in place
        scatter = dsyrk(1.0, rows.T, beta=1.0, c=scatter, overwrite_c=True)
    scatter += np.triu(scatter, 1).T
    return Moments(len(features), around, total, scatter)


def frechet_distance(
    mean_1: np.ndarray, covariance_1: np.ndarray, mean_2: np.ndarray, covariance_2: np.ndarray
) -> float:
    """Return the squared Wasserstein-2 distance of two Gaussians.

    With S1 = L L' (Cholesky), S1 S2 has the eigenvalues of L' S2 L, which is symmetric: the trace of the root
    is the sum of their roots, with no matrix root and no complex number. A singular S1 has no Cholesky
    factor; its eigenvectors make one.

    Args:
        mean_1, mean_2: shape (d,).
        covariance_1, covariance_2: shape (d, d), symmetric.
    """
    eigenvalues = _product_eigenvalues(covariance_1, covariance_2)
    trace_of_root = np.sqrt(np.maximum(eigenvalues, 0)).sum()
    difference = mean_1 - mean_2
    return float(
        difference @ difference + np.trace(covariance_1) + np.trace(covariance_2) - 2 * trace_of_root
    )


def fid(real: np.ndarray, fake: np.ndarray) -> float:
    """Return the Frechet distance of two sets of features, (n, d) and (m, d)."""
    return distance_of_moments(compute_moments(real), compute_moments(fake))


def distance_of_moments(real: Moments, fake: Moments) -> float:
    """Return the Frechet distance of two sets of samples with these moments."""
    return frechet_distance(real.mean, real.covariance, fake.mean, fake.covariance)


def warn_of_few(metric: str, real: Moments, fake: Moments, bias: float | None = None) -> None:
    """Warn when a covariance of full rank cannot come of so few samples, with the bias if it is known."""
    dimensions = len(real.around)
    few = min(real.count, fake.count)
    if few <= dimensions:
        by = "" if bias is None else f", by an estimated {bias:.3g} or more"
        warnings.warn(
            f"metric {metric!r}: {few} samples of {dimensions} dimensions make a singular covariance; the figure is biased "
            f"upwards{by}: take more than {dimensions} samples, or fewer dimensions, or kid, which has no bias",
            stacklevel=3,
        )


def _product_eigenvalues(covariance_1: np.ndarray, covariance_2: np.ndarray) -> np.ndarray:
    """Return the eigenvalues of S1 S2; those that S1's null space makes zero may be left out."""
    from scipy.linalg import LinAlgError, eigvalsh

    try:
        # S2 S1 x = w x by way of L' S2 L; transposed, which changes nothing, LAPACK's order of a matrix needs no other copy
        return eigvalsh(covariance_2.T, covariance_1.T, type=2, driver="gv", check_finite=False)
    except LinAlgError:
        variances, directions = np.linalg.eigh(covariance_1)
        kept = variances > len(variances) * np.finfo(np.float64).eps * variances[-1]
        factor = directions[:, kept] * np.sqrt(variances[kept])
        return np.linalg.eigvalsh(factor.T @ covariance_2 @ factor)


def _drop_group(features: np.ndarray, whole: Moments, group: int, groups: int) -> Moments:
    """Return the moments of all samples but every `groups`-th from number `group` on."""
    left_out = compute_moments(features[group::groups], whole.around)
    return Moments(
        whole.count - left_out.count,
        whole.around,
        whole.total - left_out.total,
        whole.scatter - left_out.scatter,
    )
