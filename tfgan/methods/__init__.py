"""Ways to train a generator: as a GAN, or alone by a loss of a batch of reals."""

from __future__ import annotations

from tfgan.core.registry import Registry
from tfgan.methods._catalogue import METHODS

__all__ = ["LoneGenerator", "get", "methods", "names"]

methods = Registry("method", METHODS, base="tfgan.methods.method:Method")
names, get = methods.names, methods.get


def __getattr__(name: str):
    """Import the model at its first use."""
    if name == "LoneGenerator":
        from tfgan.methods.lone_generator import LoneGenerator

        return LoneGenerator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
