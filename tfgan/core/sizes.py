"""Check the sizes of tensors, also in a graph that learns the size of a batch only when it runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

ROWS, REST = slice(0, 1), slice(1, None)


def differ(size: int | None, other: int | None) -> bool:
    """Tell whether two sizes are known to differ; None is unknown."""
    return size is not None and other is not None and size != other


def require_equal(tensors: Sequence[Any], axes: slice, say: Callable[..., Sequence[Any]]) -> list[Any]:
    """Check that tensors of one rank agree in the sizes of some axes.

    Known sizes are compared at once. Unknown ones are compared when the graph runs. XLA drops assertions, so
    all tensors are also reshaped to the sizes of one of them: for other sizes XLA finds no program.

    Args:
        tensors: of a known rank.
        axes: `ROWS` or `REST`.
        say: makes the parts of the message, texts and numbers, from each tensor's sizes in these axes (a
            number for `ROWS`).

    Returns:
        The tensors.

    Raises:
        ValueError: sizes that are known to differ.
        tf.errors.InvalidArgumentError: when a graph runs, sizes that were unknown and differ.
    """
    known = [tuple(tensor.shape[axes]) for tensor in tensors]
    first = known[0]
    if any(any(map(differ, one, other)) for one in known for other in known):
        raise ValueError("".join(map(str, say(*(_format_sizes(sizes, axes) for sizes in known)))))
    if all(sizes == first and None not in sizes for sizes in known):
        return list(tensors)
    import tensorflow as tf  # only its graphs have unknown sizes

    sizes = [tf.shape(tensor)[axes] for tensor in tensors]
    agree = tf.reduce_all([tf.reduce_all(tf.equal(sizes[0], other)) for other in sizes])
    parts = say(*(found[0] if axes is ROWS else found for found in sizes))
    with tf.control_dependencies([tf.debugging.Assert(agree, parts)]):
        checked = tf.identity(next(own for own, static in zip(sizes, known, strict=True) if None in static))
    return [_assert_sizes(tensor, axes, checked) for tensor in tensors]


def require_rows(tensor, least: int, message: Sequence[Any]):
    """Return a tensor (n, ...) after checking that n is at least `least`.

    `message` comes in parts, as `say` of `require_equal` makes them; errors are as there.

    XLA drops the check where n is unknown.
    """
    if (count := tensor.shape[0]) is not None:
        if count < least:
            raise ValueError("".join(map(str, message)))
        return tensor
    import tensorflow as tf

    with tf.control_dependencies([tf.debugging.Assert(tf.shape(tensor)[0] >= least, message)]):
        return tf.identity(tensor)


def require_rank(name: str, tensor) -> None:
    """Raise `ValueError` where a graph does not know how many axes a tensor has."""
    if getattr(tensor.shape, "rank", 0) is None:
        raise ValueError(
            f"{name}: expected a known rank, as in (n, 1), got a tensor of unknown rank; tf.ensure_shape says it"
        )


def shape_of(tensor):
    """Return a shape for a message: numbers, or a tensor of them where a graph does not know one."""
    if None not in (shape := tuple(tensor.shape)):
        return shape
    import tensorflow as tf

    return tf.shape(tensor)


def flat_shape(tensor) -> tuple[int, int]:
    """Return the shape that makes one row of each example of (n, ...), n known or not."""
    return (-1, math.prod(tensor.shape[1:]))


def _assert_sizes(tensor, axes: slice, sizes):
    """Return a tensor of these sizes: under XLA the reshape checks them, in other graphs the slice.

    Grappler drops a reshape that it takes for an identity, and then the tensor no longer waits for the
    assertion.
    """
    import tensorflow as tf

    own = tf.shape(tensor)
    shape = tf.concat([sizes, own[1:]] if axes is ROWS else [own[:1], sizes], axis=0)
    found = tf.slice(tf.reshape(tensor, shape), tf.zeros_like(shape), shape)
    found.set_shape(tensor.shape)  # `ensure_shape` would let Grappler take the check for granted
    return found


def _format_sizes(sizes: tuple[int | None, ...], axes: slice):
    return sizes[0] if axes is ROWS else sizes
