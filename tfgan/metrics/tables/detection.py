"""Whether a classifier tells generated rows from real ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from tfgan.metrics.metric import EVERYTHING, Metric, Scores
from tfgan.metrics.samples import Samples
from tfgan.metrics.tables import _cells


@dataclasses.dataclass(frozen=True)
class Detection(Metric):
    """Train a classifier to tell held-out real rows from as many generated rows, and score it on other rows.

    The classifier is scikit-learn's histogram gradient boosting (150 iterations, seed 0); half of the rows of
    each side train it, the other half have the area under the ROC curve. `detection` is that area - 1/2: 0
    where nobody can tell, 1/2 where the classifier always can. It may be negative by chance.

    Reference: Lopez-Paz & Oquab 2017, "Revisiting classifier two-sample tests", section 3.
    """

    reads: ClassVar = ("images",)
    kinds: ClassVar = ("table",)
    values: ClassVar = {"detection": "lower"}
    real_samples: ClassVar = EVERYTHING
    held_out_only: ClassVar = True
    bias: ClassVar = "downwards where rows are few: a classifier of more rows tells more"

    def sides(self, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray, Sequence[Any]]:
        """Return equally many held-out and generated rows, and the columns."""
        _, fakes, columns = _cells.check_tables("detection", real, fake, at_least=4)
        held_out = _cells.check_held_out("detection", real, at_least=4)
        count = min(len(fakes), len(held_out))
        return held_out[:count], fakes[:count], columns

    def measure(self, real: Samples, fake: Samples) -> Scores:
        """Return `detection`, the area itself as `detection_auc`, and the number of rows a side, `num_compared`."""
        held_out, fakes, columns = self.sides(real, fake)
        auc = detect(held_out, fakes, columns)
        return {"detection": auc - 0.5, "detection_auc": auc, "num_compared": len(fakes)}

    def floor(self, real: Samples, second: Samples) -> Scores:
        """Return the figure of training rows in the place of generated ones."""
        return {"detection": self.measure(real, real)["detection"]}

    def baselines(self, real: Samples, fake: Samples) -> Mapping[str, Samples]:
        """Return shuffled columns: a classifier sees the pairs that do not occur."""
        return {"simple": Samples(_cells.shuffle_columns(real.images, len(fake.images)), kind=real.kind)}


def detect(real: np.ndarray, fake: np.ndarray, columns: Sequence[Any]) -> float:
    """Return the area under the ROC curve of a classifier between two tables of equally many rows, float64 (n, columns)."""
    from sklearn.metrics import roc_auc_score

    cells, is_fake = np.concatenate([real, fake]), np.arange(len(real) + len(fake)) >= len(real)
    # The same rows of both sides train, so that each half has as many of each
    trains = np.tile(np.random.default_rng(_cells.SEED).permutation(len(real)) < len(real) // 2, 2)
    _, probabilities = _cells.predict("Classifier", cells[trains], is_fake[trains], cells[~trains], columns)
    return float(roc_auc_score(is_fake[~trains], probabilities[:, 1]))
