"""Scores, by name: functions of real and generated samples that return numbers."""

from tfgan._registry import Registry
from tfgan.metrics._catalogue import METRICS
from tfgan.metrics.samples import Samples

__all__ = ["Samples", "get", "metrics", "names", "register"]

metrics = Registry("metric", METRICS)
names, get, register = metrics.names, metrics.get, metrics.register
