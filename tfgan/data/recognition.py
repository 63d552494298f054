"""Recognize the columns of a table: types, values, ranges, spikes, components."""

from __future__ import annotations

import collections
import dataclasses
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tfgan.core import csv_file
from tfgan.core.csv_file import MISSING, Layout
from tfgan.core.registry import nearest
from tfgan.kinds.columns import LARGEST_WHOLE, Column, find_date_format, read_dates
from tfgan.kinds.fitting import describe_numbers
from tfgan.kinds.mixture import find_spikes
from tfgan.kinds.table import MOST_ENTRIES, Table

DISTINCT_SHARE = 0.95  # of texts: so many different ones are identifiers
NUMBER_SHARE = 0.9  # of texts: with so many numbers the others are faults
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
THOUSANDS = re.compile(r"[+-]?\d{1,3}([ '\u00a0\u202f]\d{3})+(\.\d+)?")
OTHER_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./]\d{1,2}[./]\d{1,2}|\d{4}-\d\d-\d\d.*")


class Options(NamedTuple):
    """Choices of the user about a table; `tfgan.data.source.Request` describes them."""

    target: str | None = None
    categorical: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    group: str | None = None
    max_categories: int = 100
    memory_budget: int = 2**31


@dataclasses.dataclass
class NumberColumn:
    """A column all of whose cells are numbers or missing.

    Attributes:
        cells: float64 (n,), NaN where missing.
        missing: how often each text of a missing cell occurs.
        is_integer: whether all are written as whole numbers.
        width: digits after the point if all have equally many; None otherwise.
    """

    cells: np.ndarray
    missing: collections.Counter
    is_integer: bool
    width: int | None


@dataclasses.dataclass
class TextColumn:
    """A column of texts.

    Attributes:
        codes: int32 (n,), the numbers of the texts.
        texts: in the order in which they appear.
    """

    codes: np.ndarray
    texts: list[str]


# Reading


def read_columns(
    path: Path, layout: Layout, *, as_text: Sequence[str] = (), drop: Sequence[str] = (), budget: int = 2**31
) -> dict[str, NumberColumn | TextColumn]:
    """Read a CSV file by columns; a column is one of numbers if all of its cells are.

    Args:
        path: of the file.
        layout: of the file.
        as_text: columns to read as texts, whatever they hold.
        drop: columns to leave out.
        budget: bytes that the columns may take.

    Raises:
        ValueError: faults of the file, no rows, an infinite number, or more bytes than the budget.
    """
    wanted = [i for i, name in enumerate(layout.names) if name not in drop]
    texts = {i for i in wanted if layout.names[i] in as_text}
    while True:
        readers = {i: _TextReader() if i in texts else _NumberReader() for i in wanted}
        failed = set()
        for first, columns in csv_file.read_chunks(path, layout):
            for i in wanted:
                if i in failed or readers[i].add(columns[i], first):
                    continue
                if first > 1:
                    failed.add(i)
                    continue
                readers[i] = _TextReader()
                readers[i].add(columns[i], first)
            if (size := sum(reader.size for reader in readers.values())) > budget:
                raise ValueError(
                    f"{path}: expected at most {budget // 2**20} MiB in memory, got {size // 2**20} in the first {first} rows; "
                    "raise --memory_budget_mib, or --drop the columns of long texts"
                )
        if not failed:
            break
        texts |= failed  # a second pass: the texts of the first rows are gone
    if not any(reader.size for reader in readers.values()):
        raise ValueError(f"{path}: expected rows below the header, got none")
    for i, reader in readers.items():
        if fault := reader.fault:
            raise ValueError(
                f"{path}: expected finite numbers in column {layout.names[i]!r}, got {fault[1]!r} in row {fault[0]}; correct it, or "
                f"use --categorical={layout.names[i]} or --drop={layout.names[i]}"
            )
    return {layout.names[i]: reader.finish() for i, reader in readers.items()}


