"""A learning rate that is held before its schedule begins."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("tfgan")
class Held(keras.optimizers.schedules.LearningRateSchedule):
    """Keep the first rate of a schedule for some updates, then follow the schedule.

    Args:
        schedule: the schedule that begins after `updates`.
        updates: number of updates with the schedule's first rate.

    Example:
        >>> fall = keras.optimizers.schedules.CosineDecay(2e-4, decay_steps=400, alpha=0.05)
        >>> rate = Held(fall, updates=600)  # 2e-4 for 600 updates, then to 1e-5 within 400
    """

    def __init__(self, schedule: Any, updates: int):
        super().__init__()
        self.schedule = (
            keras.optimizers.schedules.deserialize(schedule) if isinstance(schedule, dict) else schedule
        )
        self.updates = updates

    def __call__(self, step):
        return self.schedule(ops.maximum(ops.cast(step, "float32") - float(self.updates), 0.0))

    def get_config(self):
        return {"schedule": keras.optimizers.schedules.serialize(self.schedule), "updates": self.updates}
