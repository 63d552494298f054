"""Share of generated rows that the table's schema allows."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from tfgan.metrics.metric import EVERYTHING, Metric, Scores
from tfgan.metrics.samples import Samples
from tfgan.metrics.tables import _cells


@dataclasses.dataclass(frozen=True)
class Validity(Metric):
    """Count rows whose every cell the table allows: categories, whole numbers, decimals, ranges, missing cells, constraints.

    The table is the judge (`Kind.legal`). The ranges come from the training rows, so that a held-out row may lie
    outside of them.
    """

    reads: ClassVar = ("images",)
    kinds: ClassVar = ("table",)
    values: ClassVar = {"validity": "higher"}
    real_samples: ClassVar = EVERYTHING
    bias: ClassVar = "none"

    def sides(self, real: Samples, fake: Samples) -> tuple[np.ndarray, Sequence[Any]]:
        """Return the generated rows and the columns."""
        return _cells.check_tables("validity", real, fake, legal=False)[1:]

    def measure(self, real: Samples, fake: Samples) -> Scores:
        """Return `validity`, and the share of legal cells of each column that has illegal ones, `column/<name>`."""
        cells, columns = self.sides(real, fake)
        legal = np.asarray(real.kind.legal(cells))
        return {
            "validity": float(legal.all(axis=1).mean()),
            **{
                f"column/{column.name}": float(share)
                for column, share in zip(columns, legal.mean(axis=0), strict=True)
                if share < 1
            },
        }
