"""Check shape and values of a model's arguments, by one rule in Python and in graphs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfgan.kinds import Input, Kind


class Argument:
    """One tensor argument: a row for each example.

    A subclass defines `name`, `spec`, `_expected` and `_is_legal`, and `limits` and `unit` for the record of
    an exported model.
    """

    name: str
    limits: tuple[float, float] | None = None  # smallest and largest legal value; None for no limits
    unit: str = ""

    @property
    def spec(self) -> tf.TensorSpec:
        """Shape and dtype of a batch of any size."""
        raise TypeError(f"{type(self).__name__} must define spec")

    @property
    def _expected(self) -> str:
        raise TypeError(f"{type(self).__name__} must define _expected")

    def _is_legal(self, values: tf.Tensor) -> tf.Tensor:
        """Return the mask of legal entries of `values`, bool (n, *shape), or of legal rows, bool (n,)."""
        raise TypeError(f"{type(self).__name__} must define _is_legal(values)")

    def describe(self) -> dict[str, Any]:
        """Return dtype, shape (null for the batch), range and unit, for JSON."""
        return describe(self.spec, self.limits, self.unit)

    def assert_valid(
        self, values: tf.Tensor, count: tf.Tensor | None = None, *, any_shape: bool = False
    ) -> tf.Tensor:
        """Add assertions on `values` to the current graph.

        The assertions read the shape when the graph runs, since restored functions and servers do not check
        it.

        Args:
            values: of `spec`'s dtype.
            count: int32 scalar, the required number of rows; None for any number.
            any_shape: whether to check only the values and not the shape, as for labels of several stacked
                batches.

        Returns:
            `values`; reading it raises `InvalidArgumentError` with the argument, the expected values and the
            first wrong row.
        """
        dims = self.spec.shape[1:]
        message = f"{self.name}: expected {self._expected}, shape {_format_shape('n', dims)}, got"
        if not any_shape:
            padding = [-1] * (len(dims) + 2)
            # (n, *dims, -1) where rank and dims are right
            shape = tf.concat([tf.shape(values), padding], 0)[: len(padding)]
            rows = tf.maximum(shape[0], 0) if count is None else count
            fits = tf.reduce_all(tf.equal(shape, [rows, *dims, -1]))
            found = [message, "shape", tf.shape(values)] + ([] if count is None else ["and n =", count])
            # Before `_is_legal`: its operations need the right shape
            values = _assert_then_read(fits, found, values)
        legal = self._is_legal(values)
        wrong = tf.where(tf.logical_not(legal))[:1]  # (1, rank of `legal`), or (0, ...) if all is legal
        return _assert_then_read(
            tf.reduce_all(legal), [message, tf.gather_nd(values, wrong), "in row", wrong[:, 0]], values
        )

    def validate(self, values: Any, count: int | None = None) -> tf.Tensor:
        """Convert `values` to a tensor of `spec`'s dtype.

        Args:
            values: array, tensor or nested list of numbers; no fraction is cut off.
            count: the required number of rows; None for any number.

        Raises:
            ValueError: no values, another kind of numbers, another shape, or a value out of range; the
                message names the argument, the expected values and the first wrong row.
        """
        if values is None:
            of_count = "" if count is None else f" of {count}"
            raise ValueError(
                f"{self.name}: expected {self._expected}, one for each{of_count} examples, got none"
            )
        array, dtype, dims = np.asarray(values), self.spec.dtype, self.spec.shape[1:]
        expected = f"{self.name}: expected {self._expected}, shape {_format_shape('n' if count is None else count, dims)}, got"
        if not (array.dtype.kind in "iu" or (dtype.is_floating and _is_floating(array))):
            raise ValueError(
                f"{expected} {_describe_array(array)}; use tf.cast({self.name}, tf.{dtype.name}) if that is meant"
            )
        if array.ndim != 1 + len(dims) or array.shape[1:] != tuple(dims) or count not in (None, len(array)):
            raise ValueError(f"{expected} {_describe_array(array)}")
        legal = self._is_legal(tf.constant(array)).numpy()
        if not legal.all():
            first = tuple(np.argwhere(~legal)[0])
            raise ValueError(
                f"{expected} {_format_values(array[first])} in row {first[0]} of {_describe_array(array)}"
            )
        return tf.constant(array, dtype)

    def accept(self, values: Any) -> tf.Tensor:
        """Return `values` as `validate` does; accept a symbolic tensor, whose values are unknown."""
        return values if tf.is_symbolic_tensor(values) else self.validate(values)


class Latents(Argument):
    """Latent vectors float32 (n, latent_dim): any finite numbers.

    Args:
        latent_dim: entries of a vector.
    """

    name = "latents"
    unit = "standard normal"

    def __init__(self, latent_dim: int):
        self._latent_dim = latent_dim

    @property
    def spec(self):
        return tf.TensorSpec((None, self._latent_dim), tf.float32, name=self.name)

    @property
    def _expected(self):
        return "finite numbers"

    def _is_legal(self, values):
        return tf.math.is_finite(tf.cast(values, tf.float32))


class Seeds(Argument):
    """Seeds int64 (n,): any whole number of 64 bits, negative ones too."""

    name = "seeds"
    limits = (-(2**63), 2**63 - 1)
    unit = "seed of one example"

    @property
    def spec(self):
        return tf.TensorSpec((None,), tf.int64, name=self.name)

    @property
    def _expected(self):
        return "whole numbers of int64"

    def _is_legal(self, values):
        # uint64 from 2^63 on wraps around
        return tf.cast(values, tf.int64) >= (0 if values.dtype == tf.uint64 else self.limits[0])


class Part(Argument):
    """One argument of a signature that reads examples (`Kind.inputs`); the kind says which values are legal.

    Args:
        name: of the argument.
        about: its dtype, shape, range and unit.
    """

    def __init__(self, name: str, about: Input):
        self.name, self._about = name, about
        self.limits, self.unit = about.limits, about.unit

    @property
    def spec(self):
        return tf.TensorSpec((None, *self._about.shape), tf.as_dtype(self._about.dtype), name=self.name)

    @property
    def _expected(self):
        return self._about.expected

    def _is_legal(self, values):
        return tf.ones(tf.shape(values)[:1], tf.bool)


class Examples(Part):
    """Examples float32 (n, *shape) in the user's units: images in [-1, 1], or finite points.

    Args:
        kind: the kind of the examples.
        name: name of the argument; None for the kind's name of outputs, such as "images".
    """

    def __init__(self, kind: Kind, name: str | None = None):
        super().__init__(name or kind.output, kind.inputs()[kind.output])
        self._kind = kind

    def _is_legal(self, values):
        return self._kind.legal(tf.cast(values, tf.float32))


def examples_of(kind: Kind) -> list[Argument]:
    """Return the arguments of a signature that reads examples of a kind."""
    inputs = kind.inputs()
    numbers = [*inputs] == [kind.output] and inputs[kind.output].dtype == "float32"
    return [Examples(kind)] if numbers else [Part(*each) for each in inputs.items()]


def describe(spec: tf.TensorSpec, limits: tuple[float, float] | None, unit: str) -> dict[str, Any]:
    """Return dtype, shape (null for the batch), range (null for any) and unit of a tensor, for JSON."""
    return {
        "dtype": spec.dtype.name,
        "shape": spec.shape.as_list(),
        "range": limits and list(limits),
        "unit": unit,
    }


def _assert_then_read(condition: tf.Tensor, found: Sequence[Any], values: tf.Tensor) -> tf.Tensor:
    """Return `values`, to be read after an assertion that prints `found`."""
    with tf.control_dependencies([tf.debugging.Assert(condition, found, summarize=16)]):
        return tf.identity(values)


def _is_floating(array: np.ndarray) -> bool:
    return array.dtype.kind == "f" or array.dtype == tf.bfloat16.as_numpy_dtype


def _format_shape(rows: int | str, dims: Sequence[int]) -> str:
    """Return (n, 8, 8, 1) or (n,), as Python prints a shape."""
    return f"({', '.join(map(str, (rows, *dims)))}{'' if len(dims) else ','})"


def _format_values(values: np.ndarray) -> str:
    """Return one number, or the numbers of a row."""
    return ", ".join(f"{value:g}" if _is_floating(values) else str(value) for value in np.ravel(values))


def _describe_array(array: np.ndarray) -> str:
    values = (
        f" with values from {array.min()} to {array.max()}"
        if array.size and array.dtype.kind in "iuf"
        else ""
    )
    return f"{array.dtype} of shape {array.shape}{values}"
