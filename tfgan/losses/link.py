"""What a single logit costs."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from tfgan.core.options import Configurable


@dataclasses.dataclass(frozen=True)
class Link(Configurable):
    """Score one logit: what D pays for it on a real and on a fake example, and what G pays on a fake one.

    Each method maps a floating-point tensor of any shape to one of the same shape, element by element.

    Attributes:
        threshold: D's logit where it cannot tell real from fake.
    """

    threshold: ClassVar[float] = 0.0

    def real(self, logits):
        """Return what D pays on real logits."""
        raise TypeError(f"{type(self).__name__} must define real(logits)")

    def fake(self, logits):
        """Return what D pays on fake logits."""
        raise TypeError(f"{type(self).__name__} must define fake(logits)")

    def fool(self, logits):
        """Return what G pays on fake logits in the non-saturating form."""
        raise TypeError(f"{type(self).__name__} must define fool(logits)")
