"""What a few seeds can tell: intervals of means, ranks within seeds, and a paired test that is exact."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tfgan.metrics import _resampling

EXACT_UP_TO = 16  # pairs; of more, as many sign patterns are drawn
DRAWS = 2**EXACT_UP_TO
SEED = _resampling.SEED
RESAMPLES = _resampling.RESAMPLES


class Summary(NamedTuple):
    """A figure over seeds.

    Attributes:
        mean: over the seeds that have it; None if none has.
        low, high: 95 % bootstrap interval of the mean; None of fewer than two.
        values: by seed, None where a run has none.
    """

    mean: float | None
    low: float | None
    high: float | None
    values: tuple[float | None, ...]

    @property
    def known(self) -> list[float]:
        """The values there are."""
        return [value for value in self.values if value is not None]


class Standing(NamedTuple):
    """Where a contender stands in one figure.

    Attributes:
        rank: mean over seeds, 1 for the best; None where no seed can be ranked.
        better: seeds in which it is better than the reference.
        pairs: seeds in which both have the figure.
        p: two-sided, of the paired test against the reference; None for the reference itself and of fewer than two pairs.
        holm: whether p stays below .05 after Holm's correction for all contenders of the figure.
    """

    rank: float | None
    better: int
    pairs: int
    p: float | None
    holm: bool = False


def summary(values: Sequence[float | None]) -> Summary:
    """Return mean and interval of one figure over seeds.

    The interval is the percentile bootstrap of Efron & Tibshirani 1993, chapter 13, over seeds.
    """
    known = np.array([value for value in values if value is not None], np.float64)
    if not known.size:
        return Summary(None, None, None, tuple(values))
    low, high = _resampling.interval(np.mean, known) if known.size > 1 else (None, None)
    return Summary(float(known.mean()), low, high, tuple(values))


def cost(value: float | None, better: str, real: float | None) -> float:
    """Return what is to be small: the figure, its negative, or its distance from what reals get.

    Infinity where there is no figure, NaN where what reals get is not known.
    """
    if value is None:
        return math.inf
    if better == "real":
        return math.nan if real is None else abs(value - real)
    return value if better == "lower" else -value


def ranks(costs: np.ndarray) -> np.ndarray:
    """Return the rank of each contender within each seed, 1 for the lowest cost, the mean of the places for equals.

    Args:
        costs: float array (contenders, seeds).
    """
    below = (costs[:, None, :] > costs[None, :, :]).sum(axis=1)
    equal = (costs[:, None, :] == costs[None, :, :]).sum(axis=1)
    return np.where(np.isnan(costs), np.nan, below + (equal + 1) / 2)


def sign_flip(differences: Sequence[float]) -> float:
    """Return the two-sided p of paired differences by the sign-flip permutation test.

    Were both the same, each difference would as likely have the other sign: p is the share of the 2^n patterns of signs whose sum
    is as far from 0. It is at least 2^(1 - n) (1/4 of three seeds). Beyond 16 pairs 65,536 patterns are drawn, with the one observed.

    Reference: Fisher 1935, "The Design of Experiments", section 21; Good 2005, "Permutation, Parametric and Bootstrap Tests", 3.2.
    """
    d = np.asarray(differences, np.float64)
    if len(d) <= EXACT_UP_TO:
        signs = np.array(list(itertools.product((1.0, -1.0), repeat=len(d))))
    else:
        signs = np.where(np.random.default_rng(SEED).random((DRAWS, len(d))) < 0.5, 1.0, -1.0)
        signs[0] = 1.0
    sums = np.abs(signs @ d)
    return float(np.mean(sums >= sums[0] - 1e-12 * np.abs(d).sum()))


def holm(ps: Sequence[float | None], level: float = 0.05) -> list[bool]:
    """Return which of several p stay below `level` when the chance of any false one is to be below it (Holm 1979)."""
    known = sorted((p, index) for index, p in enumerate(ps) if p is not None)
    kept = [False] * len(ps)
    for place, (p, index) in enumerate(known):
        if p * (len(known) - place) > level:
            break
        kept[index] = True
    return kept


def standings(costs: np.ndarray, reference: int = 0) -> list[Standing]:
    """Return where each contender stands.

    Args:
        costs: float array (contenders, seeds); infinity where a run diverged, NaN where there is none to rank.
        reference: the contender that the others are tested against.
    """
    placed, rows = ranks(costs), []
    for index, own in enumerate(costs):
        pairs = [(a, b) for a, b in zip(own, costs[reference], strict=True) if math.isfinite(a) and math.isfinite(b)]
        p = sign_flip([a - b for a, b in pairs]) if len(pairs) > 1 and index != reference else None
        own_ranks = placed[index][~np.isnan(placed[index])]
        rank = float(own_ranks.mean()) if own_ranks.size else None
        rows.append(Standing(rank, sum(a < b for a, b in pairs), len(pairs), p))
    kept = holm([row.p for row in rows])
    return [row._replace(holm=keep) for row, keep in zip(rows, kept, strict=True)]


def counts(states: Sequence[str]) -> Mapping[str, int]:
    """Return how often each state occurs, in the order of first appearance."""
    return {state: list(states).count(state) for state in dict.fromkeys(states)}
