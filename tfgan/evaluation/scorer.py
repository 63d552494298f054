"""Score a generator in the same way for training, evaluation and comparison.

A score is a metric x a number of samples x the features of an extractor.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tfgan import metrics
from tfgan.callbacks.evaluation_history import Monitor
from tfgan.core.registry import nearest
from tfgan.evaluation import discriminator
from tfgan.evaluation.plan import (
    check_extractor,
    find_obstacle,
    make_plan,
    open_extractor,
    open_plans,
    parse_plan,
    suitable_metrics,
)
from tfgan.evaluation.samples import GeneratedSamples, RealSamples, run_extractor

Sampler = Callable[[int], Any]
OnFailure = Callable[[str, Exception], None]
FEW = 2  # images on which `rehearse` tries an extractor


def build_scorer(
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
    plans, extractors = open_plans(source, names, count)
    reals = RealSamples(source, extractors)
    most = max((plan.count for plan in plans), default=0)

    def score(sampler: Sampler) -> dict[str, Any]:
        if not plans:
            return {}
        made = sampler(most)
        fakes = GeneratedSamples(
            *(made if isinstance(made, tuple) else (made, None)), extractors, plans, source
        )
        scores: dict[str, Any] = {}
        for plan in plans:
            with _reporting(plan.protocol.name(), on_failure):
                scores |= plan.name_scores(plan.metric(reals.samples(plan), fakes.samples(plan)))
        return scores

    return score


def rehearse(
    source, names: Sequence[str] | None, count: int | None = None, labels: Callable[[int], Any] | None = None
) -> None:
    """Raise an error if a metric cannot be computed, before a generator is trained.

    The check takes seconds and draws no random number. It opens the extractors and runs them on two real
    images. It uses the same numbers of samples and the same classes as a measurement, but made-up features,
    and computes no figure. It skips the check of classes if the labels need a pass over more than 2,048
    pictures on disk.

    Args:
        source, names, count: as for `build_scorer`.
        labels: of the first n generated samples, such as `tfgan.evaluation.sampler.Sampler.labels`; None to
            use the labels of the reals.

    Raises:
        ValueError: a metric that cannot be computed from these data, with the reason.
        OSError: the weights of an extractor are missing.
    """
    plans, extractors = open_plans(source, names, count)
    few = (
        source.held_out(FEW)[0]
        if source.num_examples is None
        else source.examples(np.arange(min(FEW, source.num_examples)))[0]
    )
    reals = RealSamples(source, extractors)
    for plan in plans:
        try:
            for output in plan.list_outputs():
                run_extractor(extractors, plan.protocol.features, output, source.kind.decode(few))
            if (real := reals.make_stand_ins(plan)) is not None:
                asked = (
                    np.resize(real.labels, plan.count) if labels is None and real.labels is not None else None
                )
                asked = asked if labels is None else labels(plan.count)
                plan.metric.check(real, reals.make_stand_in(plan, plan.count, asked))
        except ValueError as error:
            raise ValueError(
                f"--metrics: {plan.protocol.name()} cannot be taken of {source.name}: {error}"
            ) from None


@contextlib.contextmanager
def _reporting(name: str, on_failure: OnFailure | None) -> Iterator[None]:
    """Hand an exception of the block to `on_failure`, if there is one."""
    try:
        yield
    except Exception as error:  # any failure of a metric, of a user's extractor or of the memory
        if on_failure is None:
            raise
        on_failure(name, error)


def describe_biases(names: Sequence[str]) -> dict[str, str]:
    """Return the bias of each metric on a finite sample, by name."""
    return {name: metrics.get(name).bias for name in names}


def describe_figures(names: Sequence[str], count: int | None = None) -> dict[str, dict[str, str]]:
    """Describe the figures of metrics: which direction is better, and which score the reals get.

    Args:
        names: of metrics, as for `build_scorer`.
        count: as for `build_scorer`.

    Returns:
        For each figure in the scores, by name: `better`, which is "lower", "higher" or "real" (closer to the
        score of the reals), and `real`, the name of the score of the reals.
    """
    return {
        name: about
        for metric in names
        for name, about in parse_plan(metric, count).describe_figures().items()
    }


def select_monitor(
    source, names: Sequence[str], figure: str | None, patience: int | None = None
) -> tuple[list[str], Monitor | None]:
    """Return the metrics to compute during training, and the figure that selects the best evaluation.

    Args:
        source: an open data set.
        names: of metrics; empty for the metrics that suit the data.
        figure: a figure of these metrics, or another metric: then it is added to `names`, and its first
            figure is used. None to select no best evaluation.
        patience: as in `tfgan.callbacks.evaluation_history.Monitor`.

    Raises:
        ValueError: metrics that do not fit the data, an unknown figure, or a figure whose `better` is "real".
    """
    names = list(names) or suitable_metrics(source.whole)
    for name in names:
        make_plan(name, source.whole, None)
    if figure is None:
        return names, None
    known = {name: about["better"] for name, about in describe_figures(names).items()} | discriminator.BETTER
    if figure not in known:
        try:
            own = describe_figures([figure])
        except ValueError:
            raise ValueError(
                f"--keep_best: unknown figure {figure!r}{nearest(figure, known)}; expected one of: {', '.join(known)}"
            ) from None
        make_plan(figure, source.whole, None)
        names = list(dict.fromkeys([*names, figure]))
        known |= {name: about["better"] for name, about in own.items()}
        figure = next(iter(own))
    if known[figure] == "real":
        raise ValueError(
            f"--keep_best: expected a figure that should be low or high, got {figure!r}, which should equal the score of the reals"
        )
    return names, Monitor(figure, known[figure], patience)


def fits(name: str, source) -> bool:
    """Return whether a metric can be computed from a data set; raise `ValueError` for an unknown name."""
    protocol, metric = metrics.parse(name), metrics.get(name)
    if find_obstacle(name, protocol, metric, source):
        return False
    if protocol.features:
        extractor = open_extractor(protocol.features, source)
        try:
            check_extractor(extractor, source)
        except ValueError:
            return False
    return True


def build_sampler_scorer(
    source, names: Sequence[str] | None = None, count: int | None = None, on_failure: OnFailure | None = None
) -> Callable[[Any], dict[str, Any]]:
    """Return a function that scores a `tfgan.evaluation.sampler.Sampler`.

    It scores the samples, as `build_scorer` does, and D.
    """
    score = build_scorer(source.whole, names, count, on_failure)

    def score_sampler(sampler) -> dict[str, Any]:
        labeled = lambda count: (sampler(count), sampler.labels(count))  # noqa: E731
        scores: dict[str, Any] = {}
        with _reporting("generated samples", on_failure):
            scores |= score(labeled)
        with _reporting("scores of D", on_failure):
            scores |= discriminator.score_discriminator(sampler, source)
        return scores

    return score_sampler


def list_missing(names: Sequence[str], evaluation: Mapping[str, Any]) -> list[str]:
    """Return the metrics whose figures an evaluation lists in `figures` but lacks in `scores`."""
    own = {name: set(describe_figures([name])) & set(evaluation.get("figures", {})) for name in names}
    return [name for name, asked in own.items() if asked and not asked & set(evaluation["scores"])]
