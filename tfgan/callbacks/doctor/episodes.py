"""From signs to episodes: what the rules tell of one interval after the other, told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tfgan.callbacks.doctor.diagnosis import FOLLOWS, Diagnosis, Facts, signs
from tfgan.callbacks.doctor.signals import Signals

WINDOW = 256  # intervals that the rules look back on
REMEMBERED = 16  # looks that a ward which takes over is told of, at least
WARM_UP = 300  # steps before which only what is `at_once` is told: a fresh G's examples are alike, a fresh D knows nothing
LASTING = 3  # signs in a row that begin an episode, and absences in a row that end one
LASTING_STEPS = 100  # that the signs must span too, where intervals are short


class Ward:
    """Follow a run interval by interval, and tell each failure once an episode.

    An episode begins when one rule has seen its sign `LASTING` times in a row, of those in which it could tell, over at least
    `LASTING_STEPS` steps, and ends when all rules of that diagnosis have not seen theirs as often. What is `at_once` begins one
    by itself. While there are signs of a cause, what else follows from it counts as unseen.

    Args:
        facts: of the objective and the data.

    Attributes:
        suspected: names of diagnoses that there are signs of, told or not.
        active: names of the episodes under way.
    """

    def __init__(self, facts: Facts):
        self.facts = facts
        self.suspected: frozenset[str] = frozenset()
        self.active: frozenset[str] = frozenset()
        self._window: list[Signals] = []
        self._since: dict[str, int] = {}  # step of the first of the signs in a row, by rule
        self._present, self._absent = Counter(), Counter()  # how many in a row, by rule
        self._name: dict[str, str] = {}  # of the diagnosis that a rule told last

    def resume(self, past: Sequence[Signals]) -> None:
        """Take the signals of intervals that another ward saw; what the rules say of the latest of them was said."""
        looks = [index for index, each in enumerate(past) if each.between is not None][-REMEMBERED:]
        first = min([max(0, len(past) - 2 * WINDOW), *looks[:1]])
        for each in past[first:]:
            self.admit(each)

    def first_sign(self, name: str) -> int | None:
        """Return the step of the first of the signs of a diagnosis that are there, None without any."""
        return min((self._since[rule] for rule, of in self._name.items() if of == name and self._present[rule]), default=None)

    def admit(self, signals: Signals) -> list[Diagnosis]:
        """Take the signals of the next interval; return the diagnoses whose episodes begin."""
        self._window = [*self._window, signals][-WINDOW:]
        told = self._unmasked(signs(self._window, self.facts))
        begun = []
        for rule, sign in told.items():
            self._count(rule, sign, signals.step)
            lasting = self._present[rule] >= LASTING and signals.step >= max(WARM_UP, self._since[rule] + LASTING_STEPS)
            if sign and sign.name not in self.active and (sign.at_once or lasting):
                self.active |= {sign.name}
                begun.append(sign)
        over = {name for name in self.active if all(self._absent[rule] >= LASTING for rule, of in self._name.items() if of == name)}
        self.active -= over
        self.suspected = frozenset(self._name[rule] for rule, count in self._present.items() if count)
        return begun

    def _unmasked(self, told: dict[str, Diagnosis | None]) -> dict[str, Diagnosis | None]:
        """Return what is told, less what follows from something else."""
        standing = {self._name[rule] for rule, count in self._present.items() if count and rule not in told}
        causes = standing | {sign.name for sign in told.values() if sign}
        masked = frozenset().union(*(FOLLOWS.get(cause, frozenset()) for cause in causes))
        return {rule: None if sign and sign.name in masked and not sign.at_once else sign for rule, sign in told.items()}

    def _count(self, rule: str, sign: Diagnosis | None, step: int) -> None:
        if sign:
            self._name[rule] = sign.name
            if not self._present[rule]:
                self._since[rule] = step
            self._present[rule], self._absent[rule] = self._present[rule] + 1, 0
        else:
            self._present[rule], self._absent[rule] = 0, self._absent[rule] + 1
