"""What both players minimize: the objective and the penalties, as functions of D's view of a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import tensorflow as tf

from tfgan import augment, losses, penalties
from tfgan.core.noise import Draws
from tfgan.penalties.inputs import FAKE, REAL
from tfgan.training import packing
from tfgan.training.critic import Places, Said

PLAYERS = ("discriminator", "generator")


class Terms:
    """An objective and its penalties.

    Args:
        loss: an objective, by name, config or instance.
        chosen: penalties, each by name, config or instance, no two of one name.
        augment: what D's images go through, by name, config or instance; None for nothing.

    Attributes:
        loss: the objective.
        penalties: by name.
        augment: the augmentation, or None.
        points: where penalties look at D, besides real and fake.
        watched: where D's input gradient is needed in every step.
        tags: what is logged of all this, besides the losses.
        initial_state: saved scalars by owner ("loss", a penalty or "augment") and name, and what they start from.
        of: by player, the names of what it pays, "loss" among them.
        coupled: those of them that are functions of the whole global batch.
        of_logits: those of both that are functions of D's outputs on the real and the fake batch, and of nothing else.
        reads: what of `Places.said` the coupled ones need.
    """

    def __init__(self, loss: Any, chosen: Iterable[Any], augmentation: Any = None):
        self.loss = losses.get(loss)
        self.augment = None if augmentation is None else augment.get(augmentation)
        self.penalties: dict[str, Any] = {}
        if isinstance(chosen, str):
            raise TypeError(f"penalties: expected several, got one text; write penalties=[{chosen!r}]")
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
        self.tags += ["augment/p"] * bool(self._augment_state())
        self.of = {player: frozenset({"loss", *dict(self.having(player))}) for player in PLAYERS}
        coupled = {name for name, penalty in self.penalties.items() if penalty.couples or (self.loss.embeds and penalty.of_logits)}
        coupled |= {"loss"} if self.loss.couples else set()
        self.coupled = {player: names & coupled for player, names in self.of.items()}
        self.of_logits = frozenset({"loss", *(name for name, penalty in self.penalties.items() if penalty.of_logits)})
        self.reads = tuple(dict.fromkeys(["outputs", *(name for penalty in self.penalties.values() for name in penalty.reads)]))
        states = {"loss": self.loss.initial_state, "augment": self._augment_state()}
        states |= {name: penalty.initial_state for name, penalty in self.penalties.items()}
        self.initial_state = {owner: dict(state) for owner, state in states.items() if state}

    def having(self, method: str) -> list[tuple[str, Any]]:
        """Return the penalties that define a method, with their names."""
        return [(name, penalty) for name, penalty in self.penalties.items() if penalty.defines(method)]

    @property
    def witness(self) -> Callable | None:
        """What makes logits of embeddings, if the objective compares these."""
        return self.loss.witness if self.loss.embeds else None

    def inseparable(self) -> list[str]:
        """Return the names of what cannot be computed in parts, even if the parts tell each other what D said."""
        beyond = [name for name, penalty in self.penalties.items() if penalty.couples and penalty.gradient_at]
        if self.loss.embeds and any(penalty.points for penalty in self.penalties.values()):
            beyond.insert(0, type(self.loss).__name__)  # its logits there are functions of all embeddings
        return beyond

    def uncoupled(self, player: str, slopes) -> frozenset[str]:
        """Return the names of what a player pays, less those whose slopes are given."""
        return self.of[player] - self.coupled[player] if player in slopes else self.of[player]

    def measured(self, noise, real, mean: Callable) -> dict[str, Any]:
        """Return the noise, with what points need to know of the whole batch of reals; `mean` averages over all parts."""
        measures = {str(point): point.measure(real) for point in self.points}
        return {**noise, **{name: {**noise[name], **mean(found)} for name, found in measures.items() if found}}

    def draw(self, draws: Draws, step: tf.Tensor, shape: tuple[int, ...], latents: tf.Tensor, pack: int) -> dict[str, Any]:
        """Return the noise of all points and penalties for a batch of `shape`; draw it outside compiled functions."""
        packs = (shape[0] // pack, *packing.shape(shape[1:], pack))
        noise = {str(point): point.draw(draws, packs, latents) for point in self.points}
        for name, penalty in self.having("draw"):
            noise[name] = {str(point): penalty.draw(draws, step, point, packs) for point in (REAL, FAKE, *self.points)}
        if self.augment:
            noise["augment"] = {str(point): self.augment.draw(draws, f"augment {point}", shape) for point in (REAL, FAKE, *self.points)}
        return noise

    def seen(self, x, point, noise, state, pack: int):
        """Return what D's network gets instead of x, a batch of packs."""
        for name, penalty in self.having("transform"):
            x = penalty.transform(x, noise[name][str(point)])
        if self.augment:
            images = self.augment(packing.unpacked(x, pack), noise["augment"][str(point)], state.get("augment", {}))
            x = packing.packed(images, pack)
        return x

    def differentiated(self, costs_of: Callable[[Places], dict[str, tf.Tensor]], said: Said) -> tuple[dict[str, tf.Tensor], Said]:
        """Return costs that are functions of what D said, and the slopes of their sum in that."""
        with tf.GradientTape() as tape:
            tape.watch(said)
            costs = costs_of(Places.of(said, self.witness))
            total = tf.add_n([tf.zeros(()), *costs.values()])
        return costs, tape.gradient(total, said, unconnected_gradients="zero")

    def discriminator(self, places: Places, state, step: tf.Tensor, names: frozenset[str]) -> dict[str, tf.Tensor]:
        """Return D's mean costs by tag; that of a penalty is 0 in steps where it is not due.

        Args:
            places: D's view of the batch.
            state: the saved scalars.
            step: the number of finished steps.
            names: of the costs to return, "loss" for the objective's.
        """
        costs = {}
        if "loss" in names:
            loss = self.loss.discriminator(*_outputs(places), **self._state_of_loss(state))
            costs["loss/discriminator"] = tf.reduce_mean(loss)
        for every, members in sorted(self._by_interval.items()):
            group = [(name, penalty) for name, penalty in members if name in names]

            def now(places, group=group, every=every):
                means = [tf.reduce_mean(penalty.discriminator(places, state.get(name))) for name, penalty in group]
                return [every * penalty.strength(step) * mean for (_, penalty), mean in zip(group, means, strict=True)]

            def apart(group=group, now=now):
                return now(places.branch(_gradient_points(group)))

            def nothing(group=group):
                return [tf.zeros(())] * len(group)

            values = now(places) if every == 1 or not group else tf.cond(tf.equal(step % every, 0), apart, nothing)
            costs |= {f"penalty/{name}": value for (name, _), value in zip(group, values, strict=True)}
        return costs

    def generator(self, places: Places, latents, state, names: frozenset[str]) -> dict[str, tf.Tensor]:
        """Return G's mean costs by tag; arguments as for `discriminator`."""
        costs = {}
        if "loss" in names:
            real = places[REAL].outputs if self.loss.compares else None
            loss = tf.reduce_mean(self.loss.generator(real, places[FAKE].outputs, **self._state_of_loss(state)))
            costs["loss/generator"] = tf.stop_gradient(loss) if any(penalty.alone for penalty in self.penalties.values()) else loss
        having = [(name, penalty) for name, penalty in self.having("generator") if name in names]
        return costs | {_g_tag(name, penalty): tf.reduce_mean(penalty.generator(places, latents)) for name, penalty in having}

    def next_state(self, places: Places, state, pack: int) -> dict[str, dict[str, tf.Tensor]]:
        """Return the saved scalars after D's update."""
        after = {name: penalty.next_state(places, state[name]) for name, penalty in self.having("next_state")}
        if self.loss.initial_state:
            after["loss"] = self.loss.next_state(*_outputs(places), state["loss"])
        if self._augment_state():
            threshold = getattr(getattr(self.loss, "scores", None), "threshold", 0.0)
            certainty = tf.repeat(places[REAL].logits - threshold, pack, axis=0)  # one an image
            after["augment"] = self.augment.next_state(certainty, state["augment"])
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
            **({"augment/p": state["augment"]["p"]} if self._augment_state() else {}),
        }

    def _grouped(self) -> Mapping[int, list[tuple[str, Any]]]:
        """Return D's penalties by the number of steps from one application to the next."""
        groups: dict[int, list] = {}
        for name, penalty in self.having("discriminator"):
            groups.setdefault(getattr(penalty, "every", 1), []).append((name, penalty))
        return groups

    def _augment_state(self) -> Mapping[str, float]:
        return self.augment.initial_state if self.augment else {}

    def _state_of_loss(self, state) -> dict[str, Any]:
        return {"state": state["loss"]} if self.loss.initial_state else {}


def _outputs(places: Places):
    return places[REAL].outputs, places[FAKE].outputs


def _gradient_points(group) -> frozenset:
    return frozenset(point for _, penalty in group for point in penalty.gradient_at)


def _g_tag(name: str, penalty) -> str:
    """Return the tag of a penalty's term in G's loss."""
    return f"penalty/{name}_generator" if penalty.defines("discriminator") else f"penalty/{name}"
