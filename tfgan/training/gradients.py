"""Both sides of a step as one part of the batch computes them: functions of weights, scalars, data and noise; no variable.

A part is a replica's share of the global batch, or a slice of that share. Each side returns what is to be averaged over parts,
and what D said of each example, whose rows are to be put together.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import keras
import tensorflow as tf

from tfgan.models import layer_losses
from tfgan.models.layer_losses import LayerLosses
from tfgan.penalties.inputs import FAKE, REAL, Nearby
from tfgan.training import checks, packing
from tfgan.training.criterion import PLAYERS, Terms
from tfgan.training.critic import LABELLED, Outputs, Places, Said

OWN = {"discriminator": "discriminator_terms", "generator": "generator_terms", "measures": "measures"}  # of the model
LEAST_SLOPE = 2.0**-40  # stands in for smaller slopes of D's loss in `Sides.both`; rounding hides it


class Weights(NamedTuple):
    """The values of a network's variables, as `stateless_call` takes them."""

    trainable: list[tf.Tensor]
    state: list[tf.Tensor]

    @classmethod
    def of(cls, network: keras.Model) -> Weights:
        """Read them once: of many reads and writes in one graph, TensorFlow's optimizer of dependencies lets some change places."""
        return cls(
            *([tf.convert_to_tensor(v.value) for v in part] for part in (network.trainable_variables, network.non_trainable_variables))
        )


class DiscriminatorSide(NamedTuple):
    """Gradients of D's costs in its weights, the costs by tag, D's new state, and E x and E x^2 of reals and of fakes."""

    gradients: list[tf.Tensor]
    costs: dict[str, tf.Tensor]
    state: list[tf.Tensor]
    moments: dict[str, tuple[tf.Tensor, tf.Tensor]]


class GeneratorSide(NamedTuple):
    """Gradients of G's costs in its weights, the costs by tag, and G's new state."""

    gradients: list[tf.Tensor]
    costs: dict[str, tf.Tensor]
    state: list[tf.Tensor]


