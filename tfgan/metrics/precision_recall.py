"""Improved precision and recall of features."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from tfgan.core.options import PositiveInt
from tfgan.metrics import _checks, _neighbors, _resampling
from tfgan.metrics.metric import Metric, Scores
from tfgan.metrics.samples import Samples


@dataclasses.dataclass(frozen=True)
class PrecisionRecall(Metric):
    """Share of fakes that look real, and share of reals that the fakes reach.

    Around each sample stands a ball that reaches its k-th nearest neighbor of the same side. Precision is the
    share of fakes in a ball of a real sample, recall the share of reals in a ball of a fake. The intervals
    are over fakes (precision) and over reals (recall), the balls fixed.

    Args:
        k: the neighbor; the sample itself is none.

    Reference: Kynkaanniemi et al. 2019, "Improved precision and recall metric for assessing generative
        models", equations 1 and 2.
    """

    values: ClassVar = {"precision": "higher", "recall": "higher"}
    bias: ClassVar = (
        "both depend on n and k, also for equal distributions: read them beside the figures of reals"
    )

    k: PositiveInt = 3

    def sides(self, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray]:
        return _checks.check_features("precision_recall", real, fake, at_least=self.k + 1)

    def measure(self, real: Samples, fake: Samples) -> Scores:
        sides = self.sides(real, fake)
        found = _neighbors.find_neighborhoods(*sides, self.k, balls_of_fake=True)
        return {
            **_resampling.with_interval("precision", found.holding > 0),
            **_resampling.with_interval("recall", found.recalled),
            "k": self.k,
        }


def precision_recall(real, fake, *, k: int = 3) -> tuple[float, float]:
    """Return precision and recall of two sets of features, (n, d) and (m, d)."""
    found = _neighbors.find_neighborhoods(real, fake, k, balls_of_fake=True)
    return float((found.holding > 0).mean()), float(found.recalled.mean())
