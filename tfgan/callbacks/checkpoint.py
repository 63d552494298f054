"""Checkpoints at an interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfgan.callbacks.at_interval import AtInterval


class Checkpoint(AtInterval):
    """Save the model at an interval, unless it has diverged.

    Args:
        save: takes the model and writes it.
        **interval: as for `AtInterval`.
    """

    def __init__(self, save: Callable[[Any], Any], **interval):
        super().__init__(**interval)
        self.save = save

    def act(self, step):
        if bool(self.model.state.finite.numpy()):
            self.save(self.model)
