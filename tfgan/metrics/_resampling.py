"""Intervals and biases by drawing the samples anew: the same draws each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

SEED = 0
RESAMPLES = 1000
LEVEL = 0.95


def bootstrap_interval(
    statistic: Callable[..., float], *samples: np.ndarray, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """Return the bootstrap's 95 % percentile interval of a statistic.

    Args:
        statistic: a function of as many arrays as are given, such as a mean.
        *samples: arrays, each drawn anew by rows, with replacement and independently of the others.
        resamples: draws.

    Reference: Efron & Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13.
    """
    rng = np.random.default_rng(SEED)
    found = [
        statistic(*(rows[rng.integers(0, len(rows), len(rows))] for rows in samples))
        for _ in range(resamples)
    ]
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def with_interval(name: str, values: np.ndarray) -> dict[str, float]:
    """Return the mean of per-example values as `name`, and its bootstrap interval as `name_low` and `name_high`."""
    low, high = bootstrap_interval(np.mean, np.asarray(values, np.float64))
    return {name: float(np.mean(values)), f"{name}_low": low, f"{name}_high": high}


class Jackknifed(NamedTuple):
    """Bias in 1/n and standard error of a statistic, estimated by leaving out one group at a time."""

    bias: float
    standard_error: float


def jackknife(whole: float, without: np.ndarray) -> Jackknifed:
    """Return bias and standard error by the delete-a-group jackknife.

    With t of all samples and t_g of all but group g, of G groups of one size:

        bias = (G - 1) (mean t_g - t),  standard error^2 = (G - 1) / G * sum (t_g - mean t_g)^2.

    The bias is exact where the statistic's bias is proportional to 1/n; terms of higher order stay in it.

    Reference: Shao & Tu 1995, "The Jackknife and Bootstrap", sections 1.2 and 2.3.
    """
    groups = len(without)
    spread = without - without.mean()
    return Jackknifed(
        (groups - 1) * float(without.mean() - whole),
        float(np.sqrt((groups - 1) / groups * np.square(spread).sum())),
    )
