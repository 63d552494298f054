"""Plan the computation of metrics: the number of samples and the features of each."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import tfgan
from tfgan import kinds, metrics

OUTPUTS = ("features", "probabilities")


def suitable_metrics(source) -> list[str]:
    """Return the metrics that make sense for a data set."""
    if source.mixture is not None:
        return ["modes"]
    if source.channel_classifier is not None:
        return ["stacked_modes"]
    return source.kind.default_metrics(source.num_classes)


class Plan(NamedTuple):
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

    def name_scores(self, scores: Mapping[str, Any]) -> dict[str, Any]:
        """Return the scores under names that contain the protocol."""
        if self.bare:
            return dict(scores)
        figures = self.metric.values
        return {
            self.protocol.name(key) if key in figures else f"{self.protocol.name()}/{key}": value
            for key, value in scores.items()
        }

    def describe_figures(self) -> dict[str, dict[str, str]]:
        """Return `better` and `real` of each figure, as the function `describe_figures`, with names as in `name_scores`."""
        prefix = "" if self.bare else f"{self.protocol.name()}/"
        return {
            key if self.bare else self.protocol.name(key): {
                "better": better,
                "real": prefix + self.metric.floors.get(key, f"real_{key}"),
            }
            for key, better in self.metric.values.items()
        }

    def list_outputs(self) -> list[str]:
        """Return which outputs of an extractor the metric reads."""
        return [field for field in OUTPUTS if field in self.metric.reads and self.protocol.features]


def open_plans(source, names: Sequence[str] | None, count: int | None) -> tuple[list[Plan], dict[str, Any]]:
    """Return the plans of the metrics, and the extractors by name.

    Raise `ValueError` if they do not fit the data.
    """
    plans = [
        make_plan(name, source, count)
        for name in dict.fromkeys(suitable_metrics(source) if names is None else names)
    ]
    extractors = {
        name: open_extractor(name, source)
        for name in dict.fromkeys(plan.protocol.features for plan in plans)
        if name
    }
    for extractor in extractors.values():
        check_extractor(extractor, source)
    return plans, extractors


def make_plan(name: str, source, count: int | None) -> Plan:
    if reason := find_obstacle(name, metrics.parse(name), metrics.get(name), source):
        raise ValueError(f"metric {name!r}: {reason}")
    return parse_plan(name, count)


def parse_plan(name: str, count: int | None) -> Plan:
    protocol, metric = metrics.parse(name), metrics.get(name)
    number = protocol.num_samples or count or metric.default_samples
    bare = metric.bare and protocol.num_samples is None
    return Plan(dataclasses.replace(protocol, num_samples=number), metric, number, bare)


def find_obstacle(name: str, protocol: metrics.Protocol, metric: metrics.Metric, source) -> str | None:
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


def open_extractor(name: str, source) -> Any:
    """Return an extractor by name; examples are features of their own under the names `kinds.OWN`."""
    return kinds.OwnFeatures(source.kind) if name in kinds.OWN else tfgan.features.get(name)


def check_extractor(extractor: Any, source) -> None:
    """Raise `ValueError` if an extractor does not accept the images of a data set."""
    if hasattr(extractor, "check"):
        extractor.check(source.shape)
