"""Compute the doctor's signals: cheap figures of training, one set per interval."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

import numpy as np
import tensorflow as tf

NEIGHBORS = 5  # Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics", section 3.3, chooses k = 5
LEAST_OF_LABEL = 8  # a label with fewer reals is left out: the estimate of its share is too noisy
FEWEST = 64  # coverage and density need so many examples: a share of 64 has a standard error of at most .06


@dataclasses.dataclass(frozen=True, kw_only=True)
class Signals:
    """The figures of one interval. An unknown figure is None; a logged value that was not finite is NaN.

    Attributes:
        step: finished steps at the end of the interval.
        d_loss, g_loss: losses of D and of G.
        real, fake: mean logits of reals and of fakes.
        real_accuracy, fake_accuracy: shares of reals and of fakes that D classifies correctly.
        d_gradient, g_gradient: gradient norms.
        d_update, g_update: relative change ||w' - w|| / ||w'|| of D's and of G's weights per update. The
            change over the last call of the interval is divided by the number of its updates, or by 10 if
            there are more: ten large updates replace the weights completely, and further ones do not increase
            the change.
        real_distance, fake_distance, between: mean distance between two reals, between two generated
            examples, and between a real and a generated example.
        coverage: share of reals that have a generated example nearer than their fifth nearest real.
        density: number of generated examples in the balls of that radius around reals, divided by the
            expected number if the generated examples were reals.
        label_share: lower median over labels of (share of generated examples whose nearest real has the
            label) / (share of reals with the label); at least half of the labels get at most this.
        slope: median over fakes of |dL_G / d logit|, divided by the same median where all logits are 0.
        deviation: standard deviation of D's logits over reals and fakes.
        spread: `deviation` divided by the largest absolute logit.
        overfitting: (E D(training) - E D(held-out)) / (E D(training) - E D(generated)).
        unseen: number of standard deviations by which D ranks held-out reals below training examples.
    """

    step: int
    d_loss: float | None = None
    g_loss: float | None = None
    real: float | None = None
    fake: float | None = None
    real_accuracy: float | None = None
    fake_accuracy: float | None = None
    d_gradient: float | None = None
    g_gradient: float | None = None
    d_update: float | None = None
    g_update: float | None = None
    real_distance: float | None = None
    fake_distance: float | None = None
    between: float | None = None
    coverage: float | None = None
    density: float | None = None
    label_share: float | None = None
    slope: float | None = None
    deviation: float | None = None
    spread: float | None = None
    overfitting: float | None = None
    unseen: float | None = None

    @property
    def separation(self) -> float | None:
        """Mean real logit minus mean fake logit."""
        return None if self.real is None or self.fake is None else self.real - self.fake


LOGGED = {
    "loss/discriminator": "d_loss",
    "loss/generator": "g_loss",
    "logits/real": "real",
    "logits/fake": "fake",
    "accuracy/real": "real_accuracy",
    "accuracy/fake": "fake_accuracy",
    "gradients/discriminator": "d_gradient",
    "gradients/generator": "g_gradient",
}
SEEN = tuple(
    field.name for field in dataclasses.fields(Signals) if field.name not in ("step", *LOGGED.values())
)
FIELD_OF = {**LOGGED, **{f"doctor/{name}": name for name in SEEN}}


def from_record(record: Mapping[str, float | None]) -> Signals:
    """Return the signals of a record of metrics.jsonl; null becomes NaN."""
    known = {
        FIELD_OF[tag]: math.nan if value is None else value
        for tag, value in record.items()
        if tag in FIELD_OF
    }
    return Signals(step=record["step"], **known)


@tf.function(autograph=False, reduce_retracing=True)
def _distances(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    center = tf.reduce_mean(x, axis=0)
    x, y = x - center, y - center
    squares = (
        tf.reduce_sum(x**2, axis=1)[:, None]
        + tf.reduce_sum(y**2, axis=1)
        - 2 * tf.matmul(x, y, transpose_b=True)
    )
    return tf.sqrt(tf.maximum(squares, 0.0))


def distances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the Euclidean distances (n, m) of rows (n, d) and (m, d).

    The dtype is float64, so that equal rows are almost 0 apart. TensorFlow computes them: its threads are
    idle between steps, while NumPy's threads would wait for TensorFlow's for ten times the duration of the
    computation.
    """
    return _distances(x.astype(np.float64), y.astype(np.float64)).numpy()


