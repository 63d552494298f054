"""Generative adversarial networks on TensorFlow and Keras 3.

Importing this package imports no TensorFlow; its parts are imported when they are first used.
"""

from __future__ import annotations

import importlib
from typing import Any

from tfgan.core import backend, registration

__version__ = "0.1.0"

_PACKAGES = (
    *("augment", "callbacks", "data", "export", "features", "kinds"),
    *("layers", "losses", "methods", "metrics", "models", "networks", "penalties"),
)


def __getattr__(name: str) -> Any:
    if name in backend.IMPORT_KERAS:
        backend.check()
    if name in _PACKAGES:
        return importlib.import_module(f"tfgan.{name}")
    if name in registration.MODELS:
        return getattr(importlib.import_module("tfgan.models"), name)
    raise AttributeError(f"module 'tfgan' has no attribute {name!r}")


def load(path) -> Any:
    """Load a model or network saved as `.keras`, compiled as it was, as `keras.models.load_model(path)` does.

    Args:
        path: of the file.

    Returns:
        The model or network.

    Example:
        >>> gan.save("gan.keras")
        >>> tfgan.load("gan.keras").fit(images, epochs=1, steps_per_epoch=100)  # goes on where `gan` stopped
    """
    backend.check()
    import keras

    from tfgan.core import files

    registration.import_classes()
    return keras.models.load_model(files.expand_home(path))


registration.announce()
