"""Lambert W x Gaussian transforms: heavy-tailed numbers to normal ones and back."""

from __future__ import annotations

import numpy as np

HEAVIEST = 1.0  # delta: the mean of the heavy-tailed number no longer exists
ROUNDS = 22  # of the fit; each one halves the interval of delta
PASSES = 5  # of center and scale
STEPS = 8  # of Halley's method; float32 is exact after six up to y = 1e30


def heavy(u, delta):
    """Return u exp(delta u^2 / 2), an array or a tensor: the heavy-tailed number of a normal one (Goerg 2015, eq. 3)."""
    return u * _library(u).exp(delta * u * u * np.float32(0.5))


def normal(z, delta):
    """Return the u with z = u exp(delta u^2 / 2), that is sgn(z) sqrt(W(delta z^2) / delta) (Goerg 2015, eq. 8).

    W is the principal branch of Lambert's function, by Halley's method from log(1 + y). With delta = 0 it is z.

    Args:
        z: array or tensor (..., channels).
        delta: at least 0, float32 (channels,).
    """
    library = _library(z)
    tailed = np.where(np.asarray(delta) > 0, delta, 1).astype(np.float32)
    y = tailed * z * z
    w = library.log1p(y)
    for _ in range(STEPS):
        grown = library.exp(-w)
        excess = w - y * grown  # (w e^w - y) / e^w
        w = w - excess / (w + 1 - (w + 2) * excess / (2 * w + 2))
    u = library.sign(z) * library.sqrt(library.maximum(w, np.float32(0)) / tailed)
    return library.where(np.asarray(delta) > 0, u, z)


def fit(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return center, scale and delta of each column, float64 (channels,), after which the numbers are most normal.

    The moments are matched (IGMM; Goerg 2015, section 4.2): delta is the least one that takes the kurtosis to 3 or
    below, and center and scale are those with mean 0 and deviation 1 of the normal numbers. A column whose tails are
    not heavier than the normal ones has delta 0.

    Args:
        values: (n, channels).
    """
    values = np.asarray(values, np.float64)
    center, scale = values.mean(axis=0), values.std(axis=0)
    delta = np.zeros_like(center)
    for column in range(values.shape[1]):
        if scale[column] <= 0:
            continue
        for _ in range(PASSES):
            z = (values[:, column] - center[column]) / scale[column]
            delta[column] = _delta_of(z)
            u = normal(z, np.array(delta[column]))
            center[column] += scale[column] * u.mean()
            scale[column] *= u.std()
    return center, scale, delta


def _delta_of(z: np.ndarray) -> float:
    """Return the least delta in [0, 1] whose normal numbers have a kurtosis of at most 3."""
    if _kurtosis(z) <= 3:
        return 0.0
    low, high = 0.0, HEAVIEST
    for _ in range(ROUNDS):
        middle = (low + high) / 2
        low, high = (middle, high) if _kurtosis(normal(z, np.array(middle))) > 3 else (low, middle)
    return high


def _kurtosis(x: np.ndarray) -> float:
    x = x - x.mean()
    return float((x**4).mean() / (x**2).mean() ** 2)


def _library(x):
    if isinstance(x, (np.ndarray, np.generic)):
        return np
    from tensorflow.experimental import numpy as tnp

    return tnp
