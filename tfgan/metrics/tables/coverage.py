"""Share of the values of a table that generated rows reach."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from tfgan.metrics.metric import EVERYTHING, Metric, Scores
from tfgan.metrics.samples import Samples
from tfgan.metrics.tables import _cells

RARE = 0.01
PARTS = 10


@dataclasses.dataclass(frozen=True)
class Coverage(Metric):
    """Count which values of the training rows appear among the generated ones.

    The values are: each category, each spike of a number, each tenth of a number's range that has training
    rows, and a missing cell where a column has some. Those of 1 % of the training rows or more count for
    `coverage`, the others for `rare_coverage`.
    """

    reads: ClassVar = ("images",)
    kinds: ClassVar = ("table",)
    values: ClassVar = {"coverage": "higher", "rare_coverage": "higher"}
    real_samples: ClassVar = EVERYTHING
    bias: ClassVar = "downwards: n rows lack a value of share p with probability (1 - p)^n, also real rows"

    def sides(self, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray, Sequence[Any]]:
        return _cells.check_tables("coverage", real, fake)

    def measure(self, real: Samples, fake: Samples) -> Scores:
        """Return the figures, None where there is no such value, and the numbers of values, `values_of` and `rare_values_of`."""
        real_cells, fake_cells, columns = self.sides(real, fake)
        found = [cover(real_cells[:, i], fake_cells[:, i], column) for i, column in enumerate(columns)]
        shares, seen = (np.concatenate(part) for part in zip(*found, strict=True))
        rare = shares < RARE
        return {
            "coverage": float(seen[~rare].mean()) if (~rare).any() else None,
            "rare_coverage": float(seen[rare].mean()) if rare.any() else None,
            "values_of": int((~rare).sum()),
            "rare_values_of": int(rare.sum()),
        }


def cover(real: np.ndarray, fake: np.ndarray, column: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return, of each value of a column that training rows have, its share among them and whether a generated row has it.

    Args:
        real: cells of the training rows, float64 (n,).
        fake: cells of the generated rows, float64 (m,).
        column: an object with `is_category`, `values` and `spikes`.
    """
    if column.is_category:
        size = len(column.values)
        groups = [
            _cells.count_joint(*(_cells.encode_categories(side, size) for side in (real, fake)), size + 1)
        ]
    else:
        edges = np.histogram_bin_edges(real[~np.isnan(real)], PARTS)
        tenths = [np.histogram(side[~np.isnan(side)], edges)[0] for side in (real, fake)]
        spikes = [np.array([(side == spike).sum() for spike in column.spikes], int) for side in (real, fake)]
        missing = [np.array([np.isnan(side).sum()]) for side in (real, fake)]
        groups = [tenths, spikes, missing]
    of_real, of_fake = (np.concatenate(part) for part in zip(*groups, strict=True))
    return of_real[of_real > 0] / len(real), of_fake[of_real > 0] > 0
