"""Compute the losses of both players from D's outputs: an objective and its penalties."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import tensorflow as tf

from tfgan import augment, losses, penalties
from tfgan.core.noise import Draws
from tfgan.penalties.inputs import FAKE, REAL
from tfgan.training import packing
from tfgan.training.critic import Critic, RealFake

PLAYERS = ("discriminator", "generator")


class Criterion:
    """An objective, its penalties and an augmentation: the losses of D and G.

    Args:
        loss: an objective, by name, config or instance.
        chosen: penalties, each by name, config or instance; each name at most once.
        augmentation: of D's images, by name, config or instance; None for no augmentation.

    Attributes:
        loss: the objective.
        penalties: by name.
        augment: the augmentation, or None.
        changes_inputs, changes_weights: whether `discriminator_input` and `after_update` do anything.
        inputs: where penalties evaluate D, besides reals and fakes.
        gradient_inputs: where D is differentiated in every step.
        tags: TensorBoard tags of the penalties, of the objective's extra metrics and of the augmentation.
        initial_state: saved scalars by owner ("loss", a penalty or "augment") and name, and their first
            values.
        losses_of: by player, the names of its losses: "loss" for the objective, and the names of its
            penalties.
        batch_losses: by player, the names of the losses that depend on the whole global batch.
        depends_on_logits_only: the names of the losses that depend only on D's outputs on reals and fakes.
        gathered_outputs: names of the outputs that batch losses read.
    """

    def __init__(self, loss: Any, chosen: Iterable[Any], augmentation: Any = None):
        self.loss = losses.get(loss)
        self.augment = None if augmentation is None else augment.get(augmentation)
        self.penalties = _by_name(chosen)
        every = [at for penalty in self.penalties.values() for at in penalty.inputs]
        self.inputs = tuple(dict.fromkeys(at for at in every if at not in (REAL, FAKE)))
        self._by_interval = self._group_by_interval()
        self.gradient_inputs = _gradient_inputs(self._by_interval.get(1, ()))
        self._of_generator = self.penalties_with("generator")
        self._transforming = self.penalties_with("transform")
        self._clipping = self.penalties_with("after_update")
        self.changes_inputs = bool(self._transforming or self.augment)
        self.changes_weights = bool(self._clipping)
        self._drawing = self.penalties_with("draw")
        self._stateful = self.penalties_with("next_state")
        self._generator_loss_is_replaced = any(
            penalty.replaces_generator_loss for penalty in self.penalties.values()
        )
        self._generator_uses_real = self.loss.generator_uses_real
        self.augment_state = dict(self.augment.initial_state) if self.augment else {}
        self.tags = [
            *(f"penalty/{name}" for name, _ in self.penalties_with("discriminator")),
            *(_generator_tag(name, penalty) for name, penalty in self._of_generator),
            *self.loss.extra_metrics,
            *["augment/p"] * bool(self.augment_state),
        ]
        self.losses_of = {
            player: frozenset({"loss", *dict(self.penalties_with(player))}) for player in PLAYERS
        }
        whole = {name for name, penalty in self.penalties.items() if self._uses_whole_batch(penalty)}
        whole |= {"loss"} if self.loss.uses_whole_batch else set()
        self.batch_losses = {player: names & whole for player, names in self.losses_of.items()}
        on_logits = (name for name, penalty in self.penalties.items() if penalty.depends_on_logits_only)
        self.depends_on_logits_only = frozenset({"loss", *on_logits})
        gathered = (name for penalty in self.penalties.values() for name in penalty.gathered_outputs)
        self.gathered_outputs = tuple(dict.fromkeys(["outputs", *gathered]))
        states = {"loss": self.loss.initial_state, "augment": self.augment_state}
        states |= {name: penalty.initial_state for name, penalty in self.penalties.items()}
        self.initial_state = {owner: dict(state) for owner, state in states.items() if state}
        self.witness_logits = self.loss.witness_logits if self.loss.uses_embeddings else None

    def penalties_with(self, method: str) -> list[tuple[str, Any]]:
        """Return the penalties that override a method, with their names."""
        return [(name, penalty) for name, penalty in self.penalties.items() if penalty.overrides(method)]

    def _uses_whole_batch(self, penalty) -> bool:
        return penalty.uses_whole_batch or (self.loss.uses_embeddings and penalty.depends_on_logits_only)

    def unsupported_with_shards(self) -> list[str]:
        """Return the names of losses that shards cannot compute, even from all gathered outputs."""
        names = [
            name
            for name, penalty in self.penalties.items()
            if penalty.uses_whole_batch and penalty.gradient_inputs
        ]
        if self.loss.uses_embeddings and any(penalty.inputs for penalty in self.penalties.values()):
            names.insert(0, type(self.loss).__name__)  # at a penalty's input, logits depend on all embeddings
        return names

    # Losses by tag; each is a mean over the batch

    def discriminator_loss(self, critic: Critic, batch) -> dict[str, tf.Tensor]:
        """Return D's losses by tag, float32 scalars: the objective's mean and each penalty's.

        A penalty with `every=k` costs k times its mean in every k-th step and 0 in the others.

        Args:
            critic: D at the batch.
            batch: a `tfgan.training.gradients.Batch`; its `only` may leave losses out.
        """
        names = batch.only.get("discriminator", self.losses_of["discriminator"])
        values = {}
        if "loss" in names:
            state = {"state": batch.scalars["loss"]} if self.loss.initial_state else {}
            loss = self.loss.discriminator(critic[REAL].outputs, critic[FAKE].outputs, **state)
            values["loss/discriminator"] = tf.reduce_mean(loss)
        for every, members in self._by_interval.items():
            group = [(name, penalty) for name, penalty in members if name in names]
            if every > 1 and group:
                values |= self._lazy_penalties(critic, batch, every, group)
                continue
            for name, penalty in group:
                mean = tf.reduce_mean(penalty.discriminator(critic, batch.scalars.get(name)))
                values[f"penalty/{name}"] = penalty.strength(batch.step) * mean
        return values

    def _lazy_penalties(self, critic: Critic, batch, every: int, group) -> dict[str, tf.Tensor]:
        """Return penalties that apply in every k-th step, multiplied by k, and 0 in the other steps.

        Reference: Karras et al. 2020, "Analyzing and Improving the Image Quality of StyleGAN", appendix B,
            lazy regularization.
        """

        def due():
            branch = critic.branch(_gradient_inputs(group))
            means = [
                tf.reduce_mean(penalty.discriminator(branch, batch.scalars.get(name)))
                for name, penalty in group
            ]
            return [
                every * penalty.strength(batch.step) * mean
                for (_, penalty), mean in zip(group, means, strict=True)
            ]

        costs = tf.cond(tf.equal(batch.step % every, 0), due, lambda: [tf.zeros(())] * len(group))
        return {f"penalty/{name}": cost for (name, _), cost in zip(group, costs, strict=True)}

    def generator_loss(self, critic: Critic, batch) -> dict[str, tf.Tensor]:
        """Return G's losses by tag, float32 scalars; arguments as for `discriminator_loss`."""
        names = batch.only.get("generator", self.losses_of["generator"])
        values = {}
        if "loss" in names:
            real_outputs = critic[REAL].outputs if self._generator_uses_real else None
            state = {"state": batch.scalars["loss"]} if self.loss.initial_state else {}
            loss = tf.reduce_mean(self.loss.generator(real_outputs, critic[FAKE].outputs, **state))
            values["loss/generator"] = tf.stop_gradient(loss) if self._generator_loss_is_replaced else loss
        for name, penalty in self._of_generator:
            if name in names:
                latents = packing.packed(batch.noise["latents"], batch.pack)
                values[_generator_tag(name, penalty)] = tf.reduce_mean(penalty.generator(critic, latents))
        return values

    def value_and_grad(
        self, losses_of: Callable[[Critic], dict[str, tf.Tensor]], outputs: RealFake
    ) -> tuple[dict, RealFake]:
        """Return losses that depend on D's outputs, and the gradient of their sum in these outputs."""
        with tf.GradientTape() as tape:
            tape.watch(outputs)
            values = losses_of(Critic.of_outputs(outputs, self.witness_logits))
            total = tf.add_n([tf.zeros(()), *values.values()])
        return values, tape.gradient(total, outputs, unconnected_gradients="zero")

    # D's input and weights, and saved scalars

    def sample_noise(
        self, draws: Draws, step: tf.Tensor, shape: tuple[int, ...], latents: tf.Tensor, pack: int
    ) -> dict[str, Any]:
        """Draw the random numbers of inputs, penalties and augmentation for a batch of `shape`, without XLA."""
        if not (self.inputs or self._drawing or self.augment):
            return {}
        packs = (shape[0] // pack, *packing.shape(shape[1:], pack))
        everywhere = (REAL, FAKE, *self.inputs)
        noise = {str(at): at.draw(draws, packs, latents) for at in self.inputs}
        for name, penalty in self._drawing:
            noise[name] = {str(at): penalty.draw(draws, step, at, packs) for at in everywhere}
        if self.augment:
            noise["augment"] = {
                str(at): self.augment.draw(draws, f"augment {at.purpose}", shape) for at in everywhere
            }
        return noise

    def with_batch_statistics(self, noise, real, mean: Callable) -> dict[str, Any]:
        """Add to the noise the means over all reals that inputs need; `mean` averages over all shards."""
        measures = {str(at): at.measure(real) for at in self.inputs}
        return {
            **noise,
            **{name: {**noise[name], **mean(found)} for name, found in measures.items() if found},
        }

    def discriminator_input(self, x, at, batch):
        """Return the input of D's network for x, with instance noise and augmentation; x may hold packs."""
        for name, penalty in self._transforming:
            x = penalty.transform(x, batch.noise[name][str(at)])
        if self.augment:
            images, state = packing.unpacked(x, batch.pack), batch.scalars.get("augment", {})
            x = packing.packed(self.augment(images, batch.noise["augment"][str(at)], state), batch.pack)
        return x

    def next_state(self, critic: Critic, scalars, pack: int) -> dict[str, dict[str, tf.Tensor]]:
        """Return the saved scalars after D's update."""
        after = {name: penalty.next_state(critic, scalars[name]) for name, penalty in self._stateful}
        if self.loss.initial_state:
            after["loss"] = self.loss.next_state(critic[REAL].outputs, critic[FAKE].outputs, scalars["loss"])
        if self.augment_state:
            threshold = getattr(getattr(self.loss, "link_fn", None), "threshold", 0.0)
            certainty = tf.repeat(critic[REAL].logits - threshold, pack, axis=0)  # one per image
            after["augment"] = self.augment.next_state(certainty, scalars["augment"])
        return after

    def after_update(self, weight):
        """Return the new value of one of D's weights after its update."""
        for _, penalty in self._clipping:
            weight = penalty.after_update(weight)
        return weight

    def logit_metrics(self, critic: Critic, scalars) -> dict[str, tf.Tensor]:
        """Return scalars about D's logits, by tag."""
        real, fake = critic[REAL], critic[FAKE]
        real_is_correct, fake_is_correct = self.loss.correct(real.outputs, fake.outputs)
        metrics = {
            "logits/real": tf.reduce_mean(real.logits),
            "logits/fake": tf.reduce_mean(fake.logits),
            "accuracy/real": tf.reduce_mean(tf.cast(real_is_correct, tf.float32)),
            "accuracy/fake": tf.reduce_mean(tf.cast(fake_is_correct, tf.float32)),
        }
        if self.loss.extra_metrics:
            state = {"state": scalars["loss"]} if self.loss.initial_state else {}
            metrics |= self.loss.measure(real.outputs, fake.outputs, **state)
        if self.augment_state:
            metrics["augment/p"] = scalars["augment"]["p"]
        return metrics

    def _group_by_interval(self) -> Mapping[int, list[tuple[str, Any]]]:
        """Return D's penalties by `every`, their interval in steps, the smallest first."""
        groups: dict[int, list] = {}
        for name, penalty in self.penalties_with("discriminator"):
            groups.setdefault(getattr(penalty, "every", 1), []).append((name, penalty))
        return dict(sorted(groups.items()))


def _by_name(chosen: Iterable[Any]) -> dict[str, Any]:
    """Return penalties by name; raise `TypeError` for a single text, `ValueError` if a name comes twice."""
    if isinstance(chosen, str):
        raise TypeError(f"penalties: expected several, got one text; write penalties=[{chosen!r}]")
    named: dict[str, Any] = {}
    for identifier in chosen:
        penalty = penalties.get(identifier)
        name = penalties.name_of(penalty)
        if name in named:
            raise ValueError(f"penalties: expected each at most once, got {name!r} twice")
        named[name] = penalty
    return named


def _gradient_inputs(group) -> frozenset:
    return frozenset(at for _, penalty in group for at in penalty.gradient_inputs)


def _generator_tag(name: str, penalty) -> str:
    """Return the tag of a penalty's term in G's loss."""
    return f"penalty/{name}_generator" if penalty.overrides("discriminator") else f"penalty/{name}"