class _NumberReader:
    """Read a column of numbers, chunk by chunk."""

    def __init__(self):
        self._parts: list[np.ndarray] = []
        self._missing: collections.Counter = collections.Counter()
        self._is_integer, self._widths = True, set()
        self.fault: tuple[int, str] | None = None
        self.size = 0

    def add(self, cells: Sequence[str], first: int) -> bool:
        """Read cells; return False if one of them is no number, or a number that float64 does not hold as it is written."""
        known: Sequence[str] = cells
        try:
            numbers = np.fromiter(map(float, cells), np.float64, len(cells))
            gaps = np.isnan(numbers).any()
        except ValueError:
            gaps = True
        if gaps:
            stripped = [cell.strip() for cell in cells]
            markers = [cell for cell in stripped if cell in MISSING]
            self._missing.update(markers)
            try:
                numbers = np.array([np.nan if cell in MISSING else float(cell) for cell in stripped])
            except ValueError:
                return False
            known = [cell for cell in stripped if cell not in MISSING]
            if np.isnan(numbers).sum() > len(markers):  # "nan" in other letters
                return False
        if not self._check(known, numbers[~np.isnan(numbers)] if gaps else numbers):
            return False
        if self.fault is None and np.isinf(numbers).any():
            row = int(np.isinf(numbers).argmax())
            self.fault = first + row, cells[row]
        self._parts.append(numbers)
        self.size += numbers.nbytes
        return True

    def _check(self, texts: Sequence[str], numbers: np.ndarray) -> bool:
        """Note how numbers are written; return False for 1_000, for 007, and for whole numbers beyond 2^53."""
        joined = "".join(texts)
        if "_" in joined:
            return False
        if "." in joined or "e" in joined or "E" in joined or "n" in joined:
            self._is_integer = False
            if self._widths is not None:
                self._widths |= {len(text) - text.rfind(".") - 1 if "." in text else 0 for text in texts}
                if len(self._widths) > 1 or "e" in joined or "E" in joined:
                    self._widths = None
            return True
        if len(texts) and self._widths is not None:
            self._widths.add(0)
        if not len(numbers):
            return True
        if np.abs(numbers).max() >= LARGEST_WHOLE:
            return False
        digits = np.searchsorted(10.0 ** np.arange(1, 17), np.abs(numbers), side="right") + 1
        if len(joined) == digits.sum() + (numbers < 0).sum():
            return True
        # 007 and +7 are no numbers to do sums with; spaces around a number are
        return not any(re.match(r"\s*([+]|-?0\d)", text) for text in texts)

    def finish(self) -> NumberColumn:
        width = self._widths.pop() if self._widths and len(self._widths) == 1 else None
        cells = np.concatenate(self._parts)
        self._parts.clear()
        return NumberColumn(cells, self._missing, self._is_integer, width)


class _TextReader:
    """Read a column of texts, chunk by chunk."""

    fault = None

    def __init__(self):
        self._parts: list[np.ndarray] = []
        self._index: collections.defaultdict[str, int] = collections.defaultdict()
        self._index.default_factory = self._index.__len__
        self._seen = self._bytes = 0
        self.size = 0

    def add(self, cells: Sequence[str], first: int) -> bool:
        codes = np.fromiter(map(self._index.__getitem__, cells), np.int32, len(cells))
        self._parts.append(codes)
        new = len(self._index) - self._seen
        if new:
            self._bytes += new * 150 + sum(map(len, cells)) * new // len(cells)
            self._seen = len(self._index)
        self.size += codes.nbytes
        self.size = max(self.size, self._bytes)
        return True

    def finish(self) -> TextColumn:
        codes = np.concatenate(self._parts)
        self._parts.clear()
        return TextColumn(codes, list(self._index))


# Recognition


