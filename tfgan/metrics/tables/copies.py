"""Copies of training rows among generated ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from tfgan.core.options import PositiveInt
from tfgan.metrics.metric import EVERYTHING, Metric, Scores
from tfgan.metrics.samples import Samples
from tfgan.metrics.tables import _cells
from tfgan.metrics.tables._distances import RowDistance, count_copies


@dataclasses.dataclass(frozen=True)
class Copies(Metric):
    """Count generated rows that equal a training row, and those that lie nearer to training than to held-out rows.

    With d the distance to the nearest of equally many training rows T and held-out rows H,

        nearer_to_training = P(d(f, T) < d(f, H)) + P(d(f, T) = d(f, H)) / 2,

    1/2 where no row was memorized. The distance is the sum over the columns of |a - b| / range for numbers and
    of 0 or 1 for categories; a missing cell is 1 from every other value. Tables repeat themselves, so that held-out rows
    equal training rows too: `real_copies`. `real_nearer_to_training` is measured on one half of the held-out
    rows against the other.

    Args:
        nearest: generated rows whose nearest rows are looked for.
    """

    reads: ClassVar = ("images",)
    kinds: ClassVar = ("table",)
    values: ClassVar = {"copies": "real", "nearer_to_training": "real"}
    real_samples: ClassVar = EVERYTHING
    held_out_only: ClassVar = True
    bias: ClassVar = "none, if all training rows are looked at (num_real)"

    nearest: PositiveInt = 2_000

    def sides(self, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray, np.ndarray, Sequence[Any]]:
        """Return training, generated and held-out rows, and the columns."""
        training, fakes, columns = _cells.check_tables("copies", real, fake)
        return training, fakes, _cells.check_held_out("copies", real), columns

    def measure(self, real: Samples, fake: Samples) -> Scores:
        training, fakes, held_out, columns = self.sides(real, fake)
        distance = RowDistance.fit(training, columns)
        return {
            "copies": count_copies(fakes, training) / len(fakes),
            "nearer_to_training": compare_nearest(fakes[: self.nearest], training, held_out, distance),
            "nearest": min(self.nearest, len(fakes)),
        }

    def floor(self, real: Samples, second: Samples) -> Scores:
        """Return the figures of the held-out rows."""
        training, _, held_out, columns = self.sides(real, second)
        distance = RowDistance.fit(training, columns)
        return {
            "copies": count_copies(held_out, training) / len(held_out),
            "nearer_to_training": compare_nearest(
                held_out[::2][: self.nearest], training, held_out[1::2], distance
            ),
        }

    def baselines(self, real: Samples, fake: Samples) -> Mapping[str, Samples]:
        """Return copies of training rows: the worst generator in this respect."""
        return {"simple": Samples(np.resize(real.images, np.shape(fake.images)), kind=real.kind)}


def compare_nearest(
    rows: np.ndarray, training: np.ndarray, held_out: np.ndarray, distance: RowDistance
) -> float:
    """Return the share of rows nearer to training than to held-out rows, equally many of each; ties count half."""
    count = min(len(training), len(held_out))
    of_training, of_held_out = (distance.nearest(rows, side[:count])[:, 0] for side in (training, held_out))
    return float((of_training < of_held_out).mean() + (of_training == of_held_out).mean() / 2)
