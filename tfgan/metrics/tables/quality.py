"""Likeness of columns and of pairs of columns, as SDMetrics reports it, and over all pairs."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from tfgan.metrics.metric import EVERYTHING, Metric, Scores
from tfgan.metrics.samples import Samples
from tfgan.metrics.tables import _cells

BINS = 10
DECIMALS = 14  # KSComplement rounds to them
CORRELATED, ASSOCIATED = 0.5, 0.3  # pairs of reals beyond these count in SDMetrics' report
WORST = 3


@dataclasses.dataclass(frozen=True)
class Quality(Metric):
    """Compare columns and pairs of columns of a table.

    A column's score is 1 minus the Kolmogorov-Smirnov statistic (numbers, dates) or 1 minus the total variation
    distance (categories), without missing cells. A pair's score is 1 - |r_real - r_fake| / 2 with Pearson's
    correlations r (two numbers), or 1 minus the total variation distance of the contingency tables, where
    numbers are cut into 10 bins. `column_shapes` is the mean over columns, `quality` the mean of `column_shapes` and
    `column_pairs`.

    `column_pairs` follows SDMetrics 0.32: only pairs count whose reals have |r| > .5 or Cramer's V > .3, each
    side is cut into bins of its own range, and a missing number falls into the bin of the largest one. `pairs` counts
    every pair, cuts both sides at the bins of the reals and keeps missing cells apart; an undefined
    correlation is 0 there.

    Reference: SDMetrics 0.32, `QualityReport`, `KSComplement`, `TVComplement`, `CorrelationSimilarity`,
        `ContingencySimilarity` (docs.sdv.dev/sdmetrics).
    """

    reads: ClassVar = ("images",)
    kinds: ClassVar = ("table",)
    values: ClassVar = {
        "quality": "higher",
        "column_shapes": "higher",
        "column_pairs": "higher",
        "pairs": "higher",
    }
    real_samples: ClassVar = EVERYTHING
    bias: ClassVar = "downwards, about in 1/sqrt(n): two samples of one table are not equal"

    def sides(self, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray, Sequence[Any]]:
        return _cells.check_tables("quality", real, fake, at_least=2)

    def measure(self, real: Samples, fake: Samples) -> Scores:
        """Return the figures, and the scores of the 3 worst columns and pairs under their names.

        They are `column/<name>` and `pair/<name>/<name>`. A figure is None where no column or pair can be
        scored.
        """
        real_cells, fake_cells, columns = self.sides(real, fake)
        shapes = score_columns(real_cells, fake_cells, columns)
        selected = score_selected_pairs(real_cells, fake_cells, columns)
        pairs = score_pairs(real_cells, fake_cells, columns)
        column_shapes, column_pairs = _mean(shapes.values()), _mean(selected.values())
        known = [score for score in (column_shapes, column_pairs) if score is not None]
        worst = {
            f"column/{columns[i].name}": score
            for i, score in sorted(shapes.items(), key=_by_score)[:WORST]
            if not math.isnan(score)
        }
        worst |= {
            f"pair/{columns[i].name}/{columns[j].name}": score
            for (i, j), score in sorted(pairs.items(), key=_by_score)[:WORST]
        }
        return {
            "quality": _mean(known),
            "column_shapes": column_shapes,
            "column_pairs": column_pairs,
            "pairs": _mean(pairs.values()),
            "selected_pairs": len(selected),
            "all_pairs": len(pairs),
            **worst,
        }

    def baselines(self, real: Samples, fake: Samples) -> Mapping[str, Samples]:
        """Return shuffled columns: right columns, no pair."""
        return {"simple": Samples(_cells.shuffle_columns(real.images, len(fake.images)), kind=real.kind)}


def score_columns(real: np.ndarray, fake: np.ndarray, columns: Sequence[Any]) -> dict[int, float]:
    """Return each column's score, by its number; NaN where a side has missing cells only.

    Args:
        real: cells, float64 (n, columns).
        fake: cells, float64 (m, columns).
        columns: objects with `is_category`.
    """
    scores = {}
    for i, column in enumerate(columns):
        sides = [side[~np.isnan(side[:, i]), i] for side in (real, fake)]
        if not len(sides[0]) or not len(sides[1]):
            scores[i] = math.nan
        elif column.is_category:
            codes = [side.astype(np.int64) for side in sides]
            scores[i] = _cells.compute_overlap(*codes, 1 + int(max(code.max() for code in codes)))
        else:
            scores[i] = 1 - kolmogorov_smirnov(*(np.round(side, DECIMALS) for side in sides))
    return scores


def kolmogorov_smirnov(x: np.ndarray, y: np.ndarray) -> float:
    """Return the largest difference of the two empirical distribution functions, of floats (n,) and (m,)."""
    x, y = np.sort(x), np.sort(y)
    both = np.concatenate([x, y])
    steps = (np.searchsorted(side, both, side="right") / len(side) for side in (x, y))
    return float(np.abs(np.subtract(*steps)).max())


def score_selected_pairs(
    real: np.ndarray, fake: np.ndarray, columns: Sequence[Any]
) -> dict[tuple[int, int], float]:
    """Return the scores of the pairs that SDMetrics counts, by their columns' numbers; arguments as in `score_columns`."""
    codes = [[_own_bins(side[:, i], column) for i, column in enumerate(columns)] for side in (real, fake)]
    scores = {}
    for i, j in itertools.combinations(range(len(columns)), 2):
        if not columns[i].is_category and not columns[j].is_category:
            # A constant column on either side raises an error in SDMetrics, and its pair is left out
            if any(_is_constant(side[:, k]) for side in (real, fake) for k in (i, j)):
                continue
            if abs(correlation := correlate(real[:, i], real[:, j])) > CORRELATED:
                scores[i, j] = 1 - abs(correlation - correlate(fake[:, i], fake[:, j])) / 2
        else:
            size = codes[0][j][1]
            joint = [side[i][0] * size + side[j][0] for side in codes]
            if associate(codes[0][i], codes[0][j]) > ASSOCIATED:
                scores[i, j] = _cells.compute_overlap(*joint, codes[0][i][1] * size)
    return scores