def recognize(
    source: str,
    columns: Mapping[str, NumberColumn | TextColumn],
    options: Options,
) -> tuple[list[Column], dict[str, np.ndarray], list[str]]:
    """Return the columns, their cells by name, float64 (n,), and the names of identifiers.

    Args:
        source: file or frame, for messages.
        columns: as `read_columns` returns them; it is emptied, as a table may fill the memory.
        options: of the user.

    Raises:
        ValueError: a column that is no number, date or category; the message names it.
    """
    known, cells, identifiers = [], {}, []
    for name in list(columns):
        raw = columns.pop(name)
        found = (
            _recognize_numbers(source, name, raw, options)
            if isinstance(raw, NumberColumn)
            else _recognize_texts(source, name, raw, options)
        )
        if found is None:
            identifiers.append(name)
        else:
            known.append(found[0])
            cells[name] = found[1]
    return known, cells, identifiers


def _recognize_numbers(
    source: str, name: str, raw: NumberColumn, options: Options
) -> tuple[Column, np.ndarray] | None:
    gone = np.isnan(raw.cells)
    missing = raw.missing.most_common(1)[0][0] if gone.any() else None
    known = raw.cells[~gone]
    if not len(known):
        raise ValueError(
            f"{source}: expected values in column {name!r}, got missing cells only; use --drop={name}"
        )
    column = describe_numbers(name, known, raw.is_integer, raw.width, missing)
    distinct, counts = np.unique(known, return_counts=True)
    if len(distinct) <= 2 or name in options.categorical:
        order = np.argsort(-counts, kind="stable")
        texts = column.to_texts(distinct[order])
        rank = np.empty(len(order))
        rank[order] = np.arange(len(order))
        codes = np.full(len(raw.cells), np.nan)
        codes[~gone] = rank[np.searchsorted(distinct, known)]
        return _make_category(name, texts, missing), codes
    if raw.is_integer and known[0] in (0, 1) and missing is None and (np.diff(known) == 1).all():
        return None  # the rows are numbered
    spikes = find_spikes(known, len(raw.cells))
    return dataclasses.replace(column, spikes=spikes), raw.cells


def _recognize_texts(
    source: str, name: str, raw: TextColumn, options: Options
) -> tuple[Column, np.ndarray] | None:
    counts = np.bincount(raw.codes, minlength=len(raw.texts))
    is_gap = np.array([text.strip() in MISSING for text in raw.texts], bool)
    missing = None
    if is_gap.any():
        missing = raw.texts[int(np.where(is_gap, counts, -1).argmax())].strip()
    texts = [text for text, gap in zip(raw.texts, is_gap, strict=True) if not gap]
    if not texts:
        raise ValueError(
            f"{source}: expected values in column {name!r}, got missing cells only; use --drop={name}"
        )
    of_text = counts[~is_gap]
    values = np.full(len(raw.texts), np.nan)
    if name not in options.categorical:
        format = _date_format(source, name, texts)
        if format:
            values[~is_gap] = seconds = read_dates([text.strip() for text in texts], format)
            if len(texts) > 2:
                column = Column(
                    name, "date", missing=missing, low=seconds.min(), high=seconds.max(), format=format
                )
                cells = values[raw.codes]
                return dataclasses.replace(
                    column, spikes=find_spikes(cells[~np.isnan(cells)], len(cells))
                ), cells
        _refuse_faults(source, name, texts, of_text, options)
    if len(texts) > options.max_categories and name not in options.categorical:
        if len(texts) >= DISTINCT_SHARE * of_text.sum():
            return None
        _refuse_numbers(source, name, texts, of_text)
    order = np.argsort(-of_text, kind="stable")
    rank = np.empty(len(order))
    rank[order] = np.arange(len(order))
    values[~is_gap] = rank
    return _make_category(name, [texts[i] for i in order], missing), values[raw.codes]


def _make_category(name: str, texts: Sequence[str], missing: str | None) -> Column:
    constant = len(texts) == 1 and missing is None
    return Column(name, "constant" if constant else "category", values=tuple(texts), missing=missing)


