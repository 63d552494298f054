"""Pictures of what the generator makes, as training runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgan import _files, _noise, _pictures
from tfgan.callbacks.at_interval import AtInterval
from tfgan.callbacks.event_log import EventLog

POINTS = 2500


class SampleGrid(AtInterval):
    """Write `samples/step_00001000.png` from the same latents each time, by the averaged generator.

    Images become a grid; points a scatter plot over `reference`.

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
        self.folder = Path(folder) / "samples"
        self.events = events
        self.count = count if reference is None else POINTS
        self.reference = reference
        self.seed = seed

    def act(self, step):
        latents = _noise.normal_by_seed(tf.range(self.seed, self.seed + self.count, dtype=tf.int64), self.model.latent_dim)
        samples = self.model.generate(latents).numpy()
        pixels = _pictures.grid(samples) if self.reference is None else _pictures.scatter(samples, self.reference)
        path = self.folder / f"step_{step:08d}.png"
        _files.write_bytes(path, _pictures.png(pixels))
        if self.events:
            self.events.image(step, "samples", pixels)
