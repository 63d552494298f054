"""Parts of an encoded row of a table, and the code between cells and rows.

A row in training units has one block after another: of a column of numbers, a place within a component (tanh)
and the choice of the component (softmax); of a category, the choice of its value (softmax). A spike of a
number, and a missing cell, are further choices.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfgan.kinds.columns import Column
from tfgan.kinds.mixture import EDGE, Component
from tfgan.kinds.span import Span

LEVELS = 16.0  # of an entry in [-1, 1], for the hash of a row
PRIME = 2**31 - 1


@dataclasses.dataclass(frozen=True)
class Numbers:
    """Block of a column of numbers or dates.

    Args:
        column: its number.
        low: least number.
        high: largest number.
        missing: whether a choice stands for a missing cell.
        spikes: numbers that are choices of their own.
        components: of the other numbers.
        minus: number of a column that is subtracted, and its least cell, which stands for a missing one; None
            for none. With it the block's numbers are differences.
    """

    column: int
    low: float
    high: float
    missing: bool = False
    spikes: tuple[float, ...] = ()
    components: tuple[Component, ...] = ()
    minus: tuple[int, float] | None = None

    @property
    def choices(self) -> int:
        return len(self.components) + len(self.spikes) + self.missing

    @property
    def columns(self) -> tuple[int, ...]:
        return (self.column,)


@dataclasses.dataclass(frozen=True)
class Categories:
    """Block of one category column, or of several whose values occur in fixed combinations.

    Args:
        columns: their numbers.
        rows: the indices of a combination's values, the most frequent first, with the number of values for a
            missing cell.
        counts: of each combination among the rows of the table.
        width: choices; where there are more combinations, the last choice stands for the rarest ones, and one
            of these is drawn by its count.
    """

    columns: tuple[int, ...]
    rows: tuple[tuple[int, ...], ...]
    counts: tuple[int, ...]
    width: int

    @property
    def choices(self) -> int:
        return self.width


Block = Numbers | Categories


def to_json(block: Block) -> dict[str, Any]:
    """Return a block as plain JSON values."""
    record = dataclasses.asdict(block)
    if isinstance(block, Numbers):
        record["components"] = [list(each) for each in block.components]
        return {"type": "numbers", **record}
    if len(block.columns) == 1:  # the indices alone
        record["rows"] = [row[0] for row in block.rows]
    return {"type": "categories", **record}


def from_json(record: Mapping[str, Any]) -> Block:
    """Return the block that `to_json` described."""
    record = dict(record)
    if record.pop("type") == "numbers":
        minus = record["minus"]
        return Numbers(
            **{
                **record,
                "spikes": tuple(record["spikes"]),
                "components": tuple(Component(*each) for each in record["components"]),
                "minus": minus and (int(minus[0]), float(minus[1])),
            }
        )
    rows = (tuple(row) if isinstance(row, (list, tuple)) else (row,) for row in record["rows"])
    return Categories(tuple(record["columns"]), tuple(rows), tuple(record["counts"]), record["width"])


def spans_of(blocks: Sequence[Block]) -> tuple[Span, ...]:
    """Return the spans of a row: a block's place within its component first, then its choice."""
    spans = []
    for block in blocks:
        if isinstance(block, Numbers) and block.components:
            spans.append(Span("tanh", 1))
        if block.choices > 1:
            spans.append(Span("softmax", block.choices))
    return tuple(spans)


