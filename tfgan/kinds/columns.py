"""One column of a table: its type, its values, and the way from texts to cells and back.

A *cell* is a float64 number: the index of a category's value, a number itself, or the seconds of a date since
1970. A missing cell is NaN.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from tfgan.core.csv_file import MISSING
from tfgan.core.registry import nearest

Type = Literal["category", "constant", "integer", "decimal", "date"]
TYPES = ("category", "constant", "integer", "decimal", "date")
DIGITS = 15  # significant digits of a number without a fixed number of decimals
LARGEST_WHOLE = 2.0**53  # from here on float64 does not hold every whole number
UNITS = {"D": 86_400, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6}  # NumPy's name of a date's step -> seconds
DATE_FORMATS = {  # format as a schema writes it -> (NumPy's unit, separator, zone)
    "YYYY-MM-DD": ("D", "T", ""),
    **{
        f"YYYY-MM-DD{separator}HH:MM{detail}{zone}": (unit, separator, zone)
        for separator in " T"
        for detail, unit in (("", "m"), (":SS", "s"), (":SS.fff", "ms"), (":SS.ffffff", "us"))
        for zone in ("", "Z")
    },
}


@dataclasses.dataclass(frozen=True)
class Column:
    """A column of a table, as its schema describes it.

    Args:
        name: in the header.
        type: "category"; "constant", which is a category of one value that is not modeled; "integer";
            "decimal"; or "date".
        values: texts of a category's values, the most frequent first.
        missing: text of a missing cell; None where no cell is missing.
        low: least cell of a number or a date.
        high: largest cell of a number or a date.
        decimals: digits after the point of a decimal; None for 15 significant digits.
        padded: whether a decimal is written with all its digits, as 1.50.
        format: of a date, one of `DATE_FORMATS`.
        spikes: numbers that are values of their own, each of 5 % of the rows or more.

    Raises:
        ValueError: arguments that do not fit each other; the message begins with the column's name.
    """

    name: str
    type: Type
    values: tuple[str, ...] = ()
    missing: str | None = None
    low: float | None = None
    high: float | None = None
    decimals: int | None = None
    padded: bool = False
    format: str | None = None
    spikes: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        what = f"column {self.name!r}"
        if self.type not in TYPES:
            raise ValueError(f"{what}: expected a type among {', '.join(TYPES)}, got {self.type!r}")
        if self.is_category and (not self.values or len(set(self.values)) < len(self.values)):
            raise ValueError(f"{what}: expected different values, got {', '.join(self.values) or 'none'}")
        if self.type == "constant" and len(self.values) != 1:
            raise ValueError(f"{what}: expected one value of a constant, got {len(self.values)}")
        if self.type == "date" and self.format not in DATE_FORMATS:
            raise ValueError(f"{what}: expected a format such as 'YYYY-MM-DD', got {self.format!r}")
        if not self.is_category and (self.low is None or self.high is None or not self.low <= self.high):
            raise ValueError(f"{what}: expected a range [low, high], got [{self.low}, {self.high}]")

    @property
    def is_category(self) -> bool:
        """Whether cells are indices of `values`."""
        return self.type in ("category", "constant")

    @property
    def is_integer(self) -> bool:
        return self.type == "integer"

    @property
    def up(self) -> float:
        """Factor that makes whole numbers of a decimal's cells; 0 where cells are not rounded."""
        if self.type == "decimal":
            return 0.0 if self.decimals is None else 10.0**self.decimals
        return 1.0 / self.step if self.step < 1 else 1.0

    @property
    def step(self) -> float:
        """Seconds between two dates of the format; 1 for numbers."""
        return UNITS[DATE_FORMATS[self.format][0]] if self.type == "date" else 1.0

    def round(self, cells: np.ndarray) -> np.ndarray:
        """Return numbers or dates, float64 (n,), rounded as the column is written."""
        if not self.up:
            return cells
        return (
            np.rint(cells * self.up) / self.up if self.step <= 1 else np.rint(cells / self.step) * self.step
        )

    # Texts

    def to_texts(self, cells: np.ndarray, missing: str | None = None) -> list[str]:
        """Return cells, float64 (n,), as a CSV file holds them, before quoting.

        Args:
            cells: float64 (n,).
            missing: text of a missing cell; None for the column's own.
        """
        missing = (self.missing or "") if missing is None else missing
        if self.is_category:
            texts = [*self.values, missing]
            codes = np.where(np.isnan(cells), len(self.values), cells).astype(np.int64)
            return [texts[code] for code in codes.tolist()]
        gaps = np.isnan(cells)
        texts = self._write_all(np.where(gaps, self.low, cells) + 0.0)
        for row in np.flatnonzero(gaps):
            texts[row] = missing
        return texts

    def _write_all(self, cells: np.ndarray) -> list[str]:
        if self.type == "integer":
            return [str(each) for each in cells.astype(np.int64).tolist()]
        if self.type == "date":
            return self._write_dates(cells)
        if self.decimals is None:
            return [f"{each:.{DIGITS}g}" for each in cells.tolist()]
        texts = [f"{each:.{self.decimals}f}" for each in cells.tolist()]
        if self.padded or not self.decimals:
            return texts
        return [text.rstrip("0").rstrip(".") for text in texts]

    def _write_dates(self, cells: np.ndarray) -> list[str]:
        unit, separator, zone = DATE_FORMATS[self.format]
        texts = np.datetime_as_string(np.rint(cells * 1e6).astype("datetime64[us]"), unit=unit).tolist()
        return [text.replace("T", separator) + zone for text in texts]

    def to_cells(self, values: Sequence[Any]) -> np.ndarray:
        """Return texts, numbers or None as cells, float64 (n,).

        Raises:
            ValueError: a value that the column's type does not have; the message names the column and the row,
                from 1 on.
        """
        if self.is_category:
            return self._to_indices(values)
        if self.type != "date":
            with contextlib.suppress(ValueError, TypeError):  # the loop below finds the culprit
                cells = np.fromiter(map(float, values), np.float64, len(values))
                if np.isfinite(cells).all() and (not self.is_integer or (cells == np.floor(cells)).all()):
                    return cells
        known: dict[Any, float] = {}
        for row, value in enumerate(values):
            if is_missing(value) or value in known:
                continue
            text = value.strip() if isinstance(value, str) else value
            try:
                known[value] = np.nan if is_missing(text) else self._read(text)
            except (ValueError, TypeError):
                raise ValueError(
                    f"column {self.name!r}: expected {self._describe()}, got {value!r} in row {row + 1}"
                ) from None
        return np.array([np.nan if is_missing(value) else known[value] for value in values], np.float64)

    def _read(self, value: Any) -> float:
        if self.type == "date":
            if isinstance(value, str):
                return float(read_dates([value], self.format)[0])
            return np.datetime64(value, "us").astype(np.int64) / 1e6
        number = float(value)
        if not np.isfinite(number) or (self.is_integer and number != int(number)):
            raise ValueError
        return number

    def _to_indices(self, values: Sequence[Any]) -> np.ndarray:
        index = self._index
        cells = np.empty(len(values))
        for row, value in enumerate(values):
            text = value if isinstance(value, str) else "" if is_missing(value) else str(value)
            code = index.get(text)
            if code is None and not is_missing(text.strip()):
                code = index.get(text.strip())
                if code is None:
                    raise ValueError(
                        f"column {self.name!r}: expected one of its {len(self.values)} values, got {text!r} in row {row + 1}"
                        f"{nearest(text, list(self.values))}"
                    )
            cells[row] = np.nan if code is None else code
        return cells

    @functools.cached_property
    def _index(self) -> dict[str, int]:
        return {text: code for code, text in enumerate(self.values)}

    def _describe(self) -> str:
        return {
            "integer": "whole numbers",
            "decimal": "numbers",
            "date": f"dates as {self.format}",
        }[self.type]

    # Schemas

    def to_schema(self) -> dict[str, Any]:
        """Return the column as a schema writes it."""
        record: dict[str, Any] = {"name": self.name, "type": self.type}
        if self.is_category:
            record["values"] = list(self.values)
        else:
            record["range"] = [self._write_bound(self.low), self._write_bound(self.high)]
        if self.type == "decimal":
            record["decimals"] = self.decimals
            if self.padded:
                record["padded"] = True
        if self.format:
            record["format"] = self.format
        if self.missing is not None:
            record["missing"] = self.missing
        return record

    def _write_bound(self, cell: float) -> Any:
        if self.type == "date":
            return self.to_texts(np.array([cell]))[0]
        return int(cell) if self.is_integer else cell

    def to_json(self) -> dict[str, Any]:
        """Return the fields that differ from their defaults, as plain values."""
        record = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                record[field.name] = list(value) if isinstance(value, tuple) else value
        return record

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Column:
        """Return the column that `to_json` described."""
        return cls(
            **{key: tuple(value) if isinstance(value, list) else value for key, value in record.items()}
        )


