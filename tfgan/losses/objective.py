"""What an objective is: what D and G minimize, of D's outputs on reals and fakes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import ClassVar

import keras
from keras import ops

from tfgan._options import Configurable


@dataclasses.dataclass(frozen=True)
class Objective(Configurable):
    """Pure functions of what D returns on a batch of reals and one of fakes, usually logits.

    Attributes:
        couples: whether an example's loss depends on other examples, so that it must see the global batch.
        compares: whether G's loss depends on the reals.
        autoencodes: whether D must return a reconstruction of its input, from which `read` makes the logits.
        embeds: whether D returns a vector an example, from which `witness` makes the logits.
        initial_state: saved scalars by name, and what they start from; if there are any, every method below takes them
            as the argument `state`.
        measured: names under which `measures` logs.
    """

    couples: ClassVar[bool] = False
    compares: ClassVar[bool] = False
    autoencodes: ClassVar[bool] = False
    embeds: ClassVar[bool] = False
    initial_state: ClassVar[Mapping[str, float]] = {}
    measured: ClassVar[tuple[str, ...]] = ()

    def read(self, x, outputs):
        """Return, of what D's network returned at x, what is compared: float32 (n, ...)."""
        return outputs["logits"]

    def discriminator(self, real_logits, fake_logits):
        """Return what D minimizes: shape (n,), or a scalar when `couples`."""
        raise TypeError(f"{type(self).__name__} must define discriminator(real_logits, fake_logits)")

    def generator(self, real_logits, fake_logits):
        """Return what G minimizes: shape (n,), or a scalar when `couples`; `real_logits` may be None unless it `compares`."""
        raise TypeError(f"{type(self).__name__} must define generator(real_logits, fake_logits)")

    def correct(self, real_logits, fake_logits):
        """Return, as two boolean tensors, where D tells real from fake: here, where it is above, below the other's mean."""
        return real_logits > ops.mean(fake_logits), fake_logits < ops.mean(real_logits)


def checked(real_logits, fake_logits, sample_weight=None):
    """Return the arguments as tensors of at least float32; raise `ValueError` when one is missing or their shapes do not fit."""
    for name, logits in (("fake_logits", fake_logits), ("real_logits", real_logits)):
        if logits is None:
            raise ValueError(f"{name}: expected shape (n, ...), got None")
    real, fake = at_least_float32(real_logits), at_least_float32(fake_logits)
    if len(real.shape) == 0:
        raise ValueError("real_logits: expected shape (n, ...), got a scalar")
    if len(real.shape) != len(fake.shape) or any(map(differ, real.shape[1:], fake.shape[1:])):
        raise ValueError(f"fake_logits: expected shape (n, *{tuple(real.shape[1:])}) as real_logits has, got {tuple(fake.shape)}")
    if sample_weight is None:
        return real, fake, None
    weight = ops.cast(ops.convert_to_tensor(sample_weight), real.dtype)
    if len(weight.shape) != 1 or differ(weight.shape[0], real.shape[0]) or differ(weight.shape[0], fake.shape[0]):
        counts = f"{real.shape[0]} real and {fake.shape[0]} fake"
        raise ValueError(f"sample_weight: expected shape (n,), one for each of {counts} examples, got {tuple(weight.shape)}")
    return real, fake, weight


def differ(size, other) -> bool:
    """Return whether two sizes are known to differ; None is unknown."""
    return size is not None and other is not None and size != other


def at_least_float32(logits):
    """Return `logits` as a floating-point tensor, half-precision ones widened to float32."""
    logits = ops.convert_to_tensor(logits)
    return ops.cast(logits, keras.backend.result_type(logits.dtype, "float32"))


def per_example(values, weight=None):
    """Average a map of values over everything but the first axis, and weight each example; a weight of 0 outweighs inf."""
    if len(values.shape) > 1:
        values = ops.mean(values, axis=tuple(range(1, len(values.shape))))
    return values if weight is None else ops.where(weight == 0, 0.0, weight * values)


def added(real_half, fake_half, weight=None, *, separate=False):
    """Add two halves of a loss: per example, or as means when `separate` or when the batches differ in size."""
    separate = separate or differ(real_half.shape[0], fake_half.shape[0])
    real_half, fake_half = per_example(real_half, weight), per_example(fake_half, weight)
    if separate:
        real_half, fake_half = ops.mean(real_half), ops.mean(fake_half)
    both_infinite = ops.logical_and(ops.isinf(real_half), ops.isinf(fake_half))
    return ops.where(both_infinite, ops.maximum(real_half, fake_half), real_half + fake_half)  # inf - inf: the cost outweighs