def score_pairs(real: np.ndarray, fake: np.ndarray, columns: Sequence[Any]) -> dict[tuple[int, int], float]:
    """Return the score of every pair; arguments and keys as in `score_selected_pairs`."""
    codes = [_real_bins(real[:, i], fake[:, i], column) for i, column in enumerate(columns)]
    scores = {}
    for i, j in itertools.combinations(range(len(columns)), 2):
        if not columns[i].is_category and not columns[j].is_category:
            of_real, of_fake = (np.nan_to_num(correlate(side[:, i], side[:, j])) for side in (real, fake))
            scores[i, j] = float(1 - abs(of_real - of_fake) / 2)
        else:
            (*first, size), (*second, other_size) = codes[i], codes[j]
            joint = [a * other_size + b for a, b in zip(first, second, strict=True)]
            scores[i, j] = _cells.compute_overlap(*joint, size * other_size)
    return scores


def correlate(x: np.ndarray, y: np.ndarray) -> float:
    """Return Pearson's correlation over the rows that lack neither cell; NaN where it is undefined."""
    known = ~(np.isnan(x) | np.isnan(y))
    if known.sum() < 2:
        return math.nan
    x, y = x[known] - x[known].mean(), y[known] - y[known].mean()
    scale = np.sqrt((x @ x) * (y @ y))
    return float(np.clip((x @ y) / scale, -1, 1)) if scale > 0 else math.nan


def associate(x: tuple[np.ndarray, int], y: tuple[np.ndarray, int]) -> float:
    """Return Cramer's V of two columns of codes, each with the number of its possible codes.

    V^2 = (sum_ij n_ij^2 / (n_i n_j) - 1) / (min(rows, columns) - 1), over the values that occur; NaN where a
    column has but one.
    """
    (a, a_size), (b, b_size) = x, y
    of_a, of_b = np.bincount(a, minlength=a_size), np.bincount(b, minlength=b_size)
    least = min(np.count_nonzero(of_a), np.count_nonzero(of_b))
    if least < 2:
        return math.nan
    joint, counts = np.unique(a * b_size + b, return_counts=True)
    # n_ij^2 may pass 2^53 in large tables
    phi = np.sum(counts / of_a[joint // b_size] * (counts / of_b[joint % b_size])) - 1
    return float(np.sqrt(max(phi, 0.0) / (least - 1)))


def _own_bins(cells: np.ndarray, column: Any) -> tuple[np.ndarray, int]:
    """Return a column's codes by the bins of its own range, and the number of possible codes.

    The largest number has a bin of its own, 11, and missing numbers fall into it.
    """
    if column.is_category:
        return _cells.encode_categories(cells, len(column.values)), len(column.values) + 1
    known = cells[~np.isnan(cells)]
    return np.digitize(cells, np.histogram_bin_edges(known, BINS)), BINS + 2


def _real_bins(real: np.ndarray, fake: np.ndarray, column: Any) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the codes of both sides by the bins of the real range, and the number of possible codes."""
    if column.is_category:
        size = len(column.values)
        return *(_cells.encode_categories(side, size) for side in (real, fake)), size + 1
    inner = np.histogram_bin_edges(real[~np.isnan(real)], BINS)[1:-1]
    binned = (np.where(np.isnan(side), BINS, np.digitize(side, inner)) for side in (real, fake))
    return *binned, BINS + 1


def _is_constant(cells: np.ndarray) -> bool:
    known = cells[~np.isnan(cells)]
    return len(known) > 0 and bool((known == known[0]).all())


def _by_score(item: tuple[Any, float]) -> float:
    return math.inf if math.isnan(item[1]) else item[1]


def _mean(scores: Any) -> float | None:
    """Return the mean of the scores that are numbers; None where there is none."""
    known = [score for score in scores if not math.isnan(score)]
    return float(np.mean(known)) if known else None
