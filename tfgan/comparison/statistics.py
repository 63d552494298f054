"""Statistics over a few seeds: intervals of means, ranks within seeds, and an exact paired test."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tfgan.metrics import _resampling

EXACT_UP_TO = 16  # pairs; for more pairs, `DRAWS` random sign patterns replace the enumeration
DRAWS = 2**EXACT_UP_TO
SEED = _resampling.SEED
RESAMPLES = _resampling.RESAMPLES


class Summary(NamedTuple):
    """A figure over seeds.

    Attributes:
        mean: mean over the seeds with a value; None if no seed has one.
        low, high: 95 % bootstrap interval of the mean; None for fewer than two values.
        values: values by seed, None for a run without one.
    """

    mean: float | None
    low: float | None
    high: float | None
    values: tuple[float | None, ...]

    @property
    def known(self) -> list[float]:
        """The values that are not None."""
        return [value for value in self.values if value is not None]


class Standing(NamedTuple):
    """The rank of a contender in one figure, and its test against the reference.

    Attributes:
        rank: mean rank over seeds, 1 for the best; None if no seed has a rank.
        better: number of seeds in which the contender is better than the reference.
        pairs: number of seeds in which both have the figure.
        p: two-sided p of the paired test against the reference; None for the reference and for fewer than two
            pairs.
        holm: whether p stays below .05 after Holm's correction for all contenders of the figure.
    """

    rank: float | None
    better: int
    pairs: int
    p: float | None
    holm: bool = False


def summarize(values: Sequence[float | None]) -> Summary:
    """Return the mean and the interval of one figure over seeds.

    The interval is the percentile bootstrap of Efron & Tibshirani 1993, chapter 13, over seeds.
    """
    known = np.array([value for value in values if value is not None], np.float64)
    if not known.size:
        return Summary(None, None, None, tuple(values))
    low, high = _resampling.bootstrap_interval(np.mean, known) if known.size > 1 else (None, None)
    return Summary(float(known.mean()), low, high, tuple(values))


def to_cost(value: float | None, better: str, real: float | None) -> float:
    """Return a cost; lower is better.

    It is the figure, its negative, or its distance from the score of reals. The cost is infinite without a
    figure, and NaN if it needs the score of reals and that is unknown.
    """
    if value is None:
        return math.inf
    if better == "real":
        return math.nan if real is None else abs(value - real)
    return value if better == "lower" else -value


def rank_costs(costs: np.ndarray) -> np.ndarray:
    """Return the ranks (contenders, seeds) within each seed.

    The lowest cost has rank 1; ties share the mean of their places.

    Args:
        costs: float array (contenders, seeds); NaN gets the rank NaN.
    """
    below = (costs[:, None, :] > costs[None, :, :]).sum(axis=1)
    equal = (costs[:, None, :] == costs[None, :, :]).sum(axis=1)
    return np.where(np.isnan(costs), np.nan, below + (equal + 1) / 2)


def sign_flip_test(differences: Sequence[float]) -> float:
    """Return the two-sided p of paired differences by the sign-flip permutation test.

    Under the null hypothesis, both signs of each difference are equally likely. p is the share of the 2^n
    sign patterns whose sum is at least as far from 0 as the observed sum. It is at least 2^(1 - n), for
    example 1/4 for three seeds. For more than 16 pairs, 65,536 patterns replace the enumeration: the observed
    one and random ones.

    Reference: Fisher 1935, "The Design of Experiments", section 21; Good 2005, "Permutation, Parametric and
        Bootstrap Tests", 3.2.
    """
    d = np.asarray(differences, np.float64)
    if len(d) <= EXACT_UP_TO:
        signs = np.array(list(itertools.product((1.0, -1.0), repeat=len(d))))
    else:
        signs = np.where(np.random.default_rng(SEED).random((DRAWS, len(d))) < 0.5, 1.0, -1.0)
        signs[0] = 1.0
    sums = np.abs(signs @ d)
    return float(np.mean(sums >= sums[0] - 1e-12 * np.abs(d).sum()))


def holm_correction(ps: Sequence[float | None], level: float = 0.05) -> list[bool]:
    """Return which p-values are significant if the family-wise error rate is at most `level` (Holm 1979)."""
    known = sorted((p, index) for index, p in enumerate(ps) if p is not None)
    kept = [False] * len(ps)
    for place, (p, index) in enumerate(known):
        if p * (len(known) - place) > level:
            break
        kept[index] = True
    return kept


def compute_standings(costs: np.ndarray, reference: int = 0) -> list[Standing]:
    """Return the standing of each contender.

    Args:
        costs: float array (contenders, seeds); infinity for a diverged run, NaN for a run without a rank.
        reference: index of the contender that the others are tested against.
    """
    placed, rows = rank_costs(costs), []
    for index, own in enumerate(costs):
        pairs = [
            (a, b)
            for a, b in zip(own, costs[reference], strict=True)
            if math.isfinite(a) and math.isfinite(b)
        ]
        p = sign_flip_test([a - b for a, b in pairs]) if len(pairs) > 1 and index != reference else None
        own_ranks = placed[index][~np.isnan(placed[index])]
        rank = float(own_ranks.mean()) if own_ranks.size else None
        rows.append(Standing(rank, sum(a < b for a, b in pairs), len(pairs), p))
    kept = holm_correction([row.p for row in rows])
    return [row._replace(holm=keep) for row, keep in zip(rows, kept, strict=True)]


def count_states(states: Sequence[str]) -> Mapping[str, int]:
    """Return how often each state occurs, in the order of first appearance."""
    return {state: list(states).count(state) for state in dict.fromkeys(states)}
