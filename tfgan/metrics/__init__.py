"""Scores, by name: functions of real and generated samples that return numbers."""

from typing import Any

from tfgan.core.registry import Registry
from tfgan.metrics import naming
from tfgan.metrics._catalogue import METRICS
from tfgan.metrics.metric import Metric
from tfgan.metrics.naming import Protocol
from tfgan.metrics.samples import Samples

__all__ = ["Metric", "Protocol", "Samples", "get", "metrics", "names", "parse", "register"]

metrics = Registry("metric", METRICS, base="tfgan.metrics.metric:Metric")
names, register = metrics.names, metrics.register


def parse(name: str) -> Protocol:
    """Parse a name such as `kid_2k/fashion_cnn`; raise `ValueError` for a name of another form."""
    return naming.parse(name, metrics)


def get(identifier: Any, **options: Any) -> Any:
    """Return the metric of a name, with or without number and features: the caller brings the samples.

    Args:
        identifier: `"kid"`, `"kid_2k/fashion_cnn"`, `"precision_recall:k=5"`, or a metric, which is returned.
        **options: constructor arguments; they override the options of the name.
    """
    return metrics.get(parse(identifier).spec if isinstance(identifier, str) else identifier, **options)
