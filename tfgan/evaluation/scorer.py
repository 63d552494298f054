"""Score a generator in the same way for training, evaluation and comparison.

A score is a metric x a number of samples x the features of an extractor.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

import tfgan
from tfgan import metrics
from tfgan.callbacks.evaluation_history import Watched
from tfgan.core.registry import nearest
from tfgan.evaluation import discriminator
from tfgan.features import cache
from tfgan.metrics.naming import PIXELS

Sampler = Callable[[int], Any]
OnFailure = Callable[[str, Exception], None]
CHUNK = 2048  # images that are read at once where only their features are kept
FEW = 2  # images on which `rehearse` tries an extractor
SEEN = ("features", "probabilities")


def suitable(source) -> list[str]:
    """Return the metrics that make sense for a data set."""
    if source.mixture is not None:
        return ["modes"]
    if source.channel_classifier is not None:
        return ["stacked_modes"]
    return source.kind.default_metrics(source.num_classes)


def scorer(
    source, names: Sequence[str] | None = None, count: int | None = None, on_failure: OnFailure | None = None
) -> Callable[[Sampler], dict[str, Any]]:
    """Return a function that scores a sampler against a data set.

    The first call of the function reads the real samples and computes their features; later calls reuse them.

    Args:
        source: an open data set.
        names: metrics, such as "modes", "kid_2k/fashion_cnn" or "w2"; None for the metrics that suit the
            data.
        count: generated samples for a name without a number; None for the metric's own default.
        on_failure: called with the name of a metric that fails, and the exception; the scores then lack its
            figures. None lets the exception through.

    Returns:
        A function from a sampler (count -> samples in the data's own units, or (samples, labels)) to numbers
        by name. `kid_2k/fashion_cnn` is the figure; `kid_2k/fashion_cnn/num_samples` and the like describe
        it.

    Raises:
        ValueError: an unknown metric or extractor, or features that do not fit the data.
    """
    plans, extractors = _opened(source, names, count)
    reals = _Reals(source, extractors)
    most = max((plan.count for plan in plans), default=0)

    def score(sampler: Sampler) -> dict[str, Any]:
        if not plans:
            return {}
        made = sampler(most)
        fakes = _Fakes(*(made if isinstance(made, tuple) else (made, None)), extractors, plans, source)
        scores: dict[str, Any] = {}
        for plan in plans:
            with _reporting(plan.protocol.name(), on_failure):
                scores |= plan.named(plan.metric(reals.samples(plan), fakes.samples(plan)))
        return scores

    return score


def rehearse(source, names: Sequence[str] | None, count: int | None = None, labels: Callable[[int], Any] | None = None) -> None:
    """Raise an error if a metric cannot be computed, before a generator is trained.

    The check takes seconds and draws no random number. It opens the extractors and runs them on two real
    images. It uses the same numbers of samples and the same classes as a measurement, but made-up features,
    and computes no figure. It skips the check of classes if the labels need a pass over more than 2,048
    pictures on disk.

    Args:
        source, names, count: as for `scorer`.
        labels: of the first n generated samples, such as `tfgan.evaluation.sampler.Sampler.labels`; None to
            use the labels of the reals.

    Raises:
        ValueError: a metric that cannot be computed from these data, with the reason.
        OSError: the weights of an extractor are missing.
    """
    plans, extractors = _opened(source, names, count)
    few = source.held_out(FEW)[0] if source.num_examples is None else source.examples(np.arange(min(FEW, source.num_examples)))[0]
    reals = _Reals(source, extractors)
    for plan in plans:
        try:
            for output in plan.seen():
                _look(extractors, plan.protocol.features, output, source.kind.decode(few))
            if (real := reals.stand_ins(plan)) is not None:
                asked = np.resize(real.labels, plan.count) if labels is None and real.labels is not None else None
                asked = asked if labels is None else labels(plan.count)
                plan.metric.check(real, reals.stand_in(plan, plan.count, asked))
        except ValueError as error:
            raise ValueError(f"--metrics: {plan.protocol.name()} cannot be taken of {source.name}: {error}") from None


def _opened(source, names: Sequence[str] | None, count: int | None) -> tuple[list[_Plan], dict[str, Any]]:
    """Return the plans of the metrics, and the extractors by name.

    Raise `ValueError` if they do not fit the data.
    """
    plans = [_plan(name, source, count) for name in dict.fromkeys(suitable(source) if names is None else names)]
    extractors = {name: _extractor(name) for name in dict.fromkeys(plan.protocol.features for plan in plans) if name}
    for extractor in extractors.values():
        _check(extractor, source)
    return plans, extractors


@contextlib.contextmanager
def _reporting(name: str, on_failure: OnFailure | None) -> Iterator[None]:
    """Hand an exception of the block to `on_failure`, if there is one."""
    try:
        yield
    except Exception as error:  # any failure of a metric, of a user's extractor or of the memory
        if on_failure is None:
            raise
        on_failure(name, error)


def biases(names: Sequence[str]) -> dict[str, str]:
    """Return the bias of each metric on a finite sample, by name."""
    return {name: metrics.get(name).bias for name in names}


def figures(names: Sequence[str], count: int | None = None) -> dict[str, dict[str, str]]:
    """Describe the figures of metrics: which direction is better, and which score the reals get.

    Args:
        names: of metrics, as for `scorer`.
        count: as for `scorer`.

    Returns:
        For each figure in the scores, by name: `better`, which is "lower", "higher" or "real" (closer to the
        score of the reals), and `real`, the name of the score of the reals.
    """
    return {name: about for metric in names for name, about in _named(metric, count).figures().items()}


def watched(source, names: Sequence[str], figure: str | None, patience: int | None = None) -> tuple[list[str], Watched | None]:
    """Return the metrics to compute during training, and the figure that selects the best evaluation.

    Args:
        source: an open data set.
        names: of metrics; empty for the metrics that suit the data.
        figure: a figure of these metrics, or another metric: then it is added to `names`, and its first
            figure is used. None to select no best evaluation.
        patience: as in `tfgan.callbacks.evaluation_history.Watched`.

    Raises:
        ValueError: metrics that do not fit the data, an unknown figure, or a figure whose `better` is "real".
    """
    names = list(names) or suitable(source.whole)
    for name in names:
        _plan(name, source.whole, None)
    if figure is None:
        return names, None
    known = {name: about["better"] for name, about in figures(names).items()} | discriminator.BETTER
    if figure not in known:
        try:
            own = figures([figure])
        except ValueError:
            raise ValueError(
                f"--keep_best: unknown figure {figure!r}{nearest(figure, known)}; expected one of: {', '.join(known)}"
            ) from None
        _plan(figure, source.whole, None)
        names = list(dict.fromkeys([*names, figure]))
        known |= {name: about["better"] for name, about in own.items()}
        figure = next(iter(own))
    if known[figure] == "real":
        raise ValueError(
            f"--keep_best: expected a figure that should be low or high, got {figure!r}, which should equal the score of the reals"
        )
    return names, Watched(figure, known[figure], patience)


def fits(name: str, source) -> bool:
    """Return whether a metric can be computed from a data set; raise `ValueError` for an unknown name."""
    protocol, metric = metrics.parse(name), metrics.get(name)
    if _unfit(name, protocol, metric, source):
        return False
    if protocol.features:
        extractor = _extractor(protocol.features)
        try:
            _check(extractor, source)
        except ValueError:
            return False
    return True


class _Plan(NamedTuple):
    """One metric to compute.

    Attributes:
        protocol: its name, with the number of samples.
        metric: the function.
        count: generated samples.
        bare: its figures keep their own names.
    """

    protocol: metrics.Protocol
    metric: metrics.Metric
    count: int
    bare: bool

    def named(self, scores: Mapping[str, Any]) -> dict[str, Any]:
        """Return the scores under names that contain the protocol."""
        if self.bare:
            return dict(scores)
        figures = self.metric.values
        return {self.protocol.name(key) if key in figures else f"{self.protocol.name()}/{key}": value for key, value in scores.items()}

    def figures(self) -> dict[str, dict[str, str]]:
        """Return `better` and `real` of each figure, as the function `figures`, with names as in `named`."""
        prefix = "" if self.bare else f"{self.protocol.name()}/"
        return {
            key if self.bare else self.protocol.name(key): {"better": better, "real": prefix + self.metric.floors.get(key, f"real_{key}")}
            for key, better in self.metric.values.items()
        }

    def seen(self) -> list[str]:
        """Return which outputs of an extractor the metric reads."""
        return [field for field in SEEN if field in self.metric.reads and self.protocol.features]


def _plan(name: str, source, count: int | None) -> _Plan:
    if reason := _unfit(name, metrics.parse(name), metrics.get(name), source):
        raise ValueError(f"metric {name!r}: {reason}")
    return _named(name, count)


def _named(name: str, count: int | None) -> _Plan:
    protocol, metric = metrics.parse(name), metrics.get(name)
    number = protocol.num_samples or count or metric.default_samples
    bare = metric.bare and protocol.num_samples is None
    return _Plan(dataclasses.replace(protocol, num_samples=number), metric, number, bare)


def _unfit(name: str, protocol: metrics.Protocol, metric: metrics.Metric, source) -> str | None:
    """Return why a metric cannot be computed from a data set, or None."""
    if refusal := source.kind.metric_refusal(protocol, metric, source.name):
        return refusal
    if "reference" in metric.reads and source.mixture is None:
        return f"expected data with known modes (ring8, grid25, grid100), got {source.name}"
    if "channel_probabilities" in metric.reads and source.channel_classifier is None:
        return f"expected images whose channels are classified (stacked_fashion_mnist), got {source.name}"
    if "labels" in metric.reads and source.num_classes < 2:
        return f"expected labeled data of two or more classes, got {source.name}"
    if metric.held_out_only and source.num_examples is None:
        return f"expected data with training examples, {source.name} has no end"
    return None


class _Pixels:
    """The extractor whose features are the pixels."""

    def features(self, images: np.ndarray) -> np.ndarray:
        """Return images (n, height, width, channels) as (n, d)."""
        return images.reshape(len(images), -1)


def _extractor(name: str) -> Any:
    return _Pixels() if name == PIXELS else tfgan.features.get(name)


def _check(extractor: Any, source) -> None:
    """Raise `ValueError` if an extractor does not accept the images of a data set."""
    if hasattr(extractor, "check"):
        extractor.check(source.shape)


def _look(extractors: Mapping[str, Any], name: str, output: str, images: np.ndarray) -> np.ndarray:
    """Return an extractor's output for images: `features` (n, d) or `probabilities` (n, classes)."""
    function = getattr(extractors[name], output, None)
    if function is None:
        raise ValueError(f"features {name!r}: expected an extractor that classifies, for its {output}; this one has features only")
    return np.asarray(function(images))


def _by_channel(plan: _Plan, source, images: Callable[[], np.ndarray]) -> dict[str, np.ndarray]:
    """Return the class probabilities of each channel, (n, channels, classes), if the metric reads them."""
    if "channel_probabilities" not in plan.metric.reads or source.channel_classifier is None:
        return {}
    classifier, stacked = tfgan.features.get(source.channel_classifier), images()
    side = classifier.image_shape[:2]
    channels = (stacked[..., channel : channel + 1] for channel in range(stacked.shape[-1]))
    if stacked.shape[1:3] != side:  # the classifier expects its own image size
        resized = (tf.image.resize(channel, side, "lanczos3", antialias=True) for channel in channels)
        channels = (tf.clip_by_value(channel, -1.0, 1.0).numpy() for channel in resized)  # the filter overshoots at edges
    return {"channel_probabilities": np.stack([classifier.probabilities(channel) for channel in channels], axis=1)}


class _Fakes:
    """Generated samples; each extractor runs on them once.

    Args:
        images: samples in the data's own units.
        labels: int array (n,), or None.
        extractors: by name.
        plans: all plans; they say how many samples each extractor sees.
        source: the data set.
    """

    def __init__(self, images: np.ndarray, labels: np.ndarray | None, extractors: Mapping[str, Any], plans: Sequence[_Plan], source):
        self.images = images
        self.labels = labels
        self.source = source

        @functools.cache
        def seen(name: str, output: str) -> np.ndarray:
            most = max(plan.count for plan in plans if plan.protocol.features == name)
            return _look(extractors, name, output, images[:most])

        self._seen = seen

    def samples(self, plan: _Plan) -> metrics.Samples:
        """Return the first `plan.count` samples."""
        name = plan.protocol.features
        return metrics.Samples(
            self.images[: plan.count],
            None if self.labels is None else self.labels[: plan.count],
            extractor=name,
            **{output: self._seen(name, output)[: plan.count] for output in plan.seen()},
            **_by_channel(plan, self.source, lambda: self.images[: plan.count]),
        )


class _Piece(NamedTuple):
    """A range of real examples, either training ones in a fixed random order, or held-out ones."""

    held_out: bool
    start: int
    stop: int


class _Reals:
    """The real samples of a data set; their features are computed once.

    Args:
        source: an open data set.
        extractors: by name.
    """

    def __init__(self, source, extractors: Mapping[str, Any]):
        self.source = source
        self.extractors = extractors
        self._order = None if source.num_examples is None else np.random.default_rng(0).permutation(source.num_examples)
        self._seen = functools.cache(self._look)
        self._channels: dict[tuple, Any] = {}

    def samples(self, plan: _Plan) -> metrics.Samples:
        """Return the real samples that the metric needs.

        They have a second sample unless the metric has a floor of its own.
        """
        first, second = self._wanted(plan)
        real = self._joined(first, plan)
        return dataclasses.replace(real, second=self._joined(second, plan)) if second else real

    def _wanted(self, plan: _Plan) -> tuple[list[_Piece], list[_Piece]]:
        """Return the pieces of the first and of the second real sample.

        The second is empty if the metric has a floor of its own.
        """
        wanted = plan.metric.real_samples or plan.count
        if self._order is None:
            first, second = [_Piece(True, 0, wanted)], [_Piece(True, wanted, 2 * wanted)]
        else:
            first, second = self._pieces(plan, wanted)
        return first, [] if plan.metric.bare else [piece for piece in second if piece.stop > piece.start]

    def stand_ins(self, plan: _Plan) -> metrics.Samples | None:
        """Return samples as the method `samples` does, with made-up examples and features.

        None if this needs labels that only a pass over many examples on disk would give.
        """
        first, second = self._wanted(plan)
        both = []
        for pieces in (first, second):
            labels = None
            if "labels" in plan.metric.reads and self.source.num_classes:
                labels = self._labels(plan, pieces)
                if labels is None:
                    return None
            both.append(self.stand_in(plan, sum(piece.stop - piece.start for piece in pieces), labels))
        return dataclasses.replace(both[0], second=both[1]) if second else both[0]

    def stand_in(self, plan: _Plan, count: int, labels: np.ndarray | None) -> metrics.Samples:
        """Return `count` made-up samples with these labels."""
        rows = np.arange(2.0 * count).reshape(count, 2)
        uncertain = np.full((count, 2), 0.5)
        return metrics.Samples(
            self.source.kind.stand_ins(count),
            labels,
            self.source.mixture,
            np.repeat(uncertain[:, None], self.source.shape[-1], axis=1) if self.source.channel_classifier else None,
            extractor=plan.protocol.features,
            **{output: rows if output == "features" else uncertain for output in plan.seen()},
        )

    def _labels(self, plan: _Plan, pieces: list[_Piece]) -> np.ndarray | None:
        """Return the labels of pieces; None if they need more than `CHUNK` examples from disk."""
        count = sum(piece.stop - piece.start for piece in pieces)
        if self._order is None:
            return np.zeros(count, np.int32) if plan.metric.bare else np.concatenate([self._examples(piece)[1] for piece in pieces])
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

    def _pieces(self, plan: _Plan, wanted: int) -> tuple[list[_Piece], list[_Piece]]:
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
        return [_Piece(False, 0, used)], [_Piece(True, 0, held_out), _Piece(False, used, used + missing)]

    def _joined(self, pieces: list[_Piece], plan: _Plan) -> metrics.Samples:
        name, reads = plan.protocol.features, plan.metric.reads
        needs_examples = "images" in reads or "labels" in reads or not name
        examples = [self._examples(piece) for piece in pieces] if needs_examples else []
        images, labels = (np.concatenate(parts) for parts in zip(*examples, strict=True)) if examples else (None, None)
        return metrics.Samples(
            images,
            labels if self.source.num_classes else None,
            self.source.mixture,
            extractor=name,
            **{output: np.concatenate([self._seen(piece, name, output) for piece in pieces]) for output in plan.seen()},
            **self._by_channel(plan, tuple(pieces), images),
        )

    def _by_channel(self, plan: _Plan, pieces: tuple[_Piece, ...], images) -> dict[str, np.ndarray]:
        if pieces not in self._channels:
            self._channels[pieces] = _by_channel(plan, self.source, lambda: images)
        return self._channels[pieces]

    def _examples(self, piece: _Piece) -> tuple[np.ndarray, np.ndarray]:
        """Return examples in the data's own units, and labels."""
        if piece.held_out:
            examples, labels = (part[piece.start :] for part in self.source.held_out(piece.stop))
        else:
            examples, labels = self.source.examples(self._order[piece.start : piece.stop])
        return self.source.kind.decode(examples), labels

    def _look(self, piece: _Piece, name: str, output: str) -> np.ndarray:
        look = functools.partial(_look, self.extractors, name, output)
        if self._order is None:  # endless data: each example is drawn once, so a cache on disk is of no use
            return look(self._examples(piece)[0])
        return np.concatenate([cache.looked(self.extractors[name], output, images, look) for images in self._chunks(piece)])

    def _chunks(self, piece: _Piece) -> Iterator[np.ndarray]:
        """Yield the examples of a piece, a few at a time; held-out ones are read at once."""
        starts = range(piece.start, piece.stop, CHUNK)
        if piece.held_out:
            examples = self._examples(piece)[0]
            yield from (examples[start - piece.start :][:CHUNK] for start in starts)
        else:
            yield from (self._examples(piece._replace(start=start, stop=min(start + CHUNK, piece.stop)))[0] for start in starts)


def judge(
    source, names: Sequence[str] | None = None, count: int | None = None, on_failure: OnFailure | None = None
) -> Callable[[Any], dict[str, Any]]:
    """Return a function that scores a `tfgan.evaluation.sampler.Sampler`.

    It scores the samples, as `scorer` does, and D.
    """
    score = scorer(source.whole, names, count, on_failure)

    def of(sampler) -> dict[str, Any]:
        labelled = lambda count: (sampler(count), sampler.labels(count))  # noqa: E731
        scores: dict[str, Any] = {}
        with _reporting("generated samples", on_failure):
            scores |= score(labelled)
        with _reporting("scores of D", on_failure):
            scores |= discriminator.scores(sampler, source)
        return scores

    return of


def missing(names: Sequence[str], evaluation: Mapping[str, Any]) -> list[str]:
    """Return the metrics whose figures an evaluation lists in `figures` but lacks in `scores`."""
    own = {name: set(figures([name])) & set(evaluation.get("figures", {})) for name in names}
    return [name for name, asked in own.items() if asked and not asked & set(evaluation["scores"])]
