"""Generators of series that need no network: bootstraps and GARCH."""

from __future__ import annotations

import warnings

import numpy as np

SEED = 20140610
BURN_IN = 250  # steps of a GARCH path that are thrown away
FITTED = 20_000  # steps that GARCH is fitted to


def blocks(windows: np.ndarray, count: int, length: int) -> np.ndarray:
    """Return `count` windows joined of blocks of real ones, each from a random place of a random window.

    Args:
        windows: real windows (n, steps, channels).
        count: number of windows to make.
        length: steps of a block; 1 draws single steps.
    """
    random = np.random.default_rng([SEED, length])
    steps = windows.shape[1]
    length = min(length, steps)
    needed = -(-steps // length)
    which = random.integers(0, len(windows), (count, needed))
    start = random.integers(0, steps - length + 1, (count, needed))
    places = start[..., None] + np.arange(length)
    joined = windows[which[..., None], places]  # (count, needed, length, channels)
    return joined.reshape(count, needed * length, -1)[:, :steps]


def join(windows: np.ndarray) -> np.ndarray:
    """Return the series (time, channels) that windows (n, steps, channels), in any order, are of.

    A window follows another if it begins with the other's last steps; the smallest stride with a follower of most
    windows counts. Chains of windows give each time once, and stand in a row where one ends. Windows that share no
    steps stand in a row as they are.
    """
    for stride in range(1, windows.shape[1]):
        starts = {window[:-stride].tobytes(): place for place, window in enumerate(windows)}
        following = [starts.get(window[stride:].tobytes()) for window in windows]
        if 2 * (len(windows) - following.count(None)) > len(windows):
            return _walk(windows, following, stride)
    return windows.reshape(-1, windows.shape[-1])


def _walk(windows: np.ndarray, following: list[int | None], stride: int) -> np.ndarray:
    pieces, seen = [], set()
    followers = set(following)
    heads = [place for place in range(len(windows)) if place not in followers]
    for head in [*heads, *range(len(windows))]:  # the second pass finds circles
        if head in seen:
            continue
        pieces.append(windows[head])
        seen.add(head)
        place = following[head]
        while place is not None and place not in seen:
            pieces.append(windows[place, -stride:])
            seen.add(place)
            place = following[place]
    return np.concatenate(pieces)


def garch(windows: np.ndarray, count: int) -> np.ndarray | None:
    """Return `count` windows of GARCH(1, 1) paths with Student's t, one model a channel; None without the package arch.

    The model is fitted to the series that the windows are of (`join`).

    Reference: Bollerslev 1987, "A Conditionally Heteroskedastic Time Series Model for Speculative Prices and Rates
    of Return".
    """
    try:
        from arch import arch_model
    except ImportError:
        return None
    steps, whole = windows.shape[1], join(windows)
    paths = []
    for channel in range(windows.shape[2]):
        series = np.float64(whole[:FITTED, channel])
        scale = 1.0 / (series.std() or 1.0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = arch_model(
                series * scale, mean="Constant", vol="GARCH", p=1, q=1, dist="t", rescale=False
            )
            fitted = model.fit(disp="off")
        random = np.random.default_rng([SEED, channel])
        mu, omega, alpha, beta, nu = (
            fitted.params[name] for name in ("mu", "omega", "alpha[1]", "beta[1]", "nu")
        )
        shocks = random.standard_t(nu, (BURN_IN + steps, count)) * np.sqrt((nu - 2) / nu)
        variance = np.full(count, np.var(series * scale))
        made = np.empty((BURN_IN + steps, count))
        for step, shock in enumerate(shocks):
            residual = np.sqrt(variance) * shock
            made[step] = mu + residual
            variance = omega + alpha * residual**2 + beta * variance
        paths.append(made[BURN_IN:].T / scale)
    return np.stack(paths, axis=-1).astype(windows.dtype)
