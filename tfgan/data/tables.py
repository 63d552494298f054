"""Open a table: a CSV file, or a frame in memory."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from tfgan.core import csv_file, files
from tfgan.core.csv_file import Layout
from tfgan.core.registry import nearest
from tfgan.data import recognition
from tfgan.data.recognition import NumberColumn, Options, TextColumn
from tfgan.data.source import HELD_OUT_SEED, HELD_OUT_SHARE, FiniteSource, Request, in_memory, split
from tfgan.kinds import fitting
from tfgan.kinds.columns import Column, is_missing, read_dates
from tfgan.kinds.table import Table

SCHEMA_KEYS = ("columns", "identifiers", "le", "combinations", "target", "group")
COLUMN_KEYS = ("name", "type", "values", "range", "decimals", "padded", "format", "missing")


def csv(request: Request) -> FiniteSource:
    """Open a CSV file as a table, a tenth of its rows held out; `tfgan.data.recognition` tells the types of its columns.

    Raises:
        ValueError: a file, a schema or an option that does not fit; the message names the culprit.
    """
    path = files.expand_home(request.path)
    layout = csv_file.read_layout(path)
    schema = read_schema(request.schema)
    names = layout.names
    options = _split_names(_options(request), names)
    recognition.check_names(str(path), options, schema, names)
    drop = set(options.drop)
    as_text = set(options.categorical)
    if "columns" in schema:
        described = {each["name"] for each in schema["columns"]}
        kept = described | set(schema.get("identifiers", ())) | {options.group or schema.get("group")}
        drop |= {name for name in names if name not in kept}
        as_text |= {
            each["name"] for each in schema["columns"] if each.get("type") in ("category", "constant", "date")
        }
    if len(drop) == len(names):
        raise ValueError(f"{path}: expected a column that is kept, got --drop of all {len(names)}")
    raw = recognition.read_columns(
        path, layout, as_text=tuple(as_text), drop=tuple(drop), budget=options.memory_budget
    )
    layout = layout._replace(names=tuple(name for name in names if name not in drop))
    return _open(f"csv:{path}", str(path), raw, layout, options, schema)


def from_frame(
    frame: Any,
    *,
    target: str | None = None,
    categorical: Sequence[str] = (),
    drop: Sequence[str] = (),
    group: str | None = None,
    max_categories: int = 100,
    schema: str | Mapping[str, Any] | None = None,
) -> FiniteSource:
    """Open a frame, such as one of pandas or polars, or a dict of columns, as a table.

    The frame has `columns` and is indexed by their names; neither library is needed here.

    Args:
        frame: the table; None, NaN and NaT are missing cells.
        target: column that the others are to predict.
        categorical: columns that are categories though they hold numbers.
        drop: columns to leave out.
        group: column; rows of one value are never split between training and held-out ones.
        max_categories: choices of a category; the rarest values share one.
        schema: as `--schema` takes it: a file's name, or its content.

    Raises:
        ValueError: a frame without rows, or one that does not fit; the message names the column.

    Example:
        >>> source = tfgan.data.from_frame({"age": [31, 47, 52], "city": ["Rome", "Oslo", "Rome"]})
    """
    keys = {str(name): name for name in getattr(frame, "columns", frame)}
    names = list(keys)
    options = _split_names(Options(target, tuple(categorical), tuple(drop), group, max_categories), names)
    schema = read_schema(schema)
    recognition.check_names("the frame", options, schema, names)
    kept = [name for name in names if name not in options.drop]
    if "columns" in schema:
        known = {each["name"] for each in schema["columns"]} | {group, schema.get("group")}
        known |= set(schema.get("identifiers", ()))
        kept = [name for name in kept if name in known]
    categories = {
        each["name"] for each in schema.get("columns", ()) if each.get("type") not in ("integer", "decimal")
    }
    raw = {
        name: _from_values(frame[keys[name]], as_text=name in options.categorical or name in categories)
        for name in kept
    }
    lengths = {name: _length(column) for name, column in raw.items()}
    if len(set(lengths.values())) != 1 or not min(lengths.values()):
        raise ValueError(f"frame: expected columns of one length and rows, got {lengths}")
    return _open("frame", "frame", raw, Layout(tuple(kept)), options, schema)


def _options(request: Request) -> Options:
    return Options(
        request.target,
        tuple(request.categorical),
        tuple(request.drop),
        request.group,
        request.max_categories,
        request.memory_budget,
    )


def _split_names(options: Options, names: Sequence[str]) -> Options:
    """Return the options with names apart that a flag joins by commas."""
    return options._replace(
        categorical=csv_file.split_names(options.categorical, names),
        drop=csv_file.split_names(options.drop, names),
    )


def _open(
    name: str,
    what: str,
    raw: dict[str, NumberColumn | TextColumn],
    layout: Layout,
    options: Options,
    schema: Mapping[str, Any],
) -> FiniteSource:
    """Return the source of columns that are read; `what` begins its messages."""
    options = options._replace(
        target=options.target or schema.get("target"), group=options.group or schema.get("group")
    )
    count = _length(next(iter(raw.values())))
    groups = None if options.group is None else _group_codes(raw[options.group])
    if "columns" in schema:
        columns, by_name, identifiers = _apply_schema(what, raw, schema, options)
    else:
        columns, by_name, identifiers = recognition.recognize(what, raw, options)
    columns, identifiers = _leave_groups_out(columns, by_name, identifiers, options)
    if not columns:
        raise ValueError(
            f"{what}: expected a column to model, got identifiers only ({', '.join(identifiers)})"
        )
    cells = np.stack([by_name.pop(column.name) for column in columns], axis=1)
    rows = split(count) if groups is None else split_groups(what, groups)
    le, combinations = _check_constraints(what, schema, columns, cells)
    columns, blocks = fitting.make_blocks(
        columns,
        cells,
        rows[0],
        max_categories=options.max_categories,
        le=le,
        combinations=combinations,
    )
    if options.target is not None and options.target not in [column.name for column in columns]:
        raise ValueError(
            f"--target: expected a column that is modeled, got {options.target!r}, which is an identifier"
        )
    table = Table.of(
        columns,
        blocks,
        header=layout.names,
        target=options.target,
        delimiter=layout.delimiter,
        line_end=layout.line_end,
    )
    recognition.check_width(what, table)
    stored = table.compress(cells)
    del cells
    return in_memory(
        name,
        stored,
        None,
        rows=rows,
        kind=table,
        fingerprint=fingerprint(table, stored),
        note=describe(table, count, identifiers),
    )


def with_target(table: Table, target: str) -> Table:
    """Return the table with another target; raise `ValueError` where it has no such column."""
    names = [column.name for column in table.columns]
    if target not in names:
        raise ValueError(f"--target: expected a column of the table, got {target!r}{nearest(target, names)}")
    return dataclasses.replace(table, target=target)


def fingerprint(table: Table, stored: tuple[np.ndarray, np.ndarray]) -> str:
    """Return a function of the content: of the schema and all cells."""
    digest = hashlib.sha256(json.dumps(table.to_schema(), sort_keys=True).encode())
    for array in stored:
        digest.update(array.dtype.str.encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:16]


def describe(table: Table, count: int, identifiers: Sequence[str]) -> str:
    """Count the columns by type in one line."""
    types = Counter(column.type for column in table.columns)
    words = {
        "category": ("category", "categories"),
        "constant": ("constant", "constants"),
        "integer": ("whole number", "whole numbers"),
        "decimal": ("decimal", "decimals"),
        "date": ("date", "dates"),
    }
    counts = ", ".join(f"{number} {words[type][number > 1]}" for type, number in types.items())
    text = f"{count} rows; {counts}"
    if identifiers:
        text += f"; identifiers, which are left out and written as 1, 2, ...: {', '.join(identifiers)}"
    return text


def split_groups(what: str, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of training and of held-out rows, about a tenth; rows of one group, int (n,), stay together."""
    count = int(groups.max()) + 1
    if count < 2:
        raise ValueError(f"--group: expected two groups or more in {what}, got one")
    order = np.random.default_rng(HELD_OUT_SEED).permutation(count)
    sizes = np.bincount(groups, minlength=count)[order]
    held = int(np.searchsorted(np.cumsum(sizes), HELD_OUT_SHARE * len(groups))) + 1
    is_held = np.zeros(count, bool)
    is_held[order[: min(held, count - 1)]] = True
    chosen = np.flatnonzero(is_held[groups])
    return np.flatnonzero(~is_held[groups]), np.random.default_rng(HELD_OUT_SEED).permutation(chosen)


