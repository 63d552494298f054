"""Read the run folders of a study for the report."""

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

from tfgan.comparison.running import Outcome, read_outcome
from tfgan.comparison.study import Cell, Study

CURVES = ("loss/discriminator", "loss/generator")
METRICS = "metrics/"
DOCTOR = "doctor/"
SPEED = "speed/images_per_second"


@dataclasses.dataclass(frozen=True)
class Run:
    """One run of a study.

    Attributes:
        cell: the cell of the study.
        outcome: how the run ended.
        step: step of the scores, None without scores.
        scores: scores at the last step, by name; empty unless the run finished.
        figures: facts about the scores, as returned by `tfgan.evaluation.scorer.describe_figures`.
        curves: list of (step, value) by tag, for losses and scores.
        diagnoses: records of the doctor, each `{"step": ..., "diagnosis": ..., ...}`.
        is_watched: whether the doctor watched the run.
        seconds: duration of training, None if no record has one.
        images_per_second: real images that D sees per second, median over the intervals.
        picture: file of the newest sample grid, or None.
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
        """Return a score if it is a finite number, and None otherwise."""
        value = self.scores.get(name)
        return value if isinstance(value, (int, float)) and math.isfinite(value) else None


def read_runs(study: Study) -> list[Run]:
    """Return all runs of a study, in the order of its cells."""
    return [_read_run(study, cell) for cell in study.cells]


def _read_run(study: Study, cell: Cell) -> Run:
    folder, ended = study.run_dir(cell), read_outcome(study, cell)
    records = _read_records(folder / "metrics.jsonl")
    file = folder / "evaluation.json"
    evaluation = (
        json.loads(file.read_text(encoding="utf-8")) if ended.state == "finished" and file.exists() else {}
    )
    speeds = [record[SPEED] for record in records if record.get(SPEED)]
    return Run(
        cell,
        ended,
        evaluation.get("step"),
        evaluation.get("scores", {}),
        evaluation.get("figures", {}),
        _extract_curves(records),
        [record for record in records if "diagnosis" in record],
        any("diagnosis" in record or any(tag.startswith(DOCTOR) for tag in record) for record in records),
        max((record["seconds"] for record in records), default=None),
        statistics.median(speeds) if speeds else None,
        max((folder / "samples").glob("step_*.png"), default=None),
    )


def _read_records(file: Path) -> list[dict[str, Any]]:
    if not file.exists():
        return []
    records = []
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:  # the process was killed while it wrote this line
            break
    return records


def _extract_curves(records: Sequence[Mapping[str, Any]]) -> dict[str, list[tuple[int, float]]]:
    found: dict[str, list[tuple[int, float]]] = {}
    for record in records:
        for tag, value in record.items():
            if (tag in CURVES or tag.startswith(METRICS)) and value is not None:
                found.setdefault(tag, []).append((record["step"], value))
    return found


def to_csv(runs: Sequence[Run]) -> str:
    """Return CSV with one line per run, with all scores."""
    names = list(dict.fromkeys(name for run in runs for name in run.scores))
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    known = [
        "dataset",
        "method",
        "loss",
        "penalty",
        "seed",
        "state",
        "exit_status",
        "step",
        "training_seconds",
        "processor_seconds",
    ]
    writer.writerow([*known, "peak_mib", "images_per_second", "diagnoses", *names])
    for run in runs:
        cell, ended = run.cell, run.outcome
        diagnoses = "; ".join(f"{one['diagnosis']} at {one['step']}" for one in run.diagnoses)
        facts = [
            cell.dataset,
            cell.contender.method,
            cell.contender.loss,
            cell.contender.penalty,
            cell.seed,
            ended.state,
            ended.status,
            run.step,
            run.seconds,
        ]
        facts += [ended.processor_seconds, ended.peak_mib, run.images_per_second, diagnoses]
        writer.writerow(
            ["" if value is None else value for value in (*facts, *(run.scores.get(name) for name in names))]
        )
    return stream.getvalue()
