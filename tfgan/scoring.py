"""One way to score a generator, shared by training, evaluation and comparison."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan import features, metrics, recognition

POINTS = 2500  # PacGAN's protocol
IMAGES = 1000


def suitable(source) -> list[str]:
    """Return the metrics that make sense for a data set."""
    if source.mixture is not None:
        return ["modes"]
    if source.channel_classifier is not None:
        return ["stacked_modes"]
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
    count = count or max((getattr(metric, "num", 0) for metric in chosen), default=0) or (POINTS if source.kind == "points" else IMAGES)
    by_channel = source.channel_classifier and any("channel_probabilities" in getattr(metric, "reads", ()) for metric in chosen)

    @functools.cache
    def in_real() -> np.ndarray:
        return _channel_probabilities(source.channel_classifier, _real(source, count).images)

    def score(sampler: Callable[[int], np.ndarray]) -> dict[str, Any]:
        if not chosen:
            return {}
        real = _real(source, count)
        fake = metrics.Samples(sampler(count))
        if by_channel:
            real = dataclasses.replace(real, channel_probabilities=in_real())
            fake = dataclasses.replace(fake, channel_probabilities=_channel_probabilities(source.channel_classifier, fake.images))
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


def _channel_probabilities(name: str, images: np.ndarray) -> np.ndarray:
    """Return what the named classifier makes of each channel, (n, channels, classes), resized to the images that it knows."""
    classifier = features.get(name)
    side = classifier.image_shape[:2]
    channels = (images[..., channel : channel + 1] for channel in range(images.shape[-1]))
    if images.shape[1:3] != side:
        channels = (tf.image.resize(channel, side, "lanczos3", antialias=True).numpy() for channel in channels)
    return np.stack([classifier.probabilities(channel) for channel in channels], axis=1)