class Sides:
    """Compute both sides of a step.

    In every method `g` and `d` are the networks' weights, `state` is the saved scalars, `step` the number of finished steps,
    `noise` what was drawn for these examples, and `slopes`, by player, how the costs that were taken over all parts change
    with what D says of this one; it is {} where there is one part, or no such cost.

    Args:
        gan: whose networks these are; their variables are not read. It says what they are given, and pays terms of its own.
        terms: what both players minimize besides.
    """

    def __init__(self, gan, terms: Terms):
        self.gan = gan
        self.layer_losses = {player: LayerLosses(getattr(gan, player)) for player in PLAYERS}
        self.see = checks.stateless(gan.discriminator, terms, gan.heads, self.layer_losses["discriminator"].in_passes)
        self.terms = terms
        # State that moves once a step, not once a pass: each pass starts from what the step began with (spectral norm's u).
        self._once = [getattr(variable, "once_a_step", False) for variable in gan.discriminator.non_trainable_variables]

    @property
    def tags(self) -> list[str]:
        """Tags of the losses of the networks' own layers."""
        return [layer_losses.TAGS[player] for player in PLAYERS if self.layer_losses[player].exist]

    def fakes(self, g: Weights, noise):
        """Return G's examples at each point that it makes, float32, and its new state."""
        return self.fakes_and_losses(g, noise)[:2]

    def fakes_and_losses(self, g: Weights, noise):
        """Return G's examples at each point that it makes, its new state, and the losses of its layers by tag, or {}."""
        generator, own = self.gan.generator, self.layer_losses["generator"]

        def made(latents, call=generator.stateless_call, **named):
            inputs = inputs_of(latents, self.gan.g_given, noise)
            fake, *rest = call(g.trainable, g.state, inputs, **named)
            return tf.cast(fake, tf.float32), *rest

        if own.in_passes:
            fake, state, in_pass = made(noise["latents"], functools.partial(layer_losses.stateless_call, generator))
        else:
            (fake, state), in_pass = made(noise["latents"], training=True), 0.0
        costs = {layer_losses.TAGS["generator"]: own.of_weights(g.trainable) + in_pass} if own.exist else {}
        nearby = (point for point in self.terms.points if isinstance(point, Nearby))
        moved = {point: made(noise[str(point)]["latents"], training=True)[0] for point in nearby}
        return {FAKE: fake, **moved}, state, costs

    def places(self, d: Weights, scalars, real, fakes, noise) -> Places:
        """Return D's view of a batch, in packs where D sees packs."""
        pack = self.gan.pack

        def look(x, point, state):
            if point != LABELLED:
                x = self.terms.seen(x, point, noise, scalars, pack)
            state = [before if once else now for before, now, once in zip(d.state, state, self._once, strict=True)]
            said, state = self.see(d.trainable, state, inputs_of(x, self.gan.d_given, noise), training=True)
            exact = {name: tf.cast(said[name], tf.float32) for name in said if name in (*self.gan.heads, "features", layer_losses.SAID)}
            return exact | {"x": x, "outputs": tf.cast(self.terms.loss.read(x, said), tf.float32)}, state

        batches = {point: packing.packed(x, pack) for point, x in {REAL: real, **fakes}.items()}
        if "labelled_x" in noise:
            batches[LABELLED] = noise["labelled_x"]
        return Places(batches, noise, look, self.terms.witness, d.state, self.terms.watched)

    def said(self, g: Weights, d: Weights, state, step, real, noise, slopes):
        """Return nothing to average, and what D says: a look ahead, for costs that are taken over all parts."""
        return (), self.places(d, state, real, self.fakes(g, noise)[0], noise).said(self.terms.reads)

    def discriminator(self, g: Weights, d: Weights, state, step, real, noise, slopes):
        """Return D's side against fresh fakes with G's new state, and what D said."""
        fakes, g_state = self.fakes(g, noise)
        side, said = self.discriminator_side(d, state, step, real, fakes, noise, slopes)
        return (side, g_state), said

    def discriminator_side(self, d: Weights, state, step, real, fakes, noise, slopes):
        """Return D's side against these fakes, and what D said."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(d.trainable)
            places = self.places(d, state, real, {point: tf.stop_gradient(x) for point, x in fakes.items()}, noise)
            said = places.said()  # reals first: D's state goes through its passes in this order
            costs = self.terms.discriminator(places, state, step, self.terms.uncoupled("discriminator", slopes))
            costs |= self.own("discriminator", places, noise) | self.losses_of_d(d, places)
            total = _total(costs, places, slopes.get("discriminator"))
        measures = self.own("measures", places, noise)
        side = DiscriminatorSide(tape.gradient(total, d.trainable), costs | measures, places.state, _moments(real, fakes[FAKE]))
        return side, said

    def generator(self, g: Weights, d: Weights, state, step, real, noise, slopes):
        """Return G's side, and nothing of each example."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(g.trainable)
            fakes, g_state, own = self.fakes_and_losses(g, noise)
        costs, gradients = self.generator_costs(d, state, real, fakes, noise, slopes)
        return GeneratorSide(g_gradients(tape, g, fakes, gradients, own), costs | own, g_state), ()

    def generator_costs(self, d: Weights, state, real, fakes, noise, slopes):
        """Return G's costs by tag, and the gradient of their sum in each batch of fakes; none in D's weights is computed."""
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(list(fakes.values()))
            places = self.places(d, state, real, fakes, noise)
            latents = packing.packed(noise["latents"], self.gan.pack)
            costs = self.terms.generator(places, latents, state, self.terms.uncoupled("generator", slopes))
            costs |= self.own("generator", places, noise)
            total = _total(costs, places, slopes.get("generator"))
        return costs, tape.gradient(total, list(fakes.values()), unconnected_gradients="zero")

    def both(self, g: Weights, d: Weights, state, step, real, noise, slopes):
        """Return both sides at the same weights, from one pass of D over reals and fakes, and what D said.

        D has one logit f_i an example and treats it alone, so that its backward pass from slopes c_i in f_i arrives at
        c_i df_i/dx_i in the fakes. D's update needs c_i = dL_D/df_i, and what G needs is (dL_G/df_i) / c_i times what
        arrives. Where dL_D/df_i is all but 0, c_i is 2^-40.

        Reference: Nowozin et al. 2016, "f-GAN", algorithm 1 (both players step at once, from one backward pass).
        """
        with tf.GradientTape(watch_accessed_variables=False) as g_tape:
            g_tape.watch(g.trainable)
            fakes, g_state, g_losses = self.fakes_and_losses(g, noise)
        made, latents, terms = list(fakes.values()), packing.packed(noise["latents"], self.gan.pack), self.terms
        d_names, g_names = (terms.uncoupled(player, slopes) for player in ("discriminator", "generator"))
        with tf.GradientTape(watch_accessed_variables=False, persistent=True) as tape:
            tape.watch([d.trainable, made])
            places = self.places(d, state, real, fakes, noise)
            said = places.said(terms.reads)
            d_costs = terms.discriminator(places, state, step, d_names - terms.of_logits) | self.own("discriminator", places, noise)
            d_costs |= self.losses_of_d(d, places)
            g_costs = terms.generator(places, latents, state, g_names - terms.of_logits) | self.own("generator", places, noise)
            d_total, g_total = _total(d_costs, places, None), _total(g_costs, places, slopes.get("generator"), besides="outputs")
        d_own, d_slopes = terms.differentiated(lambda seen: terms.discriminator(seen, state, step, d_names & terms.of_logits), said)
        g_own, g_slopes = terms.differentiated(lambda seen: terms.generator(seen, latents, state, g_names & terms.of_logits), said)
        d_slopes, g_slopes = _plus(d_slopes, slopes.get("discriminator")), _plus(g_slopes, slopes.get("generator"))
        c = d_slopes.fake["outputs"]
        c = tf.where(tf.abs(c) < LEAST_SLOPE, LEAST_SLOPE, c)
        gradients, arrived = tape.gradient(
            [said.real["outputs"], said.fake["outputs"]], [d.trainable, made], [d_slopes.real["outputs"], c], "zero"
        )
        gradients = _plus(gradients, _gradient(tape, d_total, d.trainable))
        ratio = tf.repeat(tf.reshape(g_slopes.fake["outputs"] / c, (-1,)), self.gan.pack)
        ratio = tf.reshape(ratio, (-1,) + (1,) * (len(made[0].shape) - 1))
        arrived = _plus([ratio * x for x in arrived], _gradient(tape, g_total, made))
        measures = self.own("measures", places, noise)
        d_side = DiscriminatorSide(gradients, d_own | d_costs | measures, places.state, _moments(real, fakes[FAKE]))
        gradients = g_gradients(g_tape, g, fakes, arrived, g_losses)
        return (d_side, GeneratorSide(gradients, g_own | g_costs | g_losses, g_state)), places.said()

    def losses_of_d(self, d: Weights, places: Places) -> dict[str, tf.Tensor]:
        """Return the losses of D's own layers by tag, or {}: of its weights, and of its passes over reals and fakes."""
        own = self.layer_losses["discriminator"]
        if not own.exist:
            return {}
        in_passes = [places[point].said[layer_losses.SAID] for point in (REAL, FAKE)] if own.in_passes else []
        return {layer_losses.TAGS["discriminator"]: tf.add_n([own.of_weights(d.trainable), *in_passes])}

    def own(self, kind: str, places: Places, noise) -> dict[str, tf.Tensor]:
        """Return the model's own terms of "discriminator" or "generator", or its "measures", by tag."""
        return dict(getattr(self.gan, OWN[kind])(Outputs(places, noise)))


