"""Describe the columns of a table of cells, and make the blocks that encode them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from tfgan.kinds.blocks import Block, Categories, Numbers
from tfgan.kinds.columns import LARGEST_WHOLE, Column
from tfgan.kinds.mixture import find_spikes, fit_mixture

MOST_DECIMALS = 12


def describe_numbers(
    name: str, known: np.ndarray, is_integer: bool, width: int | None, missing: str | None
) -> Column:
    """Return the column of numbers (n,), none missing; `width` is their common number of digits after the point, or None."""
    low, high = float(known.min()), float(known.max())
    if is_integer:
        return Column(name, "integer", missing=missing, low=low, high=high)
    decimals = count_decimals(known)
    padded = width is not None and decimals is not None and width >= decimals and width > 0
    if padded and max(-low, high) * 10.0**width < LARGEST_WHOLE:
        decimals = width
    else:
        padded = False
    return Column(name, "decimal", missing=missing, low=low, high=high, decimals=decimals, padded=padded)


def count_decimals(numbers: np.ndarray) -> int | None:
    """Return the fewest digits after the point that reproduce every number; None for more than 12 or than float64 has.

    >>> count_decimals(np.array([1.5, 2.25]))
    2
    """
    left = np.unique(numbers)
    largest = np.abs(left).max()
    for decimals in range(MOST_DECIMALS + 1):
        if largest * 10.0**decimals >= LARGEST_WHOLE:
            return None
        left = left[np.rint(left * 10.0**decimals) / 10.0**decimals != left]
        if not len(left):
            return decimals
    return None


def make_blocks(
    columns: Sequence[Column],
    cells: np.ndarray,
    rows: np.ndarray,
    *,
    max_categories: int = 100,
    le: Sequence[tuple[str, str]] = (),
    combinations: Sequence[Sequence[str]] = (),
) -> tuple[list[Column], list[Block]]:
    """Return the columns, with ranges that suit the constraints, and the blocks of a row.

    Args:
        columns: of the table.
        cells: float64 (n, columns).
        rows: int (m,), the numbers of the training rows, from which shares and mixtures are taken.
        max_categories: choices of a category; the rarest values share the last one.
        le: pairs (start, end) of columns with start <= end in every row.
        combinations: groups of category columns whose values occur in fixed combinations.
    """
    columns = list(columns)
    number = {column.name: i for i, column in enumerate(columns)}
    start_of = {number[end]: number[start] for start, end in le}
    for end in _order_ends(start_of):
        columns[end] = dataclasses.replace(
            columns[end], high=max(columns[end].high, columns[start_of[end]].high), spikes=()
        )
    group_of = {number[group[0]]: tuple(number[name] for name in group) for group in combinations}
    joined = {i for group in group_of.values() for i in group}
    blocks: list[Block] = []
    waiting: list[Block] = []  # ends of differences, which need their starts first
    for i, column in enumerate(columns):
        if column.type == "constant":
            continue
        if column.is_category:
            if i in group_of or i not in joined:
                blocks.append(_make_categories(columns, cells, rows, group_of.get(i, (i,)), max_categories))
        elif i in start_of:
            waiting.append(_make_numbers(columns, cells, rows, i, start_of[i]))
        else:
            blocks.append(_make_numbers(columns, cells, rows, i, None))
    order = {end: place for place, end in enumerate(_order_ends(start_of))}
    return columns, blocks + sorted(waiting, key=lambda block: order[block.column])


def _order_ends(start_of: Mapping[int, int]) -> list[int]:
    """Return the ends of differences, each after its own start."""
    order: list[int] = []
    while len(order) < len(start_of):
        ready = [
            end
            for end, start in start_of.items()
            if end not in order and (start not in start_of or start in order)
        ]
        if not ready:
            raise ValueError("le: expected pairs (start, end) without a circle, got one")
        order += ready
    return order


def _make_categories(
    columns: Sequence[Column], cells: np.ndarray, rows: np.ndarray, group: tuple[int, ...], most: int
) -> Categories:
    sizes = [len(columns[i].values) for i in group]
    indices = [
        np.where(np.isnan(cells[:, i]), size, cells[:, i]).astype(np.int64)
        for i, size in zip(group, sizes, strict=True)
    ]
    key = indices[0]
    for index, size in zip(indices[1:], sizes[1:], strict=True):
        key = key * (size + 1) + index
    trained = np.zeros(len(cells), bool)
    trained[rows] = True
    keys, inverse = np.unique(key, return_inverse=True)
    counts = np.bincount(inverse[trained], minlength=len(keys))
    if len(group) == 1:  # every value of the schema, also one that no row has
        keys, counts = _add_values(keys, counts, columns[group[0]])
    order = np.argsort(-counts, kind="stable")
    keys, counts = keys[order], counts[order]
    parts = []
    for size in reversed(sizes[1:]):
        parts.append(keys % (size + 1))
        keys = keys // (size + 1)
    combined = np.stack([keys, *reversed(parts)], axis=1)
    # One of the rarest values is drawn by its count: not all counts may be 0
    counts = np.maximum(counts, 0 if counts[min(most, len(counts)) - 1 :].any() else 1)
    return Categories(
        group,
        tuple(tuple(row) for row in combined.tolist()),
        tuple(counts.tolist()),
        min(len(combined), most),
    )


def _add_values(keys: np.ndarray, counts: np.ndarray, column: Column) -> tuple[np.ndarray, np.ndarray]:
    full = np.arange(len(column.values) + (column.missing is not None))
    filled = np.zeros(len(full), np.int64)
    inside = keys < len(full)
    filled[keys[inside]] = counts[inside]
    return full, filled


def _make_numbers(
    columns: Sequence[Column], cells: np.ndarray, rows: np.ndarray, number: int, start: int | None
) -> Numbers:
    column, x = columns[number], cells[:, number]
    low, high, minus = column.low, column.high, None
    spikes = column.spikes
    if start is not None:
        minus = start, float(columns[start].low)
        x = column.round(x - np.where(np.isnan(cells[:, start]), minus[1], cells[:, start]))
        low, high = min(0.0, float(np.nanmin(x))), float(np.nanmax(x))
        spikes = find_spikes(x[~np.isnan(x)], len(x))
    known = x[rows]
    known = known[~np.isnan(known)]
    rest = known[~np.isin(known, spikes)] if spikes else known
    if not len(rest) and not spikes:
        rest = np.array([low, high])
    return Numbers(number, low, high, column.missing is not None, spikes, fit_mixture(rest), minus)
