"""Reasons to end training early."""

from __future__ import annotations

import math
import signal
import time

import keras


class StopOnNonFinite(keras.callbacks.Callback):
    """Stop at the end of the epoch in which a loss or gradient norm was NaN or infinite.

    Attributes:
        diverged: whether that happened.
        tags: what was logged as NaN or infinite in that epoch.
    """

    diverged = False
    tags: tuple[str, ...] = ()

    def on_epoch_end(self, epoch, logs=None):
        if not bool(self.model.state.finite.numpy()):
            self.diverged = True
            self.tags = tuple(tag for tag, value in (logs or {}).items() if not math.isfinite(value))
            self.model.stop_training = True


class StopOnSignal(keras.callbacks.Callback):
    """Stop after the current step when SIGINT or SIGTERM arrives; use it as a context manager.

    Attributes:
        received: the signal's number, or None.
    """

    received: int | None = None

    def __enter__(self) -> StopOnSignal:
        self._before = {number: signal.signal(number, self._receive) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *error) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number, frame) -> None:
        self.received = number
        signal.signal(number, self._before[number])  # a second one ends the process at once

    def on_train_batch_end(self, batch, logs=None):
        if self.received is not None:
            self.model.stop_training = True


class StopAfter(keras.callbacks.Callback):
    """Stop after the step in which a time has passed.

    Args:
        minutes: counted from the construction of this object; None for no limit.

    Attributes:
        expired: whether the time has passed.
    """

    expired = False

    def __init__(self, minutes: float | None):
        super().__init__()
        self._deadline = None if minutes is None else time.monotonic() + 60 * minutes

    def on_train_batch_end(self, batch, logs=None):
        if self._deadline is not None and time.monotonic() >= self._deadline:
            self.expired = True
            self.model.stop_training = True
