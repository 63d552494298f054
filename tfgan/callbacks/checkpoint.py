"""Save a checkpoint at an interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfgan.callbacks.every_steps import AtInterval


class Checkpoint(AtInterval):
    """Save the model at an interval, unless it has diverged.

    Args:
        save: takes the model and writes it.
        doubtful: returns whether the model may be failing; it is then not saved, and the last good checkpoint
            stays.
        **interval: as for `AtInterval`.
    """

    def __init__(
        self, save: Callable[[Any], Any], *, doubtful: Callable[[], bool] = lambda: False, **interval
    ):
        super().__init__(**interval)
        self.save = save
        self.doubtful = doubtful

    def act(self, step):
        if bool(self.model.state.finite.numpy()) and not self.doubtful():
            self.save(self.model)
