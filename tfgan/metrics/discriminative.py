"""Whether a classifier tells generated windows from real ones of a later time."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from tfgan.metrics import _windows
from tfgan.metrics.metric import EVERYTHING, Metric, Scores
from tfgan.metrics.samples import Samples

LARGEST = 2_000  # windows a side
LAGS = 5  # of the autocorrelations that the classifier sees
FEWEST = 8  # windows a side


@dataclasses.dataclass(frozen=True)
class Discriminative(Metric):
    """Train a classifier to tell real windows from generated ones, and score it on real windows of a later time.

    The classifier is scikit-learn's histogram gradient boosting (100 iterations, seed 0) on the window and on 17
    statistics a channel, in the place of TimeGAN's recurrent network. It trains on training windows and half of the
    generated ones; held-out windows, which lie behind a gap of one window, and the other half have the mean of both
    sides' accuracies. `discriminative` is that accuracy - 1/2: 0 where nobody can tell. It may be negative by chance.

    TimeGAN's own score shuffles overlapping windows before it splits them, so that each window to score shares all
    but one step with a window to train.

    Reference: Yoon et al. 2019, "Time-series Generative Adversarial Networks", section 5; Lopez-Paz & Oquab 2017,
    "Revisiting classifier two-sample tests", section 3.
    """

    reads: ClassVar = ("images",)
    kinds: ClassVar = ("series",)
    values: ClassVar = {"discriminative": "lower"}
    default_samples: ClassVar = 5_000
    real_samples: ClassVar = EVERYTHING
    held_out_only: ClassVar = True
    bias: ClassVar = "downwards where windows are few, and where the last tenth of time differs from the rest"

    def sides(self, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the training windows, the held-out ones and the generated ones."""
        sides = _windows.check("real", real, FEWEST), _windows.check("fake", fake, FEWEST)
        return sides[0], _windows.check_held_out(real), sides[1]

    def measure(self, real: Samples, fake: Samples) -> Scores:
        """Return `discriminative`, the area under the ROC curve as `discriminative_auc`, and `num_test` windows a side."""
        train, held_out, fakes = self.sides(real, fake)
        half = len(fakes) // 2
        fakes = _windows.choose(fakes, 2 * half)
        count, scored = min(half, len(train), LARGEST), min(half, len(held_out), LARGEST)
        accuracy, auc = tell(
            _windows.choose(train, count),
            fakes[:count],
            _windows.choose(held_out, scored),
            fakes[half:][:scored],
        )
        return {"discriminative": accuracy - 0.5, "discriminative_auc": auc, "num_test": scored}

    def floor(self, real: Samples, second: Samples) -> Scores:
        """Return the figure of training windows in the place of generated ones."""
        return {"discriminative": self.measure(real, real)["discriminative"]}

    def baselines(self, real: Samples, fake: Samples):
        return _windows.baselines(real, fake)


def tell(real: np.ndarray, fake: np.ndarray, later: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """Return the balanced accuracy and the area under the ROC curve of a classifier of `real` and `fake` on `later` and `other`."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from threadpoolctl import threadpool_limits

    model = HistGradientBoostingClassifier(max_iter=100, early_stopping=False, random_state=_windows.SEED)
    with threadpool_limits(1, user_api="openmp"):
        model.fit(statistics(np.concatenate([real, fake])), np.arange(len(real) + len(fake)) >= len(real))
        looks_fake = model.predict_proba(statistics(np.concatenate([later, other])))[:, 1]
    is_fake = np.arange(len(looks_fake)) >= len(later)
    right = (looks_fake > 0.5) == is_fake
    accuracy = (right[is_fake].mean() + right[~is_fake].mean()) / 2
    return float(accuracy), float(roc_auc_score(is_fake, looks_fake))


def statistics(windows: np.ndarray) -> np.ndarray:
    """Return what the classifier sees of windows (n, length, channels): the steps and, a channel, 17 statistics.

    They are mean, deviation, skewness, kurtosis, least and largest step, the autocorrelations of steps and of their
    sizes at lags 1 to 5 (0 beyond the window), and corr(x_t, x_{t+1}^2), each with the window's own moments.
    """
    mean, deviation = windows.mean(axis=1), windows.std(axis=1)
    z = _standard(windows)
    found = [
        mean,
        deviation,
        (z**3).mean(axis=1),
        (z**4).mean(axis=1),
        windows.min(axis=1),
        windows.max(axis=1),
    ]
    sizes, squares = _standard(np.abs(windows)), _standard(windows**2)
    for first, second, lags in ((z, z, LAGS), (sizes, sizes, LAGS), (z, squares, 1)):
        for lag in range(1, lags + 1):
            products = first[:, :-lag] * second[:, lag:]
            found.append(products.sum(axis=1) / windows.shape[1])
    return np.concatenate([windows.reshape(len(windows), -1), *found], axis=1)


def _standard(x: np.ndarray) -> np.ndarray:
    deviation = x.std(axis=1, keepdims=True)
    return (x - x.mean(axis=1, keepdims=True)) / np.where(deviation > 0, deviation, 1)
