"""Whether rows keep the condition that they were made under, and whether shares of categories are right."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from tfgan.metrics.metric import EVERYTHING, Metric, Scores
from tfgan.metrics.samples import Samples
from tfgan.metrics.tables import _cells


@dataclasses.dataclass(frozen=True)
class Conditions(Metric):
    """Score rows that were made under a condition, such as the file of `tfgan.generate --where=COLUMN=VALUE`.

    `kept` is the share of rows that have the value; its floor `real_kept` is the share of held-out rows that
    have it without any condition. `share_error` is the largest difference between a category's share among the
    generated rows and among the training rows under the same condition; a missing cell counts as a category.
    Without a condition, `kept` is left out, and `share_error` compares all rows.

    Args:
        where: `COLUMN=VALUE` with a category's text, or the text of a number; None for no condition.
    """

    reads: ClassVar = ("images",)
    kinds: ClassVar = ("table",)
    values: ClassVar = {"kept": "higher", "share_error": "lower"}
    real_samples: ClassVar = EVERYTHING
    bias: ClassVar = "share_error upwards, about in 1/sqrt(n): it is the largest of several differences"

    where: str | None = None

    def sides(self, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray, tuple[int, float] | None]:
        """Return both sides, and the number of the condition's column with its cell."""
        real_cells, fake_cells, columns = _cells.check_tables("conditions", real, fake)
        if self.where is None:
            return real_cells, fake_cells, None
        name, _, text = self.where.partition("=")
        names = [column.name for column in columns]
        if name not in names:
            raise ValueError(
                f"metric 'conditions': expected where=COLUMN=VALUE with one of the columns {', '.join(names)}, got {self.where!r}"
            )
        column = columns[names.index(name)]
        try:
            cell = list(column.values).index(text) if column.is_category else float(text)
        except ValueError:
            known = ", ".join(column.values) if column.is_category else "numbers"
            raise ValueError(
                f"metric 'conditions': expected a value of {name!r} ({known}), got {text!r}"
            ) from None
        return real_cells, fake_cells, (names.index(name), float(cell))

    def measure(self, real: Samples, fake: Samples) -> Scores:
        """Return the figures; `share_error` is None without categories or without training rows under the condition."""
        real_cells, fake_cells, condition = self.sides(real, fake)
        kept = {}
        if condition is not None:
            column, cell = condition
            kept = {"kept": float((fake_cells[:, column] == cell).mean())}
            real_cells = real_cells[real_cells[:, column] == cell]
        errors = []
        for i, column in enumerate(real.kind.columns):
            if column.is_category and len(real_cells):
                size = len(column.values)
                of_real, of_fake = _cells.count_joint(
                    *(_cells.encode_categories(side[:, i], size) for side in (real_cells, fake_cells)),
                    size + 1,
                )
                errors.append(np.abs(of_real / len(real_cells) - of_fake / len(fake_cells)).max())
        return {**kept, "share_error": float(max(errors)) if errors else None}

    def floor(self, real: Samples, second: Samples) -> Scores:
        """Return the share of held-out rows that have the value, and the `share_error` of those rows."""
        scores = self.measure(real, second)
        _, cells, condition = self.sides(real, second)
        if condition is not None:
            rows = cells[cells[:, condition[0]] == condition[1]]
            under = dataclasses.replace(second, images=rows)
            scores["share_error"] = self.measure(real, under)["share_error"] if len(rows) else None
        return {name: scores[name] for name in self.values if name in scores}
