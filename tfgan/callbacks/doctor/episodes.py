"""Group the signs of consecutive intervals into episodes; each episode is reported once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tfgan.callbacks.doctor.diagnosis import FOLLOWS, Diagnosis, Facts, signs
from tfgan.callbacks.doctor.signals import Signals

WINDOW = 256  # intervals in the window of the rules
REMEMBERED = 16  # a resumed ward reads at least so many past looks
# Earlier steps report only `at_once` diagnoses: a new G's examples are alike, a new D is untrained.
WARM_UP = 300
LASTING = 3  # signs in a row that begin an episode, and absences in a row that end one
LASTING_STEPS = 100  # the signs must also span so many steps; this matters where intervals are short


class Ward:
    """Follow a run interval by interval, and report each failure once per episode.

    An episode begins when one rule has found its sign in `LASTING` consecutive intervals over at least
    `LASTING_STEPS` steps; intervals in which the rule could not run do not count. The episode ends when every
    rule of that diagnosis has missed its sign in `LASTING` consecutive intervals. One sign that is `at_once`
    begins an episode. While a cause shows signs, the signs of its consequences (`diagnosis.FOLLOWS`) count as
    absent.

    Args:
        facts: facts of the objective and the data.

    Attributes:
        suspected: names of the diagnoses with signs at present, reported or not.
        active: names of the open episodes.
    """

    def __init__(self, facts: Facts):
        self.facts = facts
        self.suspected: frozenset[str] = frozenset()
        self.active: frozenset[str] = frozenset()
        self._window: list[Signals] = []
        self._since: dict[str, int] = {}  # rule -> step of the first of its consecutive signs
        self._present, self._absent = Counter(), Counter()  # rule -> consecutive signs, consecutive absences
        self._name: dict[str, str] = {}  # rule -> name of its latest diagnosis

    def resume(self, past: Sequence[Signals]) -> None:
        """Take the signals of past intervals, for which another ward has reported the diagnoses."""
        looks = [index for index, each in enumerate(past) if each.between is not None][-REMEMBERED:]
        first = min([max(0, len(past) - 2 * WINDOW), *looks[:1]])
        for each in past[first:]:
            self.admit(each)

    def first_sign(self, name: str) -> int | None:
        """Return the step of the earliest present sign of a diagnosis, or None without signs."""
        return min(
            (self._since[rule] for rule, of in self._name.items() if of == name and self._present[rule]),
            default=None,
        )

    def admit(self, signals: Signals) -> list[Diagnosis]:
        """Take the signals of the next interval; return the diagnoses whose episodes begin."""
        self._window = [*self._window, signals][-WINDOW:]
        told = self._unmasked(signs(self._window, self.facts))
        begun = []
        for rule, sign in told.items():
            self._count(rule, sign, signals.step)
            lasting = self._present[rule] >= LASTING and signals.step >= max(
                WARM_UP, self._since[rule] + LASTING_STEPS
            )
            if sign and sign.name not in self.active and (sign.at_once or lasting):
                self.active |= {sign.name}
                begun.append(sign)
        over = {
            name
            for name in self.active
            if all(self._absent[rule] >= LASTING for rule, of in self._name.items() if of == name)
        }
        self.active -= over
        self.suspected = frozenset(self._name[rule] for rule, count in self._present.items() if count)
        return begun

    def _unmasked(self, told: dict[str, Diagnosis | None]) -> dict[str, Diagnosis | None]:
        """Return the signs, with None for consequences of another diagnosis that are not `at_once`."""
        standing = {self._name[rule] for rule, count in self._present.items() if count and rule not in told}
        causes = standing | {sign.name for sign in told.values() if sign}
        masked = frozenset().union(*(FOLLOWS.get(cause, frozenset()) for cause in causes))
        return {
            rule: None if sign and sign.name in masked and not sign.at_once else sign
            for rule, sign in told.items()
        }

    def _count(self, rule: str, sign: Diagnosis | None, step: int) -> None:
        if sign:
            self._name[rule] = sign.name
            if not self._present[rule]:
                self._since[rule] = step
            self._present[rule], self._absent[rule] = self._present[rule] + 1, 0
        else:
            self._present[rule], self._absent[rule] = 0, self._absent[rule] + 1
