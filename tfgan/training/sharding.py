"""Compute gradients over the global batch from shards: replicas' shares of it, and micro batches of a share.

Gradients and scalars are means over shards. A loss that needs the whole batch (`Criterion.batch_losses`) is
computed in three passes: each shard runs D forward and its outputs are gathered; the loss is differentiated
in all outputs; each shard then backpropagates its own rows of that gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from tfgan.distributed import replicas
from tfgan.training import gradients
from tfgan.training.criterion import PLAYERS
from tfgan.training.critic import Critic
from tfgan.training.gradients import Batch, DiscriminatorGradients, GeneratorGradients, Weights
from tfgan.training.simultaneous import simultaneous_gradients


class ShardedGradients:
    """Compute the gradients of a step shard by shard.

    Args:
        gan: the model.
        compiled: wrapper of each function of a shard, such as XLA compilation.
        micro_batch: examples of a replica's share in memory at a time; None for all.
    """

    def __init__(self, gan, compiled: Callable[[Callable], Callable], micro_batch: int | None):
        self.gan, self.criterion, self.micro_batch = gan, gan.criterion, micro_batch
        self._forward = compiled(self._forward_on_shard)
        self._discriminator = compiled(self._discriminator_on_shard)
        self._generator = compiled(self._generator_on_shard)
        self._both = compiled(self._both_on_shard)

    def discriminator(
        self, g: Weights, d: Weights, scalars, step, real, noise
    ) -> tuple[DiscriminatorGradients, list[tf.Tensor]]:
        """Return D's gradients over the global batch, against fresh fakes, and G's new state.

        Args:
            g, d: the networks' weights.
            scalars, step, real, noise: as in `tfgan.training.gradients.Batch`, of this replica's share.
        """
        (means, g_state), outputs, losses = self._over_shards(
            self._discriminator, ("discriminator",), g, d, scalars, step, real, noise
        )
        return self._with_critic(means, outputs, losses), g_state

    def generator(self, g: Weights, d: Weights, scalars, step, real, noise) -> GeneratorGradients:
        """Return G's gradients over the global batch; arguments as for `discriminator`."""
        means, _, losses = self._over_shards(
            self._generator, ("generator",), g, d, scalars, step, real, noise
        )
        return means._replace(losses=means.losses | losses["generator"])

    def both(
        self, g: Weights, d: Weights, scalars, step, real, noise
    ) -> tuple[DiscriminatorGradients, GeneratorGradients]:
        """Return both players' gradients at the same weights over the global batch; arguments as for `discriminator`."""
        (d_means, g_means), outputs, losses = self._over_shards(
            self._both, PLAYERS, g, d, scalars, step, real, noise
        )
        return self._with_critic(d_means, outputs, losses), g_means._replace(
            losses=g_means.losses | losses["generator"]
        )

    def _with_critic(self, means: DiscriminatorGradients, outputs, losses) -> DiscriminatorGradients:
        """Return D's gradients with the outputs of all examples, and the losses of the whole batch."""
        critic = Critic.of_outputs(outputs, self.criterion.witness_logits)
        return means._replace(critic=critic, losses=means.losses | losses["discriminator"])

    # One shard: pure functions of tensors that return (values to average, rows to gather)

    def _forward_on_shard(self, g, d, scalars, step, real, noise, output_gradients):
        """Run D forward only: its outputs are gathered for losses that need the whole batch."""
        batch = self._batch(real, noise, scalars, step)
        batch.generated, _ = gradients.generate(self.gan, g, batch)
        return (), gradients.critic_on(self.gan, d, batch).outputs(self.criterion.gathered_outputs)

    def _discriminator_on_shard(self, g, d, scalars, step, real, noise, output_gradients):
        batch = self._batch(real, noise, scalars, step, output_gradients)
        batch.generated, g_state = gradients.generate(self.gan, g, batch)
        found = gradients.discriminator_gradients(self.gan, d, batch, output_gradients.get("discriminator"))
        return (found._replace(critic=()), g_state), found.critic.outputs()

    def _generator_on_shard(self, g, d, scalars, step, real, noise, output_gradients):
        batch = self._batch(real, noise, scalars, step, output_gradients)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(g.trainable)
            batch.generated, g_state = gradients.generate(self.gan, g, batch)
        return gradients.generator_gradients(
            self.gan, g, d, batch, tape, g_state, output_gradients.get("generator")
        ), ()

    def _both_on_shard(self, g, d, scalars, step, real, noise, output_gradients):
        batch = self._batch(real, noise, scalars, step, output_gradients)
        d_found, g_found = simultaneous_gradients(self.gan, g, d, batch, output_gradients)
        return (d_found._replace(critic=()), g_found), d_found.critic.outputs()

    def _batch(self, real, noise, scalars, step, output_gradients: Mapping[str, Any] | None = None) -> Batch:
        """Return the batch of a shard, without the losses that are computed over the whole batch."""
        criterion = self.criterion
        only = {
            player: criterion.losses_of[player] - criterion.batch_losses[player]
            for player in output_gradients or ()
        }
        return Batch(real, noise, scalars, step, pack=self.gan.pack, only=only)

    # All shards

    def _over_shards(self, on_shard: Callable, players, g, d, scalars, step, real, noise):
        """Return the means over all shards, the outputs of all examples, and the losses of the whole batch by player."""
        size = min(self.micro_batch or real.shape[0], real.shape[0])
        if real.shape[0] % size:
            raise ValueError(
                f"micro_batch: expected a divisor of a replica's {real.shape[0]} examples, got {size}"
            )
        noise = self.criterion.with_batch_statistics(noise, real, replicas.mean)

        def run(function, output_gradients):
            rows = (real, noise, output_gradients)

            def on_rows(real, noise, output_gradients):
                return function(g, d, scalars, step, real, noise, output_gradients)

            return replicas.map_micro_batches(on_rows, rows, size)

        losses, output_gradients = {player: {} for player in players}, {}
        if coupled := [player for player in players if self.criterion.batch_losses[player]]:
            outputs = replicas.gather(run(self._forward, {})[1])
            whole = Batch(
                real, {"latents": replicas.gather(noise["latents"])}, scalars, step, pack=self.gan.pack
            )
            shards = replicas.count() * (real.shape[0] // size)
            for player in coupled:
                losses[player], output_gradients[player] = self._whole_batch(player, outputs, whole, shards)
        means, outputs = run(on_shard, output_gradients)
        return replicas.mean(means), replicas.gather(outputs), losses

    def _whole_batch(self, player: str, outputs, batch: Batch, shards: int):
        """Return a player's losses that need the whole batch, and this replica's rows of their gradient in D's outputs.

        The gradients in the weights are averaged over shards, so the rows are multiplied by `shards`.
        """
        batch.only = {player: self.criterion.batch_losses[player]}
        of_player = {
            "discriminator": self.criterion.discriminator_loss,
            "generator": self.criterion.generator_loss,
        }[player]
        losses, slopes = self.criterion.value_and_grad(lambda critic: of_player(critic, batch), outputs)
        return losses, tf.nest.map_structure(lambda rows: shards * rows, replicas.local_rows(slopes))
