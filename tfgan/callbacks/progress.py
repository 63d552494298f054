"""Show a progress bar over the whole run."""

from __future__ import annotations

import sys

import keras
from tqdm import tqdm

SHOWN = {"D": "loss/discriminator", "G": "loss/generator"}


class Progress(keras.callbacks.Callback):
    """Show steps, speed, remaining time and both losses from the first step to the last.

    Args:
        steps: the last step.
        start: the step at which this process begins.
    """

    def __init__(self, steps: int, *, start: int = 0):
        super().__init__()
        interval = 0.2 if sys.stderr.isatty() else 10.0
        self._bar = tqdm(total=steps, initial=start, unit="step", mininterval=interval, dynamic_ncols=True)

    def on_train_batch_end(self, batch, logs=None):
        self._bar.update(self.model.steps_per_execution)

    def on_epoch_end(self, epoch, logs=None):
        self._bar.set_postfix(
            {name: f"{logs[tag]:.3f}" for name, tag in SHOWN.items() if tag in logs}, refresh=False
        )

    def close(self) -> None:
        """Draw the bar a last time."""
        self._bar.close()
