"""D's view of one batch."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from tfgan.core.gradients import Place
from tfgan.penalties.inputs import FAKE, REAL, Point


@dataclasses.dataclass(frozen=True)
class Labelled(Point):
    """Real examples of known class, where only few are known."""


LABELLED = Labelled()


class Said(NamedTuple):
    """What D says of reals and of fakes, by name: "outputs", and where they are asked for "features" and the fakes' own "x"."""

    real: dict[str, tf.Tensor]
    fake: dict[str, tf.Tensor]


class Places:
    """D at each point that is asked for: one forward pass, made when it is first asked for and shared by all who ask.

    Args:
        given: the batches that are not made from others: real, fake, and fakes from other latents.
        noise: what was drawn, by the point's text.
        critic: (x, point, state of D) to what D says there and its new state.
        witness: (outputs, real outputs, fake outputs) to logits; None where the outputs are logits.
        state: D's state before the step.
        watched: points where the input gradient will be asked for.

    Attributes:
        state: D's state after its passes over the real and the fake batch; no other pass changes it.
    """

    def __init__(
        self,
        given: Mapping[Point, tf.Tensor],
        noise: Mapping[str, Any],
        critic: Callable,
        witness: Callable | None,
        state: Any,
        watched: Iterable[Point] = (),
    ):
        self._batches = dict(given)
        self._noise = noise
        self._critic = critic
        self._witness = witness
        self._watched = frozenset(watched)
        self._seen: dict[Point, Place] = {}
        self.state = state

    @classmethod
    def of(cls, said: Said, witness: Callable | None) -> Places:
        """Return a view in which D has spoken already, at the real and the fake batch alone."""
        sides = {REAL: said.real, FAKE: said.fake}
        given = {point: side.get("x") for point, side in sides.items()}
        return cls(given, {}, lambda x, point, state: (sides[point], state), witness, None)

    def said(self, names: Iterable[str] = ("outputs",)) -> Said:
        """Return what D says of reals and of fakes."""
        sides = ({name: getattr(self[point], name) for name in names if (point, name) != (REAL, "x")} for point in (REAL, FAKE))
        return Said(*sides)

    def x(self, point: Point) -> tf.Tensor:
        """Return the batch at a point."""
        if point not in self._batches:
            self._batches[point] = point.at(self.x, self._noise[str(point)])
        return self._batches[point]

    def __getitem__(self, point: Point) -> Place:
        """Return D at a point."""
        if point not in self._seen:
            states = []

            def critic(x):
                seen, state = self._critic(x, point, self.state)
                states.append(state)
                return seen

            self._seen[point] = Place(critic, self.x(point), watched=point in self._watched, logits=self._as_logits)
            if point in (REAL, FAKE):
                (self.state,) = states
        return self._seen[point]

    def _as_logits(self, outputs):
        return outputs if self._witness is None else self._witness(outputs, self[REAL].outputs, self[FAKE].outputs)

    def branch(self, watched: Iterable[Point]) -> Places:
        """Return a copy for a branch of the graph: it sees what was computed here, and keeps what it computes to itself."""
        copy = Places(self._batches, self._noise, self._critic, self._witness, self.state, watched)
        copy._seen = {point: place for point, place in self._seen.items() if place.watched or point not in copy._watched}
        return copy


class Outputs:
    """What a model's own terms are functions of: all that D's network says, by name, and what the networks were given.

    Args:
        places: D's view of the batch.
        given: rows by name: "labels" or "codes" of these examples, "labelled_labels".
    """

    def __init__(self, places: Places, given: Mapping[str, tf.Tensor]):
        self._places = places
        self.given = given

    @property
    def real(self) -> Mapping[str, tf.Tensor]:
        """What D says of the reals."""
        return self._places[REAL].said

    @property
    def fake(self) -> Mapping[str, tf.Tensor]:
        """What D says of the fakes."""
        return self._places[FAKE].said

    @property
    def labelled(self) -> Mapping[str, tf.Tensor]:
        """What D says of reals of known class."""
        return self._places[LABELLED].said
