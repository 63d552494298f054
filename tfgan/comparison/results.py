"""What the run folders of a study hold, as the report wants it."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tfgan.comparison.running import Outcome, outcome
from tfgan.comparison.study import Cell, Study

CURVES = ("loss/discriminator", "loss/generator")
METRICS = "metrics/"
DOCTOR = "doctor/"
SPEED = "speed/images_per_second"


@dataclasses.dataclass(frozen=True)
class Run:
    """One run of a study.

    Attributes:
        cell: which.
        outcome: how it ended.
        step: of the scores, None where there are none.
        scores: by name, at the last step; empty unless the run finished.
        figures: what the scores are about, as `tfgan.evaluation.scorer.figures` says.
        curves: (step, value) by tag: losses and scores.
        diagnoses: records of the doctor, `{"step": ..., "diagnosis": ..., ...}` each.
        is_watched: whether a doctor looked at it.
        seconds: of training, None where none was recorded.
        images_per_second: real images shown to D, the median of the intervals.
        picture: the newest sample grid, or None.
    """

    cell: Cell
    outcome: Outcome
    step: int | None
    scores: Mapping[str, float | None]
    figures: Mapping[str, Mapping[str, str]]
    curves: Mapping[str, Sequence[tuple[int, float]]]
    diagnoses: Sequence[Mapping[str, Any]]
    is_watched: bool
    seconds: float | None
    images_per_second: float | None
    picture: Path | None

    def score(self, name: str) -> float | None:
        """Return a score if it is a finite number."""
        value = self.scores.get(name)
        return value if isinstance(value, (int, float)) and math.isfinite(value) else None


def read(study: Study) -> list[Run]:
    """Return every run of a study, in the order of its cells."""
    return [_read(study, cell) for cell in study.cells]


def _read(study: Study, cell: Cell) -> Run:
    folder, ended = study.run_dir(cell), outcome(study, cell)
    records = _records(folder / "metrics.jsonl")
    file = folder / "evaluation.json"
    evaluation = json.loads(file.read_text(encoding="utf-8")) if ended.state == "finished" and file.exists() else {}
    speeds = [record[SPEED] for record in records if record.get(SPEED)]
    return Run(
        cell,
        ended,
        evaluation.get("step"),
        evaluation.get("scores", {}),
        evaluation.get("figures", {}),
        _curves(records),
        [record for record in records if "diagnosis" in record],
        any("diagnosis" in record or any(tag.startswith(DOCTOR) for tag in record) for record in records),
        max((record["seconds"] for record in records), default=None),
        statistics.median(speeds) if speeds else None,
        max((folder / "samples").glob("step_*.png"), default=None),
    )


def _records(file: Path) -> list[dict[str, Any]]:
    if not file.exists():
        return []
    records = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:  # half-written
            break
    return records


def _curves(records: Sequence[Mapping[str, Any]]) -> dict[str, list[tuple[int, float]]]:
    found: dict[str, list[tuple[int, float]]] = {}
    for record in records:
        for tag, value in record.items():
            if (tag in CURVES or tag.startswith(METRICS)) and value is not None:
                found.setdefault(tag, []).append((record["step"], value))
    return found


def as_csv(runs: Sequence[Run]) -> str:
    """Return a line a run, with every score."""
    names = list(dict.fromkeys(name for run in runs for name in run.scores))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    known = ["dataset", "loss", "penalty", "seed", "state", "exit_status", "step", "training_seconds", "processor_seconds"]
    writer.writerow([*known, "peak_mib", "images_per_second", "diagnoses", *names])
    for run in runs:
        cell, ended = run.cell, run.outcome
        diagnoses = "; ".join(f"{one['diagnosis']} at {one['step']}" for one in run.diagnoses)
        facts = [cell.dataset, cell.contender.loss, cell.contender.penalty, cell.seed, ended.state, ended.status, run.step, run.seconds]
        facts += [ended.processor_seconds, ended.peak_mib, run.images_per_second, diagnoses]
        writer.writerow(["" if value is None else value for value in (*facts, *(run.scores.get(name) for name in names))])
    return stream.getvalue()
