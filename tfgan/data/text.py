"""Read a data set of short texts from a file, one a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfgan.core import files
from tfgan.data.source import FiniteSource, Request
from tfgan.data.strings import (
    LONGEST,
    MOST_LETTERS,
    check_passed_over,
    describe_passed_over,
    source_of_strings,
)
from tfgan.kinds.strings import read_lines
from tfgan.kinds.text import Text


def text(request: Request) -> FiniteSource:
    """Open the lines of a UTF-8 file, which may be compressed (.gz); empty lines are left out.

    Lines longer than `request.length` are left out; the source's note counts both. `request.alphabet` names the
    letters, by default all in the file. A tenth of the different texts is held out.

    Raises:
        ValueError: a file that cannot be read or has no texts, no `request.length` for long texts, more than 255
            letters, letters outside `request.alphabet`, or more than half of the lines left out.
    """
    path = files.expand_home(request.path)
    try:
        lines = read_lines(path)
    except ValueError as error:
        raise ValueError(f"--dataset: {error}") from None
    texts = [line for line in lines if line.strip()]
    if not texts:
        raise ValueError(f"{path}: expected a text a line, got {'empty lines' if lines else 'an empty file'}")
    longest = max(map(len, texts))
    if request.length is None and longest > LONGEST:
        raise ValueError(
            f"{path}: expected --length for texts of more than {LONGEST} letters, got {longest} in line "
            f"{1 + next(index for index, line in enumerate(lines) if len(line) == longest)}"
        )
    length = request.length or longest
    used = [line for line in texts if len(line) <= length]
    passed_over = {
        "empty lines": len(lines) - len(texts),
        f"texts longer than --length={length}": len(texts) - len(used),
    }
    check_passed_over(str(path), passed_over, len(lines))
    note = f"{len(used)} texts of up to {length} letters" + describe_passed_over(passed_over, len(lines))
    return source_of_texts(f"text:{path}", used, length, request.alphabet, note=note)


def source_of_texts(
    name: str, texts: Sequence[str], length: int, alphabet: str | None = None, **about: Any
) -> FiniteSource:
    """Return a source of texts of at most `length` letters.

    Args:
        name: for messages.
        texts: the texts.
        length: the most letters.
        alphabet: the letters; None for all in the texts, in the order of their code points.
        **about: further fields of the source.

    Raises:
        ValueError: more than 255 letters, a letter outside the alphabet, or fewer than two different texts.
    """
    letters = "".join(dict.fromkeys(alphabet)) if alphabet else "".join(sorted(set().union(*texts)))
    if len(letters) >= MOST_LETTERS:
        raise ValueError(
            f"{name}: expected at most {MOST_LETTERS - 1} different letters, got {len(letters)}; "
            "leave texts out, or write them in lower case"
        )
    try:
        return source_of_strings(name, Text.of_letters(length, letters), texts, **about)
    except ValueError as error:
        raise ValueError(f"{error}" if str(error).startswith(name) else f"{name}: {error}") from None
