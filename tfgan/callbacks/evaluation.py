"""Score the model at an interval while training runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tfgan.callbacks.evaluation_history import Monitor, read_evaluations
from tfgan.callbacks.every_steps import AtInterval
from tfgan.callbacks.metrics_log import Records
from tfgan.core import files


class Evaluation(AtInterval):
    """Score the model at an interval; write the scores to the records as `metrics/<name>` and to a JSON file.

    The best evaluation is found in the records. A resumed run cuts its records at its first step, so the best
    one stays correct after any number of interruptions.

    Args:
        score: takes the model, returns numbers by name.
        records: the run's records, which receive the scores.
        file: JSON file; it holds `{"step": ..., "scores": {...}}`, the entries of `facts`, and `"best"` if a
            figure is watched.
        facts: further entries for the file.
        watched: the figure that decides which evaluation is best and when training ends; None decides
            neither.
        keep: takes the model whenever it is the best so far.
        **interval: as for `AtInterval`.

    Attributes:
        exhausted: whether this callback ended training.
    """

    exhausted = False

    def __init__(
        self,
        score: Callable[[Any], Mapping[str, float | None]],
        records: Records,
        file: str | Path,
        *,
        facts: Mapping[str, Any] | None = None,
        watched: Monitor | None = None,
        keep: Callable[[Any], Any] | None = None,
        **interval,
    ):
        super().__init__(**interval)
        self.score = score
        self.records = records
        self.file = files.expand_home(file)
        self.facts = dict(facts or {})
        self.watched = watched
        self.keep = keep

    def act(self, step):
        if not bool(self.model.state.finite.numpy()):
            return
        scores = self.score(self.model)
        self.records.write(
            step, {f"metrics/{name}": float(value) for name, value in scores.items() if value is not None}
        )
        record = {"step": step, "scores": scores, **self.facts}
        if self.watched:
            past = read_evaluations(self.records.file)
            record["best"] = best = self.watched.best(past)
            if best and best["step"] == step and self.keep:
                self.keep(self.model)
            if self.watched.is_exhausted(past):
                self.exhausted = self.model.stop_training = True
        files.write_json(self.file, record)