class Reference:
    """The reals that generated examples are compared with, and their precomputed statistics.

    Args:
        rows: real examples as rows (n, d).
        labels: labels (n,), or None.

    Attributes:
        distance: mean distance between two reals; None for a single one.
        radius: (n,), distance of each real to its fifth nearest real; None for fewer than `FEWEST` reals, or
            where all are equal.
        shares: label -> share of the reals, for labels with at least `LEAST_OF_LABEL` reals and at least half
            of an even share; empty if only one label qualifies, or if these labels hold less than half of the
            reals.
    """

    def __init__(self, rows: np.ndarray, labels: np.ndarray | None = None):
        self.rows, self.labels = rows, labels
        among = distances(rows, rows)
        self.distance = _of_pairs(among)
        several = len(rows) >= FEWEST and self.distance > 0
        # Itself is the nearest, at 0
        self.radius = np.partition(among, NEIGHBORS, axis=1)[:, NEIGHBORS] if several else None
        values, counts = np.unique([] if labels is None else labels, return_counts=True)
        least = max(LEAST_OF_LABEL, len(rows) / (2 * max(1, len(values))))
        held = {
            value: count / len(rows) for value, count in zip(values, counts, strict=True) if count >= least
        }
        self.shares = held if len(held) > 1 and sum(held.values()) >= 0.5 else {}


def of_examples(real: Reference, fake: np.ndarray) -> dict[str, float]:
    """Compare the variety of generated examples, rows (m, d), with the reals' and return the signals by name.

    Reference: density and coverage of Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics", equations
        3 and 4.
    """
    if not np.isfinite(fake).all():
        return {}
    across, among = np.split(distances(np.concatenate([real.rows, fake]), fake), [len(real.rows)])
    found = {
        "real_distance": real.distance,
        "fake_distance": _of_pairs(among),
        "between": float(across.mean()),
    }
    found = {name: value for name, value in found.items() if value is not None}
    if real.radius is not None and len(fake) >= FEWEST:
        inside = across < real.radius[:, None]
        found |= {
            "coverage": float(inside.any(axis=1).mean()),
            "density": float(inside.sum() / (NEIGHBORS * len(fake))),
        }
        if real.shares:
            nearest = real.labels[across.argmin(axis=0)]
            reached = sorted(float(np.mean(nearest == label)) / share for label, share in real.shares.items())
            found["label_share"] = reached[(len(reached) - 1) // 2]
    return found


def _of_pairs(matrix: np.ndarray) -> float | None:
    """Return the mean distance between two different rows of one set, or None for a single row."""
    return float(matrix[np.triu_indices(len(matrix), 1)].mean()) if len(matrix) > 1 else None


def of_logits(training: np.ndarray, held_out: np.ndarray | None, fake: np.ndarray) -> dict[str, float]:
    """Return the signals of D's logits (n,) of training examples, of held-out reals and of fakes.

    `unseen` is the standardized rank sum of Mann & Whitney 1947: it has no scale, and it holds for a few
    held-out reals.
    """
    every = np.concatenate([training, fake]).astype(np.float64)
    if not np.isfinite(every).all():
        return {}
    largest = np.abs(every).max()
    found = {"deviation": float(every.std()), "spread": float(every.std() / largest) if largest > 0 else 0.0}
    if held_out is None or not np.isfinite(held_out).all():
        return found
    training, held_out = training.astype(np.float64), held_out.astype(np.float64)
    gap = training.mean() - fake.mean()
    if gap > 0:
        found["overfitting"] = float((training.mean() - held_out.mean()) / gap)
    above = (training[:, None] > held_out).mean() + 0.5 * (training[:, None] == held_out).mean()
    deviation = math.sqrt((len(training) + len(held_out) + 1) / (12 * len(training) * len(held_out)))
    return found | {"unseen": float((above - 0.5) / deviation)}
