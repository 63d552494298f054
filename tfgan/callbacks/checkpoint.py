"""Checkpoints at an interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras


class Checkpoint(keras.callbacks.Callback):
    """Save the model at the end of each epoch that closes an interval, unless it has diverged.

    Args:
        save: takes the model and writes it.
        every_steps: the interval.
    """

    def __init__(self, save: Callable[[Any], Any], *, every_steps: int):
        super().__init__()
        self.save = save
        self.every_steps = every_steps

    def on_epoch_end(self, epoch, logs=None):
        state = self.model.state
        if int(state.step.numpy()) % self.every_steps == 0 and bool(state.finite.numpy()):
            self.save(self.model)