def _group_codes(raw: NumberColumn | TextColumn) -> np.ndarray:
    return np.unique(raw.cells if isinstance(raw, NumberColumn) else raw.codes, return_inverse=True)[1]


def _leave_groups_out(columns, by_name, identifiers, options: Options):
    """Make an identifier of a group column of many values: a generated row belongs to no patient."""
    kept, identifiers = [], list(identifiers)
    for column in columns:
        many = not column.is_category or len(column.values) > options.max_categories
        if column.name == options.group and many:
            identifiers.append(column.name)
            by_name.pop(column.name)
        else:
            kept.append(column)
    return kept, identifiers


def _length(raw: NumberColumn | TextColumn) -> int:
    return len(raw.cells if isinstance(raw, NumberColumn) else raw.codes)


# Frames


def _from_values(values: Any, *, as_text: bool) -> NumberColumn | TextColumn:
    """Return one column of a frame as `recognition.read_columns` would."""
    array = np.asarray(values)
    if array.dtype.kind == "M":
        return _to_texts([None if text == "NaT" else text for text in _iso_dates(array)])
    if array.dtype.kind in "iuf" and not as_text:
        whole = array.dtype.kind in "iu" or _are_whole(array)
        if not whole or np.nanmax(np.abs(array.astype(np.float64)), initial=0) < 2**53:
            cells = array.astype(np.float64)  # NaN stays
            return NumberColumn(cells, Counter({"": int(np.isnan(cells).sum())}), whole, None)
    items = array.tolist() if array.ndim == 1 else list(values)
    known = [item for item in items if not is_missing(item)]
    if (
        not as_text
        and known
        and all(isinstance(item, (int, float, Decimal)) and not isinstance(item, bool) for item in known)
    ):
        whole = all(isinstance(item, int) or item == int(item) for item in known)
        if max(abs(item) for item in known) < 2**53:
            cells = np.array([np.nan if is_missing(item) else float(item) for item in items])
            return NumberColumn(cells, Counter({"": len(items) - len(known)}), whole, None)
    return _to_texts(items)


