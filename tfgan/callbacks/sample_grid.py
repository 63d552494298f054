"""Pictures of what the generator makes, as training runs."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgan.callbacks.every_steps import AtInterval
from tfgan.callbacks.tensorboard import EventLog
from tfgan.core import files, images, noise

POINTS = 2500


class SampleGrid(AtInterval):
    """Write `samples/step_00001000.png` from the same latents each time, by the averaged generator.

    Images become a grid; points one scatter plot over `reference`, whatever G is given. Of images whose G is given more than
    latents, the grid has a column for each class or category; and each continuous code has a grid of its own,
    `samples/continuous_1_step_00001000.png`.

    Args:
        folder: of the run; the pictures go into its `samples/`.
        events: where TensorBoard's copy goes; None for nowhere.
        count: images in the grid.
        reference: real points (m, d) in training units; needed for points only.
        seed: of the latents.
        **interval: as for `AtInterval`.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        events: EventLog | None = None,
        count: int = 64,
        reference: np.ndarray | None = None,
        seed: int = 0,
        **interval,
    ):
        super().__init__(**interval)
        self.folder = files.expanded(folder) / "samples"
        self.events = events
        self.count = count if reference is None else POINTS
        self.reference = reference
        self.seed = seed

    def act(self, step):
        seeds = tf.range(self.seed, self.seed + self.count, dtype=tf.int64)
        latents, given = noise.normal_by_seed(seeds, self.model.latent_dim), self.model.condition
        if self.reference is not None:
            rows = None if given is None else given.by_seed(seeds)
            self._write(step, "", images.scatter(self.model.generate(latents, rows).numpy(), self.reference))
        elif given is None:
            self._write(step, "", images.grid(self.model.generate(latents).numpy()))
        else:
            for name, shown, rows, columns in given.layouts(math.isqrt(self.count)):
                samples = self.model.generate(tf.gather(latents, shown), rows).numpy()
                self._write(step, name, images.grid(samples, columns))

    def _write(self, step: int, name: str, pixels: np.ndarray) -> None:
        """Write one picture, and TensorBoard's copy of it."""
        files.write_bytes(self.folder / f"{name}{'_' * bool(name)}step_{step:08d}.png", images.png(pixels))
        if self.events:
            self.events.image(step, "samples" + f"_{name}" * bool(name), pixels)
