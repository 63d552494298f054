"""D's network, as an objective and its penalties need it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from tfgan.models.terms import Terms

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
    if wanted not in (names := _by_name(network.output)):
        loss = type(terms.loss).__name__
        raise ValueError(f"discriminator: {loss} expected one that returns {wanted}, got {', '.join(names)}; {WAYS_OUT[wanted]}")
    if any(penalty.features for penalty in terms.penalties.values()):
        network = _with_features(network)
    return lambda *arguments, **named: _named(*network.stateless_call(*arguments, **named))


def coupling(network: keras.Model) -> str:
    """Return the names of layers that need the whole global batch at once, or nothing."""
    return ", ".join(layer.name for layer in network.layers if getattr(layer, "couples", False))


def outputs(network: keras.Model, x) -> dict[str, Any]:
    """Return what the network says at x in inference mode, by name."""
    return _by_name(network(x, training=False))


def _by_name(said) -> dict[str, Any]:
    return said if isinstance(said, dict) else {"logits": said}


def _named(said, state):
    return _by_name(said), state


def _with_features(network: keras.Model) -> keras.Model:
    """Return the network with what its last weighted layer sees as another output."""
    last = [layer for layer in network.layers if layer.weights][-1]
    wider = keras.Model(network.input, {**_by_name(network.output), "features": last.input})
    if [id(variable) for variable in wider.variables] != [id(variable) for variable in network.variables]:
        raise ValueError("discriminator: expected a functional Keras model whose last weighted layer sees the features")
    return wider
