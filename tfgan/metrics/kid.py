"""Kernel distance of features."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np

from tfgan.core.options import PositiveInt
from tfgan.metrics import _checks
from tfgan.metrics.metric import Metric, Scores
from tfgan.metrics.samples import Samples

SEED = 2020  # torch-fidelity's
BLOCK_ROWS = 1024


class KernelDistance(NamedTuple):
    """The mean over subsets, the standard deviation over them, and the standard error of the mean."""

    mean: float
    standard_deviation: float
    standard_error: float


@dataclasses.dataclass(frozen=True)
class Kid(Metric):
    """Kernel inception distance, on the features that the name says.

    The unbiased estimate of the squared maximum mean discrepancy under k(x, y) = (x'y/d + 1)^3,

        MMD^2 = sum_{i != j} k(x_i, x_j) / (m (m - 1)) + sum_{i != j} k(y_i, y_j) / (m (m - 1)) - 2 sum_{i, j}
        k(x_i, y_j) / m^2,

    averaged over `subsets` random subsets of m = `subset_size` real and as many fake samples. It may be
    negative.

    Args:
        subsets: how many.
        subset_size: m; half of the samples where there are no more than that.

    Reference: Binkowski et al. 2018, "Demystifying MMD GANs", section 4 and appendix D.
    """

    values: ClassVar = {"kid": "lower"}
    default_samples: ClassVar = 2_000
    bias: ClassVar = "none"

    subsets: PositiveInt = 100
    subset_size: PositiveInt = 1000

    def sides(self, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray]:
        return _checks.check_features("kid", real, fake, at_least=4)

    def measure(self, real: Samples, fake: Samples) -> Scores:
        sides = self.sides(real, fake)
        size = choose_subset_size(self.subset_size, *sides)
        found = kid(*sides, subsets=self.subsets, size=size)
        return {
            "kid": found.mean,
            "kid_standard_error": found.standard_error,
            "kid_standard_deviation": found.standard_deviation,
            "kid_bias": 0.0,
            "subsets": self.subsets,
            "subset_size": size,
        }


def choose_subset_size(asked: int, real: np.ndarray, fake: np.ndarray) -> int:
    """Return the size asked for, or half of the samples where there are no more than that."""
    fewest = min(len(real), len(fake))
    return asked if fewest > asked else fewest // 2


def kid(real: np.ndarray, fake: np.ndarray, *, subsets: int = 100, size: int = 1000) -> KernelDistance:
    """Return the kernel distance of two sets of features, (n, d) and (n', d), over the subsets that torch-fidelity draws.

    A subset's estimate varies around the estimate from all n samples by s^2 = sigma^2 (1 - m/n), sigma^2 its
    variance over new samples, so that the mean over S subsets has a standard error of about sqrt(s^2 / S +
    s^2 (m/n) / (1 - m/n)). Dividing s by sqrt(S), as if the subsets were independent, would leave out that
    all of them come from the same n samples.
    """
    rng = np.random.RandomState(SEED)
    drawn = [
        tuple(rng.choice(len(side), size, replace=False) for side in (real, fake)) for _ in range(subsets)
    ]
    if max(len(real), len(fake)) ** 2 <= subsets * size**2:  # each pair occurs in many subsets
        found = mmd_of_subsets(real, fake, drawn)
    else:
        found = np.array([mmd(real[of_real], fake[of_fake]) for of_real, of_fake in drawn])
    share = size / min(len(real), len(fake))
    variance = found.var()
    return KernelDistance(
        float(found.mean()),
        float(np.sqrt(variance)),
        float(np.sqrt(variance * (1 / subsets + share / (1 - share)))) if share < 1 else float("nan"),
    )


def mmd(x: np.ndarray, y: np.ndarray) -> float:
    """Return the unbiased MMD^2 of two sets of m points, (m, d), under the cubic kernel."""
    everything = np.arange(len(x))
    return float(mmd_of_subsets(x, y, [(everything, everything)])[0])


def mmd_of_subsets(
    x: np.ndarray, y: np.ndarray, drawn: Sequence[tuple[np.ndarray, np.ndarray]]
) -> np.ndarray:
    """Return the unbiased MMD^2 of each pair of subsets, shape (S,), from one pass over the kernel of all points.

    The sum of K over a subset with indicator b is b'Kb, so that a block of K is made once and serves every
    subset.

    Args:
        x: floats (n, d).
        y: floats (n', d).
        drawn: S pairs of the m numbers drawn of x and of y.
    """
    chosen = [
        _build_indicators(len(side), [pair[place] for pair in drawn]) for place, side in enumerate((x, y))
    ]
    count = len(drawn[0][0])
    within = sum(
        _sum_kernel(side, side, some, some, within=True) for side, some in zip((x, y), chosen, strict=True)
    )
    return within / (count * (count - 1)) - 2 * _sum_kernel(x, y, *chosen) / count**2


def _build_indicators(count: int, drawn: Sequence[np.ndarray]) -> np.ndarray:
    """Return ones where a subset has a point, (count, S)."""
    chosen = np.zeros((count, len(drawn)))
    for column, numbers in enumerate(drawn):
        chosen[numbers, column] = 1
    return chosen


def _sum_kernel(
    x: np.ndarray, y: np.ndarray, of_x: np.ndarray, of_y: np.ndarray, *, within: bool = False
) -> np.ndarray:
    """Return the sum of the kernel over each subset's pairs, shape (S,); `within` one side without its diagonal, each pair made once."""
    sums = np.zeros(of_x.shape[1])
    for start in range(0, len(x), BLOCK_ROWS):
        left, rows = x[start : start + BLOCK_ROWS].astype(np.float64), of_x[start : start + BLOCK_ROWS]
        for place in range(start if within else 0, len(y), BLOCK_ROWS):
            same = within and place == start
            right = left if same else y[place : place + BLOCK_ROWS].astype(np.float64)
            kernel = _cube_kernel(left @ right.T, x.shape[1])  # of a matrix with itself NumPy makes but half
            if same:
                np.fill_diagonal(kernel, 0)
            weight = 2 if within and place > start else 1
            sums += weight * np.einsum("is,is->s", rows, kernel @ of_y[place : place + BLOCK_ROWS])
    return sums


def _cube_kernel(products: np.ndarray, dimensions: int) -> np.ndarray:
    """Return the kernel of inner products, which are overwritten: `power` would take ten times as long."""
    products /= dimensions
    products += 1
    squared = products * products
    squared *= products
    return squared
