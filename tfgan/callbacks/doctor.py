"""The doctor: it watches a run, and says in a sentence what goes wrong and what helps."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from tfgan import _noise
from tfgan.callbacks import signals
from tfgan.callbacks.diagnosis import Diagnosis, Facts
from tfgan.callbacks.event_log import EventLog
from tfgan.callbacks.records import Records
from tfgan.callbacks.signals import LOGGED, Signals
from tfgan.callbacks.ward import WINDOW, Ward

LARGEST_SIDE = 32  # of the images whose distances are taken; larger ones are averaged down to it
SCALE = ("real_distance", "between")  # all that is taken from a fresh G
SAMPLED = 4096  # weights of each variable whose changes are looked at


class Reals(NamedTuple):
    """Real examples (n, *shape) in training units, and their labels (n,)."""

    examples: np.ndarray
    labels: np.ndarray


class Doctor(keras.callbacks.Callback):
    """Diagnose at the end of each epoch what goes wrong, from what was logged of it and from a look at examples at an interval.

    A diagnosis is said once an episode: in a line on stderr, as a record with `diagnosis`, and in TensorBoard's text tab. The
    figures of a look are logged as `doctor/<name>`. All that it remembers is read from the records, so that an interrupted run
    is told what the whole one would have been.

    Args:
        records: where what is found is added; what they hold already is remembered.
        bank: training examples that generated ones are compared with.
        held_out: real examples that are never trained on; None where training examples never come twice.
        events: where TensorBoard's copy of the sentences goes; None for nowhere.
        every_steps: steps from a look to the next, of which epochs are a divisor; None for each epoch. One at the end of the first
            epoch besides gives the distances that separations of an objective without a scale are measured by.
        features: examples (n, *shape) to rows (n, d) in which distances are taken; None for the examples themselves.
        stop_on: names of diagnoses that end training.
        at_once: as for `StopOnSignal`.
        say: takes a line for the user; None for stderr, above the progress bar.
        seed: of the latents.

    Attributes:
        verdict: the diagnosis that ended training, or None.
        suspicious: whether signs of one that would are there, though not long enough to say it.
        said: all diagnoses so far, with the step of each.
    """

    verdict: Diagnosis | None = None
    suspicious: bool = False

    def __init__(
        self,
        records: Records,
        bank: Reals,
        *,
        held_out: Reals | None = None,
        events: EventLog | None = None,
        every_steps: int | None = None,
        features: Callable[[tf.Tensor], tf.Tensor] | None = None,
        stop_on: frozenset[str] = frozenset(),
        at_once: bool = True,
        say: Callable[[str], None] | None = None,
        seed: int = 0,
    ):
        super().__init__()
        self.records, self.events = records, events
        self.bank, self.held_out = Reals(*bank), None if held_out is None else Reals(*held_out)
        self.every_steps = every_steps
        self.features = features or _flat
        self.stop_on = stop_on
        self.at_once = at_once
        self.seed = seed
        self.said: list[tuple[int, Diagnosis]] = []
        self._say = say or (lambda line: tqdm.write(line, file=sys.stderr))
        self._ward: Ward | None = None
        self._before: list[np.ndarray] | None = None

    def on_train_begin(self, logs=None):
        if self._ward is None:
            self._prepare()

    def on_train_batch_begin(self, batch, logs=None):
        steps = (self.params or {}).get("steps")  # of the epoch; None where only the end of the data will tell
        if steps and batch + self.model.steps_per_execution >= steps:
            self._before = self._weights()

    def on_epoch_end(self, epoch, logs=None):
        step = int(self.model.state.step.numpy())
        found = self._updates()
        due = self.every_steps is None or step % self.every_steps == 0
        if (due or not self._looked) and bool(self.model.state.finite.numpy()):
            look = self._look()
            found |= look if due else {name: look[name] for name in SCALE if name in look}
            self._looked = True
        self.records.write(step, {f"doctor/{name}": value for name, value in found.items()})
        logged = {field: float(logs[tag]) for tag, field in LOGGED.items() if tag in logs}
        for diagnosis in self._ward.admit(Signals(step=step, **logged, **found)):
            self._announce(step, diagnosis)
        self.suspicious = bool(self._ward.suspected & self.stop_on)

    def _announce(self, step: int, diagnosis: Diagnosis) -> None:
        """Say a diagnosis everywhere; end training if it is one that does."""
        self.said.append((step, diagnosis))
        self.records.note(step, {"diagnosis": diagnosis.name, "evidence": diagnosis.evidence, "remedy": diagnosis.remedy})
        self._say(f"step {step}: {diagnosis}")
        if self.events:
            self.events.text(step, "doctor", f"**{diagnosis.name}**: {diagnosis.evidence}; {diagnosis.remedy}.")
        if diagnosis.name in self.stop_on and self.verdict is None:
            self.verdict = diagnosis
            self.model.stop_training = self.model.stop_training or self.at_once

    def _prepare(self) -> None:
        """Draw the latents, trace what is looked at, and remember what the records hold."""
        model = self.model
        self.bank = _whole(self.bank, model.pack)
        self.held_out = self.held_out and _whole(self.held_out, model.pack)
        count = len(self.bank.examples)
        self._latents = _noise.normal(_noise.key(self.seed, "doctor"), (count, model.latent_dim))
        self._rows = None if model.given is None else model.given.by_seed(tf.range(self.seed, self.seed + count, dtype=tf.int64))
        self._real_rows = _rows(self.features, self.bank.examples).numpy()
        self._seen = tf.function(self._see, autograph=False)
        self._sampled = tf.function(lambda: [_sample(network) for network in (model.discriminator, model.generator)], autograph=False)
        self._ward, past = Ward(_facts(model)), _history(self.records)
        self._looked = any(signals.between is not None for signals in past)
        for interval in past:
            self._ward.admit(interval)
        self._ward.active -= self.stop_on  # of a run that was only warned before

    def _weights(self) -> list[np.ndarray]:
        return [weights.numpy() for weights in self._sampled()]

    def _updates(self) -> dict[str, float]:
        """Return by how much one step of the last ones changed both networks' weights, of their own size."""
        if self._before is None:
            return {}
        steps, pairs = self.model.steps_per_execution, zip(("d_update", "g_update"), self._before, self._weights(), strict=True)
        self._before = None
        size = lambda weights: float(np.linalg.norm(weights.astype(np.float64)))  # noqa: E731
        return {name: size(now - before) / (steps * size(now) or 1.0) for name, before, now in pairs}

    def _look(self) -> dict[str, float]:
        """Return what generated examples, and D's logits of them and of reals, tell now."""
        seen = {name: value.numpy() for name, value in self._seen().items()}
        found = signals.of_examples(self._real_rows, seen["fake_rows"])
        if "fake" in seen:
            found |= signals.of_logits(seen["real"], seen.get("held_out"), seen["fake"])
        if "slope" in seen:
            found["slope"] = float(seen["slope"])
        return found

    def _see(self) -> dict[str, tf.Tensor]:
        """Return generated rows, and where D has logits those of all, and the pull of G's loss."""
        model = self.model
        inputs = self._latents if self._rows is None else [self._latents, self._rows]
        fake = tf.cast(model(inputs), tf.float32)
        seen = {"fake_rows": _rows(self.features, fake)}
        if model.loss.embeds:
            return seen
        sets = {"real": self.bank, "fake": Reals(fake, self._rows)}
        sets |= {"held_out": self.held_out} if self.held_out and len(self.held_out.examples) > 1 else {}
        logits = {name: model.judged(x, labels) if model.d_given else model.judged(x) for name, (x, labels) in sets.items()}
        if not model.loss.initial_state and not model.loss.autoencodes:
            pull = _pull(model.loss, logits["real"], logits["fake"])
            undecided = _pull(model.loss, tf.ones_like(logits["real"]), -tf.ones_like(logits["fake"]))
            seen["slope"] = tf.math.divide_no_nan(pull, undecided)
        return seen | {name: tf.reduce_mean(tf.reshape(x, (x.shape[0], -1)), axis=1) for name, x in logits.items()}


