"""Read the header and the rows of a CSV file, in chunks of columns of texts.

The file is UTF-8 with or without a byte order mark, plain or compressed by gzip, with LF or CR LF, quoted as in
RFC 4180. Every fault of it is a `ValueError` of one line that begins with the path.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

DELIMITERS = ",;\t|"
SAMPLE = 2**16  # characters that show the delimiter
CHUNK = 2**15  # rows held as texts
MISSING = ("", "NA", "NaN", "null", "?")  # a cell is missing if it is one of these, without spaces around it


class Layout(NamedTuple):
    """How a CSV file is written, and its header.

    Attributes:
        names: of the columns, in order.
        delimiter: between cells.
        line_end: "\\n", "\\r\\n" or "\\r".
    """

    names: tuple[str, ...]
    delimiter: str = ","
    line_end: str = "\n"


def read_layout(path: Path) -> Layout:
    """Return the header and the delimiter of a CSV file.

    Raises:
        ValueError: no such file, an empty one, no header, or names that are empty or repeated.
    """
    if not path.is_file():
        raise ValueError(
            f"{path}: expected a CSV file, got {'a folder' if path.is_dir() else 'none, as it is not there'}"
        )
    with _faults_of(path), _open(path) as stream:
        sample = stream.read(SAMPLE)
    if not sample.strip():
        raise ValueError(f"{path}: expected a header and rows, got an empty file")
    end = min(("\r\n", "\n", "\r"), key=lambda each: sample.find(each) % (SAMPLE + 1))
    delimiter = _find_delimiter(sample)
    with _faults_of(path):
        header = next((row for row in csv.reader(io.StringIO(sample), delimiter=delimiter) if row), [])
    return Layout(_check_names(path, [name.strip() for name in header]), delimiter, end)


def read_chunks(path: Path, layout: Layout) -> Iterator[tuple[int, list[tuple[str, ...]]]]:
    """Yield the number of the first row of a chunk, from 1 on, and its columns, each a tuple of texts.

    Empty lines are passed over.

    Raises:
        ValueError: bytes that are not UTF-8, NUL, quotes that are not closed, or a row of another length.
    """
    width, first = len(layout.names), 1
    with _faults_of(path), _open(path) as stream:
        reader = csv.reader(_without_nul(path, stream), delimiter=layout.delimiter, strict=True)
        next(row for row in reader if row)  # the header
        rows: list[list[str]] = []
        while True:
            before = reader.line_num
            try:
                row = next(reader, None)
            except csv.Error as error:
                raise ValueError(
                    f"{path}: expected quotes as in RFC 4180 from line {before + 1} on, got text that cannot be read ({error})"
                ) from None
            if row is not None and len(row) != width:
                if not row:
                    continue
                raise ValueError(
                    f"{path}: expected {width} cells in each row, as in the header, got {len(row)} in line {reader.line_num}"
                )
            if row is not None:
                rows.append(row)
            if rows and (row is None or len(rows) == CHUNK):
                yield first, list(zip(*rows, strict=True))
                first, rows = first + len(rows), []
            if row is None:
                return


def split_names(given: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Return names of columns that a flag joins by commas; a name among `names` may have a comma itself.

    >>> split_names(["age,sex", "a, b"], ["age", "sex", "a, b"])
    ('age', 'sex', 'a, b')
    """
    parts = ([each] if each in names else each.split(",") for each in given)
    return tuple(part.strip() if part.strip() in names else part for some in parts for part in some)


def quote(text: str, delimiter: str) -> str:
    """Return a cell as a CSV file holds it: in quotes where it has the delimiter, a quote or a line end."""
    if any(each in text for each in (delimiter, '"', "\n", "\r")):
        return '"' + text.replace('"', '""') + '"'
    return text


def join(columns: Sequence[Iterable[str]], layout: Layout) -> str:
    """Return rows of quoted cells, given by column, as the lines of a CSV file."""
    end = layout.line_end
    return "".join(f"{layout.delimiter.join(row)}{end}" for row in zip(*columns, strict=True))


def _open(path: Path) -> io.TextIOBase:
    with open(path, "rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    binary = gzip.open(path, "rb") if compressed else open(path, "rb")  # noqa: SIM115 - the wrapper closes it
    return io.TextIOWrapper(binary, encoding="utf-8-sig", newline="")


@contextlib.contextmanager
def _faults_of(path: Path) -> Iterator[None]:
    """Turn errors of decoding and of compression into a `ValueError` that begins with the path."""
    try:
        yield
    except UnicodeDecodeError:
        place, byte = _find_bad_byte(path)
        raise ValueError(
            f"{path}: expected UTF-8, got the byte 0x{byte:02x} at position {place}; save the file as UTF-8"
        ) from None
    except (EOFError, gzip.BadGzipFile) as error:
        raise ValueError(f"{path}: expected a whole file of gzip, got a damaged one ({error})") from None
    except csv.Error as error:
        raise ValueError(f"{path}: expected a CSV file, got text that cannot be read ({error})") from None


def _find_bad_byte(path: Path) -> tuple[int, int]:
    with open(path, "rb") as file:
        content = gzip.decompress(file.read()) if file.read(2) == b"\x1f\x8b" else b""
    content = content or path.read_bytes()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start, content[error.start]
    return len(content), 0


def _without_nul(path: Path, stream: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(stream, 1):
        if "\0" in line:
            raise ValueError(f"{path}: expected text, got a NUL byte in line {number}")
        yield line


def _find_delimiter(sample: str) -> str:
    """Return the delimiter of a sample: the only one in its first line, or the one that `csv.Sniffer` finds."""
    head = sample.lstrip().splitlines()[0]
    found = [each for each in DELIMITERS if each in head]
    if len(found) > 1:
        with contextlib.suppress(csv.Error):
            return csv.Sniffer().sniff(sample[: sample.rfind("\n") + 1] or sample, "".join(found)).delimiter
        return max(found, key=head.count)
    return found[0] if found else ","


def _check_names(path: Path, names: list[str]) -> tuple[str, ...]:
    if all(_is_number(name) for name in names):
        raise ValueError(
            f"{path}: expected the names of the columns in the first line, got numbers only; write a header there"
        )
    if "" in names:
        raise ValueError(
            f"{path}: expected a name for every column, got none for column {names.index('') + 1}"
        )
    if repeated := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"{path}: expected different names of the columns, got {repeated[0]!r} twice")
    return tuple(names)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
