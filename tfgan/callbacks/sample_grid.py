"""Pictures of what the generator makes, as training runs."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tfgan import _files, _noise, _pictures
from tfgan.callbacks.event_log import EventLog

POINTS = 2500


class SampleGrid(keras.callbacks.Callback):
    """Write `samples/step_00001000.png` from the same latents each time, by the averaged generator.

    Images become a grid; points a scatter plot over `reference`.

    Args:
        folder: of the run; the pictures go into its `samples/`.
        every_steps: interval between pictures; None for each epoch.
        events: where TensorBoard's copy goes; None for nowhere.
        count: images in the grid.
        reference: real points (m, d) in training units; needed for points only.
        seed: of the latents.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        every_steps: int | None = None,
        events: EventLog | None = None,
        count: int = 64,
        reference: np.ndarray | None = None,
        seed: int = 0,
    ):
        super().__init__()
        self.folder = Path(folder) / "samples"
        self.every_steps = every_steps
        self.events = events
        self.count = count if reference is None else POINTS
        self.reference = reference
        self.seed = seed

    def on_epoch_end(self, epoch, logs=None):
        step = int(self.model.state.step.numpy())
        if self.every_steps is None or step % self.every_steps == 0:
            self.write(step)

    def write(self, step: int) -> Path:
        """Write the picture of one step and return its path."""
        latents = _noise.normal_by_seed(tf.range(self.seed, self.seed + self.count, dtype=tf.int64), self.model.latent_dim)
        samples = self.model.generate(latents).numpy()
        pixels = _pictures.grid(samples) if self.reference is None else _pictures.scatter(samples, self.reference)
        path = self.folder / f"step_{step:08d}.png"
        _files.write_bytes(path, _pictures.png(pixels))
        if self.events:
            self.events.image(step, "samples", pixels)
        return path