class Codec:
    """Encode cells as rows in training units, and decode rows; both take arrays or tensors.

    All numbers are computed in float64. Of several components that may hold a number, the one of the largest
    posterior probability does.

    Args:
        columns: of the table.
        blocks: of a row; columns in no block have one value.
        le: pairs (start, end) of columns, in the order in which differences are added up.
    """

    def __init__(self, columns: Sequence[Column], blocks: Sequence[Block]):
        self.columns, self.blocks = columns, blocks
        self.numbers = [block for block in blocks if isinstance(block, Numbers)]
        self.categories = [block for block in blocks if isinstance(block, Categories)]
        self._places = self._find_places()
        self._tabulate_numbers()
        self._hash = np.array(
            [pow(48_271, j + 1, PRIME) for j in range(self._places["width"])], np.int64
        )  # Park & Miller 1988's multiplier: a different factor for each entry

    def _find_places(self) -> dict[str, Any]:
        """Return where a block's entries are in a row."""
        start, of_place, of_choice = 0, {}, {}
        for number, block in enumerate(self.blocks):
            if isinstance(block, Numbers) and block.components:
                of_place[number] = start
                start += 1
            if block.choices > 1:
                of_choice[number] = start
                start += block.choices
        return {"place": of_place, "choice": of_choice, "width": start}

    @property
    def width(self) -> int:
        return self._places["width"]

    def _tabulate_numbers(self) -> None:
        """Lay the numbers of all blocks out as arrays (m, K): a choice k of block m decodes to base + slope x place."""
        m = len(self.numbers)
        most = max((len(block.components) for block in self.numbers), default=0) or 1
        spikes = max((len(block.spikes) for block in self.numbers), default=0) or 1
        choices = max((block.choices for block in self.numbers), default=0) or 1
        self._log = np.full((m, most), -np.inf)
        self._mean, self._deviation = np.zeros((m, most)), np.ones((m, most))
        self._half = np.ones((m, most))
        self._spikes = np.full((m, spikes), np.nan)
        self._base, self._slope = np.full((m, choices), np.nan), np.zeros((m, choices))
        for i, block in enumerate(self.numbers):
            k, s = len(block.components), len(block.spikes)
            if k:
                weight, mean, deviation, half = np.array(block.components).T
                self._log[i, :k] = np.log(weight / deviation)
                self._mean[i, :k], self._deviation[i, :k], self._half[i, :k] = mean, deviation, half
                self._base[i, :k], self._slope[i, :k] = mean, half
            self._spikes[i, :s] = block.spikes
            self._base[i, k : k + s] = block.spikes
        self._count = np.array([len(block.components) for block in self.numbers], np.int64)
        self._spike_count = np.array([len(block.spikes) for block in self.numbers], np.int64)
        self._last = np.array([block.choices - 1 for block in self.numbers], np.int64)
        about = [self.columns[block.column] for block in self.numbers]
        self._up = np.array([column.up for column in about])
        self._step = np.array([max(column.step, 1.0) for column in about])
        self._low = np.array([block.low for block in self.numbers])
        self._high = np.array([block.high for block in self.numbers])

    # Cells to rows

    def encode(self, cells):
        """Return cells, float64 (n, columns), as rows in training units, float32 (n, width)."""
        ops = ops_of(cells)
        place, choice = self._encode_numbers(cells, ops) if self.numbers else (None, None)
        entries, codes = [], []
        number = category = 0
        for block in self.blocks:
            if isinstance(block, Numbers):
                code = choice[:, number]
                if block.components:
                    entries.append(place[:, number : number + 1])
                number += 1
            else:
                code = self._encode_categories(cells, self.categories[category], ops)
                category += 1
            codes.append(code)
            if block.choices > 1:
                entries.append(ops.one_hot(code, block.choices))
        return ops.concat([ops.float32(entry) for entry in entries])

    def _encode_numbers(self, cells, ops):
        """Return the places float64 (n, m) and the choices int64 (n, m) of all number blocks."""
        parts = []
        for block in self.numbers:
            part = cells[:, block.column]
            if block.minus is not None:
                start, least = cells[:, block.minus[0]], block.minus[1]
                part = part - ops.where(ops.isnan(start), ops.zeros_like(start) + least, start)
            parts.append(part)
        x = ops.stack(parts)  # (n, m)
        gone = ops.isnan(x)
        x = self._round(ops.where(gone, ops.zeros_like(x) + self._low, x), ops)
        # log posterior of each component up to a constant
        distance = (x[:, :, None] - self._mean) / self._deviation
        owner = ops.argmax(self._log - 0.5 * distance * distance)  # (n, m)
        flat = owner + np.arange(len(self.numbers)) * self._mean.shape[1]
        place = (x - ops.take(self._mean.ravel(), flat)) / ops.take(self._half.ravel(), flat)
        place = ops.clip(place, -EDGE, EDGE)
        equal = ops.equal(x[:, :, None], self._spikes)
        is_spike, spike = ops.any(equal), ops.argmax(ops.int64(equal))
        code = ops.where(is_spike, self._count + spike, owner)
        # A gap in a column without gaps is encoded as the nearest choice that there is
        code = ops.where(gone, ops.zeros_like(code) + self._last, code)
        return ops.where(code < self._count, place, ops.zeros_like(place)), code

    def _encode_categories(self, cells, block: Categories, ops):
        """Return the choices int64 (n,) of a block."""
        parts = [cells[:, column] for column in block.columns]
        sizes = [len(self.columns[column].values) for column in block.columns]
        indices = [
            ops.int64(ops.where(ops.isnan(part), ops.zeros_like(part) + float(size), part))
            for part, size in zip(parts, sizes, strict=True)
        ]
        key = indices[0]
        for index, size in zip(indices[1:], sizes[1:], strict=True):
            key = key * (size + 1) + index
        keys = self._keys(block)
        found = ops.minimum(ops.searchsorted(keys[0], key), len(keys[0]) - 1)
        # An unknown combination, which `legal` reports, is encoded as another one
        return ops.minimum(ops.take(keys[1], found), block.width - 1)

    def _keys(self, block: Categories) -> tuple[np.ndarray, np.ndarray]:
        """Return the sorted keys of the combinations, and the numbers of these."""
        rows = np.array(block.rows, np.int64)
        key = rows[:, 0]
        for place, column in enumerate(block.columns[1:], 1):
            key = key * (len(self.columns[column].values) + 1) + rows[:, place]
        order = np.argsort(key)
        return key[order], order

    def knows(self, cells: np.ndarray, block: Categories) -> np.ndarray:
        """Return which rows of cells, an array, have a combination of the block, bool (n,)."""
        wide = dataclasses.replace(block, width=len(block.rows))
        codes = self._encode_categories(cells, wide, ops_of(cells))
        known = np.ones(len(cells), bool)
        rows = np.array(block.rows, np.int64)
        for place, column in enumerate(block.columns):
            index = np.where(np.isnan(cells[:, column]), len(self.columns[column].values), cells[:, column])
            known &= rows[codes, place] == index
        return known

    # Rows to cells

    def decode(self, x):
        """Return rows in training units, float32 (n, width), as cells, float64 (n, columns)."""
        ops = ops_of(x)
        codes, places = self._read_choices(x, ops), []
        for number, block in enumerate(self.blocks):
            if isinstance(block, Numbers):
                start = self._places["place"].get(number)
                places.append(ops.float64(x[:, 0]) * 0.0 if start is None else ops.float64(x[:, start]))
        cells: dict[int, Any] = {}
        self._decode_numbers(codes, places, cells, ops)
        uniform = self._draw(x, ops) if any(len(b.rows) > b.width for b in self.categories) else None
        for number, block in enumerate(self.blocks):
            if isinstance(block, Categories):
                self._decode_categories(codes[number], block, number, uniform, cells, ops)
        self._add_starts(cells, ops)
        zero = ops.float64(x[:, 0]) * 0.0
        return ops.stack([cells.get(number, zero) for number in range(len(self.columns))])

    def _read_choices(self, x, ops) -> list:
        """Return the choice of each block, int64 (n,): its largest entry."""
        codes = []
        for number, block in enumerate(self.blocks):
            start = self._places["choice"].get(number)
            codes.append(
                ops.int64(x[:, 0] * 0.0) if start is None else ops.argmax(x[:, start : start + block.choices])
            )
        return codes

    def _decode_numbers(self, codes, places, cells, ops) -> None:
        if not self.numbers:
            return
        code = ops.stack(
            [code for code, block in zip(codes, self.blocks, strict=True) if isinstance(block, Numbers)]
        )
        flat = code + np.arange(len(self.numbers)) * self._base.shape[1]
        x = ops.take(self._base.ravel(), flat) + ops.take(self._slope.ravel(), flat) * ops.stack(places)
        x = ops.clip(self._round(x, ops), self._low, self._high)
        for i, block in enumerate(self.numbers):
            cells[block.column] = x[:, i]

    def _round(self, x, ops):
        """Round numbers (n, m) as their columns are written."""
        up, step = np.where(self._up > 0, self._up, 1.0), self._step
        rounded = ops.divide(ops.round(ops.divide(x * up, step)) * step, up)
        x = ops.where(ops.zeros_like(x) + self._up > 0, rounded, x)
        return ops.where(x == 0, ops.zeros_like(x), x)  # no -0

    def _add_starts(self, cells, ops) -> None:
        """Make ends of differences: end = max(start, start + difference), in the order of the blocks."""
        for block in self.numbers:
            if block.minus is None:
                continue
            column = self.columns[block.column]
            start, least = cells[block.minus[0]], block.minus[1]
            gone = ops.isnan(start)
            end = cells[block.column] + ops.where(gone, ops.zeros_like(start) + least, start)
            if column.up and column.step <= 1:
                end = ops.divide(ops.round(end * column.up), column.up)
            end = ops.clip(end, column.low, column.high)
            cells[block.column] = ops.where(
                ops.logical_or(gone, end >= start), end, ops.where(ops.isnan(end), end, start)
            )

    def _draw(self, x, ops):
        """Return a number in [0, PRIME) for each row, int64 (n,): a hash of its entries on a coarse grid.

        So a decoded row is a function of the encoded one, to which rounding errors of G make no difference.
        """
        grid = ops.int64(ops.round(x * np.float32(LEVELS)))
        return ops.sum(grid * self._hash) % PRIME

    def _decode_categories(self, code, block: Categories, number: int, uniform, cells, ops) -> None:
        if len(block.rows) > block.width:
            rest = np.cumsum(block.counts[block.width - 1 :])
            mixed = (uniform + 1) * (16_807 + number) % PRIME
            mixed = (mixed * 48_271 + number) % PRIME
            drawn = ops.searchsorted(rest, ops.int64(ops.float64(mixed) / PRIME * float(rest[-1])) + 1)
            drawn = ops.minimum(drawn, len(rest) - 1) + (block.width - 1)
            code = ops.where(code == block.width - 1, drawn, code)
        rows = np.array(block.rows, np.float64)
        for place, column in enumerate(block.columns):
            values = rows[:, place]
            values = np.where(values == len(self.columns[column].values), np.nan, values)
            cells[column] = ops.take(values, code)


