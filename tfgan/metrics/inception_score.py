"""Inception score of class probabilities."""

from __future__ import annotations

import dataclasses
import itertools
from typing import ClassVar, NamedTuple

import numpy as np

from tfgan.core.options import PositiveInt
from tfgan.metrics import _checks
from tfgan.metrics.metric import Metric, Scores
from tfgan.metrics.samples import Samples

SUM_TOLERANCE = 1e-3  # float32 softmax over 1,000 classes


class Score(NamedTuple):
    """Mean and standard deviation over the splits."""

    mean: float
    standard_deviation: float


@dataclasses.dataclass(frozen=True)
class InceptionScore(Metric):
    """Inception score, of the class probabilities of the extractor that the name says.

        IS = exp(E KL(p(y | x) || p(y))), p(y) = E p(y | x),

    over each of `splits` equal parts; their mean and standard deviation. 1 at worst, the number of classes at
    best. It sees classes and confidence, not variety within a class, and does not look at the real samples.

    Args:
        splits: how many parts.

    Reference: Salimans et al. 2016, "Improved techniques for training GANs", section 4.
    """

    reads: ClassVar = ("probabilities",)
    values: ClassVar = {"inception_score": "higher"}
    of_fake_alone: ClassVar = True
    bias: ClassVar = "downwards, in 1/n of one split: p(y) of few samples is less even than p(y) of many"

    splits: PositiveInt = 10

    def sides(self, real: Samples, fake: Samples) -> np.ndarray:
        return _check_probabilities(fake, self.splits)

    def measure(self, real: Samples, fake: Samples) -> Scores:
        found = inception_score(self.sides(real, fake), splits=self.splits)
        return {
            "inception_score": found.mean,
            "inception_score_standard_deviation": found.standard_deviation,
            "splits": self.splits,
            "classes": fake.probabilities.shape[1],
        }


def inception_score(probabilities: np.ndarray, *, splits: int = 10) -> Score:
    """Return the inception score of class probabilities (n, classes), whose rows sum to 1."""
    count = len(probabilities)
    bounds = [part * count // splits for part in range(splits + 1)]
    scores = [_score_split(probabilities[start:stop]) for start, stop in itertools.pairwise(bounds)]
    return Score(float(np.mean(scores)), float(np.std(scores)))


def _score_split(probabilities: np.ndarray) -> float:
    p = np.asarray(probabilities, np.float64)
    smallest = np.finfo(np.float64).tiny  # 0 ln 0 = 0
    entropy = -(p * np.log(np.maximum(p, smallest))).sum(axis=1).mean()
    marginal = p.mean(axis=0)
    return float(np.exp(-(marginal * np.log(np.maximum(marginal, smallest))).sum() - entropy))


def _check_probabilities(fake: Samples, splits: int) -> np.ndarray:
    what = "metric 'inception_score': fake"
    if fake.probabilities is None:
        raise ValueError(
            f"{what}: expected class probabilities, got none; name an extractor that classifies, as in inception_score/fashion_cnn"
        )
    p = _checks.check_matrix(what, fake.probabilities, splits, warn=False)
    wrong = (p < 0).any(axis=1) | (np.abs(p.sum(axis=1, dtype=np.float64) - 1) > SUM_TOLERANCE)
    if wrong.any():
        raise ValueError(
            f"{what}: expected probabilities that sum to 1, got others, first in number {wrong.argmax()}; apply a softmax to logits"
        )
    return p
