"""Generative adversarial networks on TensorFlow and Keras 3.

Importing this package imports no TensorFlow; its parts are imported when they are first used.
"""

from __future__ import annotations

import importlib
from typing import Any

from tfgan import _backend

__version__ = "0.1.0"

_MODELS = ("GAN", "ConditionalGAN", "ACGAN", "InfoGAN", "SemiSupervisedGAN", "AutoencodingGAN")
_PACKAGES = ("augment", "callbacks", "data", "export", "features", "layers", "losses", "metrics", "models", "networks", "penalties")


def __getattr__(name: str) -> Any:
    if name in _backend.IMPORT_KERAS:
        _backend.check()
    if name in _PACKAGES:
        return importlib.import_module(f"tfgan.{name}")
    if name in _MODELS:
        return getattr(importlib.import_module("tfgan.models"), name)
    raise AttributeError(f"module 'tfgan' has no attribute {name!r}")


def load(path) -> Any:
    """Load a model or network saved as `.keras`, with every class of this package known to Keras."""
    _backend.check()
    import keras

    for registry in (
        importlib.import_module("tfgan.losses").links,
        importlib.import_module("tfgan.losses").objectives,
        importlib.import_module("tfgan.penalties").penalties,
        importlib.import_module("tfgan.augment").augmentations,
    ):
        registry.load_all()
    for module in ("models", "layers"):
        importlib.import_module(f"tfgan.{module}")
    return keras.models.load_model(path)
