"""What a rule is asked and what it answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tfgan.callbacks.doctor.signals import Signals

Window = Sequence[Signals]


class Facts(NamedTuple):
    """What the rules must know besides signals.

    Attributes:
        scaled: whether the objective fixes the scale of logits; a Wasserstein objective, whose loss is linear, does not.
        single: whether the training data are one example.
    """

    scaled: bool = True
    single: bool = False


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """What goes wrong.

    Attributes:
        name: one of `tfgan.callbacks.doctor.diagnosis.NAMES`.
        evidence: what shows it, with its numbers.
        remedy: what helps, by flag.
        at_once: whether one sign is enough, whatever the step.
        returns: whether other noise and lower rates from an earlier step on may help.
    """

    name: str
    evidence: str
    remedy: str
    at_once: bool = False
    returns: bool = True

    def __str__(self) -> str:
        return f"{self.name.replace('_', ' ')}: {self.evidence}; {self.remedy}."


class Rule(NamedTuple):
    """A rule, and what it must know of the last interval."""

    told: Callable[[Window, Facts], Diagnosis | None]
    needs: tuple[str, ...]
