"""Build the doctor callback, and roll a failed run back to a checkpoint."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from tfgan import callbacks
from tfgan.callbacks import evaluation_history
from tfgan.callbacks.doctor.diagnosis import FATAL, Diagnosis
from tfgan.evaluation import scorer
from tfgan.runs import build, folder
from tfgan.runs.config import Config

STEPS = 200  # smallest interval between probes; a probe takes as long as about three steps on digits
MOST, BATCHES = 128, 4  # limits of the examples of each kind in a probe: number, and batches
ATTEMPTS = 3


def build_doctor(
    source,
    config: Config,
    records: callbacks.Records,
    events: callbacks.EventLog | None,
    *,
    alone: bool,
    replicas: int = 1,
) -> callbacks.Doctor:
    """Build the doctor callback with real examples for its probes.

    `alone` and `replicas` describe the strategy.

    If the doctor may stop the run, it also probes at every checkpoint, so that no checkpoint is kept without
    a probe.
    """
    count, finite = min(MOST, BATCHES * config.batch_size), source.num_examples is not None
    bank, warns = source.held_out(count), config.on_collapse == "warn"
    if finite:
        bank = source.examples(np.sort(np.random.default_rng(0).permutation(source.num_examples)[:count]))
    return callbacks.Doctor(
        records,
        bank,
        held_out=source.held_out(count) if finite else None,
        events=events,
        every_steps=config.log_every * -(-STEPS // config.log_every),
        also=lambda step: not warns and (step % config.save_every == 0 or step == config.steps),
        features=source.kind.thumbnails,
        # A forward alone keeps no activations
        chunk=config.micro_batch or BATCHES * config.batch_size // replicas,
        stop_on=frozenset() if warns else FATAL,
        at_once=alone,
    )


def may_go_back(gan, config: Config, verdict: Diagnosis | None) -> bool:
    """Return whether to roll back a run that ended with this verdict, or None."""
    return (
        config.on_collapse == "rollback"
        and verdict is not None
        and verdict.returns
        and int(gan.state.attempt.numpy()) < ATTEMPTS
    )


def go_back(
    gan, source, config: Config, strategy, verdict: Diagnosis, first_sign: int
) -> tuple[Any, int, str]:
    """Roll a run back to a checkpoint from before the first sign, or to the start if there is none.

    Returns:
        The model of the next attempt, its step, and a sentence that says so.
    """
    path = Path(config.run_dir)
    step = int(gan.state.step.numpy())
    attempt = int(gan.state.attempt.numpy()) + 1
    _drop_checkpoints(path, first_sign, attempt)
    gan, start = restore_attempt(source, config, strategy, attempt)
    _drop_scores(path, source, config, start)
    line = f"taken back from step {step} to step {start}, attempt {attempt} of {ATTEMPTS}: other noise, half the rates"
    _log_rollback(path, verdict, start, line)
    return gan, start, line


def restore_attempt(source, config: Config, strategy, attempt: int):
    """Return a model with the noise and the rates of an attempt, and its step.

    The model comes from the newest checkpoint; without one it is new.

    Each attempt halves the learning rates. A schedule is built with the new rate and follows the saved count
    of updates. A checkpoint saves a constant rate, so that it is set after loading.
    """
    with strategy.scope():
        gan = build.build_gan(config, source, attempt)
    start = folder.restore(config.run_dir, gan)
    gan.state.attempt.assign(attempt)
    if config.lr_schedule == "constant":
        for player in ("g", "d"):
            getattr(gan, f"{player}_optimizer").learning_rate = build.initial_rate(config, player, attempt)
    return gan, start


def _drop_checkpoints(path: Path, first_sign: int, attempt: int) -> None:
    """Delete checkpoints from the first sign on, and one more for each attempt after the first.

    Keep at least one.
    """
    kept = folder.list_checkpoints(path)
    signed = sum(folder.step_of(file) >= first_sign for file in kept)
    for file in kept[: min(signed + attempt - 1, len(kept) - 1)]:
        file.unlink()


def _drop_scores(path: Path, source, config: Config, start: int) -> None:
    """Delete the last scores and the best checkpoint if they are from steps after `start`."""
    file, best = path / "evaluation.json", path / "checkpoints" / folder.BEST
    if file.exists() and json.loads(file.read_text(encoding="utf-8"))["step"] > start:
        file.unlink()
    _, watched = scorer.select_monitor(source, config.metrics, config.keep_best)
    kept = watched and watched.best(evaluation_history.read_evaluations(path / "metrics.jsonl"))
    if kept and kept["step"] > start:
        best.unlink(missing_ok=True)


def _log_rollback(path: Path, diagnosis: Diagnosis, start: int, line: str) -> None:
    """Delete the logs of steps after `start`, and log the reason, only once if a run goes back twice."""
    records = callbacks.Records(path / "metrics.jsonl", None, images_per_step=1, start=start)
    with contextlib.closing(callbacks.EventLog(path / "tensorboard", start=start)) as events:
        if line in (path / "metrics.jsonl").read_text(encoding="utf-8"):
            return
        records.note(start, {"diagnosis": diagnosis.name, "evidence": diagnosis.evidence, "remedy": line})
        events.text(start, "doctor", f"**{diagnosis.name}**: {diagnosis.evidence}; {line}.")
