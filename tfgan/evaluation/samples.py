"""Hold the generated and the real samples of metrics; the extractors run on each of them once."""

from __future__ import annotations

import dataclasses
import functools
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

import tfgan
from tfgan import metrics
from tfgan.evaluation.plan import Plan
from tfgan.features import cache

CHUNK = 2048  # images that are read at once where only their features are kept


def run_extractor(extractors: Mapping[str, Any], name: str, output: str, images: np.ndarray) -> np.ndarray:
    """Return an extractor's output for images: `features` (n, d) or `probabilities` (n, classes)."""
    function = getattr(extractors[name], output, None)
    if function is None:
        raise ValueError(
            f"features {name!r}: expected an extractor that classifies, for its {output}; this one has features only"
        )
    return np.asarray(function(images))


def classify_channels(plan: Plan, source, images: Callable[[], np.ndarray]) -> dict[str, np.ndarray]:
    """Return the class probabilities of each channel, (n, channels, classes), if the metric reads them."""
    if "channel_probabilities" not in plan.metric.reads or source.channel_classifier is None:
        return {}
    classifier, stacked = tfgan.features.get(source.channel_classifier), images()
    side = classifier.image_shape[:2]
    channels = (stacked[..., channel : channel + 1] for channel in range(stacked.shape[-1]))
    if stacked.shape[1:3] != side:  # the classifier expects its own image size
        resized = (tf.image.resize(channel, side, "lanczos3", antialias=True) for channel in channels)
        # The filter overshoots at edges
        channels = (tf.clip_by_value(channel, -1.0, 1.0).numpy() for channel in resized)
    return {
        "channel_probabilities": np.stack([classifier.probabilities(channel) for channel in channels], axis=1)
    }


