"""Callbacks that end training early: on divergence, on a signal, or after a time."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable

import keras


class StopOnNonFinite(keras.callbacks.Callback):
    """Stop at the end of the epoch in which a loss or gradient norm was NaN or infinite.

    Attributes:
        diverged: whether this callback stopped training.
        tags: tags of the values that were NaN or infinite in that epoch.
    """

    diverged = False
    tags: tuple[str, ...] = ()

    def on_epoch_end(self, epoch, logs=None):
        if not bool(self.model.state.finite.numpy()):
            self.diverged = True
            self.tags = tuple(
                tag for tag, value in (logs or {}).items() if "/" in tag and not math.isfinite(value)
            )
            self.model.stop_training = True


class StopOnSignal(keras.callbacks.Callback):
    """Stop after the current step when SIGINT or SIGTERM arrives; use it as a context manager.

    Args:
        at_once: whether to stop; False only records the signal, and `StopTogether` stops all workers.

    Attributes:
        received: the signal's number, or None.
    """

    received: int | None = None

    def __init__(self, *, at_once: bool = True):
        super().__init__()
        self.at_once = at_once

    def __enter__(self) -> StopOnSignal:
        self._before = {
            number: signal.signal(number, self._receive) for number in (signal.SIGINT, signal.SIGTERM)
        }
        return self

    def __exit__(self, *error) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number, frame) -> None:
        self.received = number
        signal.signal(number, self._before[number])  # a second signal ends the process at once

    def on_train_batch_end(self, batch, logs=None):
        if self.received is not None and self.at_once:
            self.model.stop_training = True


class StopAfter(keras.callbacks.Callback):
    """Stop after the first step that ends after a time limit.

    Args:
        minutes: time limit in minutes from the construction of this object; None sets no limit.
        at_once: as for `StopOnSignal`.

    Attributes:
        expired: whether the limit has passed.
    """

    expired = False

    def __init__(self, minutes: float | None, *, at_once: bool = True):
        super().__init__()
        self._deadline = None if minutes is None else time.monotonic() + 60 * minutes
        self.at_once = at_once

    def on_train_batch_end(self, batch, logs=None):
        if self._deadline is not None and time.monotonic() >= self._deadline:
            self.expired = True
            self.model.stop_training = self.model.stop_training or self.at_once


class StopTogether(keras.callbacks.Callback):
    """Stop all workers at the end of an epoch in which at least one worker has a reason to stop.

    Args:
        reason: returns this worker's reason as a small positive integer, or 0 without a reason.
        largest: returns the maximum of a number over all workers.

    Attributes:
        reason_found: the largest reason over all workers, or 0.
    """

    reason_found = 0

    def __init__(self, reason: Callable[[], int], largest: Callable[[int], int]):
        super().__init__()
        self._reason = reason
        self._largest = largest

    def on_epoch_end(self, epoch, logs=None):
        self.reason_found = self._largest(self._reason())
        if self.reason_found:
            self.model.stop_training = True
