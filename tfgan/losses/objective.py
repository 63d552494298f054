"""The base class of objectives: losses of D and of G as functions of D's outputs on reals and fakes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

import keras
from keras import ops

from tfgan.core import sizes
from tfgan.core.options import Configurable


@dataclasses.dataclass(frozen=True)
class Objective(Configurable):
    """Pure functions of D's outputs, usually logits, on a batch of reals and a batch of fakes.

    Attributes:
        uses_whole_batch: whether an example's loss depends on other examples, so that it must see the global
            batch.
        generator_uses_real: whether G's loss depends on the reals.
        uses_reconstruction: whether D must return a reconstruction of its input, from which `logits_from`
            makes the logits.
        uses_embeddings: whether D returns a vector an example, from which `witness_logits` makes the logits.
        initial_state: saved scalars by name, with their initial values; if there are any, every method below
            takes them as the argument `state`.
        extra_metrics: names under which `measure` logs.
    """

    uses_whole_batch: ClassVar[bool] = False
    generator_uses_real: ClassVar[bool] = False
    uses_reconstruction: ClassVar[bool] = False
    uses_embeddings: ClassVar[bool] = False
    initial_state: ClassVar[Mapping[str, float]] = {}
    extra_metrics: ClassVar[tuple[str, ...]] = ()

    def logits_from(self, x, outputs):
        """Return the tensor that the losses compare, float32 (n, ...), from the outputs of D at x."""
        return outputs["logits"]

    def discriminator(self, real_logits, fake_logits):
        """Return D's loss: shape (n,), or a scalar when `uses_whole_batch`."""
        raise TypeError(f"{type(self).__name__} must define discriminator(real_logits, fake_logits)")

    def generator(self, real_logits, fake_logits):
        """Return G's loss: shape (n,), or a scalar when `uses_whole_batch`; `real_logits` may be None unless `generator_uses_real`."""
        raise TypeError(f"{type(self).__name__} must define generator(real_logits, fake_logits)")

    def correct(self, real_logits, fake_logits):
        """Return where D is right, two boolean tensors: real above mean fake, fake below mean real."""
        return real_logits > ops.mean(fake_logits), fake_logits < ops.mean(real_logits)


def check_logits(real_logits, fake_logits, sample_weight=None):
    """Return the arguments as tensors of at least float32, logits of weight 0 as zeros.

    Sizes that a graph does not know are checked when it runs.

    Raises:
        ValueError: logits that are missing, or shapes that do not fit each other.
        tf.errors.InvalidArgumentError: the same for sizes that are known only when a graph runs.
    """
    if sample_weight is None and real_logits is not None and fake_logits is not None:
        real, fake = at_least_float32(real_logits), at_least_float32(fake_logits)
        if real.shape.rank and real.shape.is_fully_defined() and real.shape == fake.shape:
            return real, fake, None  # the usual case: nothing is left to check
    real, fake = require_same_shape(real_logits, fake_logits)
    if sample_weight is None:
        return real, fake, None
    weight = ops.cast(ops.convert_to_tensor(sample_weight), real.dtype)
    sizes.require_rank("sample_weight", weight)

    def describe_counts(reals, fakes, _):
        counts = [
            "sample_weight: expected shape (n,), one for each of ",
            reals,
            " real and ",
            fakes,
            " fake examples",
        ]
        return [*counts, ", got ", sizes.shape_of(weight)]

    if len(weight.shape) != 1:
        raise ValueError("".join(map(str, describe_counts(real.shape[0], fake.shape[0], None))))
    real, fake, weight = sizes.require_equal([real, fake, weight], sizes.ROWS, describe_counts)
    # 0 times an infinite derivative is NaN: logits of weight 0 become 0 before the loss is computed.
    kept = ops.reshape(weight, (-1, *[1] * (len(real.shape) - 1))) != 0
    return ops.where(kept, real, 0.0), ops.where(kept, fake, 0.0), weight


def convert_logits(real_logits, fake_logits):
    """Return D's outputs on reals and fakes as tensors of at least float32; raise `ValueError` for None and an unknown rank."""
    found = {}
    for name, logits in (("fake_logits", fake_logits), ("real_logits", real_logits)):
        if logits is None:
            raise ValueError(f"{name}: expected shape (n, ...), got None")
        found[name] = at_least_float32(logits)
        sizes.require_rank(name, found[name])
    return found["real_logits"], found["fake_logits"]


def require_same_shape(real_logits, fake_logits):
    """Return D's outputs as `convert_logits` does.

    Raise `ValueError` if they differ in more than the number of rows.
    """
    real, fake = convert_logits(real_logits, fake_logits)
    if len(real.shape) == 0:
        raise ValueError("real_logits: expected shape (n, ...), got a scalar")

    def describe_unlike(rest, _):
        return ["fake_logits: expected shape (n, *", rest, ") as real_logits has, got ", sizes.shape_of(fake)]

    if len(real.shape) != len(fake.shape):
        raise ValueError("".join(map(str, describe_unlike(tuple(real.shape[1:]), None))))
    return sizes.require_equal([real, fake], sizes.REST, describe_unlike)


def at_least_float32(logits):
    """Return `logits` as a floating-point tensor, half-precision ones widened to float32."""
    logits = ops.convert_to_tensor(logits)
    return ops.cast(logits, keras.backend.result_type(logits.dtype, "float32"))


def per_example(values, weight=None):
    """Average a map of values over everything but the first axis, and weight each example; a weight of 0 outweighs inf."""
    if len(values.shape) > 1:
        values = ops.mean(values, axis=tuple(range(1, len(values.shape))))
    return values if weight is None else ops.where(weight == 0, 0.0, weight * values)


def add_halves(real_half, fake_half, weight=None, *, separate=False):
    """Add two halves of a loss: per example, or as means when `separate` or when the batches differ in size.

    In a graph that does not know the sizes, the result has an unknown rank until it runs: (n,) or a scalar.
    """
    counts = real_half.shape[0], fake_half.shape[0]
    real_half, fake_half = per_example(real_half, weight), per_example(fake_half, weight)
    if separate or (counts[0] != counts[1] and sizes.differ(*counts)):
        return _add_or_inf(ops.mean(real_half), ops.mean(fake_half))
    if weight is None and None in counts:
        return _add_halves_in_graph(real_half, fake_half)
    return _add_or_inf(real_half, fake_half)


def _add_or_inf(real_half, fake_half):
    both_infinite = ops.logical_and(ops.isinf(real_half), ops.isinf(fake_half))
    # inf - inf: the cost outweighs
    return ops.where(both_infinite, ops.maximum(real_half, fake_half), real_half + fake_half)


def _add_halves_in_graph(real_half, fake_half):
    """Add halves (n,) and (m,) of unknown n and m: shape (n,) where n = m, else the sum of the means, a scalar.

    Without `tf.cond`, whose branches must agree in shape under XLA: the mean over columns is of (n, 1), or of
    (1, n).
    """
    import tensorflow as tf  # only its graphs have unknown sizes

    same = tf.equal(tf.shape(real_half)[0], tf.shape(fake_half)[0])

    def mean(half):
        count = tf.shape(half)[0]
        return tf.reduce_mean(tf.reshape(half, tf.where(same, [count, 1], [1, count])), axis=1)

    total = _add_or_inf(mean(real_half), mean(fake_half))
    return tf.reshape(total, tf.shape(total)[: tf.cast(same, tf.int32)])
