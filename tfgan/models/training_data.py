"""Convert users' data to the batches of a training step; refuse data that need more than a cast.

A step takes float32 batches (n, *shape) of one size n, with the shape and range of G's examples, alone or in
a tuple with labels or with rows by name.
"""

from __future__ import annotations

import itertools
import math
import types
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras.src.trainers.data_adapters import get_data_adapter  # no public function reads loaders

from tfgan import kinds
from tfgan.models import keras_arguments, scale_range
from tfgan.models.conditions import Labels

BATCH_SIZE = 32  # Keras's default for arrays


def prepare(
    gan,
    x: Any,
    y: Any = None,
    *,
    batch_size: int | None = None,
    shuffle: bool = False,
    check_values: bool = True,
    drop_remainder: bool = True,
):
    """Make batches for `gan` from the data of `fit`, `evaluate` or `validation_data`.

    Args:
        gan: the model; it need not be compiled.
        x: `tf.data.Dataset`, array or tensor (n, *shape), generator, `keras.utils.PyDataset`, or another
            source that Keras reads. Elements are batches, (batch, labels), (batch, rows by name), or a dict
            with "image" and "label".
        y: labels int (n,) beside an array.
        batch_size: batch size for arrays, and for sources whose batches have no known size; None for the
            source's own size, or 32.
        shuffle: whether each pass takes the rows of arrays in a new order, which depends on the model's seed,
            and whether a `PyDataset` is shuffled.
        check_values: whether the first batch of each pass must be finite and in G's range.
        drop_remainder: whether all batches get one size, and a last batch with fewer examples is dropped.

    Returns:
        `tf.data.Dataset` of float32 batches, of one size with `drop_remainder`. A
        `tf.distribute.DistributedDataset` comes back as it is: the step checks its shapes.

    Raises:
        ValueError: data of another dtype, shape or structure; the message names the call that converts them.
            Values are checked when the first batch is read; `scale_range.naming` shortens that error to one
            line.
        TypeError: data of an unknown type.
    """
    if isinstance(x, tf.distribute.DistributedDataset):
        if y is not None:
            raise ValueError(
                "y: expected None beside a tf.distribute.DistributedDataset, which holds labels itself"
            )
        return x  # the step checks each replica's share
    dataset, size = _open_source(gan, x, y, batch_size, shuffle, drop_remainder)
    convert = _make_converter(gan, dataset.element_spec, mapped=isinstance(x, tf.data.Dataset))
    converted = dataset.map(lambda *element: convert(element if len(element) > 1 else element[0]))
    if converted.element_spec != dataset.element_spec:  # else there was nothing to convert
        dataset = converted
    if drop_remainder:
        dataset = _rebatch_to_one_size(dataset, size)
    if drop_remainder and dataset.cardinality().numpy() == 0:
        raise ValueError(
            f"x: expected a whole batch of {_first_spec(dataset.element_spec).shape[0]} examples at least, got fewer"
        )
    return scale_range.check_first_batch(gan, dataset) if check_values else dataset


def stack(x, d_steps: int, num_replicas: int):
    """Group the `d_steps` batches of a step: (d_steps, n, *shape), or (n, *shape) if `d_steps` is 1.

    Args:
        x: batches, as `prepare` returns them.
        d_steps: updates of D per step.
        num_replicas: replicas that train together.

    Raises:
        ValueError: fewer batches than one step takes, or several replicas whose shares are not separate.
    """
    if d_steps == 1 or isinstance(x, tf.distribute.DistributedDataset):
        return x
    if num_replicas > 1:
        wanted = f"d_steps={d_steps} and several replicas expected a tf.distribute.DistributedDataset"
        raise ValueError(f"x: {wanted}, got a whole one")
    x = x.batch(d_steps, drop_remainder=True)
    if x.cardinality().numpy() == 0:
        wanted = f"d_steps={d_steps} expected as many batches for a step"
        raise ValueError(f"x: {wanted}, got fewer; take a smaller batch_size")
    return x


def make_epoch_callbacks(x: Any) -> list[keras.callbacks.Callback]:
    """Return the callbacks that tell a `PyDataset` when an epoch begins and ends, as Keras would."""
    if not isinstance(x, keras.utils.PyDataset):
        return []
    return [
        keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: x.on_epoch_begin(),
            on_epoch_end=lambda epoch, logs: x.on_epoch_end(),
        )
    ]


