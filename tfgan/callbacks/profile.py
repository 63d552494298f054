"""Profile a few steps of training for TensorBoard."""

from __future__ import annotations

from pathlib import Path

import keras
import tensorflow as tf

from tfgan.core import files


class Profile(keras.callbacks.Callback):
    """Write a profile of the steps from `first` up to `last` into `folder/plugins/profile/`.

    To view it, run `pip install tensorboard-plugin-profile` and `tensorboard --logdir`.

    Args:
        folder: folder of TensorBoard's files.
        first: number of finished steps at which the profile starts.
        last: number of finished steps at which the profile ends.
    """

    def __init__(self, folder: str | Path, first: int, last: int):
        super().__init__()
        self.folder = str(files.expand_home(folder))
        self.first, self.last = first, last
        self._running = False

    def on_train_batch_begin(self, batch, logs=None):
        if not self._running and self.first <= self._read_step() < self.last:
            tf.profiler.experimental.start(self.folder)
            self._running = True

    def on_train_batch_end(self, batch, logs=None):
        if self._running and self._read_step() >= self.last:
            self.close()

    def close(self) -> None:
        """End the profile if training ended before the profile did."""
        if self._running:
            tf.profiler.experimental.stop()
            self._running = False

    def _read_step(self) -> int:
        return int(self.model.state.step.numpy())
