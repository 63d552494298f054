"""Feature extractors, by name: what metrics look at instead of pixels."""

from tfgan._registry import Registry
from tfgan.features._catalogue import FEATURES

__all__ = ["extractors", "get", "names", "register"]

extractors = Registry("features", FEATURES)
names, get, register = extractors.names, extractors.get, extractors.register
