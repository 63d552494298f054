"""Compute gradients of D and of G at the same weights, from one pass of D.

Reference: Nowozin et al. 2016, "f-GAN", algorithm 1 (both players step at once, from one backward pass).
"""

from __future__ import annotations

import dataclasses

import tensorflow as tf

from tfgan.penalties.inputs import CriticInput
from tfgan.training import layer_losses
from tfgan.training.critic import RealFake
from tfgan.training.gradients import (
    Batch,
    DiscriminatorGradients,
    GeneratorGradients,
    Weights,
    critic_on,
    discriminator_layer_losses,
    generate,
    moments_of,
    terms_of,
)

LEAST_SLOPE = 2.0**-40  # least |dL_D/df|, a divisor of G's gradient; rounding hides the change


def simultaneous_gradients(
    gan, g: Weights, d: Weights, batch: Batch, output_gradients=None
) -> tuple[DiscriminatorGradients, GeneratorGradients]:
    """Return the gradients of both players at the same weights, from one forward and one backward pass of D.

    D has one logit f_i per example and treats each example alone. Backpropagation of slopes c_i from f_i
    therefore gives the gradient c_i df_i/dx_i in the fakes. D's update needs c_i = dL_D/df_i; G's update
    needs this gradient times (dL_G/df_i) / c_i. Where |dL_D/df_i| < 2^-40, c_i is 2^-40.

    Args:
        gan, g, d, batch: as for `tfgan.training.gradients`.
        output_gradients: by player, gradients of the whole-batch losses in D's outputs, if `batch` is a
            shard.
    """
    criterion, given = gan.criterion, output_gradients or {}
    with tf.GradientTape(watch_accessed_variables=False) as g_tape:
        g_tape.watch(g.trainable)
        generated, g_state = generate(gan, g, batch)
    made = {at: x for at, x in generated.items() if isinstance(at, CriticInput)}
    fakes = list(made.values())
    batch = dataclasses.replace(batch, generated=generated)
    names = {player: batch.only.get(player, criterion.losses_of[player]) for player in criterion.losses_of}
    on_logits = dataclasses.replace(
        batch, only={player: of & criterion.depends_on_logits_only for player, of in names.items()}
    )
    others = dataclasses.replace(
        batch, only={player: of - criterion.depends_on_logits_only for player, of in names.items()}
    )

    with tf.GradientTape(watch_accessed_variables=False, persistent=True) as tape:
        tape.watch([d.trainable, fakes])
        critic = critic_on(gan, d, others)
        outputs = critic.outputs(criterion.gathered_outputs)
        d_losses = gan.discriminator_loss(critic, others)
        if gan.layer_losses["discriminator"].exist:
            d_losses[layer_losses.TAGS["discriminator"]] = discriminator_layer_losses(gan, d, critic)
        g_losses = gan.generator_loss(critic, others)
        d_total, g_total = _total(d_losses), _total(g_losses, critic, given.get("generator"))

    # dL/df of the losses that depend only on D's outputs, plus the given gradients of whole-batch losses
    d_on_logits, d_slopes = criterion.value_and_grad(
        lambda known: criterion.discriminator_loss(known, on_logits), outputs
    )
    g_on_logits, g_slopes = criterion.value_and_grad(
        lambda known: criterion.generator_loss(known, on_logits), outputs
    )
    d_slopes, g_slopes = _plus(d_slopes, given.get("discriminator")), _plus(g_slopes, given.get("generator"))

    # One backward pass from c_real and c_fake gives D's gradient, and c_i df_i/dx_i in the fakes.
    c = d_slopes.fake["outputs"]
    c = tf.where(tf.abs(c) < LEAST_SLOPE, LEAST_SLOPE, c)
    d_gradients, arrived = tape.gradient(
        [outputs.real["outputs"], outputs.fake["outputs"]],
        [d.trainable, fakes],
        [d_slopes.real["outputs"], c],
        "zero",
    )
    d_gradients = _plus(d_gradients, _gradient(tape, d_total, d.trainable))
    # (dL_G/df_i) / (dL_D/df_i)
    ratio = tf.repeat(tf.reshape(g_slopes.fake["outputs"] / c, (-1,)), batch.pack)
    ratio = tf.reshape(ratio, (-1,) + (1,) * (len(fakes[0].shape) - 1))
    arrived = _plus([ratio * x for x in arrived], _gradient(tape, g_total, fakes))
    targets, slopes = list(fakes), list(arrived)
    if (own := batch.generator_layer_losses) is not None:
        g_losses[layer_losses.TAGS["generator"]] = own
        targets, slopes = [*targets, own], [*slopes, tf.ones_like(own)]
    g_gradients = g_tape.gradient(targets, g.trainable, output_gradients=slopes)

    d_losses = d_on_logits | d_losses | gan.extra_metrics(critic, batch)
    return (
        DiscriminatorGradients(d_gradients, d_losses, critic.state, moments_of(batch), critic),
        GeneratorGradients(g_gradients, g_on_logits | g_losses, g_state),
    )


def _total(losses, critic=None, output_gradients: RealFake | None = None) -> tf.Tensor | None:
    """Sum losses, and terms with given gradients in D's features and inputs; return None without terms."""
    terms = list(losses.values())
    if output_gradients is not None:
        # Gradients in the outputs themselves are added to the derivatives of the losses on logits.
        besides = RealFake(
            *({name: slopes[name] for name in slopes if name != "outputs"} for slopes in output_gradients)
        )
        terms += terms_of(besides, critic)
    return tf.add_n(terms) if terms else None


def _gradient(tape, total, sources):
    return None if total is None else tape.gradient(total, sources, unconnected_gradients="zero")


def _plus(values, others):
    """Add two structures; `others` may be None."""
    return values if others is None else tf.nest.map_structure(tf.add, values, others)
