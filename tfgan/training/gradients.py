"""Compute gradients of D and of G on one batch.

Pure functions: they read no `tf.Variable`, so XLA may compile them. The notation follows algorithm 1 of
Goodfellow et al. 2014: latents z, reals x, fakes G(z).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from tfgan.penalties.inputs import FAKE, REAL, CriticInput, PerturbedLatents
from tfgan.training import layer_losses, packing
from tfgan.training.critic import LABELED, Critic, RealFake


class Weights(NamedTuple):
    """The values of a network's variables, as `stateless_call` takes them."""

    trainable: list[tf.Tensor]
    state: list[tf.Tensor]

    @classmethod
    def of(cls, network: keras.Model) -> Weights:
        """Read each variable once: TensorFlow's graph optimizer (Grappler) may reorder many reads and writes in one graph."""
        return cls(
            [tf.convert_to_tensor(variable.value) for variable in network.trainable_variables],
            [tf.convert_to_tensor(variable.value) for variable in network.non_trainable_variables],
        )


@dataclasses.dataclass
class Batch:
    """The data of one update.

    Attributes:
        real: real examples, float32 (n, *shape).
        noise: random numbers and conditions by name: "latents" float32 (n, latent_dim); "labels" int32 (n,)
            or "codes" float32 (n, width); the noise of each `CriticInput` by its text, and of each penalty by
            its name.
        scalars: saved scalars, by owner and name.
        step: finished steps, int64.
        generated: G's outputs: the fakes (n, *shape) at `FAKE`; if G returns a dict, its other outputs by
            name.
        pack: examples that D judges together.
        only: the losses to compute, by player; a player without an entry computes all of its losses.
        generate: function from latents (n, latent_dim) to G's outputs, as in `generated`.
        generator_layer_losses: losses of G's own layers, on its weights and in the pass that made
            `generated`; None if there are none.
    """

    real: tf.Tensor
    noise: Mapping[str, Any]
    scalars: Mapping[str, Any]
    step: tf.Tensor
    pack: int = 1
    generated: Mapping[Any, tf.Tensor] = dataclasses.field(default_factory=dict)
    only: Mapping[str, frozenset[str]] = dataclasses.field(default_factory=dict)
    generate: Callable[[tf.Tensor], dict[Any, tf.Tensor]] | None = None
    generator_layer_losses: tf.Tensor | None = None


class DiscriminatorGradients(NamedTuple):
    """The result of D's half of a step.

    Attributes:
        gradients: gradients of D's losses in its trainable weights.
        losses: scalars by tag.
        state: D's new non-trainable values.
        moments: E x and E x^2 of reals and of fakes, by "real" and "fake".
        critic: D at reals and fakes.
    """

    gradients: list[tf.Tensor]
    losses: dict[str, tf.Tensor]
    state: list[tf.Tensor]
    moments: dict[str, tuple[tf.Tensor, tf.Tensor]]
    critic: Critic | None


class GeneratorGradients(NamedTuple):
    """G's half of a step: gradients in its trainable weights, losses by tag, new non-trainable values."""

    gradients: list[tf.Tensor]
    losses: dict[str, tf.Tensor]
    state: list[tf.Tensor]


def generate(gan, g: Weights, batch: Batch) -> tuple[dict[Any, tf.Tensor], list[tf.Tensor]]:
    """Run G on the latents of a batch.

    Returns:
        G's outputs as in `Batch.generated`, and G's new state; fakes from other latents do not change the
        state.
    """

    own, states = gan.layer_losses["generator"], []

    def run(latents):
        arguments = gan.generator_arguments(latents, batch)
        if own.in_passes and not states:
            outputs, state, in_pass = layer_losses.stateless_call(
                gan.generator, g.trainable, g.state, arguments
            )
            batch.generator_layer_losses = own.of_weights(g.trainable) + in_pass
        else:
            outputs, state = gan.generator.stateless_call(g.trainable, g.state, arguments, training=True)
        states.append(state)
        outputs = {"images": outputs} if not isinstance(outputs, dict) else outputs
        return {
            FAKE if name == "images" else name: tf.cast(output, tf.float32)
            for name, output in outputs.items()
        }

    batch.generate = run
    if own.exist and not own.in_passes:
        batch.generator_layer_losses = own.of_weights(g.trainable)
    generated = run(batch.noise["latents"])  # (n, latent_dim) -> (n, *shape)
    for at in gan.criterion.inputs:
        if isinstance(at, PerturbedLatents):
            generated[at] = run(batch.noise[str(at)]["latents"])[FAKE]
    return generated, states[0]


