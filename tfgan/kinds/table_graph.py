"""Cells of a table in TensorFlow graphs: as texts, as lines of a CSV file, and from the arguments of a signature."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfgan.kinds.columns import DATE_FORMATS, DIGITS, Column

DAY = 86_400


def to_tensor(column: Column, cells: tf.Tensor) -> tf.Tensor:
    """Return cells (n,) as texts, int64 or float64 (n,); a missing cell is "" or NaN."""
    if column.is_category or column.type == "date":
        return to_texts(column, cells, missing="")
    return tf.cast(cells, tf.int64) if column.is_integer and column.missing is None else cells


def to_texts(column: Column, cells: tf.Tensor, missing: str | None = None) -> tf.Tensor:
    """Return cells (n,) as texts, string (n,), as `Column.to_texts` writes them."""
    missing = (column.missing or "") if missing is None else missing
    gone = tf.math.is_nan(cells)
    if column.is_category:
        code = tf.where(gone, tf.constant(len(column.values), tf.float64), cells)
        return tf.gather(tf.constant([*column.values, missing]), tf.cast(code, tf.int64))
    return tf.where(gone, missing, _write(column, tf.where(gone, tf.constant(column.low, tf.float64), cells)))


def _write(column: Column, cells: tf.Tensor) -> tf.Tensor:
    if column.type == "integer":
        return tf.strings.as_string(tf.cast(cells, tf.int64))
    if column.type == "date":
        return _write_dates(column, cells)
    if column.decimals is None:
        return tf.strings.as_string(cells, precision=DIGITS, shortest=True)
    if not column.decimals:
        return tf.strings.as_string(cells, precision=0)
    texts = tf.strings.as_string(cells, precision=column.decimals)
    return texts if column.padded else tf.strings.regex_replace(texts, r"\.?0+$", "")


def _write_dates(column: Column, cells: tf.Tensor) -> tf.Tensor:
    """Return seconds since 1970 as dates of the column's format.

    Reference: Hinnant 2014, "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    """
    unit, separator, zone = DATE_FORMATS[column.format]
    micros = tf.cast(tf.round(cells * 1e6), tf.int64)
    days = micros // (DAY * 10**6)
    rest = micros - days * (DAY * 10**6)
    shifted = days + 719_468  # days since 0000-03-01
    era = shifted // 146_097  # 400 years
    day_of_era = shifted - era * 146_097
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month = (5 * day_of_year + 2) // 153  # from March on
    day = day_of_year - (153 * month + 2) // 5 + 1
    civil = tf.where(month < 10, month + 3, month - 9)
    year = year_of_era + era * 400 + tf.cast(civil <= 2, tf.int64)
    parts = [_pad(year, 4), "-", _pad(civil, 2), "-", _pad(day, 2)]
    if unit != "D":
        seconds = rest // 10**6
        parts += [separator, _pad(seconds // 3600, 2), ":", _pad(seconds // 60 % 60, 2)]
        if unit != "m":
            parts += [":", _pad(seconds % 60, 2)]
        if unit in ("ms", "us"):
            digits = 3 if unit == "ms" else 6
            parts += [".", _pad(rest % 10**6 // 10 ** (6 - digits), digits)]
    return tf.strings.join([*parts, zone])


def _pad(number: tf.Tensor, width: int) -> tf.Tensor:
    return tf.strings.as_string(number, width=width, fill="0")


def join(texts: Sequence[tf.Tensor | None], cells: tf.Tensor, delimiter: str) -> tf.Tensor:
    """Return quoted cells, string (n,) by column, as lines of a CSV file, string (n,); None stands for an identifier."""
    rows = tf.strings.as_string(tf.range(1, tf.shape(cells)[0] + 1))
    return tf.strings.join([rows if each is None else each for each in texts], separator=delimiter)


def to_cells(columns: Sequence[tuple[Column, tf.Tensor | None]], like: tf.Tensor) -> tf.Tensor:
    """Return arguments of a signature, a tensor (n,) for each column, as cells, float64 (n, columns).

    None stands for a constant. Assertions refuse texts that a category does not have, dates of another format,
    infinite numbers, and missing cells in a column without any.
    """
    zero = tf.zeros(tf.shape(like)[:1], tf.float64)
    parts = []
    for column, tensor in columns:
        if tensor is None:
            parts.append(zero)
        elif column.is_category:
            parts.append(_find_indices(column, tensor))
        else:
            cells = _read_dates(column, tensor) if column.type == "date" else tf.cast(tensor, tf.float64)
            legal = ~tf.math.is_inf(cells)
            if column.missing is None:
                legal &= ~tf.math.is_nan(cells)
            parts.append(_asserted(legal, f"{column.name}: expected finite numbers, got", tensor, cells))
    return tf.stack(parts, axis=1)


def _find_indices(column: Column, texts: tf.Tensor) -> tf.Tensor:
    """Return the indices of texts (n,) among the values, by their sorted hashes."""
    size = 2**62
    hashes = tf.strings.to_hash_bucket_fast(list(column.values), size)
    order = tf.argsort(hashes)
    found = tf.searchsorted(tf.gather(hashes, order), tf.strings.to_hash_bucket_fast(texts, size))
    index = tf.gather(order, tf.minimum(found, len(column.values) - 1))
    known = tf.equal(tf.gather(tf.constant(list(column.values)), index), texts)
    gone = tf.equal(texts, "")
    legal = known | gone if column.missing is not None else known
    cells = tf.where(known, tf.cast(index, tf.float64), tf.constant(np.nan, tf.float64))
    return _asserted(legal, f"{column.name}: expected one of its values, got", texts, cells)


def _read_dates(column: Column, texts: tf.Tensor) -> tf.Tensor:
    """Return dates of the column's format, string (n,), as seconds since 1970; "" as NaN."""
    pattern = "".join(
        r"\d" if each in "YMDHSf" else f"\\{each}" if each == "." else each for each in column.format
    )
    gone = tf.equal(texts, "")
    fits = tf.strings.regex_full_match(texts, pattern) | gone
    filled = tf.where(
        fits & ~gone, texts, "".join("1" if each in "YMDHSf" else each for each in column.format)
    )

    def digits(place: str) -> tf.Tensor:
        # "MM" of the month stands before the one of the minute, which follows HH
        at = column.format.index(place)
        return tf.strings.to_number(tf.strings.substr(filled, at, len(place)), tf.int64)

    year, month, day = digits("YYYY"), digits("MM"), digits("DD")
    # days_from_civil of the same reference
    year = year - tf.cast(month <= 2, tf.int64)
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * (month + tf.where(month > 2, tf.constant(-3, tf.int64), 9)) + 2) // 5 + day - 1
    days = era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468
    seconds = tf.cast(days * DAY, tf.float64)
    unit = DATE_FORMATS[column.format][0]
    if unit != "D":
        minute = tf.strings.to_number(tf.strings.substr(filled, column.format.index("HH") + 3, 2), tf.int64)
        seconds += tf.cast(digits("HH") * 3600 + minute * 60, tf.float64)
    if unit in ("s", "ms", "us"):
        seconds += tf.cast(digits("SS"), tf.float64)
    if unit in ("ms", "us"):
        fraction = "fff" if unit == "ms" else "ffffff"
        seconds += tf.cast(digits(fraction), tf.float64) / 10.0 ** len(fraction)
    seconds = tf.where(gone, tf.constant(np.nan, tf.float64), seconds)
    return _asserted(fits, f"{column.name}: expected dates as {column.format}, got", texts, seconds)


def _asserted(legal: tf.Tensor, message: str, found: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
    """Return `values`, to be read after an assertion that prints the first found entry that is not legal."""
    wrong = tf.where(~legal)[:1, 0]
    with tf.control_dependencies(
        [tf.debugging.Assert(tf.reduce_all(legal), [message, tf.gather(found, wrong), "in row", wrong])]
    ):
        return tf.identity(values)