def _are_whole(array: np.ndarray) -> bool:
    """Return whether floats (n,) are whole numbers with gaps, as pandas keeps them."""
    known = array[~np.isnan(array)]
    return 0 < len(known) < len(array) and bool((known == np.floor(known)).all())


def _iso_dates(array: np.ndarray) -> list[str]:
    """Return datetime64 (n,) as ISO texts of the coarsest common format."""
    micros = array.astype("datetime64[us]")
    known = micros[~np.isnat(micros)].astype(np.int64)
    for unit, size in (("D", 86_400 * 10**6), ("s", 10**6), ("us", 1)):
        if not (known % size).any():
            return np.datetime_as_string(micros, unit=unit).tolist()
    return []


def _to_texts(items: Sequence[Any]) -> TextColumn:
    texts = ["" if is_missing(item) else item if isinstance(item, str) else _to_text(item) for item in items]
    index: dict[str, int] = {}
    codes = np.array([index.setdefault(text, len(index)) for text in texts], np.int32)
    return TextColumn(codes, list(index))


def _to_text(item: Any) -> str:
    return item.isoformat() if hasattr(item, "isoformat") else str(item)


# Schemas


def read_schema(schema: str | Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the content of a schema, {} for None; raise `ValueError` where it is no schema."""
    if schema is None:
        return {}
    what = "--schema" if isinstance(schema, Mapping) else f"--schema: {schema}"
    if not isinstance(schema, Mapping):
        path = files.expand_home(schema)
        try:
            schema = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise ValueError(f"{what}: expected a JSON file, got none ({error.strerror})") from None
        except ValueError as error:
            raise ValueError(f"{what}: expected JSON as python -m tfgan.data prints it ({error})") from None
    if not isinstance(schema, Mapping):
        raise ValueError(
            f"{what}: expected an object with {', '.join(SCHEMA_KEYS)}, got {type(schema).__name__}"
        )
    if unknown := [key for key in schema if key not in SCHEMA_KEYS]:
        raise ValueError(f"{what}: expected the keys {', '.join(SCHEMA_KEYS)}, got {unknown[0]!r}")
    for each in schema.get("columns", ()):
        if not isinstance(each, Mapping) or not isinstance(each.get("name"), str) or "type" not in each:
            raise ValueError(f"{what}: expected columns with a name and a type, got {each!r}")
        if unknown := [key for key in each if key not in COLUMN_KEYS]:
            raise ValueError(
                f"{what}: expected the keys {', '.join(COLUMN_KEYS)} of a column, got {unknown[0]!r} of {each['name']!r}"
            )
    return dict(schema)


def _apply_schema(
    what: str, raw: dict[str, NumberColumn | TextColumn], schema: Mapping[str, Any], options: Options
) -> tuple[list[Column], dict[str, np.ndarray], list[str]]:
    """Return columns, cells and identifiers as `recognition.recognize` does, with the types that the schema names."""
    columns, cells, order = [], {}, {name: place for place, name in enumerate(raw)}
    for record in schema["columns"]:
        name = record["name"]
        if name in options.drop:
            continue
        found = raw.pop(name)
        try:
            column = _read_column(record, found)
            cells[name] = _read_cells(column, found)
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(f"--schema: {what} does not fit: {error}") from None
        known = cells[name][~np.isnan(cells[name])]
        if not column.is_category:
            column = dataclasses.replace(column, spikes=recognition.find_spikes(known, len(cells[name])))
        columns.append(column)
    columns.sort(key=lambda column: order[column.name])
    return columns, cells, [name for name in schema.get("identifiers", ()) if name in raw]


def _read_column(record: Mapping[str, Any], raw: NumberColumn | TextColumn) -> Column:
    """Return the column that a record of a schema describes."""
    name, type = record["name"], record["type"]
    about: dict[str, Any] = {
        key: record[key] for key in ("missing", "decimals", "padded", "format") if key in record
    }
    if type in ("category", "constant"):
        return Column(name, type, values=tuple(str(each) for each in record.get("values", ())), **about)
    if type != "date" and not isinstance(raw, NumberColumn):
        raise ValueError(f"column {name!r}: expected numbers, got texts")
    plain = Column(name, type, low=0.0, high=0.0, **about)
    if "range" not in record:
        known = _read_cells(plain, raw, check=False)
        low, high = np.nanmin(known), np.nanmax(known)
    else:
        low, high = plain.to_cells(record["range"]) if type == "date" else map(float, record["range"])
    if plain.up and plain.step <= 1:  # a bound between two numbers that the column can write moves inwards
        nearest_low, nearest_high = plain.round(np.array([low, high]))
        low = nearest_low if nearest_low >= low else nearest_low + 1 / plain.up
        high = nearest_high if nearest_high <= high else nearest_high - 1 / plain.up
    return dataclasses.replace(plain, low=float(low), high=float(high))


def _read_cells(column: Column, raw: NumberColumn | TextColumn, *, check: bool = True) -> np.ndarray:
    """Return the cells of a column of a known type, float64 (n,); raise `ValueError` where they do not fit it."""
    if isinstance(raw, TextColumn):
        if column.type == "date":
            known = [text for text in raw.texts if not is_missing(text.strip())]
            read_dates([text.strip() for text in known], column.format)  # one format, or an error
        cells = column.to_cells(raw.texts)[raw.codes]
    elif column.is_category:
        raise ValueError(f"column {column.name!r}: expected texts, got numbers")
    else:
        cells = raw.cells
    gone = np.isnan(cells)
    if check and column.missing is None and gone.any():
        raise ValueError(
            f'column {column.name!r}: expected no missing cell, got one in row {gone.argmax() + 1}; give it a "missing" text'
        )
    if check and not column.is_category:
        fits = gone | ((cells >= column.low) & (cells <= column.high))
        if not fits.all():
            raise ValueError(
                f"column {column.name!r}: expected numbers from {column.low:g} to {column.high:g}, got {cells[~fits][0]:g} in row "
                f"{np.argmin(fits) + 1}"
            )
        if column.is_integer and not (gone | (cells == np.floor(cells))).all():
            raise ValueError(
                f"column {column.name!r}: expected whole numbers, got {cells[cells != np.floor(cells)][0]:g}"
            )
        cells = column.round(cells)
    return cells


def _check_constraints(
    what: str, schema: Mapping[str, Any], columns: Sequence[Column], cells: np.ndarray
) -> tuple[list[tuple[str, str]], list[list[str]]]:
    """Return the constraints of a schema; raise `ValueError` where a column or a row does not fit."""
    number = {column.name: i for i, column in enumerate(columns)}
    le = [tuple(pair) for pair in schema.get("le", ())]
    combinations = [list(group) for group in schema.get("combinations", ())]
    for key, groups in (("le", le), ("combinations", combinations)):
        for group in groups:
            for name in group:
                if name not in number:
                    raise ValueError(
                        f"--schema: {key}: expected a column of {what}, got {name!r}{nearest(name, list(number))}"
                    )
    for pair in le:
        _check_order(pair, number, columns, cells)
    ends = [end for _, end in le]
    if repeated := [end for end in ends if ends.count(end) > 1]:
        raise ValueError(
            f"--schema: le: expected each column at most once as an end, got {repeated[0]!r} twice"
        )
    seen: set[str] = set()
    for group in combinations:
        wrong = [name for name in group if columns[number[name]].type != "category" or name in seen]
        if wrong or len(group) < 2:
            raise ValueError(
                f"--schema: combinations: expected two categories or more, each in one group, got {', '.join(group)}"
            )
        seen |= set(group)
    return le, combinations


def _check_order(pair: tuple[str, ...], number: Mapping[str, int], columns, cells: np.ndarray) -> None:
    if len(pair) != 2:
        raise ValueError(f"--schema: le: expected pairs [start, end], got {list(pair)}")
    start, end = (columns[number[name]] for name in pair)
    if start.is_category or end.is_category or (start.type == "date") != (end.type == "date"):
        raise ValueError(
            f"--schema: le: expected two numbers or two dates, got {start.name!r} and {end.name!r}"
        )
    if start.type == "date" and start.format != end.format:
        raise ValueError(f"--schema: le: expected dates of one format, got {start.format} and {end.format}")
    if start.up > end.up > 0 or (start.up == 0) != (end.up == 0):
        raise ValueError(
            f"--schema: le: expected as many decimals in {end.name!r} as in {start.name!r}, got fewer"
        )
    wrong = cells[:, number[end.name]] < cells[:, number[start.name]]
    if wrong.any():
        raise ValueError(
            f"--schema: le: expected {start.name!r} <= {end.name!r} in every row, got a larger one in row {wrong.argmax() + 1}"
        )
