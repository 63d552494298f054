"""Hold strings in memory: codes of letters in few bytes, and a held-out part that shares no string with the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfgan.data.source import FiniteSource, in_memory, split
from tfgan.kinds.strings import Strings

MOST_LETTERS = 256  # of an alphabet
LONGEST = 256  # letters of a string where --length does not say more


def source_of_strings(
    name: str, kind: Strings, texts: Sequence[str], labels: np.ndarray | None = None, **about: Any
) -> FiniteSource:
    """Return a source of strings; equal strings are all training examples, or all held out.

    Args:
        name: for messages.
        kind: of the strings.
        texts: the strings.
        labels: ints (n,), or None.
        **about: further fields of the source, such as `class_names` and `note`.

    Raises:
        ValueError: fewer than two different strings.
    """
    groups: dict[str, int] = {}
    group = np.array([groups.setdefault(text, len(groups)) for text in texts])
    if len(groups) < 2:
        raise ValueError(f"{name}: expected different strings, got {len(groups)} in {len(texts)}")
    _, in_held_out = split(len(groups))
    rank = np.full(len(groups), -1)
    rank[in_held_out] = np.arange(len(in_held_out))
    held_out = np.flatnonzero(rank[group] >= 0)
    rows = np.flatnonzero(rank[group] < 0), held_out[np.argsort(rank[group[held_out]], kind="stable")]
    return in_memory(name, to_compact(kind.values(texts), kind), labels, rows=rows, kind=kind, **about)


def to_compact(codes: np.ndarray, kind: Strings) -> np.ndarray:
    """Return codes in the smallest of int8 and int16 that holds them."""
    return codes.astype(np.int8 if kind.shape[1] <= 128 else np.int16)


def describe_passed_over(passed_over: dict[str, int], total: int) -> str:
    """Return the counts of examples that are left out, by reason, as the end of a line; "" if there are none."""
    parts = [f"{count} {reason} ({count / total:.1%})" for reason, count in passed_over.items() if count]
    return f"; left out: {', '.join(parts)}" if parts else ""


def check_passed_over(where: str, passed_over: dict[str, int], total: int) -> None:
    """Raise `ValueError` if a reason leaves out more than half of the examples."""
    for reason, count in passed_over.items():
        if 2 * count > total:
            raise ValueError(
                f"{where}: expected to use at least half of its {total} examples, got {count} {reason} ({count / total:.1%})"
            )
