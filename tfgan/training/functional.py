"""Check that networks have known inputs, build them and copy them."""

from __future__ import annotations

import keras
from keras.src.saving.serialization_lib import SafeModeScope  # keras.saving has it for files alone


def check(name: str, network: keras.Model, inputs: str) -> None:
    """Check that a network knows its inputs.

    Args:
        name: "generator" or "discriminator".
        network: any Keras model.
        inputs: code that defines its inputs, for the message.

    Raises:
        TypeError: the network is no Keras model.
        ValueError: a Sequential without `keras.Input`, or a subclass of `keras.Model`: its inputs are unknown
            before a call.
    """
    if not isinstance(network, keras.Model):
        raise TypeError(f"{name}: expected a keras.Model, got {type(network).__name__}")
    kind = type(network).__name__
    if isinstance(network, keras.Sequential):
        if not network.built or getattr(network, "_functional", None) is None:
            raise ValueError(
                f"{name}: expected a network of known inputs, got a Sequential without; let it begin with {inputs}"
            )
    elif not hasattr(network, "inputs"):
        raise ValueError(
            f"{name}: expected a functional or Sequential model, got the subclass {kind}, whose inputs show only in calls; "
            f"wrap it: inputs = {inputs}; {name} = keras.Model(inputs, {name}(inputs))"
        )


def build(network: keras.Model, shape: tuple[int, ...]) -> None:
    """Build a Sequential without `keras.Input` for examples of a shape; leave other networks unchanged."""
    if isinstance(network, keras.Sequential) and not network.built:
        network.build((None, *shape))


def copy(name: str, network: keras.Model) -> keras.Model:
    """Copy a network and its weights.

    Raises:
        ValueError: a layer that cannot be rebuilt from its config.
    """
    try:
        with SafeModeScope(safe_mode=False):  # for Lambda layers: their code comes from no file
            twin = keras.models.clone_model(network)
        twin.set_weights(network.get_weights())
    except (TypeError, ValueError, NotImplementedError) as error:
        own = sorted(
            {
                type(layer).__name__
                for layer in network._flatten_layers()
                if not type(layer).__module__.startswith("keras.")
            }
        )
        raise ValueError(
            f"{name}: expected layers that their get_config() rebuilds, for the average of its weights, got {', '.join(own) or 'others'}: "
            "let __init__(self, ..., **kwargs) call super().__init__(**kwargs), and get_config() return every other argument"
        ) from error
    return twin
