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
    """Count rows whose every cell is legal: known categories, whole numbers, decimals, ranges, constraints.

    A missing cell is legal where the column has missing cells in the training rows. Constraints between columns
    are the table's own to check (`Kind.legal`).
    """

    reads: ClassVar = ("images",)
    kinds: ClassVar = ("table",)
    values: ClassVar = {"validity": "higher"}
    real_samples: ClassVar = EVERYTHING
    bias: ClassVar = "none"

    def sides(self, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray, Sequence[Any]]:
        return _cells.check_tables("validity", real, fake, legal=False)

    def measure(self, real: Samples, fake: Samples) -> Scores:
        """Return `validity`, and the share of legal cells of each column that has illegal ones, `column/<name>`."""
        real_cells, fake_cells, columns = self.sides(real, fake)
        legal = np.stack(
            [
                is_legal(fake_cells[:, i], column, missing=bool(np.isnan(real_cells[:, i]).any()))
                for i, column in enumerate(columns)
            ],
            axis=1,
        )
        by_kind = np.asarray(real.kind.legal(fake_cells)).reshape(len(fake_cells), -1)
        return {
            "validity": float((legal.all(axis=1) & by_kind.all(axis=1)).mean()),
            **{
                f"column/{column.name}": float(legal[:, i].mean())
                for i, column in enumerate(columns)
                if not legal[:, i].all()
            },
        }


def is_legal(cells: np.ndarray, column: Any, *, missing: bool) -> np.ndarray:
    """Return which cells of a column are legal, bool (n,).

    Args:
        cells: float64 (n,).
        column: an object with `is_category`, `values`, `low`, `high`, `is_integer` and `decimals` (None for any).
        missing: whether a cell may be missing.
    """
    gap = np.isnan(cells)
    if column.is_category:
        return np.where(gap, missing, _cells.is_category_index(cells, column))
    legal = (cells >= column.low) & (cells <= column.high)
    decimals = 0 if column.is_integer else column.decimals
    if decimals is not None:
        legal &= np.round(cells, decimals) == cells
    return np.where(gap, missing, legal)
