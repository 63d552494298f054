"""Read the evaluations of a run, find the best one, and print them as a table."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from tfgan.core import files

PREFIX = "metrics/"
MOST_COLUMNS = 6


def read_evaluations(file: str | Path) -> list[dict[str, Any]]:
    """Return the evaluations in a run's records, oldest first; the later of two at one step counts.

    Args:
        file: `metrics.jsonl`; a missing file holds no evaluation.

    Returns:
        One `{"step": ..., "seconds": ..., "scores": {name: number or None}}` per evaluation.
    """
    found: dict[int, dict[str, Any]] = {}
    path = files.expand_home(file)
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:  # the process was killed while it wrote this line
            break
        scores = {tag.removeprefix(PREFIX): value for tag, value in record.items() if tag.startswith(PREFIX)}
        if scores:
            found[record["step"]] = {"step": record["step"], "seconds": record["seconds"], "scores": scores}
    return list(found.values())


@dataclasses.dataclass(frozen=True)
class Monitor:
    """The figure that decides which evaluation is best.

    Attributes:
        figure: a name in the scores.
        better: "lower" or "higher".
        patience: training ends after so many evaluations without improvement; None sets no such end.
    """

    figure: str
    better: Literal["lower", "higher"]
    patience: int | None = None

    def best(self, past: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
        """Return step, figure and value of the earliest best evaluation, or None if none has the figure."""
        sign = 1 if self.better == "lower" else -1
        values = [
            (sign * value, one["step"]) for one in past if _is_known(value := one["scores"].get(self.figure))
        ]
        if not values:
            return None
        value, step = min(values)
        return {"step": step, "figure": self.figure, "value": sign * value}

    def is_exhausted(self, past: Sequence[Mapping[str, Any]]) -> bool:
        """Return whether the last `patience` evaluations brought no improvement."""
        best = self.best(past)
        since = sum(1 for one in past if best is None or one["step"] > best["step"])
        return self.patience is not None and since >= self.patience


Watched = Monitor  # the earlier name


def format_table(
    past: Sequence[Mapping[str, Any]], figures: Sequence[str], best_step: int | None = None
) -> str:
    """Return evaluations as lines of text; a star marks the best one.

    Args:
        past: the result of `read_evaluations`.
        figures: names of the columns; the table shows the first `MOST_COLUMNS` that occur.
        best_step: step to mark, or None.
    """
    shown = [name for name in figures if any(name in one["scores"] for one in past)][:MOST_COLUMNS]
    rows = [("step", "minutes", *shown)]
    for one in past:
        values = (_format_value(one["scores"].get(name)) for name in shown)
        rows.append(
            (f"{'*' if one['step'] == best_step else ''}{one['step']}", f"{one['seconds'] / 60:.1f}", *values)
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(lines if best_step is None else [*lines, "* the best"])


def _is_known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _format_value(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
