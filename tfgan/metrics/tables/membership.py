"""Attacks that guess whether a row was in the training data."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from tfgan.core.options import PositiveInt
from tfgan.metrics.memorization import auc
from tfgan.metrics.metric import EVERYTHING, Metric, Scores
from tfgan.metrics.samples import Samples
from tfgan.metrics.tables import _cells
from tfgan.metrics.tables._distances import RowDistance


@dataclasses.dataclass(frozen=True)
class Membership(Metric):
    """Attack AUC: how well generated rows tell training rows from held-out rows.

    Two attacks guess that a row was trained on: the nearer its nearest generated row, and the denser the generated
    rows around it, by the distance to the sqrt(n)-th nearest of n. `membership` is the larger area under
    the ROC curve; 1/2 is a guess. `copies` has the same distances. A stronger attack may do better: an AUC of 1/2
    is no proof that rows cannot be recognized. The floor takes the held-out rows that are not attacked as generated rows.

    Args:
        attacked: training rows, and as many held-out rows; at most half of the held-out rows.

    Reference: Hilprecht, Harterich & Bernau 2019, "Monte Carlo and reconstruction membership inference attacks
        against generative models" (density); Chen et al. 2020, "GAN-Leaks" (distance).
    """

    reads: ClassVar = ("images",)
    kinds: ClassVar = ("table",)
    values: ClassVar = {"membership": "lower"}
    real_samples: ClassVar = EVERYTHING
    held_out_only: ClassVar = True
    bias: ClassVar = "upwards: it is the larger of two areas, each with a standard error of about .013 at 1,000 rows a side"

    attacked: PositiveInt = 1_000

    def sides(self, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray, np.ndarray, Sequence[Any]]:
        """Return training, generated and held-out rows, and the columns."""
        training, fakes, columns = _cells.check_tables("membership", real, fake)
        return training, fakes, _cells.check_held_out("membership", real), columns

    def measure(self, real: Samples, fake: Samples) -> Scores:
        """Return the larger area, both areas, and how many rows of each side were attacked, `attacked`."""
        training, fakes, held_out, columns = self.sides(real, fake)
        count = self._count(training, held_out)
        distance = RowDistance.fit(training, columns)
        k = max(1, round(np.sqrt(len(fakes))))
        members, others = (distance.nearest(side[:count], fakes, k) for side in (training, held_out))
        areas = [auc(others[:, attack], members[:, attack]) for attack in (0, 1)]
        return {
            "membership": max(areas),
            "nearest_auc": areas[0],
            "density_auc": areas[1],
            "attacked": count,
        }

    def floor(self, real: Samples, second: Samples) -> Scores:
        """Return the attack AUC of held-out rows that are not attacked, in the place of generated rows."""
        training, _, held_out, _ = self.sides(real, second)
        rest = Samples(held_out[self._count(training, held_out) :], kind=real.kind)
        return {"membership": self.measure(real, rest)["membership"]}

    def baselines(self, real: Samples, fake: Samples) -> Mapping[str, Samples]:
        """Return copies of training rows: the worst generator in this respect."""
        return {"simple": Samples(np.resize(real.images, np.shape(fake.images)), kind=real.kind)}

    def _count(self, training: np.ndarray, held_out: np.ndarray) -> int:
        """Return how many rows of each side are attacked."""
        return min(self.attacked, len(training), len(held_out) // 2)
