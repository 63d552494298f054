"""One way to score a generator, shared by training, evaluation and comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tfgan import metrics, recognition

POINTS = 2500  # PacGAN's protocol
IMAGES = 1000


def suitable(source) -> list[str]:
    """Return the metrics that make sense for a data set."""
    if source.mixture is not None:
        return ["modes"]
    return ["class_histogram"] if source.kind == "images" and source.num_classes > 1 else []


def scorer(source, names: Sequence[str] | None = None, count: int | None = None) -> Callable[[Callable[[int], np.ndarray]], dict[str, Any]]:
    """Return a function that scores a sampler against a data set.

    Args:
        source: an open data set.
        names: metrics; None for those that suit the data.
        count: generated samples; None for the protocol's own number.

    Returns:
        A function of a sampler (count -> samples in the data's own units) to numbers by name.

    Raises:
        ValueError: an unknown metric.
    """
    chosen = [metrics.get(name) for name in (suitable(source) if names is None else names)]
    count = count or (POINTS if source.kind == "points" else IMAGES)

    def score(sampler: Callable[[int], np.ndarray]) -> dict[str, Any]:
        if not chosen:
            return {}
        real = _real(source, count)
        fake = metrics.Samples(sampler(count))
        return {key: value for metric in chosen for key, value in metric(real, fake).items()}

    return score


def _real(source, count: int) -> metrics.Samples:
    """Return the real side: fresh samples of a mixture, or all training images up to a bound."""
    if source.num_examples is None:
        points, labels = source.held_out(count)
    else:
        order = np.random.default_rng(0).permutation(source.num_examples)[:12_000]
        points, labels = source.examples(order)
    return metrics.Samples(points * source.scale, labels if source.num_classes else None, source.mixture)


def judge(source, names: Sequence[str] | None = None, count: int | None = None) -> Callable[[Any], dict[str, Any]]:
    """Return a function that scores a `tfgan.sampling.Sampler`: what it draws, as `scorer` does, and what its D recognizes."""
    score = scorer(source, names, count)
    return lambda sampler: score(sampler) | recognition.scores(sampler, source)
