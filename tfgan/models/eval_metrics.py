"""Compute the metrics that `gan.compile(eval_metrics=...)` adds to `evaluate` and `validation_data`."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfgan import features, kinds, metrics
from tfgan.core import noise
from tfgan.distributed import replicas
from tfgan.features import cache
from tfgan.models.conditions import Labels

SEED = 1  # of the latents, as in `tfgan.evaluate`
BATCH = 256
FROM_EXTRACTORS = ("features", "probabilities")


class EvalMetrics:
    """Score generated examples of the averaged generator against the held-out examples of an evaluation.

    A metric of N samples (`kid_2k`) compares the first N held-out examples, or all if there are fewer, with N
    generated ones. The generated examples have the same latents in every evaluation.

    Args:
        gan: the model; compiled or not.
        names: names of metrics with number and features, as for `tfgan.metrics.get`.

    Attributes:
        names: these names.
        read_labels: whether a metric compares class by class.

    Raises:
        ValueError: an unknown metric or extractor, one that does not fit the examples, or metrics with
            several replicas.
    """

    def __init__(self, gan, names: Iterable[str]):
        if isinstance(names, str):
            raise TypeError(
                f"eval_metrics: expected several names, got one text; write eval_metrics=[{names!r}]"
            )
        self.names = list(names)
        self._gan = gan
        self._plans = [_make_plan(name, gan) for name in self.names]
        if self._plans and replicas.count() > 1:
            raise ValueError(
                f"eval_metrics: expected one replica, got {replicas.count()}; score the saved model on one instead"
            )
        self._extractors = {
            plan.features: _load_extractor(plan.features, gan) for plan in self._plans if plan.features
        }
        self.read_labels = any("labels" in plan.metric.reads for plan in self._plans)
        self._most = max((plan.count for plan in self._plans), default=0)
        self.reset()

    def reset(self) -> None:
        """Forget the held-out examples."""
        self._reals: list[np.ndarray] = []
        self._labels: list[np.ndarray] = []
        self._held = 0

    def collect(self, real: tf.Tensor, labels: tf.Tensor | None) -> None:
        """Add an operation that keeps a batch of held-out examples (n, *shape) and their labels (n,)."""
        if self._plans:
            tf.numpy_function(self._keep, [real, *([labels] if self.read_labels else [])], [])

    def _keep(self, real: np.ndarray, *labels: np.ndarray) -> None:
        room = self._most - self._held
        self._held += len(real[:room])
        self._reals.append(real[:room].copy())
        self._labels += [rows[:room].copy() for rows in labels]

    def scores(self) -> dict[str, float]:
        """Return the figures of all metrics by name, such as `kid_2k/random_cnn`."""
        if not self._plans:
            return {}
        real = self._gan.kind.decode(np.concatenate(self._reals))
        fake, fake_labels = self._generate()
        labels = np.concatenate(self._labels) if self.read_labels else None
        scores: dict[str, float] = {}
        for plan in self._plans:
            if len(real) < plan.count and not plan.metric.of_fake_alone:
                text = f"eval_metrics: {plan.name} expected {plan.count} held-out examples, got {len(real)}, all of them compared"
                warnings.warn(text, stacklevel=2)
            sides = (
                self._make_samples(plan, real, labels, is_real=True),
                self._make_samples(plan, fake, fake_labels, is_real=False),
            )
            found = plan.metric(*sides)
            known = [key for key in plan.metric.values if found.get(key) is not None]
            scores |= {plan.figure_name(key): float(found[key]) for key in known}
        return scores

    def _generate(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Return generated examples in the user's units and their classes (n,), or None if G takes no labels."""
        gan = self._gan
        latents = noise.normal(noise.key(SEED, "evaluation"), (self._most, gan.latent_dim))
        rows = None if gan.condition is None else gan.condition.sample(noise.Draws(SEED, 0, 0), self._most)
        parts = [slice(start, start + BATCH) for start in range(0, self._most, BATCH)]
        made = [gan.generate(latents[part], None if rows is None else rows[part]).numpy() for part in parts]
        made = gan.kind.decode(np.concatenate(made))
        return made, rows.numpy() if isinstance(gan.condition, Labels) else None

    def _make_samples(
        self, plan: _Plan, examples: np.ndarray, labels: np.ndarray | None, *, is_real: bool
    ) -> metrics.Samples:
        """Return the first `plan.count` examples, with the extractor's outputs that the metric reads."""
        examples, labels = examples[: plan.count], None if labels is None else labels[: plan.count]
        seen = {}
        for output in FROM_EXTRACTORS if plan.features else ():
            if output in plan.metric.reads:
                extractor = self._extractors[plan.features]
                read = getattr(extractor, output)
                seen[output] = np.asarray(
                    cache.read_or_compute(extractor, output, examples, read) if is_real else read(examples)
                )
        return metrics.Samples(examples, labels, extractor=plan.features, kind=self._gan.kind, **seen)


class _Plan(NamedTuple):
    """One metric: its name, the metric, its protocol (with the name of its features), number of samples."""

    name: str
    metric: metrics.Metric
    protocol: metrics.Protocol
    count: int

    @property
    def features(self) -> str | None:
        return self.protocol.features

    def figure_name(self, key: str) -> str:
        """Return the name under which one of the metric's figures is logged."""
        return key if self.metric.bare and self.protocol.num_samples is None else self.protocol.name(key)


def _make_plan(name: str, gan) -> _Plan:
    protocol, metric = metrics.parse(name), metrics.get(name)
    refused = None
    if needed := sorted({"reference", "channel_probabilities"} & set(metric.reads)):
        refused = f"expected a metric of examples alone, got one that reads {', '.join(needed)} of a data set; use tfgan.evaluate"
    elif metric.held_out_only:
        refused = "expected a metric of held-out examples, got one that compares with training examples; use tfgan.evaluate"
    elif "labels" in metric.reads and not isinstance(gan.condition, Labels):
        refused = f"expected a generator that takes labels, got {type(gan).__name__}"
    else:
        refused = gan.kind.metric_refusal(protocol, metric, f"a generator of shape {gan.example_shape}")
    if refused:
        raise ValueError(f"eval_metrics: {name!r}: {refused}")
    count = protocol.num_samples or metric.default_samples
    return _Plan(
        name, metric, protocol if metric.bare else dataclasses.replace(protocol, num_samples=count), count
    )


def _load_extractor(name: str, gan) -> Any:
    if name in kinds.OWN:
        return kinds.OwnFeatures(gan.kind)
    extractor = features.get(name)
    if hasattr(extractor, "check"):
        extractor.check(gan.example_shape)
    return extractor
