"""Losses of a network's own layers: `kernel_regularizer` and its kind, `activity_regularizer`, `add_loss`.

D pays those of its layers in its update, and G those of its own. With w the weights that have a regularizer
R, and A(x) the sum of the activity regularizers and `add_loss` terms of one pass over a batch x, means over
the batch,

    D pays   R(w) + A(real) + A(fake)
    G pays   R(w) + A(latents).

Passes that only a penalty makes, at other inputs, are not paid for. Keras pays the same way: R once an
update, A once a batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import keras
import tensorflow as tf

TAGS = {player: f"regularization/{player}" for player in ("discriminator", "generator")}
HEAD = "layer_losses"  # among D's outputs of a pass
OF_KERAS = ("keras.", "tfgan.")  # packages whose layers have no losses but by regularizers
MEANS = (keras.regularizers.L1, keras.regularizers.L2, keras.regularizers.L1L2)  # once Keras divides by the batch


class LayerLosses:
    """Compute the losses of one network's layers.

    Args:
        network: built; its weights with a regularizer are those that are trainable now.

    Attributes:
        in_passes: whether a pass over a batch makes any.
        exist: whether there are any at all.
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
    """Call a network in training mode as its own `stateless_call`, and collect the losses of this pass.

    `network.stateless_call(return_losses=True)` forgets those of a layer's first use where a layer is used
    twice, and mixes those of weights in.

    Returns:
        (outputs, new state, the sum of the losses of the pass, float32 scalar).
    """
    variables = (*network.trainable_variables, *network.non_trainable_variables)
    with keras.StatelessScope(state_mapping=list(zip(variables, (*trainable, *state), strict=True)), collect_losses=True) as scope:
        outputs = network(inputs, training=True)
    after = [scope.get_current_value(variable) for variable in network.non_trainable_variables]
    return outputs, after, total(scope.losses)


def check(networks: Iterable[keras.Model], where: str) -> None:
    """Check that means over parts of the batch are the losses of the whole batch.

    Args:
        networks: G and D.
        where: what makes the parts, for the message.

    Raises:
        ValueError: a layer whose losses need not be means over examples, by name.
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
    """List the layers that make losses in a pass.

    Layers of Keras and of this package do so by `activity_regularizer` alone. The code of other layers may
    call `add_loss`: a network that has such layers is traced once.
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
