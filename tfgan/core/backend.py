"""Check that Keras computes with TensorFlow, before anything imports it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

# Packages that do so when they are imported
IMPORT_KERAS = frozenset({"callbacks", "export", "layers", "models"})
# Packages that do so when a name is looked up
LOAD_KERAS = frozenset({"augment", "losses", "methods", "networks", "penalties"})


def check() -> None:
    """Raise `ValueError` unless Keras has the backend "tensorflow", or will have it when it is imported."""
    backend, place = _find_backend()
    if backend != "tensorflow":
        raise ValueError(
            f"{place}: expected the backend 'tensorflow', got {backend!r}; set KERAS_BACKEND=tensorflow"
        )


def _find_backend() -> tuple[str, str]:
    """Return the backend of Keras, and the setting that chooses it, by Keras's own rules."""
    if "keras" in sys.modules:
        return sys.modules["keras"].config.backend(), "Keras"
    if chosen := os.environ.get("KERAS_BACKEND"):
        return chosen, "KERAS_BACKEND"
    home = Path.home() if os.access(Path.home(), os.W_OK) else Path("/tmp")
    file = Path(os.environ.get("KERAS_HOME") or home / ".keras").expanduser() / "keras.json"
    try:
        return json.loads(file.read_text(encoding="utf-8")).get("backend", "tensorflow"), str(file)
    except (OSError, ValueError):  # none, or one that Keras passes over too
        return "tensorflow", str(file)
