"""The doctor: it watches a run, and says in a sentence what goes wrong and what helps."""

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

SCALE = ("real_distance", "between", "deviation")  # all that is taken from a fresh G
SAMPLED = 1024  # weights of each variable whose changes are looked at
MOST_UPDATES = 10  # that a change of weights is divided by: ten large ones leave nothing to change
PROBES = (0.0, 44.0, 88.0)  # logits of reals, and less those of fakes, up to where exp leaves float32


class Doctor(keras.callbacks.Callback):
    """Diagnose at the end of each epoch what goes wrong, from what was logged of it and from a look at examples at an interval.

    A diagnosis is said once an episode: in a line on stderr, as a record with `diagnosis`, and in TensorBoard's text tab. The
    figures of a look are logged as `doctor/<name>`. What it remembers is read from the records: when a run continues, signs in a
    row are counted on, and an episode under way is not told again unless it is to end training.

    Args:
        records: where what is found is added; what they hold already is remembered.
        bank: training examples that generated ones are compared with.
        held_out: real examples that are never trained on; None where training examples never come twice.
        events: where TensorBoard's copy of the sentences goes; None for nowhere.
        every_steps: steps from a look to the next, of which epochs are a divisor; None for each epoch. One at the end of the first
            epoch besides gives what separations of an objective without a scale are measured by. Changes of weights are taken
            twice as often.
        also: whether there is a look after some step besides, as where a checkpoint is due.
        chunk: examples that go through a network at a time; None for all of the bank.
        features: examples (n, *shape) to rows (n, d) in which distances are taken; None for the examples themselves.
        stop_on: names of diagnoses that end training.
        at_once: as for `StopOnSignal`.
        say: takes a line for the user; None for stderr, above the progress bar.
        seed: of the latents.

    Attributes:
        verdict: the diagnosis that ended training, or None.
        first_sign: step of the first of the signs that led to it.
        suspicious: whether signs of one that would are there, though not long enough to say it.
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
        steps = (self.params or {}).get("steps")  # of the epoch; None where only the end of the data will tell
        start, often = int(self.model.state.step.numpy()), (self.every_steps or 0) // 2 or 1
        self._last_call = steps - self.model.steps_per_execution if steps and (start + steps) // often > start // often else math.inf

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
        """Say a diagnosis everywhere; end training if it is one that does."""
        self.records.note(step, {"diagnosis": diagnosis.name, "evidence": diagnosis.evidence, "remedy": diagnosis.remedy})
        self._say(f"step {step}: {diagnosis}")
        if self.events:
            self.events.text(step, "doctor", f"**{diagnosis.name}**: {diagnosis.evidence}; {diagnosis.remedy}.")
        if diagnosis.name in self.stop_on and self.verdict is None:
            self.verdict, self.first_sign = diagnosis, self._ward.first_sign(diagnosis.name)
            self.model.stop_training = self.model.stop_training or self.at_once

    def _prepare(self) -> None:
        """Make ready what is looked at, and remember what the records hold."""
        model = self.model
        self._unsuitable = kinds.of(model.example_shape).unsuitable_diagnoses
        self._look = Look(model, self.bank, self.held_out, self.features, self.chunk, self.seed)
        self._sampled = tf.function(lambda: [_sample(network) for network in (model.discriminator, model.generator)], autograph=False)
        self._ward, past = Ward(facts_of(model.loss)._replace(single=len(self.bank.examples) == 1)), _history(self.records)
        self._looked = any(signals.between is not None for signals in past)
        self._ward.resume(past)
        self._ward.active -= self.stop_on  # of a run that was only warned before

    def _weights(self) -> list[np.ndarray]:
        return [weights.numpy() for weights in self._sampled()]

    def _updates(self) -> dict[str, float]:
        """Return by how much one update of the last call changed both networks' weights, of their own size."""
        if self._before is None:
            return {}
        steps, after = self.model.steps_per_execution, self._weights()
        of_d, of_g = (_change(*pair) for pair in zip(self._before, after, strict=True))
        self._before = None
        return {"d_update": of_d / min(steps * self.model.d_steps, MOST_UPDATES), "g_update": of_g / min(steps, MOST_UPDATES)}


def _change(before: np.ndarray, after: np.ndarray) -> float:
    """Return the root mean square of a change in units of what it led to."""
    size = lambda weights: float(np.linalg.norm(weights.astype(np.float64)))  # noqa: E731
    return size(after - before) / (size(after) or 1.0)


def facts_of(loss) -> Facts:
    """Return the facts of an objective that the rules need."""
    if loss.uses_embeddings or loss.uses_reconstruction or loss.initial_state:
        return Facts(scaled=False)
    at = lambda s: float(tf.reduce_mean(loss.discriminator(tf.fill((2, 1), s), tf.fill((2, 1), -s))))  # noqa: E731
    low, middle, high = map(at, PROBES)
    return Facts(scaled=not math.isclose(high - middle, middle - low, rel_tol=1e-6))


def _history(records: Records) -> list[Signals]:
    """Return the signals in the records, of which two of one step are one."""
    by_step: dict[int, dict[str, Any]] = {}
    lines = records.file.read_text(encoding="utf-8").splitlines() if records.file.exists() else []
    for record in map(json.loads, lines):
        if any(tag in signals.FIELD_OF for tag in record):
            by_step.setdefault(record["step"], {}).update(record)
    return [signals.from_record(record) for _, record in sorted(by_step.items())]


def _sample(network) -> tf.Tensor:
    """Return a thousand or so of each variable's weights, evenly spaced, in one vector."""
    parts = [tf.reshape(tf.cast(variable.value, tf.float32), (-1,)) for variable in network.trainable_variables]
    return tf.concat([part[:: -(-part.shape[0] // SAMPLED)] for part in parts], axis=0) if parts else tf.zeros(1)
