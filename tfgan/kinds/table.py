"""Tables: rows of numbers, dates and categories, with the header and the form of the file that they came from."""

from __future__ import annotations

import dataclasses
import functools
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tfgan.core import csv_file
from tfgan.core.csv_file import Layout
from tfgan.core.registry import nearest
from tfgan.kinds import blocks as blocks_lib
from tfgan.kinds import fitting
from tfgan.kinds.blocks import Block, Categories, Codec, Numbers
from tfgan.kinds.columns import Column
from tfgan.kinds.kind import Input, Kind, Output, Signature
from tfgan.kinds.mixture import find_spikes
from tfgan.kinds.units import Units

ROWS_AT_ONCE = 2**14  # encoded at a time: a row takes some kilobytes on the way
HEAD = 20  # rows of the text beside a preview
MOST_ENTRIES = 2000  # of an encoded row


@dataclasses.dataclass(frozen=True)
class Table(Kind):
    """Rows of a table.

    The user's units are cells, float64 (n, columns): the index of a category's value, a number, the seconds of
    a date since 1970, or NaN. Data sets keep cells as a tuple (codes int (n, k), numbers float64 (n, m)), which
    `encode` takes too. Records are the columns by name, each a list of texts, ints, floats or None; dates are
    texts.

    Args:
        columns: that cells have.
        blocks: of a row in training units.
        header: all names of the file in order; a name without a column is an identifier, written as 1, 2, ...
        target: name of the column that others are to predict, or None.
        delimiter: of the file.
        line_end: of the file.

    Raises:
        ValueError: blocks of another width than the shape.
    """

    columns: tuple[Column, ...] = ()
    blocks: tuple[Block, ...] = ()
    header: tuple[str, ...] = ()
    target: str | None = None
    delimiter: str = ","
    line_end: str = "\n"

    name = "table"
    default_network = "mlp"
    expected = "cells of the table"
    unit = "cell"
    array = "rows"
    writers: ClassVar = {**Kind.writers, ".csv": "write_csv"}
    readers: ClassVar = {".csv": "read_csv", ".gz": "read_csv"}
    text_suffix = ".csv"
    preview_shows_reals = True
    preview_count = 1000
    tau = 0.2

    def __post_init__(self) -> None:
        if self.columns and self.shape != (self.codec.width,):
            raise ValueError(f"table: expected shape ({self.codec.width},) of its columns, got {self.shape}")

    @classmethod
    def of(cls, columns: Sequence[Column], blocks: Sequence[Block], **about: Any) -> Table:
        """Return the table of columns and blocks; `about` as the constructor has it."""
        width = sum(span.width for span in blocks_lib.spans_of(blocks))
        header = about.pop("header", tuple(column.name for column in columns))
        return cls((width,), Units(), tuple(columns), tuple(blocks), header, **about)

    @classmethod
    def fit(cls, examples, rows):
        """Return the table of numbers, float (n, columns), NaN where they are missing."""
        cells = np.asarray(examples, np.float64)
        columns = []
        for number, x in enumerate(cells.T):
            known = x[~np.isnan(x)]
            missing = "" if len(known) < len(x) else None
            column = fitting.describe_numbers(f"column_{number}", known, False, None, missing)
            columns.append(dataclasses.replace(column, spikes=find_spikes(known, len(x))))
        return cls.of(*fitting.make_blocks(columns, cells, np.asarray(rows)))

    @functools.cached_property
    def codec(self) -> Codec:
        """The code between cells and rows."""
        return Codec(self.columns, self.blocks)

    @functools.cached_property
    def spans(self):
        return blocks_lib.spans_of(self.blocks)

    # Units

    def encode(self, x):
        """Return cells, or the compact form of a data set, as rows in training units, float32 (n, d)."""
        cells = self.expand(*x) if isinstance(x, (tuple, list)) else x
        if not isinstance(cells, np.ndarray) or len(cells) <= ROWS_AT_ONCE:
            return self.codec.encode(cells)
        made = np.empty((len(cells), *self.shape), np.float32)
        for start in range(0, len(cells), ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            made[part] = self.codec.encode(cells[part])
        return made

    def decode(self, x):
        """Return rows in training units as cells, float64 (n, columns)."""
        return self.codec.decode(x)

    def compress(self, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return cells as a data set keeps them: codes of the smallest integer type (n, k), and numbers float64 (n, m)."""
        categories, numbers = self._split_columns
        sizes = [len(self.columns[number].values) for number in categories]
        dtype = np.min_scalar_type(-max(sizes, default=0) - 1)  # int8, int16 or int32
        codes = np.empty((len(cells), len(categories)), dtype)
        for place, (number, size) in enumerate(zip(categories, sizes, strict=True)):
            codes[:, place] = np.nan_to_num(cells[:, number], nan=size)
        return codes, np.ascontiguousarray(cells[:, numbers])

    def expand(self, codes, numbers):
        """Return the cells that `compress` took, of arrays or tensors."""
        categories, others = self._split_columns
        sizes = np.array([len(self.columns[number].values) for number in categories], np.float64)
        ops = blocks_lib.ops_of(numbers)
        codes = ops.float64(codes)
        codes = ops.where(ops.equal(codes, sizes), ops.zeros_like(codes) + np.nan, codes)
        both = ops.concat([codes, numbers])
        both = ops.concat(
            [both, ops.zeros_like(both[:, :1])]
        )  # constants take the zero behind the last entry
        places = np.full(len(self.columns), len(categories) + len(others))
        places[categories] = np.arange(len(categories))
        places[others] = np.arange(len(others)) + len(categories)
        return ops.take_columns(both, places)

    @functools.cached_property
    def _split_columns(self) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the modeled category columns, and of the columns of numbers."""
        types = [column.type for column in self.columns]
        return (
            np.array([i for i, each in enumerate(types) if each == "category"], np.int64),
            np.array([i for i, each in enumerate(types) if each not in ("category", "constant")], np.int64),
        )

    def legal(self, values):
        """Return which cells are legal, bool (n, columns); a cell that breaks a constraint is not."""
        cells = np.asarray(values)
        legal = np.empty(cells.shape, bool)
        for number, column in enumerate(self.columns):
            x = cells[:, number]
            gone = np.isnan(x)
            if column.is_category:
                fits = (x == np.floor(x)) & (x >= 0) & (x < len(column.values))
            else:
                fits = (x >= column.low) & (x <= column.high) & (column.round(x) == x)
            legal[:, number] = np.where(gone, column.missing is not None, fits)
        for block in self.blocks:
            if isinstance(block, Numbers) and block.minus is not None:
                legal[:, block.column] &= ~(cells[:, block.column] < cells[:, block.minus[0]])
            if isinstance(block, Categories) and len(block.columns) > 1:
                held = legal[:, block.columns].all(axis=1)
                safe = np.where(held[:, None], cells, 0.0)
                legal[:, block.columns[-1]] &= ~held | self.codec.knows(safe, block)
        return legal

    # Records

    def records(self, values: np.ndarray) -> dict[str, list]:
        """Return cells as the columns by name; a missing cell is None, and identifiers are 1, 2, ..."""
        records: dict[str, list] = {}
        for name in self.header:
            number = self._numbers.get(name)
            if number is None:
                records[name] = list(range(1, len(values) + 1))
            else:
                records[name] = self._record(self.columns[number], values[:, number])
        return records

    def _record(self, column: Column, cells: np.ndarray) -> list:
        if column.is_category or column.type == "date":
            made: list = column.to_texts(cells)
        elif column.is_integer:
            made = np.nan_to_num(cells).astype(np.int64).tolist()
        else:
            made = cells.tolist()
        for row in np.flatnonzero(np.isnan(cells)):
            made[row] = None
        return made

    def values(self, records: Mapping[str, Sequence]) -> np.ndarray:
        """Return columns by name, lists, arrays or a frame's columns, as cells, float64 (n, columns).

        Columns that the table does not have are passed over.

        Raises:
            ValueError: a column is missing, columns have different lengths, or a value that its column does not
                have; the message names the column and the row.
        """
        names = {str(name): name for name in getattr(records, "columns", records)}
        parts = []
        for column in self.columns:
            if column.name not in names:
                raise ValueError(
                    f"column {column.name!r}: expected it in the records, got none{nearest(column.name, list(names))}"
                )
            part = records[names[column.name]]
            array = part if isinstance(part, (list, tuple)) else np.asarray(part)
            if not isinstance(array, (list, tuple)):
                array = (array.astype("datetime64[us]") if array.dtype.kind == "M" else array).tolist()
            parts.append(column.to_cells(array))
        if len({len(part) for part in parts}) > 1:
            raise ValueError(
                f"records: expected columns of one length, got {', '.join(str(len(part)) for part in parts)}"
            )
        return np.stack(parts, axis=1)

    def are_records(self, x):
        return isinstance(x, Mapping) or super().are_records(x)

    def matches(self, values, where):
        fits, names = np.ones(len(values), bool), [column.name for column in self.columns]
        for name, text in where.items():
            if name not in names:
                raise ValueError(
                    f"no column {name!r}{nearest(name, names)}; expected one of: {', '.join(names)}"
                )
            column = self.columns[names.index(name)]
            if column.is_category and text not in column.values:
                raise ValueError(
                    f"column {name!r} has no value {text!r}{nearest(text, column.values)}; "
                    f"expected one of: {', '.join(column.values)}"
                )
            fits &= values[:, names.index(name)] == column.to_cells([text])[0]
        return fits

    def read_csv(self, path: Path) -> dict[str, list[str]]:
        """Return the columns of a CSV file by name, as texts."""
        layout = csv_file.read_layout(path)
        records: dict[str, list[str]] = {name: [] for name in layout.names}
        for _, columns in csv_file.read_chunks(path, layout):
            for name, column in zip(layout.names, columns, strict=True):
                records[name] += column
        return records

    def read(self, path):
        try:
            return super().read(path)
        except ValueError as error:
            raise ValueError(
                str(error) if str(error).startswith((str(path), "expected")) else f"{path}: {error}"
            ) from None

    @functools.cached_property
    def _numbers(self) -> dict[str, int]:
        return {column.name: number for number, column in enumerate(self.columns)}

    @property
    def layout(self) -> Layout:
        return Layout(self.header, self.delimiter, self.line_end)

    # Files

    def write_csv(self, path: Path, batches, seeds: np.ndarray) -> None:
        """Write a file with the header, the types and the form of the one that the table was read from."""
        first = 1
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(self._head())
            for cells in batches:
                file.write(self._lines(cells, first))
                first += len(cells)

    def _head(self) -> str:
        return csv_file.join([[csv_file.quote(name, self.delimiter)] for name in self.header], self.layout)

    def _lines(self, cells: np.ndarray, first: int = 1) -> str:
        parts = []
        for name in self.header:
            number = self._numbers.get(name)
            if number is None:
                parts.append([str(first + row) for row in range(len(cells))])
            else:
                parts.append(self._quoted(self.columns[number]).to_texts(cells[:, number]))
        return csv_file.join(parts, self.layout)

    @functools.lru_cache(maxsize=4096)  # noqa: B019 - a table is small and lives as long as its run
    def _quoted(self, column: Column) -> Column:
        """Return a category column whose values are quoted as the file has them; another column as it is."""
        if not column.is_category:
            return column
        values = tuple(csv_file.quote(value, self.delimiter) for value in column.values)
        alone = len(self.header) == 1 and not column.missing  # an empty line is no row
        return dataclasses.replace(column, values=values, missing='""' if alone else column.missing)

    def text(self, values):
        """Return the first rows as a CSV file holds them."""
        return self._head() + self._lines(np.asarray(values)[:HEAD])

    def write_npz(self, path, batches, seeds):
        """Write an array for each column, under its name, and the seeds.

        Categories and dates are texts, "" where they are missing; whole numbers are int64, or float64 with NaN
        where cells may be missing; decimals are float64.
        """
        cells = np.concatenate([*batches])
        arrays = {name: self._array(name, cells) for name in self.header}
        arrays["seeds" if "seeds" not in arrays else "tfgan_seeds"] = seeds
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                    np.lib.format.write_array(file, array, allow_pickle=False)

    def _array(self, name: str, cells: np.ndarray) -> np.ndarray:
        number = self._numbers.get(name)
        if number is None:
            return np.arange(1, len(cells) + 1)
        column, part = self.columns[number], cells[:, number]
        if column.is_category or column.type == "date":
            return np.array(column.to_texts(part, missing=""), np.str_)
        return part.astype(np.int64) if column.is_integer and column.missing is None else part

    def preview_batches(self, batches, count, *, reference=None, columns=None):
        """Draw small multiples of the columns, generated in blue over real in gray, and a heat map of pair errors."""
        from tfgan.kinds import table_picture

        cells = np.concatenate([*batches])
        return table_picture.draw(cells, cells if reference is None else np.asarray(reference), self.columns)

    # Metrics

    def default_metrics(self, num_classes):
        return ["quality", "detection"]

    def stand_ins(self, count):
        """Return rows whose cells are legal and differ from row to row, as far as a column has several values."""
        cells = np.zeros((count, len(self.columns)))
        rows = np.arange(count)
        for number, column in enumerate(self.columns):
            if column.is_category:
                cells[:, number] = rows % len(column.values)
            else:
                share = (rows % 10) / 10
                cells[:, number] = np.clip(
                    column.round(column.low + share * (column.high - column.low)), column.low, column.high
                )
        return self._keep_constraints(cells)

    def _keep_constraints(self, cells: np.ndarray) -> np.ndarray:
        for block in self.blocks:
            if isinstance(block, Numbers) and block.minus is not None:
                cells[:, block.column] = np.maximum(cells[:, block.column], cells[:, block.minus[0]])
            if isinstance(block, Categories):
                rows = np.array(block.rows, np.float64)[np.arange(len(cells)) % len(block.rows)]
                for place, column in enumerate(block.columns):
                    gone = rows[:, place] == len(self.columns[column].values)
                    cells[:, column] = np.where(gone, np.nan, rows[:, place])
        return cells

    # Exported models

    @functools.cached_property
    def _keys(self) -> tuple[str, ...]:
        """Names of the columns as tensors may be called: letters, digits and underscores, all different."""
        keys: list[str] = []
        for column in self.columns:
            key = re.sub(r"\W", "_", column.name, flags=re.ASCII)
            key = key if key[:1].isalpha() else f"column_{key}"
            while key in keys:
                key += "_"
            keys.append(key)
        return tuple(keys)

    def signatures(self):
        """Return the signatures: an output for each column, and lines of a CSV file."""
        outputs = {
            key: Output(
                None if column.is_category or column.type == "date" else (column.low, column.high),
                f"{column.type} {column.name!r}",
            )
            for key, column in zip(self._keys, self.columns, strict=True)
        }
        head = self._head().rstrip("\r\n")
        by_column = Signature(outputs, self._to_tensors)
        lines = Signature(
            {"lines": Output(None, f"line of a CSV file with the header {head}")}, self._to_lines
        )
        return {"serving_default": by_column, "sample": by_column, "sample_csv": lines}

    def _to_tensors(self, cells) -> dict[str, Any]:
        """Return a tensor of cells as a tensor for each column: string, int64 or float64 (n,)."""
        from tfgan.kinds import table_graph

        return {
            key: table_graph.to_tensor(column, cells[:, number])
            for number, (key, column) in enumerate(zip(self._keys, self.columns, strict=True))
        }

    def _to_lines(self, cells) -> dict[str, Any]:
        from tfgan.kinds import table_graph

        parts = {
            column.name: table_graph.to_texts(self._quoted(column), cells[:, number])
            for number, column in enumerate(self.columns)
        }
        return {"lines": table_graph.join([parts.get(name) for name in self.header], cells, self.delimiter)}

    def inputs(self):
        """Return an argument for each modeled column: texts of categories and dates, int64 or float64 numbers."""
        inputs = {}
        for key, column in zip(self._keys, self.columns, strict=True):
            if column.type == "constant":
                continue
            if column.is_category or column.type == "date":
                about = (
                    f"its {len(column.values)} values" if column.is_category else f"dates as {column.format}"
                )
                inputs[key] = Input("string", (), about, None, f"{column.type} {column.name!r}")
            else:
                dtype = "int64" if column.is_integer and column.missing is None else "float64"
                inputs[key] = Input(
                    dtype, (), "numbers", (column.low, column.high), f"{column.type} {column.name!r}"
                )
        return inputs

    def from_inputs(self, tensors):
        from tfgan.kinds import table_graph

        rows = next(iter(tensors.values()))
        return table_graph.to_cells(
            [(column, tensors.get(key)) for key, column in zip(self._keys, self.columns, strict=True)],
            rows,
        )

    def from_outputs(self, outputs):
        """Return cells from the outputs of "serving_default": bytes, int64 or float64 (n,) by name."""
        parts = []
        for key, column in zip(self._keys, self.columns, strict=True):
            array = outputs[key]
            if array.dtype.kind in "OS":
                array = [each.decode() if isinstance(each, bytes) else each for each in array.tolist()]
            parts.append(column.to_cells(array) if isinstance(array, list) else array.astype(np.float64))
        return np.stack(parts, axis=1)

    def to_inputs(self, values):
        inputs = {}
        for key, column in zip(self._keys, self.columns, strict=True):
            if column.type != "constant":
                array = self._array(column.name, np.asarray(values))
                inputs[key] = array.astype(object) if array.dtype.kind == "U" else array
        return inputs

    # Records of runs

    def to_json(self):
        return {
            "columns": [column.to_json() for column in self.columns],
            "blocks": [blocks_lib.to_json(block) for block in self.blocks],
            "header": list(self.header),
            "target": self.target,
            "delimiter": self.delimiter,
            "line_end": self.line_end,
        }

    @classmethod
    def from_json(cls, shape, units, learned):
        learned = dict(learned)
        columns = tuple(Column.from_json(each) for each in learned.pop("columns"))
        blocks = tuple(blocks_lib.from_json(each) for each in learned.pop("blocks"))
        return cls(shape, units, columns, blocks, tuple(learned.pop("header")), **learned)

    def to_schema(self) -> dict[str, Any]:
        """Return the table as plain values that `tfgan.data` prints and `--schema` takes: columns and constraints."""
        names = [column.name for column in self.columns]
        record: dict[str, Any] = {
            "columns": [column.to_schema() for column in self.columns],
            "identifiers": [name for name in self.header if name not in names],
        }
        le = [
            [names[block.minus[0]], names[block.column]]
            for block in self.blocks
            if isinstance(block, Numbers) and block.minus is not None
        ]
        combinations = [
            [names[column] for column in block.columns] for block in self.blocks if len(block.columns) > 1
        ]
        if le:
            record["le"] = le
        if combinations:
            record["combinations"] = combinations
        if self.target is not None:
            record["target"] = self.target
        return record
