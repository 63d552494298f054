"""The `Doctor` callback: it watches a run and reports each failure and its remedy in one sentence."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from tfgan import kinds
from tfgan.callbacks.doctor import signals
from tfgan.callbacks.doctor.diagnosis import Diagnosis, Facts
from tfgan.callbacks.doctor.episodes import Ward
from tfgan.callbacks.doctor.probe import Look, Reals
from tfgan.callbacks.doctor.signals import LOGGED, Signals
from tfgan.callbacks.metrics_log import Records
from tfgan.callbacks.tensorboard import EventLog

SCALE = ("real_distance", "between", "deviation")  # signals that the first, extra look records
SAMPLED = 1024  # at most so many weights of each variable enter the relative change
MOST_UPDATES = 10  # largest divisor of a change of weights: ten large updates replace the weights completely
PROBES = (0.0, 44.0, 88.0)  # probe logits s: reals at s, fakes at -s; exp overflows float32 above 88


class Doctor(keras.callbacks.Callback):
    """Diagnose failures at the end of each epoch, from the logged values and from regular looks at examples.

    The doctor reports a diagnosis once per episode: as a line on stderr, as a record with `diagnosis`, and in
    TensorBoard's text tab. It logs the figures of a look as `doctor/<name>`. It restores its memory from the
    records: when a run continues, the counts of consecutive signs continue too, and the doctor does not
    report an open episode again unless that diagnosis is in `stop_on`.

    Args:
        records: the run's records; the doctor reads the past signals from them and appends its figures and
            diagnoses.
        bank: training examples that generated ones are compared with.
        held_out: real examples that training never uses; None where no training example comes twice.
        events: event log for TensorBoard's copy of the diagnoses; None writes no copy.
        every_steps: steps between two looks, a multiple of the epoch's steps; None looks after each epoch. An
            extra look at the end of the first epoch measures the scale of logits and distances, which
            objectives without a fixed scale need. Relative changes of weights are measured twice as often.
        also: returns whether to look after a step in addition, for example where a checkpoint is due.
        chunk: examples per pass through a network; None passes the whole bank at once.
        features: maps examples (n, *shape) to features (n, ...) for the distances; None takes the thumbnails
            of the kind.
        stop_on: names of diagnoses that end training.
        at_once: as for `StopOnSignal`.
        say: prints a line for the user; None prints to stderr, above the progress bar.
        seed: seed of the latents.

    Attributes:
        verdict: the diagnosis that ended training, or None.
        first_sign: step of the earliest sign that led to the verdict.
        suspicious: whether a diagnosis in `stop_on` shows signs at present, reported or not.
    """

    verdict: Diagnosis | None = None
    first_sign: int | None = None
    suspicious: bool = False

    def __init__(
        self,
        records: Records,
        bank: Reals,
        *,
        held_out: Reals | None = None,
        events: EventLog | None = None,
        every_steps: int | None = None,
        also: Callable[[int], bool] = lambda step: False,
        chunk: int | None = None,
        features: Callable[[tf.Tensor], tf.Tensor] | None = None,
        stop_on: frozenset[str] = frozenset(),
        at_once: bool = True,
        say: Callable[[str], None] | None = None,
        seed: int = 0,
    ):
        super().__init__()
        self.records, self.events = records, events
        self.bank, self.held_out = Reals(*bank), None if held_out is None else Reals(*held_out)
        self.every_steps, self.also, self.chunk = every_steps, also, chunk
        self.features = features
        self.stop_on = stop_on
        self.at_once = at_once
        self.seed = seed
        self._say = say or (lambda line: tqdm.write(line, file=sys.stderr))
        self._ward: Ward | None = None
        self._before: list[np.ndarray] | None = None
        self._last_call = math.inf

    def on_train_begin(self, logs=None):
        if self._ward is None:
            self._prepare()

    def on_epoch_begin(self, epoch, logs=None):
        # Steps of the epoch; None where the data's length is unknown
        steps = (self.params or {}).get("steps")
        start, often = int(self.model.state.step.numpy()), (self.every_steps or 0) // 2 or 1
        self._last_call = (
            steps - self.model.steps_per_execution
            if steps and (start + steps) // often > start // often
            else math.inf
        )

    def on_train_batch_begin(self, batch, logs=None):
        if batch >= self._last_call:
            self._before = self._weights()

    def on_epoch_end(self, epoch, logs=None):
        step = int(self.model.state.step.numpy())
        found = self._updates()
        due = self.every_steps is None or step % self.every_steps == 0 or self.also(step)
        if (due or not self._looked) and bool(self.model.state.finite.numpy()):
            look = self._look.take()
            found |= look if due else {name: look[name] for name in SCALE if name in look}
            self._looked = True
        self.records.write(step, {f"doctor/{name}": value for name, value in found.items()})
        logged = {field: float(logs[tag]) for tag, field in LOGGED.items() if tag in logs}
        for diagnosis in self._ward.admit(Signals(step=step, **logged, **found)):
            if diagnosis.name not in self._unsuitable:
                self._announce(step, diagnosis)
        self.suspicious = bool(self._ward.suspected & (self.stop_on - self._unsuitable))

    def _announce(self, step: int, diagnosis: Diagnosis) -> None:
        """Report a diagnosis to the records, stderr and TensorBoard; end training if it is in `stop_on`."""
        self.records.note(
            step, {"diagnosis": diagnosis.name, "evidence": diagnosis.evidence, "remedy": diagnosis.remedy}
        )
        self._say(f"step {step}: {diagnosis}")
        if self.events:
            self.events.text(
                step, "doctor", f"**{diagnosis.name}**: {diagnosis.evidence}; {diagnosis.remedy}."
            )
        if diagnosis.name in self.stop_on and self.verdict is None:
            self.verdict, self.first_sign = diagnosis, self._ward.first_sign(diagnosis.name)
            self.model.stop_training = self.model.stop_training or self.at_once

    def _prepare(self) -> None:
        """Build the look and the sampling of weights, and resume from the records."""
        model = self.model
        self._unsuitable = kinds.of(model.example_shape).unsuitable_diagnoses
        self._look = Look(model, self.bank, self.held_out, self.features, self.chunk, self.seed)
        self._sampled = tf.function(
            lambda: [_sample(network) for network in (model.discriminator, model.generator)], autograph=False
        )
        self._ward, past = (
            Ward(facts_of(model.loss)._replace(single=len(self.bank.examples) == 1)),
            _history(self.records),
        )
        self._looked = any(signals.between is not None for signals in past)
        self._ward.resume(past)
        self._ward.active -= self.stop_on  # the episode may have begun before the user asked to stop on it

    def _weights(self) -> list[np.ndarray]:
        return [weights.numpy() for weights in self._sampled()]

    def _updates(self) -> dict[str, float]:
        """Return the relative change of D's and G's weights per update of the last call, or {} if not measured."""
        if self._before is None:
            return {}
        steps, after = self.model.steps_per_execution, self._weights()
        of_d, of_g = (_change(*pair) for pair in zip(self._before, after, strict=True))
        self._before = None
        return {
            "d_update": of_d / min(steps * self.model.d_steps, MOST_UPDATES),
            "g_update": of_g / min(steps, MOST_UPDATES),
        }


def _change(before: np.ndarray, after: np.ndarray) -> float:
    """Return the relative change ||after - before|| / ||after||."""
    size = lambda weights: float(np.linalg.norm(weights.astype(np.float64)))  # noqa: E731
    return size(after - before) / (size(after) or 1.0)


def facts_of(loss) -> Facts:
    """Return the facts of an objective for the rules.

    A loss that is linear in the logits s and -s fixes no scale; the loss is evaluated at `PROBES`.
    """
    if loss.uses_embeddings or loss.uses_reconstruction or loss.initial_state:
        return Facts(scaled=False)
    at = lambda s: float(tf.reduce_mean(loss.discriminator(tf.fill((2, 1), s), tf.fill((2, 1), -s))))  # noqa: E731
    low, middle, high = map(at, PROBES)
    return Facts(scaled=not math.isclose(high - middle, middle - low, rel_tol=1e-6))


def _history(records: Records) -> list[Signals]:
    """Return the signals in the records, oldest first; records of the same step are merged."""
    by_step: dict[int, dict[str, Any]] = {}
    lines = records.file.read_text(encoding="utf-8").splitlines() if records.file.exists() else []
    for record in map(json.loads, lines):
        if any(tag in signals.FIELD_OF for tag in record):
            by_step.setdefault(record["step"], {}).update(record)
    return [signals.from_record(record) for _, record in sorted(by_step.items())]


def _sample(network) -> tf.Tensor:
    """Return at most `SAMPLED` evenly spaced weights of each variable, in one vector."""
    parts = [
        tf.reshape(tf.cast(variable.value, tf.float32), (-1,)) for variable in network.trainable_variables
    ]
    return (
        tf.concat([part[:: -(-part.shape[0] // SAMPLED)] for part in parts], axis=0) if parts else tf.zeros(1)
    )
