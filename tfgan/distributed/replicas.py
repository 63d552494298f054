"""Collectives for a training step on several replicas; with one replica they exchange nothing.

A replica's step runs inside `strategy.run`, as `keras.Model.fit` does it. `mean` turns means over a replica's
share of the batch into means over the global batch; `assign` writes variables, which are the same on every
replica.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import keras
import tensorflow as tf


def count() -> int:
    """Return the number of replicas that train together."""
    return tf.distribute.get_strategy().num_replicas_in_sync


def index() -> Any:
    """Return the number of this replica: 0, or a scalar int64 tensor where there are several."""
    return (
        0 if count() == 1 else tf.cast(tf.distribute.get_replica_context().replica_id_in_sync_group, tf.int64)
    )


def is_multi_process() -> bool:
    """Return whether replicas are in several processes."""
    return isinstance(tf.distribute.get_strategy(), tf.distribute.MultiWorkerMirroredStrategy)


def local_rows(noise: Any) -> Any:
    """Return this replica's rows of noise that was drawn for the global batch."""
    if count() == 1:
        return noise
    index = tf.distribute.get_replica_context().replica_id_in_sync_group

    def select_rows(rows):
        size = rows.shape[0] // count()
        return tf.ensure_shape(rows[index * size : (index + 1) * size], (size, *rows.shape[1:]))

    return tf.nest.map_structure(select_rows, noise)


def mean(values: Any) -> Any:
    """Return the mean over replicas of a structure of tensors; one message carries all of them as one vector.

    Tensors that are not floating-point stay different on each replica.
    """
    if count() == 1:
        return values
    flat = [value for value in tf.nest.flatten(values) if value.dtype.is_floating]
    vector = tf.concat([tf.reshape(tf.cast(value, tf.float32), [-1]) for value in flat], axis=0)
    vector = tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.MEAN, vector)
    parts = tf.split(vector, [value.shape.num_elements() for value in flat])
    means = iter([tf.reshape(part, value.shape) for part, value in zip(parts, flat, strict=True)])
    return tf.nest.map_structure(lambda value: next(means) if value.dtype.is_floating else value, values)


def gather(values: Any) -> Any:
    """Gather the rows of all replicas, in order, of a structure of float32 (n, ...), in one message."""
    if count() == 1 or not (flat := tf.nest.flatten(values)):
        return values
    total = count() * flat[0].shape[0]
    rows = tf.concat([tf.reshape(value, (value.shape[0], -1)) for value in flat], axis=1)
    rows = tf.ensure_shape(
        tf.distribute.get_replica_context().all_gather(rows, axis=0), (total, rows.shape[1])
    )
    parts = tf.split(rows, [value.shape[1:].num_elements() for value in flat], axis=1)
    return tf.nest.pack_sequence_as(
        values, [tf.reshape(part, (total, *one.shape[1:])) for part, one in zip(parts, flat, strict=True)]
    )


def map_micro_batches(function: Callable, rows: Any, size: int) -> tuple[Any, Any]:
    """Call a function on slices of this replica's examples, one after another.

    Only one slice is in memory at a time.

    Args:
        function: takes a slice of `rows` and returns two structures: the first is averaged over slices, the
            second concatenated.
        rows: a structure of tensors (n, ...), or of (n / k, ...) with a row for k examples; scalars go to
            every slice.
        size: of a slice, a divisor of n.
    """
    total = max(value.shape[0] for value in tf.nest.flatten(rows) if value.shape.rank)
    if size == total:
        return function(*rows)
    means, outputs = [], []
    for first in range(0, total, size):
        part = slice(first, first + size)
        micro_batch = tf.nest.map_structure(
            lambda value, part=part: value[_scale_slice(part, value, total)] if value.shape.rank else value,
            rows,
        )
        with tf.control_dependencies(tf.nest.flatten((means[-1:], outputs[-1:]))):
            found = function(*micro_batch)
        means.append(found[0])
        outputs.append(found[1])
    return tf.nest.map_structure(_average, *means), tf.nest.map_structure(
        lambda *parts: tf.concat(parts, axis=0), *outputs
    )


def _scale_slice(part: slice, value: tf.Tensor, total: int) -> slice:
    """Return the rows of a value that belong to a part of `total` examples."""
    return slice(part.start * value.shape[0] // total, part.stop * value.shape[0] // total)


def _average(first, *others):
    """Return the mean of floating-point tensors in float32; the first tensor of other types."""
    return (
        tf.add_n([tf.cast(value, tf.float32) for value in (first, *others)]) / (1 + len(others))
        if first.dtype.is_floating
        else first
    )


def assign(variables: Iterable[keras.Variable], values: Iterable[tf.Tensor]) -> None:
    """Write values that are the same on every replica."""
    pairs = list(zip(variables, values, strict=True))
    if count() == 1:
        for variable, value in pairs:
            variable.assign(value)
        return

    def update(strategy, new):
        for (variable, _), value in zip(pairs, new, strict=True):
            strategy.extended.update(
                variable.value, lambda local, value: local.assign(value), args=(value,), group=False
            )

    if pairs:
        tf.distribute.get_replica_context().merge_call(
            update, args=([tf.cast(value, variable.dtype) for variable, value in pairs],)
        )
