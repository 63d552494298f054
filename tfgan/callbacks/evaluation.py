"""Scores while training runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tfgan import _files
from tfgan.callbacks.at_interval import AtInterval
from tfgan.callbacks.records import Records


class Evaluation(AtInterval):
    """Score the model at an interval: into the records as `metrics/<name>`, and into a JSON file.

    Args:
        score: takes the model, returns numbers by name.
        records: where the numbers are added.
        file: gets `{"step": ..., "scores": {...}}`.
        **interval: as for `AtInterval`.
    """

    def __init__(self, score: Callable[[Any], Mapping[str, float | None]], records: Records, file: str | Path, **interval):
        super().__init__(**interval)
        self.score = score
        self.records = records
        self.file = file

    def act(self, step):
        if not bool(self.model.state.finite.numpy()):
            return
        scores = self.score(self.model)
        _files.write_json(self.file, {"step": step, "scores": scores})
        self.records.write(step, {f"metrics/{name}": float(value) for name, value in scores.items() if value is not None})
