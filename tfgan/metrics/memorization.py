"""Whether fakes are copies of training examples."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import numpy as np

from tfgan.core.options import Fraction
from tfgan.metrics import _checks, _neighbors, _resampling
from tfgan.metrics.metric import Metric, Scores
from tfgan.metrics.samples import Samples


@dataclasses.dataclass(frozen=True)
class Memorization(Metric):
    """Compare how near fakes are to training examples with how near held-out reals are.

    With d(x) the distance to the nearest training example, f a fake and h a held-out real,

        memorized_share = P(d(f) < the q-quantile of d(h)),  memorization_auc = P(d(f) < d(h)) + P(d(f) = d(h)) / 2.

    Fakes like held-out reals get q and 1/2, copies 1 and 1; an AUC far below 1/2 says that fakes are far from
    all data. The floor is measured on one half of the held-out reals against the other.

    Args:
        quantile: q.

    Reference: Meehan, Chaudhuri & Dasgupta 2020, "A non-parametric test to detect data-copying in generative
        models", section 3.
    """

    values: ClassVar = {"memorized_share": "real", "memorization_auc": "real"}
    default_samples: ClassVar = 2_000
    real_samples: ClassVar = 60_000
    held_out_only: ClassVar = True
    bias: ClassVar = (
        "none, if all training examples are looked at (num_real); a copy of one left out is not seen"
    )

    quantile: Fraction = 0.05

    def check(self, real: Any, fake: Any) -> None:
        self.sides(*self.samples(real, fake))  # `real.second` among them

    def sides(self, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if real.second is None:
            raise ValueError(
                "metric 'memorization': expected held-out real samples (second= of tfgan.metrics.Samples), got none"
            )
        training, fakes = _checks.check_features("memorization", real, fake)
        held_out = _checks.check_features("memorization", real, real.second, at_least=4, other="held-out")[1]
        return training, fakes, held_out

    def measure(self, real: Samples, fake: Samples) -> Scores:
        training, fakes, held_out = self.sides(real, fake)
        of_fakes, of_held_out = (
            _neighbors.find_nearest_distances(side, training) for side in (fakes, held_out)
        )
        return {
            **self._summarize(of_held_out, of_fakes),
            **{
                f"real_{name}": value
                for name, value in self._summarize(of_held_out[::2], of_held_out[1::2]).items()
                if name in self.values
            },
            "quantile": self.quantile,
        }

    def floor(self, real: Samples, second: Samples) -> Scores:
        return {}  # `measure` has it: splitting the training examples would change all distances

    def _summarize(self, of_held_out: np.ndarray, of_fakes: np.ndarray) -> Scores:
        def share(held_out, fakes):
            return float((fakes < np.quantile(held_out, self.quantile)).mean())

        scores: Scores = {}
        for name, statistic in (("memorized_share", share), ("memorization_auc", auc)):
            low, high = _resampling.bootstrap_interval(statistic, of_held_out, of_fakes)
            scores |= {name: statistic(of_held_out, of_fakes), f"{name}_low": low, f"{name}_high": high}
        return scores


def auc(of_held_out: np.ndarray, of_fakes: np.ndarray) -> float:
    """Return P(d(f) < d(h)) + P(d(f) = d(h)) / 2 for distances (n,) of held-out reals and (m,) of fakes."""
    ordered = np.sort(of_held_out)
    farther = len(ordered) - np.searchsorted(ordered, of_fakes, side="right")
    not_nearer = len(ordered) - np.searchsorted(ordered, of_fakes, side="left")
    return float((farther + not_nearer).mean() / (2 * len(ordered)))


def memorization(
    training: np.ndarray, held_out: np.ndarray, fake: np.ndarray, *, quantile: float = 0.05
) -> tuple[float, float]:
    """Return the share of fakes nearer to training examples than the quantile of held-out reals, and the AUC; all floats (n, d)."""
    of_fakes, of_held_out = (_neighbors.find_nearest_distances(side, training) for side in (fake, held_out))
    return float((of_fakes < np.quantile(of_held_out, quantile)).mean()), auc(of_held_out, of_fakes)
