"""Flags of tables, series, texts and sequences, which several commands share."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from tfgan import data
from tfgan.core.options import FilePath, PositiveInt, option

GROUP = "Tables, series, texts, sequences"


@dataclasses.dataclass(frozen=True)
class DataForm:
    """How to read files of these kinds of data; `tfgan.data.source.Request` describes the fields."""

    schema: FilePath | None = option(
        None, "JSON file with the columns of a table, as python -m tfgan.data prints it", GROUP
    )
    target: str | None = option(None, "column of a table that the others are to predict", GROUP)
    categorical: tuple[str, ...] = option(
        (), "columns of a table that are categories though they hold numbers, comma-separated", GROUP
    )
    drop: tuple[str, ...] = option((), "columns of a table to leave out, comma-separated", GROUP)
    group: str | None = option(
        None,
        "column of a table whose rows of one value (a patient) are trained on or held out together",
        GROUP,
    )
    max_categories: PositiveInt = option(
        100, "categories of a column of a table; the rarest share one", GROUP
    )
    length: PositiveInt | None = option(None, "length of windows of a series, of texts, of sequences", GROUP)
    stride: PositiveInt = option(1, "steps from the start of a window to the next start", GROUP)
    columns: tuple[str, ...] = option((), "columns of a series, comma-separated", GROUP)
    transform: Literal["none", "difference", "log_return"] | None = option(
        None, "model the values of a series, their differences or their log returns", GROUP
    )
    alphabet: str | None = option(None, "letters of texts or sequences (default: all in the file)", GROUP)
    both_strands: bool = option(True, "take windows of DNA of its other strand too", GROUP)

    def given(self) -> dict[str, Any]:
        """Return the fields that differ from their defaults."""
        fields = dataclasses.fields(DataForm)
        return {
            field.name: value for field in fields if (value := getattr(self, field.name)) != field.default
        }

    def form(self) -> dict[str, Any]:
        """Return the fields as arguments of `tfgan.data.open_source`."""
        return {name: getattr(self, name) for name in data.FORM}
