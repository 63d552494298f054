"""D's network, as an objective and its penalties need it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import keras

from tfgan.models import replicas
from tfgan.models.terms import Terms

_ALONE = "expected a {} that treats each example alone"

WAYS_OUT = {
    "reconstruction": "build it with `network.autoencoder()`, or return {'reconstruction': ...} from your own",
    "logits": "build it with `network.discriminator()`, or take an objective like ebgan or began",
}


def stateless(network: keras.Model, terms: Terms) -> Callable:
    """Return the network's `stateless_call`, whose outputs hold the features if a penalty reads them.

    Raises:
        ValueError: a network that reconstructs under an objective of logits, or the reverse.
    """
    wanted = "reconstruction" if terms.loss.autoencodes else "logits"
    if wanted not in (names := _by_name(_symbolic_output(network))):
        loss = type(terms.loss).__name__
        raise ValueError(f"discriminator: {loss} expected one that returns {wanted}, got {', '.join(names)}; {WAYS_OUT[wanted]}")
    if any(penalty.features for penalty in terms.penalties.values()):
        network = _with_features(network)
    return lambda *arguments, **named: _named(*network.stateless_call(*arguments, **named))


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
    if gan.in_parts and (beyond := gan.terms.inseparable()):
        where = f"{replicas.count()} replicas" if several else f"micro_batch={gan.micro_batch}"
        raise ValueError(f"{', '.join(beyond)}: expected terms that need no more of the batch than what D says of it, with {where}")
    coupling = {name: _coupling(getattr(gan, name)) for name in ("generator", "discriminator")}
    _check_gradients(gan.terms, coupling["discriminator"], several)
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
    """Return the network with what its last weighted layer sees as another output."""
    last = [layer for layer in network.layers if layer.weights][-1]
    wider = keras.Model(network.inputs[0], {**_by_name(_symbolic_output(network)), "features": last.input})
    if [id(variable) for variable in wider.variables] != [id(variable) for variable in network.variables]:
        raise ValueError("discriminator: expected a functional Keras model whose last weighted layer sees the features")
    return wider