def check_batch(gan, real: tf.Tensor) -> None:
    """Check dtype and shape of one batch (..., n, *shape) of a step.

    Raises:
        ValueError: dtype or shape differ from G's examples; the message names the call that converts them.
    """
    example = gan.example_shape
    shape = real.shape[max(0, real.shape.rank - len(example) - 1) :]
    if why := _Complaint.find(gan, tf.TensorSpec(shape, real.dtype)):
        raise ValueError(f"x: {why.text}; pass {why.fix.format(x='x')}" if why.fix else f"x: {why.text}")


def unpack(gan, data) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """Return the real examples in an element of `fit`'s data, and the other rows of this model by name.

    Raises:
        ValueError: batches of unknown size, or missing fields.
    """
    real, rows, weights = keras.utils.unpack_x_y_sample_weight(data)
    if weights is not None:
        keras_arguments.refuse({"sample_weight": weights}, keras_arguments.OF_FIT)
    if None in real.shape:
        raise ValueError(
            f"x: expected batches of one size, got shape {real.shape}; use .batch(n, drop_remainder=True)"
        )
    check_batch(gan, real)
    if (count := real.shape[-1 - len(gan.example_shape)]) % gan.pack:
        raise ValueError(f"pack: expected a divisor of a replica's {count} examples, got {gan.pack}")
    rows = rows if isinstance(rows, Mapping) else {} if rows is None else {"labels": rows}
    if missing := [name for name in gan.batch_fields if name not in rows]:
        came = ", ".join(rows) or "nothing"
        raise ValueError(
            f"x: {type(gan).__name__} expected {', '.join(missing)} beside each batch, got {came}"
        )
    labels = Labels(gan.num_classes) if any(name.endswith("labels") for name in gan.batch_fields) else None
    checked = {
        name: labels.assert_valid(rows[name], any_shape=True)
        for name in gan.batch_fields
        if name.endswith("labels")
    }
    return real, {name: rows[name] for name in gan.batch_fields} | checked


# Opening


def _open_source(gan, x, y, batch_size, shuffle, drop_remainder) -> tuple[tf.data.Dataset, int | None]:
    """Open any source as a data set of batches; return also the intended batch size, if it is known."""
    if isinstance(x, tuple) and len(x) == 2 and y is None and _is_array(x[0]):
        x, y = x
    if y is None and gan.kind.are_records(x):
        values = gan.kind.values(x)
        return _batch_arrays(gan, values, None, batch_size, shuffle, drop_remainder).map(
            gan.kind.encode
        ), None
    if isinstance(x, (list, Mapping)) or _is_array(x):
        rows = x if isinstance(x, Mapping) else np.asarray(x) if isinstance(x, list) else x
        return _batch_arrays(gan, rows, y, batch_size, shuffle, drop_remainder), None
    if y is not None:
        raise ValueError(
            f"y: expected None beside a {type(x).__name__}; put labels into it, as in tf.data.Dataset.zip((x, y))"
        )
    if isinstance(x, tf.data.Dataset):
        return x, batch_size
    if isinstance(x, types.GeneratorType) or hasattr(x, "__next__"):
        first = next(x, None)
        if first is None:
            raise ValueError("x: expected a generator of batches, got an empty one")
        batches = (batch if isinstance(batch, tuple) else (batch,) for batch in itertools.chain([first], x))
        return get_data_adapter(batches).get_tf_dataset(), batch_size or _count_examples(first)
    try:
        if x is None:  # Keras would make an array of it
            raise ValueError
        adapter = get_data_adapter(x, shuffle=shuffle and isinstance(x, keras.utils.PyDataset))
    except ValueError as error:
        raise TypeError(
            "x: expected a tf.data.Dataset, an array, a generator of batches, a keras.utils.PyDataset or a DataLoader, got "
            f"{type(x).__name__}"
        ) from error
    first = x[0] if isinstance(x, keras.utils.PyDataset) else None
    return adapter.get_tf_dataset(), batch_size or adapter.batch_size or (
        None if first is None else _count_examples(first)
    )


def _is_array(x: Any) -> bool:
    return hasattr(x, "shape") and (hasattr(x, "__array__") or tf.is_tensor(x))


def _count_examples(batch: Any) -> int:
    """Count the examples of a batch."""
    return len(tf.nest.flatten(batch)[0])


