"""Define the inputs and the result of a rule: `Facts`, `Window` and `Diagnosis`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tfgan.callbacks.doctor.signals import Signals

Window = Sequence[Signals]


class Facts(NamedTuple):
    """The facts about a run that the rules need in addition to signals.

    Attributes:
        scaled: whether the objective fixes the scale of logits; a Wasserstein objective does not, since its
            loss is linear.
        single: whether there is one training example.
    """

    scaled: bool = True
    single: bool = False


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """A failure of a run.

    Attributes:
        name: one of `tfgan.callbacks.doctor.diagnosis.NAMES`.
        evidence: the observation that shows the failure, with its numbers.
        remedy: the flags that help.
        at_once: whether one sign is enough, at any step.
        returns: whether a rollback to an earlier step, with other noise and lower learning rates, may help.
    """

    name: str
    evidence: str
    remedy: str
    at_once: bool = False
    returns: bool = True

    def __str__(self) -> str:
        return f"{self.name.replace('_', ' ')}: {self.evidence}; {self.remedy}."


class Rule(NamedTuple):
    """A rule, and the names of the signals that it needs from the last interval."""

    told: Callable[[Window, Facts], Diagnosis | None]
    needs: tuple[str, ...]
