"""D's optimum on a finite set of points, one free logit a point, found by bisection on the slope of its own loss."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

# exp(2 * 300) is a float64, and Pearson's optimum, 2 (p/q - 1), is below it for p/q < 150
WIDEST_LOGIT = 300.0
SAMPLES = 1000


def counts(seed: int, num_points: int = 6, zeros: str = "") -> tuple[np.ndarray, np.ndarray]:
    """Return how many of SAMPLES real and fake examples lie at each point; `zeros` names a side that misses one point."""
    random = np.random.default_rng(seed)

    def side(missing):
        weights = random.dirichlet(np.ones(num_points)) + 0.03
        if missing is not None:
            weights[missing] = 0
        drawn = np.floor(SAMPLES * weights / weights.sum()).astype(int)
        drawn[np.argmax(drawn)] += SAMPLES - drawn.sum()
        return drawn

    return side(0 if "real" in zeros else None), side(1 if "fake" in zeros else None)


def least_loss(discriminator: Callable, real_counts, fake_counts) -> tuple[float, np.ndarray]:
    """Return D's least mean loss, and its logits there.

    Each logit's share of the loss falls before its best logit and rises after it, so the sign of its slope
    decides.

    Args:
        discriminator: `discriminator(real_logits, fake_logits)`, any loss whose mean separates by point.
        real_counts: examples at each point.
        fake_counts: likewise.
    """
    real_at, fake_at = (np.repeat(np.arange(len(side)), side) for side in (real_counts, fake_counts))
    low = np.full(len(real_counts), -WIDEST_LOGIT)
    high = -low

    @tf.function
    def value_and_slope(logits):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = tf.reduce_mean(discriminator(tf.gather(logits, real_at), tf.gather(logits, fake_at)))
        return value, tf.convert_to_tensor(tape.gradient(value, logits))

    for _ in range(60):  # 600 / 2^60
        middle = (low + high) / 2
        falling = value_and_slope(tf.constant(middle))[1].numpy() < 0
        low, high = np.where(falling, middle, low), np.where(falling, high, middle)
    return float(value_and_slope(tf.constant(low))[0]), low
