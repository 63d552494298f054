"""The training step: algorithm 1 of Goodfellow et al. 2014, "Generative Adversarial Nets".

for each step
    k times: sample reals x and latents z;   update D along the gradient of its loss at D(x), D(G(z))
    update G along the gradient of its loss at D(G(z));   move the averaged G towards G
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import keras
import tensorflow as tf

from tfgan.core import noise as noise_lib
from tfgan.distributed import replicas
from tfgan.training.criterion import PLAYERS
from tfgan.training.critic import Critic
from tfgan.training.discriminator import stateless_call
from tfgan.training.gradients import (
    Batch,
    DiscriminatorGradients,
    GeneratorGradients,
    Weights,
    discriminator_gradients,
    generate,
    generator_gradients,
)
from tfgan.training.layer_losses import LayerLosses
from tfgan.training.sharding import ShardedGradients
from tfgan.training.simultaneous import simultaneous_gradients
from tfgan.training.state import clock_is_readable, time_after

# Upper bound of half-life / images seen so far: ema_rampup of StyleGAN2-ADA; EDM2's default is .09.
EMA_RAMP_UP = 0.05
ATTEMPT = 2**48  # offset of the step in the keys of noise after each rollback

TAGS = (
    "loss/discriminator",
    "loss/generator",
    "loss/total",
    "logits/real",
    "logits/fake",
    "accuracy/real",
    "accuracy/fake",
    "gradients/discriminator",
    "gradients/generator",
    "diversity/real",
    "diversity/fake",
)


class TrainingStep:
    """The training step of `tfgan.GAN`, and the methods that a subclass may override.

    These are the losses (`discriminator_loss`, `generator_loss`), the logged scalars (`extra_metrics`), the
    arguments of both networks (`generator_arguments`, `discriminator_arguments`) and the sampled conditions
    (`sample_condition`). See docs/change-the-step.md.
    """

    # Inputs at which the losses differentiate D, such as FAKE
    gradient_inputs: ClassVar[tuple[Any, ...]] = ()
    discriminator_heads: ClassVar[tuple[str, ...]] = ()  # outputs that D must return besides logits
    batch_fields: ClassVar[tuple[str, ...]] = ()  # rows that data must have besides examples, by name
    generator_inputs: ClassVar[tuple[str, ...]] = ()  # inputs of G after the latents, by name
    discriminator_inputs: ClassVar[tuple[str, ...]] = ()  # inputs of D after the examples

    # Losses and inputs, which a subclass may override

    def discriminator_loss(self, critic: Critic, batch: Batch) -> dict[str, tf.Tensor]:
        """Return D's losses by tag, float32 scalars; D minimizes their sum.

        Args:
            critic: D at the batch: `critic[REAL].logits`, `critic[FAKE].heads["classes"]`, ...
            batch: reals, noise, conditions, and the fakes as constants.
        """
        return self.criterion.discriminator_loss(critic, batch)

    def generator_loss(self, critic: Critic, batch: Batch) -> dict[str, tf.Tensor]:
        """Return G's losses by tag; arguments as for `discriminator_loss`, but the fakes depend on G's weights."""
        return self.criterion.generator_loss(critic, batch)

    def extra_metrics(self, critic: Critic, batch: Batch) -> dict[str, tf.Tensor]:
        """Return scalars by tag to log at D's update; no player minimizes them."""
        return {}

    def generator_arguments(self, latents: tf.Tensor, batch: Batch):
        """Return G's argument: latents, or a list of latents and conditions."""
        return (
            [latents, *(batch.noise[name] for name in self.generator_inputs)]
            if self.generator_inputs
            else latents
        )

    def discriminator_arguments(self, x: tf.Tensor, at, batch: Batch):
        """Return D's argument: the examples x at the input `at`, or a list of examples and conditions."""
        return (
            [x, *(batch.noise[name] for name in self.discriminator_inputs)]
            if self.discriminator_inputs
            else x
        )

    def head_widths(self) -> dict[str, int]:
        """Return the known widths of D's heads, by name."""
        return {}

    def sample_condition(self, draws: noise_lib.Draws, count: int) -> dict[str, tf.Tensor]:
        """Sample the conditions that are not part of the data, rows by name, for `count` examples."""
        return {}

    # The step

    def prepare_step(self, compiled: bool) -> None:
        """Choose the functions that XLA may compile: the whole update, or each shard's gradients."""
        compile_whole = compile_shard = lambda function: function
        if compiled and self.is_sharded:
            compile_shard = functools.partial(tf.function, jit_compile=True, autograph=False)
        elif compiled:
            compile_whole = functools.partial(tf.function, jit_compile=True, autograph=False)
        with_features = any(penalty.reads_features for penalty in self.penalties.values())
        self.layer_losses = {player: LayerLosses(getattr(self, player)) for player in PLAYERS}
        self.call_discriminator = stateless_call(
            self.discriminator, with_features, self.layer_losses["discriminator"].in_passes
        )
        self.moves_once = [
            getattr(variable, "once_a_step", False) for variable in self.discriminator.non_trainable_variables
        ]
        self.is_multi_process = replicas.is_multi_process()
        if self.num_replicas > 1:
            # Gradients are means over replicas already; Keras would sum them again, without a public option.
            self.g_optimizer._all_reduce_sum_gradients = self.d_optimizer._all_reduce_sum_gradients = list
        self.shards = ShardedGradients(self, compile_shard, self.micro_batch)
        self._compiled_discriminator_only = compile_whole(self.discriminator_only)
        self._compiled_update = compile_whole(self.update)

    def train_step(self, data) -> dict[str, tf.Tensor]:
        """Update D `d_steps` times and G once.

        Args:
            data: real examples (n, *shape), alone or first in a tuple, their labels or other rows by name
                second; (d_steps, n, *shape) when `d_steps` is above 1. With several replicas, this replica's
                share of them.

        Returns:
            The means since the epoch began, keyed by TensorBoard tag. With several workers only this step's
            total, shape (1,), since Keras exchanges the logs of every step between workers.
        """
        # Everything waits for the data: data that fail do not change `step`.
        with tf.control_dependencies([part for part in tf.nest.flatten(data) if tf.is_tensor(part)]):
            real, rows = self.unpack(data)
            began = time_after([real]) if self.reads_clock else None
            d_batches = [(real, rows)]
            if self.d_steps > 1:
                d_batches = [
                    tf.nest.map_structure(lambda stacked, k=k: stacked[k], (real, rows))
                    for k in range(self.d_steps)
                ]

            # D alone, on all fresh batches but the last
            for k, (real_k, rows_k) in enumerate(d_batches[:-1]):
                self._compiled_discriminator_only(real_k, self.sample_noise(real_k.shape[0], k) | rows_k)

            # D once more, then G
            last, rows = d_batches[-1]
            logs = self._compiled_update(last, self.sample_noise(last.shape[0], self.d_steps - 1) | rows)

            self.means.update_state(logs)
            if began is not None:
                self.waiting.update_state(began, time_after(logs.values()))
            self._assign([self.state.step], [self.state.step.value + 1])
            return {"loss": logs["loss/total"][None]} if self.is_multi_process else self.get_metrics_result()

    @property
    def reads_clock(self) -> bool:
        """Whether the step reads the clock, for `speed/waiting_for_data`."""
        return self.num_replicas == 1 and clock_is_readable()

    def sample_noise(self, count: int, k: int) -> dict[str, Any]:
        """Sample the random numbers of one update, outside of XLA: latents (count, latent_dim), conditions, and penalties' noise.

        The numbers are sampled for the global batch, and cut to this replica's `count` rows.

        Args:
            count: number of examples of this replica.
            k: index of the update of D, from 0 to `d_steps` - 1.
        """
        step = self.state.step.value
        draws = noise_lib.Draws(self.seed, step + ATTEMPT * self.state.attempt.value, k)
        total = count * self.num_replicas
        latents = draws.normal("latents", (total, self.latent_dim))
        penalties = self.criterion.sample_noise(draws, step, (total, *self.example_shape), latents, self.pack)
        noise = {"latents": latents, **self.sample_condition(draws, total), **penalties}
        return noise if self.num_replicas == 1 else replicas.local_rows(noise)

    def update(self, real: tf.Tensor, noise: Mapping[str, Any]) -> dict[str, tf.Tensor]:
        """Update D, then G on the same fakes, then the averaged G; return the step's scalars by tag.

        Algorithm 1 draws new latents for G's update; here G's update reuses the latents of D's last update.

        Args:
            real: x, float32 (n, *shape).
            noise: z and all other random numbers, as `sample_noise` returns them.
        """
        if self.schedule == "simultaneous":
            return self.simultaneous_update(real, noise)
        if self.is_sharded:
            return self.sharded_update(real, noise)
        g, d, scalars, step = self._read_variables()
        batch = Batch(real, noise, scalars, step, pack=self.pack)

        # Fakes G(z), (n, *shape): one forward pass of G serves both updates.
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(g.trainable)
            batch.generated, g_state = generate(self, g, batch)

        # Update D: descend the gradient of its loss at D(x), D(G(z)), penalties included.
        logs = self.update_discriminator(discriminator_gradients(self, d, batch), scalars)

        # Update G against the D just updated: descend the gradient of its loss at D(G(z)).
        d = Weights.of(self.discriminator)
        return logs | self.update_generator(generator_gradients(self, g, d, batch, tape, g_state), real, logs)

    def sharded_update(self, real, noise) -> dict[str, tf.Tensor]:
        """Do the same as `update`, shard by shard; each shard generates its fakes again for G's update."""
        g, d, scalars, step = self._read_variables()
        d_found, _ = self.shards.discriminator(g, d, scalars, step, real, noise)
        logs = self.update_discriminator(d_found, scalars)
        g_found = self.shards.generator(g, Weights.of(self.discriminator), scalars, step, real, noise)
        return logs | self.update_generator(g_found, real, logs)

    def simultaneous_update(self, real, noise) -> dict[str, tf.Tensor]:
        """Update D and G from the same weights, then the averaged G; return the step's scalars by tag."""
        g, d, scalars, step = self._read_variables()
        if self.is_sharded:
            d_found, g_found = self.shards.both(g, d, scalars, step, real, noise)
        else:
            d_found, g_found = simultaneous_gradients(
                self, g, d, Batch(real, noise, scalars, step, pack=self.pack)
            )
        logs = self.update_discriminator(d_found, scalars)
        return logs | self.update_generator(g_found, real, logs)

    def discriminator_only(self, real, noise) -> None:
        """Update only D, against fresh fakes; G's state, such as batch statistics, changes too."""
        g, d, scalars, step = self._read_variables()
        if self.is_sharded:
            found, g_state = self.shards.discriminator(g, d, scalars, step, real, noise)
        else:
            batch = Batch(real, noise, scalars, step, pack=self.pack)
            batch.generated, g_state = generate(self, g, batch)
            found = discriminator_gradients(self, d, batch)
        self.update_discriminator(found, scalars)
        self._assign(self.generator.non_trainable_variables, g_state)

    def update_discriminator(self, found: DiscriminatorGradients, scalars) -> dict[str, tf.Tensor]:
        """Apply D's gradients over the global batch and save its new state; return its scalars by tag."""
        criterion = self.criterion
        self.d_optimizer.apply(found.gradients, self.discriminator.trainable_variables)
        self._assign(self.discriminator.non_trainable_variables, found.state)
        if criterion.changes_weights:
            weights = Weights.of(self.discriminator).trainable
            self._assign(
                self.discriminator.trainable_variables, [criterion.after_update(weight) for weight in weights]
            )
        if scalars:
            self._assign(
                [self.running.vector],
                [self.running.packed(scalars | criterion.next_state(found.critic, scalars, self.pack))],
            )
        logs = {**found.losses, **criterion.logit_metrics(found.critic, scalars)}
        for name, (mean, square) in found.moments.items():
            # Root mean square distance of the examples from their mean, per entry: E x^2 - (E x)^2
            logs[f"diversity/{name}"] = tf.sqrt(tf.reduce_mean(tf.maximum(square - tf.square(mean), 0.0)))
        norm = tf.linalg.global_norm(found.gradients)
        self._note_finite(*logs.values(), norm)
        return {"gradients/discriminator": norm, **logs}

    def update_generator(self, found: GeneratorGradients, real, d_logs) -> dict[str, tf.Tensor]:
        """Apply G's gradients over the global batch, save its new state and move its average; return its scalars by tag."""
        self.g_optimizer.apply(found.gradients, self.generator.trainable_variables)
        self._assign(self.generator.non_trainable_variables, found.state)
        self.update_ema(images_per_step=self.d_steps * real.shape[0] * self.num_replicas)
        norm = tf.linalg.global_norm(found.gradients)
        self._note_finite(*found.losses.values(), norm)
        total = d_logs["loss/discriminator"] + found.losses["loss/generator"]
        return {"gradients/generator": norm, "loss/total": total, **found.losses}

    def update_ema(self, images_per_step: int) -> None:
        """Move the averaged generator, batch statistics included, towards G; so too its power-function averages, if any.

        The half-life h, in images, is at most a twentieth of the images seen so far; decay = 0.5^(images per
        step / h).
        """
        decay = 0.0
        if self.ema_half_life is not None:
            step = tf.cast(self.state.step.value, tf.float32)
            half_life = (
                self.ema_half_life(step) if callable(self.ema_half_life) else float(self.ema_half_life)
            )
            decay = 0.5 ** (
                images_per_step / tf.minimum(half_life, EMA_RAMP_UP * images_per_step * (step + 1.0))
            )
        weights = [tf.convert_to_tensor(weight.value) for weight in self.generator.weights]
        pairs = zip(self.ema_generator.weights, weights, strict=True)
        self._assign(
            self.ema_generator.weights,
            [weight + decay * (average.value - weight) for average, weight in pairs],
        )
        if self.power_averages is not None:
            self._assign(
                self.power_averages.weights, self.power_averages.moved(weights, self.state.step.value)
            )

    # Variables

    def _read_variables(self) -> tuple[Weights, Weights, dict[str, Any], tf.Tensor]:
        """Return the weights of G and D, the saved scalars, and the number of finished steps."""
        scalars = self.running.values() if self.criterion.initial_state else {}
        return Weights.of(self.generator), Weights.of(self.discriminator), scalars, self.state.step.value

    def _assign(self, variables: Iterable[keras.Variable], values: Iterable[tf.Tensor]) -> None:
        if self.num_replicas > 1:
            replicas.assign(variables, values)
        else:
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)

    def _note_finite(self, *values) -> None:
        """Store in `state.finite` whether every loss and gradient norm so far was finite."""
        finite = tf.reduce_all(tf.math.is_finite(tf.stack(values)))
        self._assign([self.state.finite], [tf.logical_and(self.state.finite.value, finite)])
