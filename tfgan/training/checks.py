"""D's network, as an objective and its penalties need it."""

from __future__ import annotations

import math
import types
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import keras
import tensorflow as tf

from tfgan.distributed import replicas
from tfgan.models import functional, layer_losses
from tfgan.training import packing
from tfgan.training.criterion import Terms

_ALONE = "expected a {} that treats each example alone"

WAYS_OUT = {
    "reconstruction": "build it with `network.autoencoder()`, or return {'reconstruction': ...} from your own",
    "logits": "build it with `network.discriminator()`, or take an objective like ebgan or began",
}


def stateless(network: keras.Model, terms: Terms, heads: Iterable[str] = (), losses: bool = False) -> Callable:
    """Return the network's `stateless_call`, whose outputs hold the features if a penalty reads them.

    Args:
        network: D.
        terms: the objective and the penalties.
        heads: what the model needs besides.
        losses: whether the outputs hold `layer_losses.SAID`, the losses of the network's layers in the pass.

    Raises:
        ValueError: a network that reconstructs under an objective of logits, or the reverse, or that lacks a head.
    """
    wanted = "reconstruction" if terms.loss.autoencodes else "logits"
    if wanted not in (names := _by_name(_symbolic_output(network))):
        loss = type(terms.loss).__name__
        raise ValueError(f"discriminator: {loss} expected one that returns {wanted}, got {', '.join(names)}; {WAYS_OUT[wanted]}")
    if missing := [head for head in heads if head not in names]:
        raise ValueError(f"discriminator: expected one that returns {', '.join(missing)} too, got {', '.join(names)}")
    if any(penalty.features for penalty in terms.penalties.values()):
        network = _with_features(network)
    if not losses:
        return lambda *arguments, **named: _named(*network.stateless_call(*arguments, **named))

    def call(trainable, state, x, training):
        said, state, paid = layer_losses.stateless_call(network, trainable, state, x)
        return _by_name(said) | {layer_losses.SAID: paid}, state

    return call


def check(gan) -> bool:
    """Check that networks, terms and schedule can be taken together as `gan` is to; make batch normalization global if it must be.

    Returns:
        Whether replicas have to talk inside of a pass, which XLA does not compile.

    Raises:
        ValueError: what cannot, by name, and the way out.
    """
    several = replicas.count() > 1
    if "float16" in (policies := {layer.compute_dtype for network in (gan.generator, gan.discriminator) for layer in _layers(network)}):
        raise ValueError(f"networks: expected float32 or bfloat16, got {', '.join(sorted(policies))}: float16 needs scaled losses")
    if "float64" in policies:
        way_out = "keras.config.set_dtype_policy('float32') before they are built"
        raise ValueError(f"networks: expected float32 or bfloat16, got {', '.join(sorted(policies))}; call {way_out}")
    if gan.in_parts and (beyond := gan.terms.inseparable()):
        where = f"{replicas.count()} replicas" if several else f"micro_batch={gan.micro_batch}"
        raise ValueError(f"{', '.join(beyond)}: expected terms that need no more of the batch than what D says of it, with {where}")
    if gan.in_parts:
        where = f"{replicas.count()} replicas" if several else f"micro_batch={gan.micro_batch}"
        layer_losses.check((gan.generator, gan.discriminator), where)
    coupling = {name: _coupling(getattr(gan, name)) for name in ("generator", "discriminator")}
    _check_gradients(gan.terms, coupling["discriminator"], several)
    _check_level(gan.terms)
    for name, found in coupling.items():
        if found and gan.micro_batch is not None:
            raise ValueError(f"micro_batch: {_ALONE.format(name)}, got {found[0].name!r} in it; use one without, or no micro_batch")
    if gan.schedule not in ("alternating", "simultaneous"):
        raise ValueError(f"schedule: expected 'alternating' or 'simultaneous', got {gan.schedule!r}")
    if gan.schedule == "simultaneous":
        _check_one_pass(gan, coupling["discriminator"])
    if gan.in_parts and (random := [layer for name in coupling for layer in _layers(getattr(gan, name)) if _draws(layer)]):
        raise ValueError(
            f"{random[0].name!r}: expected layers without noise of their own, which no part draws as the whole would; use none"
        )
    if not several:
        return False
    layers = coupling["generator"] + coupling["discriminator"]
    for layer in layers:
        layer.synchronized = gan.sync_batch_norm or not isinstance(layer, keras.layers.BatchNormalization)
    talks = any(layer.synchronized for layer in layers)
    lazy = [name for name, penalty in gan.terms.penalties.items() if getattr(penalty, "every", 1) > 1 and penalty.points]
    if lazy and any(layer.synchronized for layer in coupling["discriminator"]):
        layer = coupling["discriminator"][0].name
        raise ValueError(f"{lazy[0]}: every=k expected a discriminator that treats each example alone, got {layer!r} in it; use every=1")
    return talks


def _check_gradients(terms: Terms, coupling: list[keras.Layer], several: bool) -> None:
    """Warn of layers that couple examples under penalties that take each by itself; raise `ValueError` for several replicas."""
    alone = [name for name, penalty in terms.penalties.items() if penalty.one_by_one]
    if not alone or not coupling:
        return
    text = (
        f"{', '.join(alone)}: {_ALONE.format('discriminator')}, got {coupling[0].name!r} in it: each example's gradient has "
        f"the others' in it; build it with discriminator_norm=False"
    )
    if several:  # a gradient of gradients over replicas never returns
        raise ValueError(text)
    warnings.warn(text, stacklevel=4)


