"""Compute the losses of a network's own layers: weight regularizers, `activity_regularizer`, `add_loss`.

Each network minimizes the losses of its own layers in its own update. R is the sum of the regularizers of its
weights w. A(x) is the sum of the activity regularizers and `add_loss` terms of one pass over a batch x, as
means over the batch. The updates add

    to D's loss   R(w) + A(real) + A(fake)
    to G's loss   R(w) + A(latents).

Passes at other inputs, which only penalties make, add nothing. Keras does the same: R once per update, A once
per batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import keras
import tensorflow as tf

TAGS = {player: f"regularization/{player}" for player in ("discriminator", "generator")}
HEAD = "layer_losses"  # its name among D's outputs of a pass
OF_KERAS = ("keras.", "tfgan.")  # packages whose layers have losses by regularizers only
MEANS = (keras.regularizers.L1, keras.regularizers.L2, keras.regularizers.L1L2)  # Keras divides by n


class LayerLosses:
    """Compute the losses of one network's layers.

    Args:
        network: a built network; only weights that are trainable now count.

    Attributes:
        in_passes: whether a pass over a batch adds losses.
        exist: whether the network has any such losses.
    """

    def __init__(self, network: keras.Model):
        self._regularizers = [variable.regularizer for variable in network.trainable_variables]
        self.in_passes = bool(_layers_with_losses(network))
        self.exist = self.in_passes or any(self._regularizers)

    def of_weights(self, trainable: Sequence[tf.Tensor]) -> tf.Tensor:
        """Sum the regularizers of the weights, float32 scalar.

        Args:
            trainable: values of the network's trainable variables, in their order.
        """
        pairs = zip(self._regularizers, trainable, strict=True)
        return total([regularizer(value) for regularizer, value in pairs if regularizer])


def total(losses: Iterable[tf.Tensor]) -> tf.Tensor:
    """Sum losses, each of any shape, float32 scalar; 0 for none."""
    return tf.add_n([tf.zeros(()), *(tf.reduce_sum(tf.cast(loss, tf.float32)) for loss in losses)])


def stateless_call(network: keras.Model, trainable, state, inputs):
    """Call a network in training mode like its own `stateless_call`, and collect the losses of this pass.

    `network.stateless_call(return_losses=True)` drops the losses of a layer's first use if the layer is used
    twice, and includes the regularizers of weights.

    Returns:
        (outputs, new state, the sum of the losses of the pass, float32 scalar).
    """
    variables = (*network.trainable_variables, *network.non_trainable_variables)
    with keras.StatelessScope(
        state_mapping=list(zip(variables, (*trainable, *state), strict=True)), collect_losses=True
    ) as scope:
        outputs = network(inputs, training=True)
    after = [scope.get_current_value(variable) for variable in network.non_trainable_variables]
    return outputs, after, total(scope.losses)


def check(networks: Iterable[keras.Model], where: str) -> None:
    """Check that means over parts of the batch are the losses of the whole batch.

    Args:
        networks: G and D.
        where: the setting that splits the batch, such as "2 replicas", for the message.

    Raises:
        ValueError: a layer whose losses may not be means over examples; the message names it.
    """
    for network in networks:
        for layer in _layers_with_losses(network):
            if _is_foreign(layer) or type(layer.activity_regularizer) not in MEANS:
                regularizer = type(layer.activity_regularizer).__name__
                how = "add_loss" if _is_foreign(layer) else f"activity_regularizer={regularizer}"
                raise ValueError(
                    f"{layer.name!r}: expected layers' losses that are means over examples (activity_regularizer l1, l2 or l1_l2) "
                    f"with {where}, got {how}; use one of those, or no parts"
                )


def _layers_with_losses(network: keras.Model) -> list[keras.layers.Layer]:
    """List the layers that add losses in a pass.

    Layers of Keras and of this package add losses by `activity_regularizer` only. Other layers may call
    `add_loss`: a network with such layers is traced once.
    """
    layers = list(network._flatten_layers())
    regularized = [layer for layer in layers if layer.activity_regularizer is not None]
    if not any(map(_is_foreign, layers)):
        return regularized
    arguments = [tf.TensorSpec((2, *entry.shape[1:]), entry.dtype) for entry in network.inputs]
    found: list[keras.layers.Layer] = []

    @tf.function(autograph=False)
    def trace(*inputs):
        with keras.StatelessScope(collect_losses=True):
            network(list(inputs) if len(inputs) > 1 else inputs[0], training=True)
            found.extend(layer for layer in layers if layer._get_own_losses())

    trace.get_concrete_function(*arguments)
    return found


def _is_foreign(layer: keras.layers.Layer) -> bool:
    return not type(layer).__module__.startswith(OF_KERAS)
