"""Distances between rows of tables, in blocks of bounded memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

BLOCK = 2**23  # distances that are held at once


@dataclasses.dataclass(frozen=True)
class RowDistance:
    """Sum over the columns of |a - b| / range for numbers, and of 0 or 1 for categories.

    A missing cell differs from any other value by 1.

    Attributes:
        is_category: bool (columns,).
        scale: float64 (columns,), range of each number in the training rows; 1 where there is none.
    """

    is_category: np.ndarray
    scale: np.ndarray

    @classmethod
    def fit(cls, training: np.ndarray, columns: Sequence[Any]) -> RowDistance:
        """Return the distance with the ranges of training rows (n, columns)."""
        low = np.fmin.reduce(training, axis=0)
        width = np.fmax.reduce(training, axis=0) - low
        return cls(
            np.array([column.is_category for column in columns], bool),
            np.where(width > 0, width, 1.0),  # NaN, where all cells are missing, is not above 0
        )

    def nearest(self, rows: np.ndarray, others: np.ndarray, k: int = 1) -> np.ndarray:
        """Return the distances of each row, (n, columns), to its nearest and to its k-th nearest of others, (m, columns): (n, 2)."""
        found = np.empty((len(rows), 2))
        for part, distances in self.blocks(rows, others):
            found[part, 0] = distances.min(axis=1)
            found[part, 1] = np.partition(distances, k - 1, axis=1)[:, k - 1] if k > 1 else found[part, 0]
        return found

    def blocks(self, rows: np.ndarray, others: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield parts of the rows, and the matrix of their distances to all others."""
        from scipy.spatial.distance import cdist

        numbers = [side[:, ~self.is_category] / self.scale[~self.is_category] for side in (rows, others)]
        codes = [np.nan_to_num(side[:, self.is_category], nan=-1.0) for side in (rows, others)]
        holed = np.isnan(numbers[0]).any(axis=0) | np.isnan(numbers[1]).any(axis=0)
        step = max(1, BLOCK // max(1, len(others)))
        for start in range(0, len(rows), step):
            part = slice(start, min(start + step, len(rows)))
            distances = np.zeros((part.stop - part.start, len(others)))
            if not holed.all():
                distances += cdist(numbers[0][part][:, ~holed], numbers[1][:, ~holed], "cityblock")
            if self.is_category.any():
                distances += cdist(codes[0][part], codes[1], "hamming") * codes[0].shape[1]
            for column in np.flatnonzero(holed):
                a, b = numbers[0][part, column, None], numbers[1][None, :, column]
                differ = np.where(np.isnan(a) & np.isnan(b), 0.0, 1.0)
                distances += np.where(np.isnan(a) | np.isnan(b), differ, np.abs(a - b))
            yield part, distances


def count_copies(rows: np.ndarray, training: np.ndarray) -> int:
    """Return how many rows, (n, columns), equal a training row, (m, columns); missing cells equal each other."""
    both = np.concatenate([training, rows]) + 0.0  # -0 becomes 0
    both = np.where(np.isnan(both), np.nan, both)  # one bit pattern of NaN
    both = np.ascontiguousarray(both).view(np.dtype((np.void, both.dtype.itemsize * both.shape[1]))).ravel()
    return int(np.isin(both[len(training) :], both[: len(training)]).sum())