def g_gradients(tape, g: Weights, fakes, fake_gradients, losses) -> list[tf.Tensor]:
    """Return gradients in G's weights.

    Args:
        tape: watched G make its fakes.
        g: G's weights.
        fakes: by point.
        fake_gradients: the gradient of G's costs in each batch of fakes.
        losses: of G's own layers, scalars by tag, paid besides.
    """
    targets = [*fakes.values(), *losses.values()]
    return tape.gradient(targets, g.trainable, output_gradients=[*fake_gradients, *map(tf.ones_like, losses.values())])


def inputs_of(first, names: tuple[str, ...], given):
    """Return what a network is called with: latents or examples alone, or in a list with what else it is given."""
    return [first, *(given[name] for name in names)] if names else first


def _total(costs, places: Places, slopes: Said | None, besides: str = ""):
    """Return the sum of costs, and of terms with the gradient of those that were taken over all parts, or None for no term."""
    terms = list(costs.values())
    for slope_by_name, said_by_name in zip(slopes or (), places.said(slopes.fake) if slopes else (), strict=True):
        terms += [tf.reduce_sum(slope * said_by_name[name]) for name, slope in slope_by_name.items() if name != besides]
    return tf.add_n(terms) if terms else None


def _gradient(tape, total, sources):
    return None if total is None else tape.gradient(total, sources, unconnected_gradients="zero")


def _plus(values, others):
    """Add two structures; None is nothing."""
    return values if others is None else tf.nest.map_structure(tf.add, values, others)


def _moments(real, fake):
    return {name: (tf.reduce_mean(x, axis=0), tf.reduce_mean(tf.square(x), axis=0)) for name, x in (("real", real), ("fake", fake))}