class _NumPy:
    """The operations of `Codec` on arrays."""

    where, isnan, zeros_like = np.where, np.isnan, np.zeros_like
    clip, equal, minimum, logical_or = np.clip, np.equal, np.minimum, np.logical_or
    round, divide = staticmethod(np.rint), staticmethod(np.divide)

    stack = staticmethod(lambda parts: np.stack(parts, axis=1))
    concat = staticmethod(lambda parts: np.concatenate(parts, axis=1))
    argmax = staticmethod(lambda x: np.argmax(x, axis=-1))
    any = staticmethod(lambda x: np.any(x, axis=-1))
    sum = staticmethod(lambda x: np.sum(x, axis=-1))
    take = staticmethod(lambda table, index: table[index])
    take_columns = staticmethod(lambda x, places: x[:, places])
    searchsorted = staticmethod(lambda table, x: np.searchsorted(table, x))
    one_hot = staticmethod(lambda code, width: np.arange(width) == code[:, None])
    int64 = staticmethod(lambda x: np.asarray(x).astype(np.int64))
    float64 = staticmethod(lambda x: x.astype(np.float64))
    float32 = staticmethod(lambda x: x.astype(np.float32))


@functools.cache
def _tensorflow():
    import tensorflow as tf

    class TensorFlow:
        """The same on tensors."""

        where, isnan, zeros_like = tf.where, tf.math.is_nan, tf.zeros_like
        equal, minimum, logical_or, round = tf.equal, tf.minimum, tf.logical_or, tf.round

        # Grappler turns a plain division by a constant into a product with its inverse, and 81.71 into 81.71000000000001
        divide = staticmethod(lambda x, y: tf.math.divide_no_nan(x, tf.constant(y, tf.float64)))
        stack = staticmethod(lambda parts: tf.stack(parts, axis=1))
        concat = staticmethod(lambda parts: tf.concat(parts, axis=1))
        clip = staticmethod(lambda x, low, high: tf.minimum(tf.maximum(x, low), high))
        argmax = staticmethod(lambda x: tf.argmax(x, axis=-1))
        any = staticmethod(lambda x: tf.reduce_any(x, axis=-1))
        sum = staticmethod(lambda x: tf.reduce_sum(x, axis=-1))
        take = staticmethod(lambda table, index: tf.gather(tf.constant(table), index))
        take_columns = staticmethod(lambda x, places: tf.gather(x, places, axis=1))
        searchsorted = staticmethod(
            lambda table, x: tf.searchsorted(tf.constant(table), x, out_type=tf.int64)
        )
        one_hot = staticmethod(lambda code, width: tf.one_hot(code, width, dtype=tf.float32))
        int64 = staticmethod(lambda x: tf.cast(x, tf.int64))
        float64 = staticmethod(lambda x: tf.cast(x, tf.float64))
        float32 = staticmethod(lambda x: tf.cast(x, tf.float32))

    return TensorFlow


def ops_of(x):
    """Return the operations that suit an array, or a tensor."""
    return _NumPy if isinstance(x, np.ndarray) else _tensorflow()