def critic_on(gan, d: Weights, batch: Batch) -> Critic:
    """Return D with weights `d` on the reals and fakes of a batch, packed if `batch.pack` is above 1."""
    criterion = gan.criterion

    def forward(x, at, state):
        if criterion.changes_inputs and at != LABELED:
            x = criterion.discriminator_input(x, at, batch)
        # A state that moves once a step starts each pass from the value before the step (spectral norm's u).
        state = [
            first if once else now for first, now, once in zip(d.state, state, gan.moves_once, strict=True)
        ]
        outputs, state = gan.call_discriminator(
            d.trainable, state, gan.discriminator_arguments(x, at, batch), training=True
        )
        outputs = outputs if isinstance(outputs, dict) else {"logits": outputs}
        heads = {name: tf.cast(output, tf.float32) for name, output in outputs.items()}
        return {
            **heads,
            "input": x,
            "outputs": tf.cast(criterion.loss.logits_from(x, outputs), tf.float32),
        }, state

    inputs = {REAL: batch.real, **{at: x for at, x in batch.generated.items() if isinstance(at, CriticInput)}}
    if batch.pack > 1:
        inputs = {at: packing.packed(x, batch.pack) for at, x in inputs.items()}
    if "labeled_x" in batch.noise:
        inputs[LABELED] = batch.noise["labeled_x"]
    return Critic(
        inputs,
        forward,
        state=d.state,
        noise=batch.noise,
        witness_logits=criterion.witness_logits,
        gradient_inputs=criterion.gradient_inputs | frozenset(gan.gradient_inputs),
    )


def discriminator_gradients(
    gan, d: Weights, batch: Batch, output_gradients: RealFake | None = None
) -> DiscriminatorGradients:
    """Return the gradients of D's losses in its weights, on these reals and fakes.

    Args:
        gan: the model that defines the losses; its variables are not read.
        d: D's weights.
        batch: reals, noise and fakes; the fakes are constants here.
        output_gradients: gradients of the whole-batch losses in D's outputs, if `batch` is a shard of a
            batch.
    """
    batch = dataclasses.replace(
        batch, generated={at: tf.stop_gradient(x) for at, x in batch.generated.items()}
    )
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(d.trainable)
        critic = critic_on(gan, d, batch)
        critic[REAL], critic[FAKE]  # run D at x, then at G(z): the passes update D's state in this order
        losses = gan.discriminator_loss(critic, batch)
        if gan.layer_losses["discriminator"].exist:
            losses[layer_losses.TAGS["discriminator"]] = discriminator_layer_losses(gan, d, critic)
        total = tf.add_n(
            [*losses.values(), *terms_of(output_gradients, critic)]
            if output_gradients
            else list(losses.values())
        )
    gradients = tape.gradient(total, d.trainable)
    metrics = gan.extra_metrics(critic, batch)
    return DiscriminatorGradients(gradients, losses | metrics, critic.state, moments_of(batch), critic)


def generator_gradients(
    gan,
    g: Weights,
    d: Weights,
    batch: Batch,
    tape: tf.GradientTape,
    g_state,
    output_gradients: RealFake | None = None,
) -> GeneratorGradients:
    """Return the gradients of G's losses in its weights; compute none in D's weights.

    Args:
        gan, batch: as for `discriminator_gradients`.
        g: G's weights.
        d: D's weights, after its update; D's new state of this pass is dropped.
        tape: the tape that recorded the batch's fakes as a function of `g`.
        g_state: G's new state.
        output_gradients: as for `discriminator_gradients`.
    """
    with tape:
        critic = critic_on(gan, d, batch)
        losses = gan.generator_loss(critic, batch)
        if batch.generator_layer_losses is not None:
            losses[layer_losses.TAGS["generator"]] = batch.generator_layer_losses
        total = tf.add_n(
            [*losses.values(), *terms_of(output_gradients, critic)]
            if output_gradients
            else list(losses.values())
        )
    return GeneratorGradients(tape.gradient(total, g.trainable), losses, g_state)


def terms_of(output_gradients: RealFake, critic: Critic) -> list[tf.Tensor]:
    """Return terms with the given gradients in D's outputs; they stand for whole-batch losses."""
    pairs = zip(output_gradients, critic.outputs(output_gradients.fake), strict=True)
    return [tf.reduce_sum(slopes[name] * outputs[name]) for slopes, outputs in pairs for name in slopes]


def moments_of(batch: Batch) -> dict[str, tuple[tf.Tensor, tf.Tensor]]:
    """Return E x and E x^2 over the batch, per entry, for reals and for fakes."""
    sides = (("real", batch.real), ("fake", batch.generated[FAKE]))
    return {name: (tf.reduce_mean(x, axis=0), tf.reduce_mean(tf.square(x), axis=0)) for name, x in sides}


def discriminator_layer_losses(gan, d: Weights, critic: Critic) -> tf.Tensor:
    """Return the losses of D's own layers, on weights and in passes over reals and fakes, float32 scalar."""
    own = gan.layer_losses["discriminator"]
    in_passes = [critic[at].heads[layer_losses.HEAD] for at in (REAL, FAKE)] if own.in_passes else []
    return tf.add_n([own.of_weights(d.trainable), *in_passes])