def is_missing(value: Any) -> bool:
    """Return whether a text, a number or None stands for a missing cell."""
    if isinstance(value, str):
        return value in MISSING
    try:
        return value is None or bool(value != value)
    except TypeError:  # the NA of pandas compares with nothing
        return True


def find_date_format(text: str) -> str | None:
    """Return the format of an ISO date or date and time; None if it is none.

    >>> find_date_format("2024-02-29 12:30")
    'YYYY-MM-DD HH:MM'
    """
    match = re.fullmatch(r"\d{4}-\d\d-\d\d(?:([ T])\d\d:\d\d(:\d\d(?:\.(\d{3}|\d{6}))?)?(Z)?)?", text)
    if match is None:
        return None
    separator, seconds, fraction, zone = match.groups()
    if separator is None:
        return "YYYY-MM-DD"
    detail = "" if seconds is None else ":SS" + (f".{'f' * len(fraction)}" if fraction else "")
    return f"YYYY-MM-DD{separator}HH:MM{detail}{zone or ''}"


def read_dates(texts: Sequence[str], format: str) -> np.ndarray:
    """Return the seconds since 1970 of dates of one format, float64 (n,); raise `ValueError` for another format or no date."""
    if any(find_date_format(text) != format for text in texts):
        raise ValueError(f"expected dates as {format}")
    plain = [text.removesuffix("Z").replace(" ", "T") for text in texts]
    return np.array(plain, "datetime64[us]").astype(np.int64) / 1e6
