"""How well a model that trains on generated windows predicts the next step of real ones of a later time."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from tfgan.metrics import _windows
from tfgan.metrics.metric import EVERYTHING, Metric, Scores
from tfgan.metrics.samples import Samples

PAST = 5  # steps that a prediction sees
LARGEST = 50_000  # steps to train on


@dataclasses.dataclass(frozen=True)
class Predictive(Metric):
    """Train on generated windows to predict the next step, and measure the mean absolute error on held-out real windows.

    The model is scikit-learn's histogram gradient boosting of the absolute error (100 iterations, seed 0) in the place
    of TimeGAN's recurrent network; it sees the last five steps of all channels, their sizes, and the mean size of the
    window so far. The errors are in deviations of the real steps, the mean over channels. `predictive` is that of the
    next step. Returns can hardly be predicted; `predictive_sizes`, of the next step's size, tells whether the
    clustering of sizes was learned.

    Held-out windows lie behind the training windows in time, with a gap of one window.

    Reference: Yoon et al. 2019, "Time-series Generative Adversarial Networks", section 5; Esteban et al. 2017,
    "Real-valued (Medical) Time Series Generation with Recurrent Conditional GANs", section 4.2.
    """

    reads: ClassVar = ("images",)
    kinds: ClassVar = ("series",)
    values: ClassVar = {"predictive": "lower", "predictive_sizes": "lower"}
    default_samples: ClassVar = 5_000
    real_samples: ClassVar = EVERYTHING
    held_out_only: ClassVar = True
    bias: ClassVar = "upwards where windows are few: a model of more windows predicts better"

    def sides(self, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the training windows, the held-out ones and the generated ones."""
        sides = _windows.check("real", real), _windows.check("fake", fake)
        if sides[1].shape[1] <= PAST:
            raise ValueError(f"fake: expected windows of more than {PAST} steps, got {sides[1].shape[1]}")
        return sides[0], _windows.check_held_out(real), sides[1]

    def measure(self, real: Samples, fake: Samples) -> Scores:
        train, held_out, fakes = self.sides(real, fake)
        count = min(len(train), len(fakes), max(LARGEST // (train.shape[1] - PAST), 1))
        deviation = train.std(axis=(0, 1))
        scale = np.where(deviation > 0, deviation, 1)
        next_step, next_size = errors(_windows.choose(fakes, count) / scale, held_out / scale)
        return {"predictive": next_step, "predictive_sizes": next_size}

    def floor(self, real: Samples, second: Samples) -> Scores:
        """Return the errors of a model that trains on real training windows."""
        return {name: value for name, value in self.measure(real, real).items() if name in self.values}

    def baselines(self, real: Samples, fake: Samples):
        return _windows.baselines(real, fake)


def errors(windows: np.ndarray, later: np.ndarray) -> tuple[float, float]:
    """Return the mean absolute errors, on `later`, of the next step and of its size, predicted by models of `windows`."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    (seen, following), (seen_later, following_later) = pasts(windows), pasts(later)
    found = []
    for target in (lambda x: x, np.abs):
        apart = []
        for channel in range(windows.shape[-1]):
            model = HistGradientBoostingRegressor(
                loss="absolute_error", max_iter=100, early_stopping=False, random_state=_windows.SEED
            )
            with threadpool_limits(1, user_api="openmp"):
                model.fit(seen, target(following[:, channel]))
                guess = model.predict(seen_later)
            apart.append(np.abs(target(following_later[:, channel]) - guess).mean())
        found.append(float(np.mean(apart)))
    return found[0], found[1]


def pasts(windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what precedes each step from the sixth on, (m, features), and the step itself, (m, channels)."""
    count, length, channels = windows.shape
    sizes = np.abs(windows)
    so_far = np.cumsum(sizes, axis=1) / np.arange(1, length + 1)[:, None]
    seen = [x[:, PAST - back : length - back] for x in (windows, sizes) for back in range(1, PAST + 1)]
    seen.append(so_far[:, PAST - 1 : length - 1])
    features = np.concatenate(seen, axis=-1).reshape(count * (length - PAST), -1)
    return features, windows[:, PAST:].reshape(-1, channels)
