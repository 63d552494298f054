"""The base class of callbacks that act at an interval of steps."""

from __future__ import annotations

import keras


class AtInterval(keras.callbacks.Callback):
    """Call `act(step)` at the end of each epoch that closes an interval, and at the last step.

    Args:
        every_steps: the interval in steps; None acts at the end of each epoch.
        last_step: step at which the callback acts even if it closes no interval; None for no such step.
    """

    def __init__(self, *, every_steps: int | None = None, last_step: int | None = None):
        super().__init__()
        self.every_steps = every_steps
        self.last_step = last_step

    def on_epoch_end(self, epoch, logs=None):
        step = int(self.model.state.step.numpy())
        if self.every_steps is None or step % self.every_steps == 0 or step == self.last_step:
            self.act(step)

    def act(self, step: int) -> None:
        """Act after `step` finished steps; subclasses define this method."""
        raise TypeError(f"{type(self).__name__} must define act(step)")