def _batch_arrays(gan, x, y, batch_size: int | None, shuffle: bool, drop_remainder: bool) -> tf.data.Dataset:
    """Cut arrays into batches; with `shuffle` each pass has a new order."""
    rows = tf.nest.map_structure(tf.convert_to_tensor, x if y is None else (x, y))
    counts = {len(each) if each.shape.rank else 0 for each in tf.nest.flatten(rows)}
    if len(counts) > 1:
        raise ValueError(
            f"y: expected as many rows as x has examples, got {' and '.join(map(str, sorted(counts)))}"
        )
    (count,) = counts
    size = min(BATCH_SIZE, count) if batch_size is None else batch_size
    if not 0 < size <= count:
        raise ValueError(f"batch_size: expected 1 to {count}, the number of examples, got {size}")
    numbers = tf.data.Dataset.range(count)
    if shuffle:
        numbers = numbers.shuffle(count, seed=gan.seed, reshuffle_each_iteration=True)
    options = tf.data.Options()
    options.autotune.enabled = False  # its thread delays the end of `fit`, and there is nothing to tune
    batches = numbers.batch(size, drop_remainder=drop_remainder).with_options(options)
    return batches.map(lambda chosen: tf.nest.map_structure(lambda each: tf.gather(each, chosen), rows))


# Structure, dtype and shape


class _Parts(NamedTuple):
    """The places of examples and labels in an element, their names in code, and a lambda's arguments."""

    choose: Callable[[Any], tuple[Any, Any]]
    arguments: str
    examples: str
    labels: str | None

    @classmethod
    def find(cls, spec) -> _Parts:
        """Find examples and labels in an element.

        Raises:
            ValueError: an element of another structure.
        """
        if isinstance(spec, Mapping):
            return cls._find_by_name(spec)
        if not isinstance(spec, (tuple, list)):
            return cls(lambda element: (element, None), "images", "images", None)
        if len(spec) == 3:
            raise ValueError(
                "x: expected (examples, labels), got a third part, sample_weight, which a GAN cannot heed; leave it out"
            )
        if len(spec) != 2:
            raise ValueError(
                f"x: expected examples, or (examples, labels), got {len(spec)} parts; choose by x.map(...)"
            )
        return cls(lambda element: tuple(element), "images, labels", "images", "labels")

    @classmethod
    def _find_by_name(cls, spec: Mapping[str, Any]) -> _Parts:
        """Find examples and labels by the names that `tfds.load` uses."""
        images = [key for key in ("image", "images") if key in spec]
        labels = [key for key in ("label", "labels") if key in spec]
        if len(images) != 1 or len(labels) > 1:
            raise ValueError(
                f"x: expected examples, (examples, labels), or rows 'image' and 'label', got {', '.join(map(repr, spec))}; "
                "choose by x.map(lambda row: (row[...], row[...]))"
            )
        (image,), label = images, labels[0] if labels else None
        return cls(
            lambda rows: (rows[image], None if label is None else rows[label]),
            "row",
            f"row[{image!r}]",
            None if label is None else f"row[{label!r}]",
        )


def _make_converter(gan, spec, mapped: bool) -> Callable[[Any], Any]:
    """Check structure, dtype and shape of a source's elements; return a function that converts them.

    Args:
        gan: the model.
        spec: type of an element.
        mapped: whether the source is a data set, so that the user converts it by its `map`.

    Raises:
        ValueError: elements that need more than a cast; the message names the call that converts them.
    """
    if isinstance(spec, (tuple, list)) and len(spec) == 1:
        return _make_converter(gan, spec[0], mapped)
    parts = _Parts.find(spec)
    examples, labels = parts.choose(spec)
    if not isinstance(examples, tf.TensorSpec):
        raise ValueError(f"x: expected a tensor of examples, got {type(examples).__name__}")
    if mapped and examples.shape.rank is not None and tuple(examples.shape) == gan.example_shape:
        got = _describe_shape(examples.shape)
        raise ValueError(
            f"x: expected batches, got single examples of shape {got}; use x.batch(64, drop_remainder=True)"
        )
    if why := _Complaint.find(gan, examples):
        code = parts.examples if mapped else parts.examples.replace("images", "x").replace("row", "x")
        fix = why.fix.format(x=code)
        if mapped and fix:
            fix = f"x.map(lambda {parts.arguments}: {fix if parts.labels is None else f'({fix}, {parts.labels})'})"
        raise ValueError(
            f"x: {why.text}; {f'use {fix}' if fix else 'convert them, or build networks for that shape'}"
        )
    if labels is None:
        return lambda element: tf.cast(parts.choose(element)[0], tf.float32)
    integers = _make_label_converter(gan, labels)

    def convert(element):
        x, rows = parts.choose(element)
        return tf.cast(x, tf.float32), integers(rows)

    return convert


