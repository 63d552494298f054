"""Shares of missing cells."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from tfgan.metrics.metric import EVERYTHING, Metric, Scores
from tfgan.metrics.samples import Samples
from tfgan.metrics.tables import _cells

WORST = 3


@dataclasses.dataclass(frozen=True)
class Missing(Metric):
    """Compare each column's share of missing cells: `missing` is the largest difference of all columns."""

    reads: ClassVar = ("images",)
    kinds: ClassVar = ("table",)
    values: ClassVar = {"missing": "lower"}
    real_samples: ClassVar = EVERYTHING
    bias: ClassVar = "upwards, about in 1/sqrt(n): it is the largest of several differences"

    def sides(self, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray, list[str]]:
        real_cells, fake_cells, columns = _cells.check_tables("missing", real, fake)
        return real_cells, fake_cells, [column.name for column in columns]

    def measure(self, real: Samples, fake: Samples) -> Scores:
        """Return `missing`, and the generated share less the real share of the 3 worst columns, `column/<name>`."""
        real_cells, fake_cells, names = self.sides(real, fake)
        difference = np.isnan(fake_cells).mean(axis=0) - np.isnan(real_cells).mean(axis=0)
        worst = [i for i in np.argsort(-np.abs(difference), kind="stable")[:WORST] if difference[i]]
        return {
            "missing": float(np.abs(difference).max()),
            **{f"column/{names[i]}": float(difference[i]) for i in worst},
        }
