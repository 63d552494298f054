"""The base class of links, which are losses of a single logit, and the record of their facts.

Imports no Keras.
"""

from __future__ import annotations

import dataclasses
from typing import ClassVar, NamedTuple

from tfgan.core.options import Configurable


class LinkFacts(NamedTuple):
    """Formulas and proofs about a link; an optional class attribute `facts` of its class.

    The formulas are Python expressions in the logit s and in the link's options, with abs, exp, expm1, tanh,
    softplus, relu and ln2. NumPy evaluates them (`tfgan.theory.dirac`), and the tests compare them with the
    code. Below, p is the density of real examples and q of fake ones.

    Attributes:
        real: the cost of a real logit for D.
        fake: the cost of a fake logit for D.
        fool: the cost of a fake logit for G in the non-saturating form.
        best: D's best logit.
        least: D's least loss, under independent pairing.
        zero_sum: the divergence that G descends in the zero-sum form while D is kept at its best.
        nonsat: the divergence that G descends in the non-saturating form while D is kept at its best.
    """

    real: str
    fake: str
    fool: str
    best: str
    least: str
    zero_sum: str
    nonsat: str


@dataclasses.dataclass(frozen=True)
class Link(Configurable):
    """Losses of one logit: D's loss on a real and on a fake example, and G's loss on a fake example.

    Each method maps a floating-point tensor of any shape to one of the same shape, element by element.

    Attributes:
        facts: formulas and proofs, or None; `python -m tfgan.losses` and docs/objectives.md print them.
        threshold: D's logit where it cannot tell real from fake.
    """

    facts: ClassVar[LinkFacts | None] = None
    threshold: ClassVar[float] = 0.0

    def real(self, logits):
        """Return D's loss on real logits."""
        raise TypeError(f"{type(self).__name__} must define real(logits)")

    def fake(self, logits):
        """Return D's loss on fake logits."""
        raise TypeError(f"{type(self).__name__} must define fake(logits)")

    def fool(self, logits):
        """Return G's loss on fake logits in the non-saturating form."""
        raise TypeError(f"{type(self).__name__} must define fool(logits)")
