"""Stylized facts of series: sums over days, clustering of sizes, leverage and tails."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np
from scipy import stats

from tfgan.core.options import PositiveInt
from tfgan.metrics import _windows
from tfgan.metrics.metric import EVERYTHING, Metric, Scores
from tfgan.metrics.samples import Samples

SUMS = (1, 5, 20)
TAIL = 0.05  # share of the largest sizes in Hill's estimate
COMPARED = 200_000  # sums of each side in a Wasserstein distance


@dataclasses.dataclass(frozen=True)
class StylizedFacts(Metric):
    """Distances of generated windows from real ones in the facts that series of returns are known by.

    For windows x of length L, of each channel, and the mean over the channels:

    - `w1_1`, `w1_5`, `w1_20`: Wasserstein-1 distance of the sums of so many neighboring steps, over the real
      deviation of one step.
    - `acf`, `acf_sizes`, `leverage`: root mean square, over lags 1 to L/2, of the difference of corr(x_t, x_{t+k}),
      corr(|x_t|, |x_{t+k}|) and corr(x_t, x_{t+k}^2).
    - `kurtosis` and `hill` (Hill's tail index of the largest twentieth of sizes) of the generated steps, which
      should be near the real ones.

    Baselines: `simple`, steps of the training windows drawn one by one; `block_bootstrap`, blocks of 20 of them;
    `garch`, a GARCH(1, 1) with Student's t fitted to the training steps, where the package arch is installed.

    Args:
        block: steps of a block of the bootstrap.

    Reference: Cont 2001, "Empirical properties of asset returns: stylized facts and statistical issues"; Wiese et
    al. 2020, "Quant GANs", section 6; Hill 1975, "A simple general approach to inference about the tail of a
    distribution".
    """

    reads: ClassVar = ("images",)
    kinds: ClassVar = ("series",)
    values: ClassVar = {
        "w1_1": "lower",
        "w1_5": "lower",
        "w1_20": "lower",
        "acf": "lower",
        "acf_sizes": "lower",
        "leverage": "lower",
        "kurtosis": "real",
        "hill": "real",
    }
    default_samples: ClassVar = 5_000
    real_samples: ClassVar = EVERYTHING
    held_out_only: ClassVar = True
    bias: ClassVar = "upwards, since two samples of one distribution differ; the fewer windows, the more"

    block: PositiveInt = 20

    def sides(self, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray]:
        return _windows.check("real", real), _windows.check("fake", fake)

    def measure(self, real: Samples, fake: Samples) -> Scores:
        real_windows, fake_windows = self.sides(real, fake)
        channels = range(real_windows.shape[-1])
        found = [compare(real_windows[..., each], fake_windows[..., each]) for each in channels]
        return {name: float(np.mean([one[name] for one in found])) for name in found[0]}

    def baselines(self, real: Samples, fake: Samples):
        return _windows.baselines(real, fake, self.block)


def compare(real: np.ndarray, fake: np.ndarray) -> Scores:
    """Return the distances of one channel; both sides are windows (n, length)."""
    scale, lags = real.std() or 1.0, np.arange(1, max(real.shape[1] // 2, 1) + 1)
    lags = lags[lags < real.shape[1]]
    figures = {
        f"w1_{days}": stats.wasserstein_distance(_sums(real, days), _sums(fake, days)) / scale
        for days in SUMS
        if days <= real.shape[1]
    }
    for name, first, second in (
        ("acf", lambda x: x, lambda x: x),
        ("acf_sizes", np.abs, np.abs),
        ("leverage", lambda x: x, np.square),
    ):
        apart = [correlations(first(x), second(x), lags) for x in (real, fake)]
        figures[name] = float(np.sqrt(np.mean((apart[0] - apart[1]) ** 2)))
    return figures | {"kurtosis": kurtosis(fake), "hill": hill(fake)}


def correlations(x: np.ndarray, y: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """Return corr(x_t, y_{t+k}) for each lag k, over all windows (n, length), with the moments of all their steps."""
    x, y = x - x.mean(), y - y.mean()
    scale = np.sqrt((x**2).mean() * (y**2).mean()) or 1.0
    return np.array([(x[:, :-lag] * y[:, lag:]).mean() for lag in lags]) / scale


def kurtosis(x: np.ndarray) -> float:
    """Return the fourth central moment over the squared variance: 3 for normal numbers."""
    x = x.ravel() - x.mean()
    return float((x**4).mean() / ((x**2).mean() ** 2 or 1.0))


def hill(x: np.ndarray) -> float:
    """Return Hill's tail index of the largest twentieth of sizes: 1 / mean(log(|x| / threshold))."""
    sizes = np.sort(np.abs(x.ravel()))[::-1]
    count = max(int(TAIL * len(sizes)), 2)
    logs = np.log(np.maximum(sizes[:count], 1e-300)) - np.log(max(sizes[count], 1e-300))
    return float(1.0 / (logs.mean() or np.inf))


def _sums(x: np.ndarray, days: int) -> np.ndarray:
    """Return the sums of `days` neighboring steps within windows, at most `COMPARED` of them, evenly chosen."""
    totals = np.cumsum(np.pad(x, ((0, 0), (1, 0))), axis=1)
    sums = (totals[:, days:] - totals[:, :-days]).ravel()
    return sums[:: max(1, len(sums) // COMPARED)]
