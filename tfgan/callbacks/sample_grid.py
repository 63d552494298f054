"""Write pictures of generated examples while training runs."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import tensorflow as tf

from tfgan import kinds
from tfgan.callbacks.every_steps import AtInterval
from tfgan.callbacks.tensorboard import EventLog
from tfgan.core import files, images, noise


class SampleGrid(AtInterval):
    """Write `samples/step_00001000.png` with the averaged generator, from the same latents each time.

    The kind of data draws the picture. Images become a grid; points become one scatter plot over `reference`,
    whatever the conditions of G. If G takes labels or codes, a grid of images has one column per class or
    category, and each continuous code has a separate grid, `samples/continuous_1_step_00001000.png`. Where the
    kind writes texts, they stand beside the picture, such as `samples/step_00001000.csv`.

    Args:
        folder: folder of the run; the pictures go into its `samples/`.
        events: event log for TensorBoard's copy; None writes no copy.
        count: examples in the picture, unless the kind fixes the number.
        kind: kind of the examples (`source.kind`); None for the model's own.
        reference: real examples (m, *shape) in training units, drawn behind a scatter plot of points; None
            draws none.
        seed: seed of the latents.
        **interval: as for `AtInterval`.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        events: EventLog | None = None,
        count: int = 64,
        kind: kinds.Kind | None = None,
        reference: np.ndarray | None = None,
        seed: int = 0,
        **interval,
    ):
        super().__init__(**interval)
        self.folder = files.expand_home(folder) / "samples"
        self.events = events
        self.count = count
        self.kind = kind
        self.reference = reference
        self.seed = seed

    def act(self, step):
        kind = self.kind or self.model.kind
        count = kind.preview_count or self.count
        seeds = tf.range(self.seed, self.seed + count, dtype=tf.int64)
        latents, given = noise.normal_by_seed(seeds, self.model.latent_dim), self.model.condition
        if given is None or not kind.preview_tiles:
            rows = None if given is None else given.by_seed(seeds)
            values = kind.decode(self.model.generate(latents, rows).numpy())
            self._write(step, "", kind.preview(values, self._reference(kind)))
            self._write_text(step, kind, values)
            return
        for name, shown, rows, columns in given.layouts(math.isqrt(count)):
            values = kind.decode(self.model.generate(tf.gather(latents, shown), rows).numpy())
            self._write(step, name, kind.preview(values, columns=columns))

    def _reference(self, kind: kinds.Kind) -> np.ndarray | None:
        return None if self.reference is None else kind.decode(self.reference)

    def _write_text(self, step: int, kind: kinds.Kind, values: np.ndarray) -> None:
        """Write the examples that the picture shows as a text, where the kind has one, and TensorBoard's copy of it."""
        if kind.text_suffix is None:
            return
        text = kind.text(values)
        files.write_bytes(self.folder / f"step_{step:08d}{kind.text_suffix}", text.encode())
        if self.events:
            self.events.text(step, "samples", "\n".join(f"    {line}" for line in text.splitlines()))

    def _write(self, step: int, name: str, pixels: np.ndarray) -> None:
        """Write one picture, and TensorBoard's copy of it."""
        files.write_bytes(
            self.folder / f"{name}{'_' * bool(name)}step_{step:08d}.png", images.encode_png(pixels)
        )
        if self.events:
            self.events.image(step, "samples" + f"_{name}" * bool(name), pixels)
