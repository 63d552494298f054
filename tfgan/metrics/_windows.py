"""Windows of series as metrics take them."""

from __future__ import annotations

import dataclasses

import numpy as np

from tfgan.metrics import _bootstrap
from tfgan.metrics.samples import Samples

SEED = 0
BLOCK = 20  # steps of a block of the bootstrap


def check(name: str, side: Samples, at_least: int = 1) -> np.ndarray:
    """Return the windows of one side, float64 (n, length, channels); raise `ValueError` for anything else."""
    windows = np.asarray(side.images, np.float64)
    if windows.ndim != 3 or windows.shape[1] < 3 or len(windows) < at_least:
        raise ValueError(
            f"{name}: expected windows (n, length, channels) of three steps or more"
            f"{f', at least {at_least} of them' if at_least > 1 else ''}, got {windows.shape}"
        )
    return windows


def check_held_out(real: Samples, at_least: int = 1) -> np.ndarray:
    """Return the windows behind the gap in time, as `check` does."""
    if real.second is None:
        raise ValueError("real: expected held-out windows too, in Samples(second=...), got none")
    return check("held out", real.second, at_least)


def choose(windows: np.ndarray, count: int) -> np.ndarray:
    """Return `count` windows at random, the same ones each time, in a random order."""
    return windows[np.random.default_rng(SEED).permutation(len(windows))[:count]]


def baselines(real: Samples, fake: Samples, block: int = BLOCK) -> dict[str, Samples]:
    """Return windows of generators that need no network: "simple", "block_bootstrap", and "garch" where arch is installed."""
    windows, count = np.asarray(real.images), len(fake.images)
    made = {
        "simple": _bootstrap.blocks(windows, count, 1),
        "block_bootstrap": _bootstrap.blocks(windows, count, block),
    }
    if (paths := _bootstrap.garch(windows, count)) is not None:
        made["garch"] = paths
    return {name: dataclasses.replace(fake, images=paths) for name, paths in made.items()}
