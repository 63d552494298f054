"""Adam with a schedule for beta_2."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("tfgan")
class Adam(keras.optimizers.Adam):
    """Keras's Adam that also accepts a schedule for beta_2.

    Bias correction raises the current beta_2 to the power of the number of updates, as PyTorch's Adam does
    when its betas are set in each step.

    Args:
        *args: as for `keras.optimizers.Adam`.
        beta_2: a number, or a `keras.optimizers.schedules.LearningRateSchedule` of the number of finished
            updates.
        **kwargs: as for `keras.optimizers.Adam`.

    Reference: Huang et al. 2024, "The GAN is dead; long live the GAN! A Modern Baseline GAN", appendix on
        hyperparameters.
    """

    def __init__(self, *args, beta_2: Any = 0.999, **kwargs):
        super().__init__(*args, **kwargs)
        schedule = keras.optimizers.schedules.LearningRateSchedule
        self._beta_2 = keras.optimizers.schedules.deserialize(beta_2) if isinstance(beta_2, dict) else beta_2
        if not isinstance(self._beta_2, schedule) and not 0 <= self._beta_2 < 1:
            raise ValueError(f"beta_2: expected a number in [0, 1) or a schedule, got {beta_2!r}")

    @property
    def beta_2(self):
        """The current value of beta_2."""
        return self._beta_2(ops.cast(self.iterations, "float32")) if callable(self._beta_2) else self._beta_2

    @beta_2.setter
    def beta_2(self, value):
        self._beta_2 = value

    def get_config(self):
        beta_2 = (
            keras.optimizers.schedules.serialize(self._beta_2) if callable(self._beta_2) else self._beta_2
        )
        return {**super().get_config(), "beta_2": beta_2}
