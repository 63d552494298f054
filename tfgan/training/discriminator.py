"""Call D's network: return its outputs by name, and its features if a loss reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from tfgan.training import layer_losses

FEATURES_BEFORE = ("logits", "classes")  # layers whose input is the features; else the last weighted layer


def heads(network: keras.Model) -> dict[str, Any]:
    """Return the symbolic outputs of a functional network, by name."""
    # A Sequential has no `output` before its first call.
    return by_name(network.outputs[0] if isinstance(network, keras.Sequential) else network.output)


def by_name(outputs) -> dict[str, Any]:
    """Return a network's outputs by name; a single tensor is the logits."""
    return outputs if isinstance(outputs, dict) else {"logits": outputs}


def inference(network: keras.Model, x) -> dict[str, Any]:
    """Return the outputs at x by name, in inference mode."""
    return by_name(network(x, training=False))


def stateless_call(network: keras.Model, with_features: bool, with_losses: bool) -> Callable:
    """Return `stateless_call` with more outputs: (weights, state, x, training=True) to (outputs, state).

    Args:
        network: D.
        with_features: whether to add the output "features".
        with_losses: whether to add the output "layer_losses": the losses of the network's own layers in this
            pass, a scalar.

    Raises:
        ValueError: a network whose features cannot be found.
    """
    wider = _with_features(network) if with_features else network
    if not with_losses:
        return wider.stateless_call

    def call(trainable, state, x, training):
        outputs, state, paid = layer_losses.stateless_call(wider, trainable, state, x)
        return by_name(outputs) | {layer_losses.HEAD: paid}, state

    return call


def _with_features(network: keras.Model) -> keras.Model:
    """Return the network with the input of its last layer of weights, or of the one named "logits" or "classes", as an output."""
    weighted = [layer for layer in network.layers if layer.weights]
    last = next((layer for layer in weighted if layer.name in FEATURES_BEFORE), weighted[-1])
    inputs = network.inputs if len(network.inputs) > 1 else network.inputs[0]
    wider = keras.Model(inputs, {**heads(network), "features": last.input})
    if [id(variable) for variable in wider.variables] != [id(variable) for variable in network.variables]:
        raise ValueError(
            "discriminator: expected a functional Keras model whose last weighted layer sees the features"
        )
    return wider
