"""Scores while training runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from tfgan.callbacks.records import Records


class Evaluation(keras.callbacks.Callback):
    """Score the averaged generator at an interval and record the result under `metrics/<name>`.

    Args:
        score: takes the model, returns numbers by name.
        records: where they are written.
        every_steps: the interval.
    """

    def __init__(self, score: Callable[[Any], Mapping[str, float | None]], records: Records, *, every_steps: int):
        super().__init__()
        self.score = score
        self.records = records
        self.every_steps = every_steps

    def on_epoch_end(self, epoch, logs=None):
        step = int(self.model.state.step.numpy())
        if step % self.every_steps == 0:
            scores = self.score(self.model)
            self.records.write(step, {f"metrics/{name}": float(value) for name, value in scores.items() if value is not None})
