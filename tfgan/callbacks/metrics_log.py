"""Write one record per interval to `metrics.jsonl` and to TensorBoard's scalars."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from tfgan.callbacks.tensorboard import EventLog
from tfgan.core import files


class Records(keras.callbacks.Callback):
    """Write the interval's means, the learning rates and the speed at the end of each epoch.

    Args:
        file: JSON lines, each `{"step": ..., "seconds": ..., tag: value, ...}`; records after `start` are
            cut.
        events: event log for TensorBoard's scalars; None writes none.
        images_per_step: real images that D sees in one step.
        start: step at which this process takes over.
    """

    def __init__(self, file: str | Path, events: EventLog | None, *, images_per_step: int, start: int = 0):
        super().__init__()
        self.file = files.expand_home(file)
        self.events = events
        self.images_per_step = images_per_step
        self._seconds_before = _truncate(self.file, start)
        self._began = self._interval_began = time.monotonic()
        self._last_step = start

    def on_epoch_begin(self, epoch, logs=None):
        self._interval_began = time.monotonic()
        self._last_step = int(self.model.state.step.numpy())

    def on_epoch_end(self, epoch, logs=None):
        now, step = time.monotonic(), int(self.model.state.step.numpy())
        values = {tag: float(value) for tag, value in logs.items() if "/" in tag}
        for player in ("generator", "discriminator"):
            if optimizer := getattr(self.model, f"{player[0]}_optimizer", None):  # a generator alone has no D
                values[f"lr/{player}"] = float(optimizer.learning_rate.numpy())
        values["speed/images_per_second"] = (
            (step - self._last_step) * self.images_per_step / max(now - self._interval_began, 1e-9)
        )
        self.write(step, values)

    def write(self, step: int, values: dict[str, float]) -> None:
        """Append one record, with null for NaN and infinity, and its scalars; write nothing without values."""
        if not values:
            return
        self._append(step, {tag: value if math.isfinite(value) else None for tag, value in values.items()})
        if self.events:
            self.events.scalars(step, values)

    def note(self, step: int, texts: Mapping[str, str]) -> None:
        """Append one record of texts."""
        self._append(step, texts)

    def _append(self, step: int, entries: Mapping[str, Any]) -> None:
        seconds = round(self._seconds_before + time.monotonic() - self._began, 3)
        with open(self.file, "a", encoding="utf-8") as stream:
            stream.write(json.dumps({"step": step, "seconds": seconds, **entries}) + "\n")


def _truncate(file: Path, last_step: int) -> float:
    """Drop records after `last_step` and a half-written last one; return the seconds of the last one kept."""
    if not file.exists():
        return 0.0
    kept, seconds = [], 0.0
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            break
        if record["step"] <= last_step:
            kept.append(line + "\n")
            seconds = record["seconds"]
    files.write_bytes(file, "".join(kept).encode())
    return seconds
