"""Train the model of a run with its callbacks: logs, samples, scores, checkpoints and the doctor."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import re
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tfgan import callbacks
from tfgan.callbacks.doctor.diagnosis import Diagnosis
from tfgan.data.source import UnreadableExample
from tfgan.distributed import strategy as strategy_lib
from tfgan.evaluation import sampler, scorer
from tfgan.runs import build, optimizers, post_hoc, rollback
from tfgan.runs import config as config_lib
from tfgan.runs.config import Config
from tfgan.runs.folder import RunDir
from tfgan.tracking.replay import Replay

COLLAPSED = 64  # a reason to stop, above the numbers of signals that stop a run


class Ending(NamedTuple):
    """How training ended.

    Attributes:
        tags: names of the logged values that were NaN or infinite.
        exhausted: whether it ended because the scores did not improve.
        verdict: the diagnosis that ended it, or None.
        first_sign: step of the first sign of that diagnosis.
        collapsed: whether a diagnosis ended it, on this worker or another.
        signal: that another worker received, or None.
        unreadable: the message about an example that could not be read, or None.
    """

    tags: tuple[str, ...] = ()
    exhausted: bool = False
    verdict: Diagnosis | None = None
    first_sign: int | None = None
    collapsed: bool = False
    signal: int | None = None
    unreadable: str | None = None


def fit(
    gan, source, config: Config, folder: RunDir | None, start: int, strategy, stops, replays=()
) -> Ending:
    """Train from step `start`; write files only if there is a folder.

    Args:
        gan: the model.
        source: the data.
        config: a complete config.
        folder: of the run, None where another worker writes it.
        start: finished steps.
        strategy: of the model.
        stops: `StopAfter` and `StopOnSignal`; they stay the same when a run is rolled back.
        replays: `Replay`s, which copy the records into trackers; they stay the same too.
    """
    finite, doctor, observers = callbacks.StopOnNonFinite(), None, []
    unreadable: list[str] = []
    found = 0
    with _catching_unreadable(unreadable), contextlib.ExitStack() as stack:
        if folder:
            post_hoc.drop_snapshots(folder.path, start)
            doctor, observers = _build_callbacks(gan, source, config, folder, start, strategy, stack)
        watchers = [finite, *observers, *stops, *map(_replaying, replays)]
        if folder and (steps := config_lib.profile_steps(config)):
            watchers.append(
                stack.enter_context(
                    contextlib.closing(callbacks.Profile(folder.path / "tensorboard", *steps))
                )
            )
        if not strategy_lib.is_alone(strategy):
            watchers.append(together := _stop_together(strategy, doctor, *stops))
        for first, epochs, length in split_steps(start, config.steps, config.log_every):
            # TensorFlow cannot exchange values from inside a loop over steps.
            gan.steps_per_execution = (
                math.gcd(length, config.steps_per_call) if strategy.num_replicas_in_sync == 1 else 1
            )
            gan.make_train_function(force=True)
            batches = build.batches(config, source, strategy, first, gan.steps_per_execution)
            gan.fit(
                batches,
                epochs=epochs,
                steps_per_epoch=length,
                callbacks=watchers,
                verbose=0,
                check_values=False,
            )
            if gan.stop_training:
                break
        if not strategy_lib.is_alone(strategy):
            found = together.reason_found
    return Ending(
        tags=finite.tags,
        exhausted=any(getattr(watcher, "exhausted", False) for watcher in watchers),
        verdict=doctor.verdict if doctor else None,
        first_sign=doctor.first_sign if doctor else None,
        collapsed=found == COLLAPSED or bool(doctor and doctor.verdict),
        signal=found if 1 < found < COLLAPSED else None,
        unreadable=unreadable[0] if unreadable else None,
    )


def _replaying(replay: Replay) -> keras.callbacks.Callback:
    """Return the callback that replays the records; at the beginning all of them, which a rollback may have cut."""
    return keras.callbacks.LambdaCallback(
        on_train_begin=lambda logs: replay.update(again=True),
        on_epoch_end=lambda epoch, logs: replay.update(),
    )


@contextlib.contextmanager
def _catching_unreadable(reasons: list[str]) -> Iterator[None]:
    """End the block when an example cannot be read, and append the reason.

    The model then is at its last whole step.
    """
    try:
        yield
    except (UnreadableExample, tf.errors.OpError) as error:
        reason = reason_unreadable(error)
        if reason is None:
            raise
        reasons.append(reason)


def reason_unreadable(error: Exception) -> str | None:
    """Return the message of an `UnreadableExample`, raised in Python or wrapped by tf.data.

    Return None for another error.
    """
    if isinstance(error, UnreadableExample):
        return str(error)
    wrapped = re.search(rf"{UnreadableExample.__name__}: (.*)", str(error))
    return wrapped and wrapped[1]


def _stop_together(strategy, doctor, limit, interrupted) -> callbacks.StopTogether:
    """Return the callback that stops all workers if one has a reason.

    A reason is `COLLAPSED`, the number of a signal, or 1 for the time limit.
    """
    wish = lambda: COLLAPSED if doctor and doctor.verdict else interrupted.received or int(limit.expired)  # noqa: E731
    return callbacks.StopTogether(wish, lambda reason: strategy_lib.any_worker(strategy, reason))


def split_steps(start: int, stop: int, length: int) -> Iterator[tuple[int, int, int]]:
    """Cut the steps from `start` to `stop` at the multiples of `length`.

    Yields:
        (first step, epochs, steps an epoch), at most three of them.

    >>> list(segments(30, 260, 50))
    [(30, 1, 20), (50, 4, 50), (250, 1, 10)]
    """
    if start % length:
        end = min(stop, start + length - start % length)
        yield start, 1, end - start
        start = end
    if whole := (stop - start) // length:
        yield start, whole, length
        start += whole * length
    if start < stop:
        yield start, 1, stop - start


def _build_callbacks(
    gan, source, config: Config, folder: RunDir, start: int, strategy, stack: contextlib.ExitStack
):
    """Return the doctor or None, and all callbacks that write files, in their order."""
    progress = stack.enter_context(contextlib.closing(callbacks.Progress(config.steps, start=start)))
    events = stack.enter_context(
        contextlib.closing(callbacks.EventLog(folder.path / "tensorboard", start=start))
    )
    images_per_step = config.batch_size * config.d_steps
    records = callbacks.Records(
        folder.path / "metrics.jsonl", events, images_per_step=images_per_step, start=start
    )
    if start == 0:
        events.hparams(hyperparameters(config))
    doctor = None
    if config.doctor:
        replicas = strategy.num_replicas_in_sync
        doctor = rollback.build_doctor(
            source, config, records, events, alone=strategy_lib.is_alone(strategy), replicas=replicas
        )
    own = [doctor] if doctor else []
    return doctor, [
        records,
        *own,
        *_interval_callbacks(gan, source, config, folder, records, events, doctor),
        progress,
    ]


def _interval_callbacks(gan, source, config: Config, folder: RunDir, records, events, doctor) -> list[Any]:
    """Return the callbacks that write pictures, scores and checkpoints.

    No checkpoint is saved if the doctor sees a failure.
    """

    def doubtful() -> bool:
        """Return whether to save no checkpoint.

        A mere sign at the last step does not count: no later step can confirm it.
        """
        if not (doctor and doctor.stop_on):
            return False
        return doctor.verdict is not None or (
            doctor.suspicious and int(gan.state.step.numpy()) < config.steps
        )

    def save(gan) -> None:
        if gan.power_averages is not None:
            post_hoc.save_snapshot(folder.path, gan)
        folder.save(gan, config.keep_checkpoints)

    names, watched = scorer.select_monitor(source, config.metrics, config.keep_best, config.patience)
    score = scorer.build_sampler_scorer(
        source,
        names,
        on_failure=lambda name, error: print(
            score_failure_text(config.run_dir, int(gan.state.step.numpy()), name, error), file=sys.stderr
        ),
    )
    last = {"last_step": config.steps}
    return [
        callbacks.SampleGrid(
            folder.path,
            events=events,
            kind=source.kind,
            reference=source.held_out(source.kind.preview_count)[0]
            if source.kind.preview_shows_reals
            else None,
            every_steps=config.sample_every,
            **last,
        ),
        callbacks.Evaluation(
            lambda gan: score(sampler.from_gan(gan, source.kind)),
            records,
            folder.path / "evaluation.json",
            facts={"figures": scorer.describe_figures(names)},
            watched=watched,
            keep=folder.save_best,
            every_steps=config.eval_every or config.steps,
            **last,
        ),
        callbacks.Checkpoint(
            save,
            doubtful=doubtful,
            every_steps=config.save_every,
            **last,
        ),
    ]


def score_failure_text(run_dir: str, step: int, name: str, error: Exception) -> str:
    """Return the warning for a score that could not be computed."""
    reason = " ".join(str(error).split()) or type(error).__name__
    return f"{run_dir}: {name} could not be computed at step {step}: {reason}"


def hyperparameters(config: Config) -> dict[str, Any]:
    """Return the hyperparameters of a run for TensorBoard and for trackers."""
    free = {field.name for field in dataclasses.fields(config) if field.metadata["free"]} - {"steps"}
    values = {
        key: value
        for key, value in config_lib.to_dict(config).items()
        if key not in free and value is not None
    }
    for player in optimizers.PLAYERS:
        values |= optimizers.flatten(values[f"{player}_optimizer"], player)
    return values | {"penalty": " ".join(config.penalty) or "none"}