def _check_level(terms: Terms) -> None:
    """Warn of an augmentation that follows D's sign on reals where the objective leaves the level of D's logits open."""
    loss = terms.loss
    if "signs" not in (terms.augment.initial_state if terms.augment else ()):
        return
    if getattr(loss, "pairing", None) != "independent" or type(loss.scores).__name__ == "Linear":
        name = type(terms.augment).__name__.lower()
        warnings.warn(
            f"augment: {name} follows D's sign on reals, and the objective leaves the level of its logits open; fix p as in {name}:p=0.2",
            stacklevel=4,
        )


def _check_one_pass(gan, coupling) -> None:
    """Raise `ValueError` unless D's gradient in each example can be had from one backward pass for both players."""
    way_out = "; use schedule='alternating'"
    if coupling:
        raise ValueError(f"schedule: simultaneous: {_ALONE.format('discriminator')}, got {coupling[0].name!r} in it{way_out}")
    shape = () if gan.terms.loss.autoencodes else tuple(_by_name(_symbolic_output(gan.discriminator))["logits"].shape[1:])
    if gan.terms.loss.embeds or math.prod(shape) != 1:
        raise ValueError(f"schedule: simultaneous: expected a discriminator with one logit an example, got shape {shape}{way_out}")


def _coupling(network: keras.Model) -> list[keras.layers.Layer]:
    """Return the layers of a network in which one example of the batch influences another."""
    return [layer for layer in _layers(network) if isinstance(layer, keras.layers.BatchNormalization) or getattr(layer, "couples", False)]


def _layers(network: keras.Model) -> list[keras.layers.Layer]:
    """Return the layers of a network, at any depth."""
    return list(network._flatten_layers(include_self=False))


def _draws(layer: keras.layers.Layer) -> bool:
    """Return whether a layer draws noise by a seed of its own."""
    return isinstance(getattr(layer, "seed_generator", None), keras.random.SeedGenerator)


def check_inputs(gan, generator: keras.Model, discriminator: keras.Model, pack: int) -> None:
    """Check that both networks take what the model gives them, and D what G makes, in packs.

    Raises:
        ValueError: what does not fit.
    """
    if not isinstance(pack, int) or pack < 1:
        raise ValueError(f"pack: expected a whole number above 0, got {pack!r}")
    functional.check("generator", generator, "keras.Input((latent_dim,))")
    if not gan.d_given:
        functional.build(discriminator, packing.shape(generator.output_shape[1:], pack))
    functional.check("discriminator", discriminator, f"keras.Input({generator.output_shape[1:]})")
    for name, network, given in (("generator", generator, gan.g_given), ("discriminator", discriminator, gan.d_given)):
        if len(network.inputs) != 1 + len(given):
            first = "latents" if name == "generator" else "examples"
            raise ValueError(
                f"{name}: {type(gan).__name__} expected one with the inputs {', '.join([first, *given])}, got {len(network.inputs)}"
            )
    for head, width in gan.head_widths().items():
        said = _by_name(_symbolic_output(discriminator)).get(head)
        if said is not None and said.shape[-1] != width:
            raise ValueError(f"discriminator: {type(gan).__name__} expected {head} of width {width}, got {said.shape[-1]}")
    shape, seen = generator.output_shape[1:], tuple(discriminator.inputs[0].shape[1:])
    if packing.shape(shape, pack) != seen:
        packs = f", in packs of {pack}" if pack > 1 else ""
        raise ValueError(
            f"discriminator: expected input shape {(None, *packing.shape(shape, pack))} as the generator makes{packs}, got {(None, *seen)}"
        )


def tags(gan) -> list[str]:
    """Return the tags of the model's own terms and measures, which are asked for with zeros."""
    said = {name: tf.zeros((2, *said.shape[1:])) for name, said in _by_name(_symbolic_output(gan.discriminator)).items()}
    said["x"] = tf.zeros((2, *gan.discriminator.inputs[0].shape[1:]))
    given = {name: tf.zeros((2,), tf.int32) for name in gan.takes}
    if gan.given is not None:
        given[gan.given.name] = tf.zeros((2, *gan.given.spec.shape[1:]), gan.given.spec.dtype)
    outputs = types.SimpleNamespace(real=said, fake=said, labelled=said, given=given)
    return [tag for method in (gan.discriminator_terms, gan.generator_terms, gan.measures) for tag in method(outputs)]


def outputs(network: keras.Model, x) -> dict[str, Any]:
    """Return what the network says at x in inference mode, by name."""
    return _by_name(network(x, training=False))


def _symbolic_output(network: keras.Model):
    """Return what a functional model returns, as symbols; a Sequential has no `output` before its first call."""
    return network.outputs[0] if isinstance(network, keras.Sequential) else network.output


def _by_name(said) -> dict[str, Any]:
    return said if isinstance(said, dict) else {"logits": said}


def _named(said, state):
    return _by_name(said), state


def _with_features(network: keras.Model) -> keras.Model:
    """Return the network with what its last weighted layer, or the one named "logits" or "classes", sees as another output."""
    weighted = [layer for layer in network.layers if layer.weights]
    last = next((layer for layer in weighted if layer.name in ("logits", "classes")), weighted[-1])
    inputs = network.inputs if len(network.inputs) > 1 else network.inputs[0]
    wider = keras.Model(inputs, {**_by_name(_symbolic_output(network)), "features": last.input})
    if [id(variable) for variable in wider.variables] != [id(variable) for variable in network.variables]:
        raise ValueError("discriminator: expected a functional Keras model whose last weighted layer sees the features")
    return wider