class GeneratedSamples:
    """Generated samples; each extractor runs on them once.

    Args:
        images: samples in the data's own units.
        labels: int array (n,), or None.
        extractors: by name.
        plans: all plans; they say how many samples each extractor sees.
        source: the data set.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray | None,
        extractors: Mapping[str, Any],
        plans: Sequence[Plan],
        source,
    ):
        self.images = images
        self.labels = labels
        self.source = source

        @functools.cache
        def run_once(name: str, output: str) -> np.ndarray:
            most = max(plan.count for plan in plans if plan.protocol.features == name)
            return run_extractor(extractors, name, output, images[:most])

        self._outputs = run_once

    def samples(self, plan: Plan) -> metrics.Samples:
        """Return the first `plan.count` samples."""
        name = plan.protocol.features
        return metrics.Samples(
            self.images[: plan.count],
            None if self.labels is None else self.labels[: plan.count],
            extractor=name,
            **{output: self._outputs(name, output)[: plan.count] for output in plan.list_outputs()},
            **classify_channels(plan, self.source, lambda: self.images[: plan.count]),
            kind=self.source.kind,
        )


class Piece(NamedTuple):
    """A range of real examples, either training ones in a fixed random order, or held-out ones."""

    held_out: bool
    start: int
    stop: int


class RealSamples:
    """The real samples of a data set; their features are computed once.

    Args:
        source: an open data set.
        extractors: by name.
    """

    def __init__(self, source, extractors: Mapping[str, Any]):
        self.source = source
        self.extractors = extractors
        self._order = (
            None if source.num_examples is None else np.random.default_rng(0).permutation(source.num_examples)
        )
        self._outputs = functools.cache(self._run_extractor)
        self._channels: dict[tuple, Any] = {}

    def samples(self, plan: Plan) -> metrics.Samples:
        """Return the real samples that the metric needs.

        They have a second sample unless the metric has a floor of its own.
        """
        first, second = self._choose_pieces(plan)
        real = self._join_pieces(first, plan)
        return dataclasses.replace(real, second=self._join_pieces(second, plan)) if second else real

    def _choose_pieces(self, plan: Plan) -> tuple[list[Piece], list[Piece]]:
        """Return the pieces of the first and of the second real sample.

        The second is empty if the metric has a floor of its own.
        """
        wanted = plan.metric.real_samples or plan.count
        if self._order is None:
            first, second = [Piece(True, 0, wanted)], [Piece(True, wanted, 2 * wanted)]
        else:
            first, second = self._split_pieces(plan, wanted)
        return first, [] if plan.metric.bare else [piece for piece in second if piece.stop > piece.start]

    def make_stand_ins(self, plan: Plan) -> metrics.Samples | None:
        """Return samples as the method `samples` does, with made-up examples and features.

        None if this needs labels that only a pass over many examples on disk would give.
        """
        first, second = self._choose_pieces(plan)
        both = []
        for pieces in (first, second):
            labels = None
            if "labels" in plan.metric.reads and self.source.num_classes:
                labels = self._read_labels(plan, pieces)
                if labels is None:
                    return None
            both.append(self.make_stand_in(plan, sum(piece.stop - piece.start for piece in pieces), labels))
        return dataclasses.replace(both[0], second=both[1]) if second else both[0]

    def make_stand_in(self, plan: Plan, count: int, labels: np.ndarray | None) -> metrics.Samples:
        """Return `count` made-up samples with these labels."""
        rows = np.arange(2.0 * count).reshape(count, 2)
        uncertain = np.full((count, 2), 0.5)
        return metrics.Samples(
            self.source.kind.stand_ins(count),
            labels,
            self.source.mixture,
            np.repeat(uncertain[:, None], self.source.shape[-1], axis=1)
            if self.source.channel_classifier
            else None,
            extractor=plan.protocol.features,
            **{output: rows if output == "features" else uncertain for output in plan.list_outputs()},
            kind=self.source.kind,
        )

    def _read_labels(self, plan: Plan, pieces: list[Piece]) -> np.ndarray | None:
        """Return the labels of pieces; None if they need more than `CHUNK` examples from disk."""
        count = sum(piece.stop - piece.start for piece in pieces)
        if self._order is None:
            return (
                np.zeros(count, np.int32)
                if plan.metric.bare
                else np.concatenate([self._read_examples(piece)[1] for piece in pieces])
            )
        indices = [
            self.source.held_out_indices[piece.start : piece.stop]
            if piece.held_out
            else self.source.train_indices[self._order[piece.start : piece.stop]]
            for piece in pieces
        ]
        numbers = np.concatenate([*indices, np.zeros(0, np.int64)])
        if self.source.arrays is not None:
            return self.source.arrays[1][numbers]
        if len(numbers) > CHUNK:
            return None
        return self.source.read(numbers)[1] if len(numbers) else np.zeros(0, np.int32)

    def _split_pieces(self, plan: Plan, wanted: int) -> tuple[list[Piece], list[Piece]]:
        """Return pieces of training and of held-out examples.

        Other training examples fill up a short held-out set.
        """
        available = len(self._order)
        if available < plan.count and plan.metric.real_samples is None:
            warnings.warn(
                f"metric {plan.protocol.name()!r}: {self.source.name} has {available} training examples, fewer than the generated "
                "ones that are compared with them",
                stacklevel=2,
            )
        used = min(wanted, available)
        held_out = min(plan.count, len(self.source.held_out_indices))
        missing = 0 if plan.metric.held_out_only else min(plan.count - held_out, available - used)
        return [Piece(False, 0, used)], [Piece(True, 0, held_out), Piece(False, used, used + missing)]

    def _join_pieces(self, pieces: list[Piece], plan: Plan) -> metrics.Samples:
        name, reads = plan.protocol.features, plan.metric.reads
        needs_examples = "images" in reads or "labels" in reads or not name
        examples = [self._read_examples(piece) for piece in pieces] if needs_examples else []
        images, labels = (
            (np.concatenate(parts) for parts in zip(*examples, strict=True)) if examples else (None, None)
        )
        return metrics.Samples(
            images,
            labels if self.source.num_classes else None,
            self.source.mixture,
            extractor=name,
            **{
                output: np.concatenate([self._outputs(piece, name, output) for piece in pieces])
                for output in plan.list_outputs()
            },
            **self._classify_channels(plan, tuple(pieces), images),
            kind=self.source.kind,
        )

    def _classify_channels(self, plan: Plan, pieces: tuple[Piece, ...], images) -> dict[str, np.ndarray]:
        if pieces not in self._channels:
            self._channels[pieces] = classify_channels(plan, self.source, lambda: images)
        return self._channels[pieces]

    def _read_examples(self, piece: Piece) -> tuple[np.ndarray, np.ndarray]:
        """Return examples in the data's own units, and labels."""
        if piece.held_out:
            examples, labels = (part[piece.start :] for part in self.source.held_out(piece.stop))
        else:
            examples, labels = self.source.examples(self._order[piece.start : piece.stop])
        return self.source.kind.decode(examples), labels

    def _run_extractor(self, piece: Piece, name: str, output: str) -> np.ndarray:
        look = functools.partial(run_extractor, self.extractors, name, output)
        if self._order is None:  # endless data: each example is drawn once, so a cache on disk is of no use
            return look(self._read_examples(piece)[0])
        return np.concatenate(
            [
                cache.read_or_compute(self.extractors[name], output, images, look)
                for images in self._read_chunks(piece)
            ]
        )

    def _read_chunks(self, piece: Piece) -> Iterator[np.ndarray]:
        """Yield the examples of a piece, a few at a time; held-out ones are read at once."""
        starts = range(piece.start, piece.stop, CHUNK)
        if piece.held_out:
            examples = self._read_examples(piece)[0]
            yield from (examples[start - piece.start :][:CHUNK] for start in starts)
        else:
            yield from (
                self._read_examples(piece._replace(start=start, stop=min(start + CHUNK, piece.stop)))[0]
                for start in starts
            )
