"""What both players minimize: the objective and the penalties, as functions of D's view of a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from tfgan import losses, penalties
from tfgan._noise import Draws
from tfgan.models import replicas
from tfgan.models.places import Places
from tfgan.penalties.points import FAKE, REAL


class Linear(NamedTuple):
    """A loss over the global batch, as each replica sees it: its value, and its slopes in this replica's outputs of D."""

    value: tf.Tensor
    slopes: tuple[tf.Tensor, tf.Tensor]

    def of(self, outputs) -> tf.Tensor:
        """Return the value, with the gradient that makes the mean over replicas that of the loss."""
        terms = [tf.reduce_sum(tf.stop_gradient(slope) * output) for slope, output in zip(self.slopes, outputs, strict=True)]
        total = replicas.count() * tf.add_n(terms)
        return self.value + total - tf.stop_gradient(total)


class Terms:
    """An objective and its penalties.

    Args:
        loss: an objective, by name, config or instance.
        chosen: penalties, each by name, config or instance, no two of one name.

    Attributes:
        loss: the objective.
        penalties: by name.
        points: where penalties look at D, besides real and fake.
        watched: where D's input gradient is needed in every step.
        tags: what is logged of all this, besides the losses.
        initial_state: saved scalars by owner ("loss" or a penalty) and name, and what they start from.
    """

    def __init__(self, loss: Any, chosen: Iterable[Any]):
        self.loss = losses.get(loss)
        self.penalties: dict[str, Any] = {}
        for identifier in chosen:
            penalty = penalties.get(identifier)
            name = penalties.name_of(penalty)
            if name in self.penalties:
                raise ValueError(f"penalties: expected each at most once, got {name!r} twice")
            self.penalties[name] = penalty
        given = (point for penalty in self.penalties.values() for point in penalty.points)
        self.points = tuple(dict.fromkeys(point for point in given if point not in (REAL, FAKE)))
        self._by_interval = self._grouped()
        self.watched = _gradient_points(self._by_interval.get(1, ()))
        self.tags = [f"penalty/{name}" for name, _ in self.having("discriminator")]
        self.tags += [_g_tag(name, penalty) for name, penalty in self.having("generator")]
        self.tags += self.loss.measured
        states = {"loss": self.loss.initial_state, **{name: penalty.initial_state for name, penalty in self.penalties.items()}}
        self.initial_state = {owner: dict(state) for owner, state in states.items() if state}

    def having(self, method: str) -> list[tuple[str, Any]]:
        """Return the penalties that define a method, with their names."""
        return [(name, penalty) for name, penalty in self.penalties.items() if penalty.defines(method)]

    def coupling(self) -> str:
        """Return the names of what needs the whole global batch at once, which replicas do not have; or nothing."""
        coupling = [name for name, penalty in self.penalties.items() if penalty.couples]
        if self.loss.embeds or self.loss.initial_state:
            coupling.insert(0, type(self.loss).__name__)
        return ", ".join(coupling)

    def draw(self, draws: Draws, step: tf.Tensor, shape: tuple[int, ...], latents: tf.Tensor) -> dict[str, Any]:
        """Return the noise of all points and penalties for a batch of `shape`; draw it outside compiled functions."""
        noise = {str(point): point.draw(draws, shape, latents) for point in self.points}
        for name, penalty in self.having("draw"):
            noise[name] = {str(point): penalty.draw(draws, step, point, shape) for point in (REAL, FAKE, *self.points)}
        return noise

    def seen(self, x, point, noise):
        """Return what D's network gets instead of x."""
        for name, penalty in self.having("transform"):
            x = penalty.transform(x, noise[name][str(point)])
        return x

    def linear(self, side: Callable, outputs) -> Linear:
        """Return a loss that couples examples, for several replicas; call it where they may exchange values.

        Args:
            side: the objective's `discriminator` or `generator`.
            outputs: this replica's, on reals and on fakes.
        """
        everything = replicas.gather(outputs)
        with tf.GradientTape() as tape:
            tape.watch(everything)
            value = tf.reduce_mean(side(*everything))
        slopes = tape.gradient(value, everything, unconnected_gradients="zero")
        return Linear(value, replicas.share(slopes, outputs[0].shape[0]))

    def discriminator(self, places: Places, state, step: tf.Tensor, linear: Linear | None = None) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return D's mean loss, and the mean cost of each of its penalties; 0 in steps where it is not due.

        Args:
            places: D's view of the batch.
            state: the saved scalars.
            step: the number of finished steps.
            linear: the loss over the global batch, if it couples examples and there are several replicas.
        """
        outputs = _outputs(places)
        loss = linear.of(outputs) if linear else tf.reduce_mean(self.loss.discriminator(*outputs, **self._state_of_loss(state)))
        costs = {}
        for every, group in sorted(self._by_interval.items()):

            def now(places, group=group, every=every):
                means = [tf.reduce_mean(penalty.discriminator(places, state.get(name))) for name, penalty in group]
                return [every * penalty.strength(step) * mean for (_, penalty), mean in zip(group, means, strict=True)]

            def apart(group=group, now=now):
                return now(places.branch(_gradient_points(group)))

            def nothing(group=group):
                return [tf.zeros(())] * len(group)

            values = now(places) if every == 1 else tf.cond(tf.equal(step % every, 0), apart, nothing)
            costs |= {f"penalty/{name}": value for (name, _), value in zip(group, values, strict=True)}
        return loss, costs

    def generator(self, places: Places, latents, state, linear: Linear | None = None) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
        """Return G's mean loss, and the mean cost of each of its penalties; arguments as for `discriminator`."""
        real = places[REAL].outputs if self.loss.compares else None
        fake = places[FAKE].outputs
        loss = linear.of((real, fake)) if linear else tf.reduce_mean(self.loss.generator(real, fake, **self._state_of_loss(state)))
        having = self.having("generator")
        return loss, {_g_tag(name, penalty): tf.reduce_mean(penalty.generator(places, latents)) for name, penalty in having}

    def next_state(self, places: Places, state) -> dict[str, dict[str, tf.Tensor]]:
        """Return the saved scalars after D's update."""
        after = {name: penalty.next_state(places, state[name]) for name, penalty in self.having("next_state")}
        if self.loss.initial_state:
            after["loss"] = self.loss.next_state(*_outputs(places), state["loss"])
        return after

    def after_update(self, weight):
        """Return what becomes of one of D's weights after its update."""
        for _, penalty in self.having("after_update"):
            weight = penalty.after_update(weight)
        return weight

    def health(self, places: Places, state) -> dict[str, tf.Tensor]:
        """Return what is logged of D's logits, by tag."""
        real_right, fake_right = self.loss.correct(*_outputs(places))
        return {
            "logits/real": tf.reduce_mean(places[REAL].logits),
            "logits/fake": tf.reduce_mean(places[FAKE].logits),
            "accuracy/real": tf.reduce_mean(tf.cast(real_right, tf.float32)),
            "accuracy/fake": tf.reduce_mean(tf.cast(fake_right, tf.float32)),
            **(self.loss.measures(*_outputs(places), **self._state_of_loss(state)) if self.loss.measured else {}),
        }

    def _grouped(self) -> Mapping[int, list[tuple[str, Any]]]:
        """Return D's penalties by the number of steps from one application to the next."""
        groups: dict[int, list] = {}
        for name, penalty in self.having("discriminator"):
            groups.setdefault(getattr(penalty, "every", 1), []).append((name, penalty))
        return groups

    def _state_of_loss(self, state) -> dict[str, Any]:
        return {"state": state["loss"]} if self.loss.initial_state else {}


def _outputs(places: Places):
    return places[REAL].outputs, places[FAKE].outputs


def _gradient_points(group) -> frozenset:
    return frozenset(point for _, penalty in group for point in penalty.gradient_at)


def _g_tag(name: str, penalty) -> str:
    """Return the tag of a penalty's term in G's loss."""
    return f"penalty/{name}_generator" if penalty.defines("discriminator") else f"penalty/{name}"
