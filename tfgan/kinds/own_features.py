"""Examples as features of their own: the pixels of images, and every kind as D sees it with its choices made."""

from __future__ import annotations

import numpy as np

from tfgan.kinds.kind import ENCODED, Kind

OWN = ("pixels", ENCODED)  # names of these features


class OwnFeatures:
    """The features that need no extractor: examples in training units, every choice made, flattened.

    Args:
        kind: of the examples.
    """

    def __init__(self, kind: Kind):
        self._kind = kind

    def features(self, values: np.ndarray) -> np.ndarray:
        """Return examples in the user's units as float32 (n, d)."""
        return self._kind.hardened(np.asarray(self._kind.encode(values)))