def _date_format(source: str, name: str, texts: Sequence[str]) -> str | None:
    """Return the format of ISO dates; None if a text is no date.

    Raises:
        ValueError: dates of several formats, or days that no calendar has.
    """
    if not OTHER_DATE.fullmatch(texts[0].strip()):
        return None
    stripped = [text.strip() for text in texts]
    formats = {find_date_format(text) for text in stripped}
    if len(formats) == 1 and (format := formats.pop()):
        try:
            read_dates(stripped, format)
        except ValueError as error:
            raise ValueError(
                f"{source}: expected dates as {format} in column {name!r}, got one of no calendar ({error})"
            ) from None
        return format
    if all(OTHER_DATE.fullmatch(text) for text in stripped) and len(formats | {None}) > 1:
        first = find_date_format(stripped[0])
        other = next((text for text in stripped if find_date_format(text) != first), stripped[-1])
        raise ValueError(
            f"{source}: expected dates of one ISO format in column {name!r}, got {stripped[0]!r} and {other!r}; "
            f"use --categorical={name} or --drop={name} if they are no dates"
        )
    return None


def _refuse_faults(
    source: str, name: str, texts: Sequence[str], counts: np.ndarray, options: Options
) -> None:
    """Raise `ValueError` for numbers with a decimal comma, or with spaces between thousands."""
    for pattern, about in (
        (DECIMAL_COMMA, "a decimal point"),
        (THOUSANDS, "numbers without separators of thousands"),
    ):
        found = [text for text in texts if pattern.fullmatch(text.strip())]
        if found and all(pattern.fullmatch(text.strip()) or _is_number(text) for text in texts):
            raise ValueError(
                f"{source}: expected {about} in column {name!r}, got {found[0]!r}; write 1234.5, or use --categorical={name}"
            )


def _refuse_numbers(source: str, name: str, texts: Sequence[str], counts: np.ndarray) -> None:
    """Raise `ValueError` where nearly all texts are numbers that float64 holds, or whole numbers beyond it."""
    numbers = np.array([_is_number(text) for text in texts])
    share = counts[numbers].sum() / counts.sum()
    if share == 1:
        large = next((text for text in texts if abs(float(text)) >= LARGEST_WHOLE), None)
        if large is not None:
            raise ValueError(
                f"{source}: expected whole numbers below 2^53 in column {name!r}, got {large!r}; use --categorical={name} or --drop={name}"
            )
    elif share >= NUMBER_SHARE:
        odd = texts[int(np.flatnonzero(~numbers)[0])]
        raise ValueError(
            f"{source}: expected numbers in column {name!r}, as in {share:.1%} of its rows, got {odd!r}; leave such cells empty, or use "
            f"--categorical={name} or --drop={name}"
        )


def _is_number(text: str) -> bool:
    try:
        return "_" not in text and float(text) == float(text)
    except ValueError:
        return False


# Checks


def check_width(source: str, table: Table) -> None:
    """Raise `ValueError` for a table without anything to model, or for rows of more than 2,000 entries."""
    if not table.blocks:
        raise ValueError(f"{source}: expected a column that is neither constant nor an identifier, got none")
    width = table.shape[0]
    if width > MOST_ENTRIES:
        largest = sorted(table.blocks, key=lambda block: -block.choices)[:3]
        names = ", ".join(f"{table.columns[block.columns[0]].name} ({block.choices})" for block in largest)
        raise ValueError(
            f"{source}: expected at most {MOST_ENTRIES} entries of an encoded row, got {width}, most of {names}; "
            "lower --max_categories, or --drop columns"
        )


def check_names(source: str, options: Options, schema: Mapping[str, Any], names: Sequence[str]) -> None:
    """Raise `ValueError` where a flag or the schema names a column that the table does not have."""
    wanted = [
        ("--target", [options.target] if options.target else []),
        ("--group", [options.group] if options.group else []),
        ("--categorical", options.categorical),
        ("--drop", options.drop),
        ("--schema", [each["name"] for each in schema.get("columns", ())]),
    ]
    for flag, given in wanted:
        for name in given:
            if name not in names:
                raise ValueError(
                    f"{flag}: expected a column of {source}, got {name!r}{nearest(name, list(names))}"
                )
    if options.target in options.drop and options.target:
        raise ValueError(
            f"--target: expected a column that is kept, got {options.target!r}, which --drop names"
        )