class _Complaint(NamedTuple):
    """The fault of a batch, and code that corrects it, with `{x}` for the batch; "" if there is none."""

    text: str
    fix: str

    @classmethod
    def find(cls, gan, spec: tf.TensorSpec) -> _Complaint | None:
        """Compare a batch's dtype and shape with G's examples; return None if a cast suffices."""
        example = gan.example_shape
        if spec.dtype.is_floating and spec.shape.rank and tuple(spec.shape[1:]) == example:
            return None
        bounds = scale_range.find_range(gan.generator)
        fix = _shape_fix(spec.shape, example)
        if not spec.dtype.is_floating:
            cast = f"tf.cast({fix}, tf.float32)"
            if not fix or spec.dtype == tf.string:
                fix = ""
            elif kinds.of(example).has_pixels:
                fix = scale_range.from_255(cast, bounds)
            else:
                fix = cast
        where = f" in [{bounds[0]:g}, {bounds[1]:g}]" if bounds else ""
        wanted = (
            f"float32 batches of shape {_describe_shape((None, *example))}{where}, as the generator makes"
        )
        return cls(f"expected {wanted}, got {spec.dtype.name} of shape {_describe_shape(spec.shape)}", fix)


def _shape_fix(shape: tf.TensorShape, example: tuple[int, ...]) -> str:
    """Return code that reshapes a batch `{x}` for `example`: "{x}" if it fits, "" if none is known."""
    if shape.rank is None:
        return f"tf.ensure_shape({{x}}, {(None, *example)})"
    found = tuple(shape)
    if found[1:] == example:
        return "{x}"
    if fix := kinds.of(example).shape_fix(found):
        return fix
    if len(found) > 1 and None not in found[1:] and math.prod(found[1:]) == math.prod(example):
        return f"tf.reshape({{x}}, {(-1, *example)})"
    if len(found) == len(example) + 1 and shape[1:].is_compatible_with(example):
        return f"tf.ensure_shape({{x}}, {(None, *example)})"
    return ""


def _make_label_converter(gan, spec):
    """Check labels if the model takes them; return a function that converts them to int32 (n,)."""
    if "labels" not in gan.batch_fields or not isinstance(spec, tf.TensorSpec):
        return lambda rows: rows
    wide = spec.shape.rank == 2 and spec.shape[1] == 1
    if spec.dtype.is_integer and (spec.shape.rank == 1 or wide):
        return lambda labels: tf.cast(labels[:, 0] if wide else labels, tf.int32)
    got = f"{spec.dtype.name} of shape {_describe_shape(spec.shape)}"
    way = "tf.cast(labels, tf.int32)" if spec.shape.rank == 1 or wide else "tf.argmax(labels, axis=1)"
    raise ValueError(f"labels: expected integers of shape (n,), one for each example, got {got}; use {way}")


def _describe_shape(shape) -> str:
    if shape is None or getattr(shape, "rank", 0) is None:
        return "unknown"
    sizes = [
        "n" if index == 0 and size is None else "?" if size is None else str(size)
        for index, size in enumerate(shape)
    ]
    return f"({', '.join(sizes)}{',' * (len(sizes) == 1)})"


# Sizes


def _first_spec(spec) -> tf.TensorSpec:
    return tf.nest.flatten(spec)[0]


def _rebatch_to_one_size(dataset: tf.data.Dataset, size: int | None) -> tf.data.Dataset:
    """Give all batches one size, known to graphs.

    Raises:
        ValueError: the size is unknown, or differs from `size`.
    """
    known = _first_spec(dataset.element_spec).shape[0]
    if known is not None:
        if size not in (None, known):
            raise ValueError(
                f"batch_size: expected None or {known}, the size of the batches of x, got {size}"
            )
        return dataset
    found, examples = _find_batching(dataset)
    if (size := size or found) is None:
        raise ValueError(
            f"x: expected batches of one size, got shape {_first_spec(dataset.element_spec).shape}; use .batch(n, drop_remainder=True)"
        )
    count = dataset.cardinality().numpy()
    whole = dataset.rebatch(size, drop_remainder=True)
    if size == found and count > 0 and examples > 0 and count == -(-examples // size):
        whole = whole.apply(tf.data.experimental.assert_cardinality(examples // size))
    return whole


def _find_batching(dataset: tf.data.Dataset) -> tuple[int | None, int]:
    """Find `batch(n)` in a data set's pipeline: return n and the number of examples, or None and -1."""
    while len(inputs := dataset._inputs()) == 1:
        if (size := getattr(dataset, "_batch_size", None)) is not None:
            return int(size), int(inputs[0].cardinality())
        (dataset,) = inputs
    return None, -1
