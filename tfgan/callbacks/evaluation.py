"""Scores while training runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tfgan.callbacks.evaluation_history import Watched, evaluations
from tfgan.callbacks.every_steps import AtInterval
from tfgan.callbacks.metrics_log import Records
from tfgan.core import files


class Evaluation(AtInterval):
    """Score the model at an interval: into the records as `metrics/<name>`, and into a JSON file.

    What was best is read from the records, which are cut when a run is resumed: it stays right however often that happens.

    Args:
        score: takes the model, returns numbers by name.
        records: where the numbers are added.
        file: gets `{"step": ..., "scores": {...}}`, what `facts` holds, and `"best"` where a figure is watched.
        facts: what else belongs into the file.
        watched: the figure that tells which evaluation is best, and when to end; None for neither.
        keep: takes the model when it is the best so far.
        **interval: as for `AtInterval`.

    Attributes:
        exhausted: whether it ended training.
    """

    exhausted = False

    def __init__(
        self,
        score: Callable[[Any], Mapping[str, float | None]],
        records: Records,
        file: str | Path,
        *,
        facts: Mapping[str, Any] | None = None,
        watched: Watched | None = None,
        keep: Callable[[Any], Any] | None = None,
        **interval,
    ):
        super().__init__(**interval)
        self.score = score
        self.records = records
        self.file = files.expanded(file)
        self.facts = dict(facts or {})
        self.watched = watched
        self.keep = keep

    def act(self, step):
        if not bool(self.model.state.finite.numpy()):
            return
        scores = self.score(self.model)
        self.records.write(step, {f"metrics/{name}": float(value) for name, value in scores.items() if value is not None})
        record = {"step": step, "scores": scores, **self.facts}
        if self.watched:
            past = evaluations(self.records.file)
            record["best"] = best = self.watched.best(past)
            if best and best["step"] == step and self.keep:
                self.keep(self.model)
            if self.watched.is_exhausted(past):
                self.exhausted = self.model.stop_training = True
        files.write_json(self.file, record)
