"""What a run does about its failures: a doctor that sees them, and the way back to before one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tfgan import build, callbacks, run_dir
from tfgan.callbacks.diagnosis import FATAL, Diagnosis
from tfgan.config import Config

STEPS = 200  # from a look to the next, at least; a look's passes, all forward, cost about what one and a half steps do
MOST, BATCHES = 256, 4  # examples of each kind in a look: at most so many, and at most so many batches
ATTEMPTS = 3


def doctor(source, config: Config, records: callbacks.Records, events: callbacks.EventLog, *, alone: bool) -> callbacks.Doctor:
    """Return the callback that diagnoses, with real examples to compare with."""
    count, finite = min(MOST, BATCHES * config.batch_size), source.num_examples is not None
    bank = source.held_out(count)
    if finite:
        bank = source.examples(np.sort(np.random.default_rng(0).permutation(source.num_examples)[:count]))
    return callbacks.Doctor(
        records,
        bank,
        held_out=source.held_out(MOST) if finite else None,
        events=events,
        every_steps=config.log_every * -(-STEPS // config.log_every),
        stop_on=frozenset() if config.on_collapse == "warn" else FATAL,
        at_once=alone,
    )


def can_go_back(gan, config: Config) -> bool:
    """Return whether a run that collapsed is to be taken back once more."""
    return config.on_collapse == "rollback" and int(gan.state.attempt.numpy()) < ATTEMPTS


def taken_back(source, config: Config, strategy, attempt: int):
    """Return a model as of the newest checkpoint, or a fresh one where there is none, that goes on with the noise and the rates
    of an attempt, and its step.

    Rates are halved once an attempt. Those of a schedule are made anew and follow the saved count of updates; constant ones
    are among what a checkpoint saves, and are set.
    """
    with strategy.scope():
        gan = build.gan(config, source, attempt)
    start = run_dir.restore(config.run_dir, gan)
    gan.state.attempt.assign(attempt)
    if config.lr_schedule == "constant":
        for player in ("g", "d"):
            getattr(gan, f"{player}_optimizer").learning_rate = build.rate(config, player, attempt)
    return gan, start


def note_return(path: Path, diagnosis: Diagnosis, step: int, start: int, attempt: int) -> str:
    """Write into the records why a run was taken back, cutting those of the steps that are gone; return the sentence."""
    line = f"taken back from step {step} to step {start}, attempt {attempt} of {ATTEMPTS}: other noise, half the rates"
    records = callbacks.Records(path / "metrics.jsonl", None, images_per_step=1, start=start)
    records.note(start, {"diagnosis": diagnosis.name, "evidence": diagnosis.evidence, "remedy": line})
    return line