def _pull(loss, real, fake) -> tf.Tensor:
    """Return the median over fakes of the absolute slope of G's loss in their logits."""
    with tf.GradientTape() as tape:
        tape.watch(fake)
        total = tf.reduce_mean(loss.generator(real, fake))
    slopes = tf.abs(tape.gradient(total, fake, unconnected_gradients="zero"))
    return tf.sort(tf.reduce_sum(tf.reshape(slopes, (fake.shape[0], -1)), axis=1))[fake.shape[0] // 2]


def _facts(model) -> Facts:
    """Return what the rules must know of the objective."""
    loss = model.loss
    if loss.embeds or loss.autoencodes or loss.initial_state:
        return Facts(scaled=False)
    at = lambda s: float(tf.reduce_mean(loss.discriminator(tf.fill((2, 1), s), tf.fill((2, 1), -s))))  # noqa: E731
    low, middle, high = at(0.0), at(2.0), at(4.0)
    return Facts(scaled=not math.isclose(high - middle, middle - low, rel_tol=1e-6))


def _history(records: Records) -> list[Signals]:
    """Return the signals of the last intervals in the records, of which two of one step are one."""
    by_step: dict[int, dict[str, Any]] = {}
    lines = records.file.read_text(encoding="utf-8").splitlines() if records.file.exists() else []
    for record in map(json.loads, lines):
        if any(tag in signals.FIELD_OF for tag in record):
            by_step.setdefault(record["step"], {}).update(record)
    return [signals.from_record(record) for _, record in sorted(by_step.items())][-2 * WINDOW :]


def _sample(network) -> tf.Tensor:
    """Return a few thousand of each variable's weights, evenly spaced, in one vector."""
    parts = [tf.reshape(tf.cast(variable.value, tf.float32), (-1,)) for variable in network.trainable_variables]
    return tf.concat([part[:: -(-part.shape[0] // SAMPLED)] for part in parts], axis=0) if parts else tf.zeros(1)


def _whole(reals: Reals, pack: int) -> Reals:
    """Return as many of the examples as fill whole packs."""
    count = len(reals.examples) - len(reals.examples) % pack
    return Reals(*(part[:count] for part in reals))


def _rows(features, x) -> tf.Tensor:
    x = tf.convert_to_tensor(x, tf.float32)
    return tf.reshape(features(x), (x.shape[0], -1))


def _flat(x: tf.Tensor) -> tf.Tensor:
    """Return examples, of large images an average."""
    if len(x.shape) == 4 and max(x.shape[1:3]) > LARGEST_SIDE:
        height, width = (min(side, LARGEST_SIDE) for side in x.shape[1:3])
        return tf.image.resize(x, (height, width), method="area")
    return x
