"""Schedules: values as functions of the number of finished steps."""

from __future__ import annotations

import math

import tensorflow as tf


def cosine(start: float, end: float, over: int, step) -> tf.Tensor:
    """Return the value of a half-cosine schedule from `start` to `end` in `over` steps.

    After `over` steps the value stays at `end`:

    end + (start - end) (1 + cos(pi t)) / 2 with t = min(step / over, 1), float32.

    Args:
        start, end: the two values.
        over: steps between them.
        step: the number of finished steps.
    """
    progress = tf.minimum(tf.cast(step, tf.float32) / float(over), 1.0)
    return end + 0.5 * (start - end) * (1.0 + tf.cos(math.pi * progress))
