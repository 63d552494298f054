"""Distances between many points, in blocks of bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

BLOCK_ROWS = 1024
SAME = 1e-13  # share of the largest squared norm: rounding error in the distance of a point to itself


class Neighborhoods(NamedTuple):
    """Who lies in whose ball; a ball's radius is the distance to its center's k-th neighbor of the same side.

    Attributes:
        holding: for each fake sample, the number of real balls that hold it, shape (m,).
        recalled: for each real sample, whether a fake ball holds it, shape (n,); None without fake radii.
        covered: for each real sample, whether its ball holds a fake one, shape (n,).
    """

    holding: np.ndarray
    recalled: np.ndarray | None
    covered: np.ndarray


def find_neighborhoods(real: np.ndarray, fake: np.ndarray, k: int, *, balls_of_fake: bool) -> Neighborhoods:
    """Return who lies in whose ball, borders included.

    Args:
        real: floats (n, d), n > k.
        fake: floats (m, d), m > k if `balls_of_fake`.
        k: the neighbor that sets a radius; a point is no neighbor of itself.
        balls_of_fake: whether to look at balls around fake samples too.
    """
    center = real.mean(axis=0, dtype=np.float64)
    real_radii = find_kth_distances(real, k, center)
    fake_radii = find_kth_distances(fake, k, center) if balls_of_fake else None
    holding = np.zeros(len(fake), np.int64)
    covered, recalled = np.zeros(len(real), bool), np.zeros(len(real), bool)
    for rows, columns, squares in iterate_blocks(real, fake, center):
        inside = squares <= real_radii[rows, None]
        holding[columns] += inside.sum(axis=0)
        covered[rows] |= inside.any(axis=1)
        if fake_radii is not None:
            recalled[rows] |= (squares <= fake_radii[columns]).any(axis=1)
    return Neighborhoods(holding, None if fake_radii is None else recalled, covered)


def find_kth_distances(points: np.ndarray, k: int, center: np.ndarray | None = None) -> np.ndarray:
    """Return the squared distance of each point to its k-th nearest other point, shape (n,).

    Each pair of blocks is multiplied once and serves both sides.

    Args:
        points: floats (n, d), n > k.
        k: 1 for the nearest.
        center: vector to subtract first, so that nothing cancels; None for the mean of the points.
    """
    nearest = np.full((len(points), k), np.inf)
    for rows, columns, squares in iterate_blocks(points, points, center, upper=True):
        if rows == columns:
            np.fill_diagonal(squares, np.inf)
        else:
            nearest[columns] = _select_smallest(np.concatenate([nearest[columns], squares.T], axis=1), k)
        nearest[rows] = _select_smallest(np.concatenate([nearest[rows], squares], axis=1), k)
    return nearest.max(axis=1)


def find_nearest_distances(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the distance of each point, (n, d), to the nearest of others, (m, d): shape (n,)."""
    nearest = np.full(len(points), np.inf)
    for rows, _, squares in iterate_blocks(points, others):
        nearest[rows] = np.minimum(nearest[rows], squares.min(axis=1))
    return np.sqrt(nearest)


def compute_squared_distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the whole matrix of squared distances of (n, d) and (m, d), shape (n, m)."""
    squares = np.empty((len(x), len(y)))
    for rows, columns, block in iterate_blocks(x, y):
        squares[rows, columns] = block
    return squares


def iterate_blocks(
    x: np.ndarray, y: np.ndarray, center: np.ndarray | None = None, *, upper: bool = False
) -> Iterator[tuple[slice, slice, np.ndarray]]:
    """Yield squared distances in float64, block by block: (rows of x, rows of y, matrix).

    Args:
        x: floats (n, d).
        y: floats (m, d).
        center: vector to subtract from both first; None for the mean of y.
        upper: only blocks on and above the diagonal.
    """
    center = y.mean(axis=0, dtype=np.float64) if center is None else center
    for rows in _split_slices(len(x)):
        left = x[rows] - center
        left_squares = np.einsum("ij,ij->i", left, left)
        left *= -2
        for columns in _split_slices(len(y)):
            if upper and columns.start < rows.start:
                continue
            right = y[columns] - center
            right_squares = np.einsum("ij,ij->i", right, right)
            squares = left @ right.T
            squares += left_squares[:, None]
            squares += right_squares
            squares[squares < SAME * max(left_squares.max(), right_squares.max())] = 0
            yield rows, columns, squares


def _split_slices(count: int) -> list[slice]:
    return [slice(start, min(start + BLOCK_ROWS, count)) for start in range(0, count, BLOCK_ROWS)]


def _select_smallest(values: np.ndarray, k: int) -> np.ndarray:
    return np.partition(values, k - 1, axis=1)[:, :k]
