"""Look at a model: generate examples, and measure their variety and D's logits of fakes and of reals."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfgan import kinds
from tfgan.callbacks.doctor import signals
from tfgan.core import noise


class Reals(NamedTuple):
    """Real examples (n, *shape) in training units, and their labels (n,)."""

    examples: np.ndarray
    labels: np.ndarray


class Look:
    """Look at one model repeatedly, with the same latents and the same reals.

    Args:
        model: the compiled model.
        bank: training examples to compare with; each look generates as many examples.
        held_out: real examples that training never uses, or None.
        features: maps examples (n, *shape) to features (n, ...) for the distances; None takes the thumbnails
            of the kind.
        chunk: examples per pass through a network; None passes all at once.
        seed: seed of the latents.

    Raises:
        ValueError: the bank has fewer examples than a pack.
    """

    def __init__(
        self,
        model,
        bank: Reals,
        held_out: Reals | None,
        features: Callable | None,
        chunk: int | None,
        seed: int,
    ):
        self._model, self._features = model, features or kinds.of(model.example_shape).thumbnails
        bank, held_out = _whole(bank, model.pack), held_out and _whole(held_out, model.pack)
        if not (count := len(bank.examples)):
            raise ValueError(f"bank: expected at least the {model.pack} examples of a pack, got fewer")
        self._chunk = max(model.pack, (chunk or count) // model.pack * model.pack)
        self._sets = {"real": _tensors(bank)}
        if held_out and len(held_out.examples) > 1:
            self._sets["held_out"] = _tensors(held_out)
        self._latents = noise.normal(noise.key(seed, "doctor"), (count, model.latent_dim))
        self._rows = (
            None
            if model.condition is None
            else model.condition.by_seed(tf.range(seed, seed + count, dtype=tf.int64))
        )
        self._generate = tf.function(self._generated, autograph=False)
        self._judge = tf.function(self._judged, autograph=False)
        self._pull = tf.function(lambda real, fake: pull(model.loss, real, fake), autograph=False)
        self._undecided: float | None = None
        rows = [self._in_features(x).numpy() for x, _ in self._chunks(*self._sets["real"])]
        self._reference = signals.Reference(np.concatenate(rows), bank.labels)

    def take(self) -> dict[str, float]:
        """Generate examples and return the signals of the examples and of D's logits, by name."""
        parts = [self._generate(*part) for part in self._chunks(self._latents, self._rows)]
        fake = tf.concat([examples for examples, _ in parts], axis=0)
        found = signals.of_examples(self._reference, np.concatenate([rows.numpy() for _, rows in parts]))
        if self._model.loss.uses_embeddings:  # such a loss compares batches: a single example has no logit
            return found
        logits = {
            name: self._logits(*each) for name, each in {**self._sets, "fake": (fake, self._rows)}.items()
        }
        means = {
            name: tf.reduce_mean(tf.reshape(x, (x.shape[0], -1)), axis=1).numpy()
            for name, x in logits.items()
        }
        return (
            found
            | signals.of_logits(means["real"], means.get("held_out"), means["fake"])
            | self._slope(logits["real"], logits["fake"])
        )

    def _slope(self, real, fake) -> dict[str, float]:
        """Return G's pull divided by its pull where all logits are 0.

        The result is empty if the pull at 0 is 0, or if the loss depends on more than logits.
        """
        loss = self._model.loss
        if loss.initial_state or loss.uses_reconstruction:
            return {}
        if self._undecided is None:
            self._undecided = float(self._pull(tf.zeros_like(real), tf.zeros_like(fake)))
        return {"slope": float(self._pull(real, fake)) / self._undecided} if self._undecided > 0 else {}

    def _chunks(self, x, labels):
        for first in range(0, x.shape[0], self._chunk):
            part = slice(first, first + self._chunk)
            yield x[part], None if labels is None else labels[part]

    def _logits(self, x, labels) -> tf.Tensor:
        labels = labels if self._model.discriminator_inputs else None
        return tf.concat([self._judge(*part) for part in self._chunks(x, labels)], axis=0)

    def _judged(self, x, labels) -> tf.Tensor:
        return (
            self._model.discriminator_logits(x)
            if labels is None
            else self._model.discriminator_logits(x, labels)
        )

    def _generated(self, latents, rows) -> tuple[tf.Tensor, tf.Tensor]:
        """Return generated examples (n, *shape) and their features as rows (n, d)."""
        fake = tf.cast(self._model(latents if rows is None else [latents, rows]), tf.float32)
        return fake, self._in_features(fake)

    def _in_features(self, x) -> tf.Tensor:
        return tf.reshape(self._features(x), (x.shape[0], -1))


def pull(loss, real, fake) -> tf.Tensor:
    """Return the median over fakes of |dL_G / d logit|, the absolute slope of G's loss."""
    with tf.GradientTape() as tape:
        tape.watch(fake)
        total = tf.reduce_mean(loss.generator(real, fake))
    slopes = tf.abs(tape.gradient(total, fake, unconnected_gradients="zero"))
    return tf.sort(tf.reduce_sum(tf.reshape(slopes, (fake.shape[0], -1)), axis=1))[fake.shape[0] // 2]


def _tensors(reals: Reals) -> tuple[tf.Tensor, tf.Tensor]:
    return tf.convert_to_tensor(reals.examples, tf.float32), tf.convert_to_tensor(reals.labels, tf.int32)


def _whole(reals: Reals, pack: int) -> Reals:
    """Return the first examples, as many as fill whole packs."""
    count = len(reals.examples) - len(reals.examples) % pack
    return Reals(*(part[:count] for part in reals))
