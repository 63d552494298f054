"""What a step needs when several replicas take it together; with one replica, next to nothing.

A replica's step runs inside `strategy.run`, as `keras.Model.fit` does it. Values that are means over a replica's share of
the batch become means over the global batch by `mean`; variables, the same on every replica, are written by `assign`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf


def count() -> int:
    """Return how many replicas train together."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def are_apart() -> bool:
    """Return whether replicas are in several processes."""
    return isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy)


def share(noise: Any, per_replica: int) -> Any:
    """Return this replica's rows of noise that was drawn for the global batch."""
    if count() == 1:
        return noise
    first = tf.distribute.get_replica_context().replica_id_in_sync_group * per_replica
    return tf.nest.map_structure(lambda rows: tf.ensure_shape(rows[first : first + per_replica], (per_replica, *rows.shape[1:])), noise)


def mean(values: Any) -> Any:
    """Return the mean over replicas of a structure of float32 tensors, exchanged as one vector: a message, not hundreds."""
    if count() == 1:
        return values
    flat = tf.nest.flatten(values)
    vector = tf.concat([tf.reshape(tf.cast(value, tf.float32), [-1]) for value in flat], axis=0)
    vector = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, vector)
    parts = tf.split(vector, [value.shape.num_elements() for value in flat])
    return tf.nest.pack_sequence_as(values, [tf.reshape(part, value.shape) for part, value in zip(parts, flat, strict=True)])


def gather(values: Any) -> Any:
    """Return the rows of all replicas, in their order, of a structure of tensors (n, ...)."""
    context = tf.distribute.get_replica_context()
    return tf.nest.map_structure(lambda rows: context.all_gather(rows, axis=0), values)


def assign(variables: Iterable[keras.Variable], values: Iterable[tf.Tensor]) -> None:
    """Write values that are the same on every replica."""
    pairs = list(zip(variables, values, strict=True))
    if count() == 1:
        for variable, value in pairs:
            variable.assign(value)
        return

    def update(strategy, new):
        for (variable, _), value in zip(pairs, new, strict=True):
            strategy.extended.update(variable.value, lambda local, value: local.assign(value), args=(value,), group=False)

    if pairs:
        tf.distribute.get_replica_context().merge_call(update, args=([tf.cast(value, variable.dtype) for variable, value in pairs],))


def apply(optimizer: keras.optimizers.Optimizer, gradients: list[tf.Tensor], variables: list[keras.Variable]) -> None:
    """Take one optimizer step along gradients that are the mean over replicas already.

    Keras sums gradients over replicas itself, tensor by tensor, and has no public way to say that this was done: the method
    that does it is replaced on this optimizer.
    """
    if count() > 1:
        optimizer._all_reduce_sum_gradients = list
    optimizer.apply(gradients, variables)
