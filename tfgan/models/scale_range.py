"""Find the range of G's examples, and check that reals lie in it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf

from tfgan.layers import ClipAtInference

SLACK = 0.1  # of G's range; resampled pictures overshoot it
FULL_SCALE = 2.0  # non-negative pixels above this are on a scale to 255
RANGES = {"tanh": (-1.0, 1.0), "sigmoid": (0.0, 1.0), "hard_sigmoid": (0.0, 1.0), "softmax": (0.0, 1.0)}
# Layers that keep the range of their input.
PASSING_ON = (
    keras.layers.Reshape,
    keras.layers.Flatten,
    keras.layers.Cropping2D,
)
NAMED = re.compile(r"ValueError: (x: [^\n]*)")


def find_range(network: keras.Model) -> tuple[float, float] | None:
    """Read the range of G's examples from its last layers; return None if they do not determine it."""
    return _find_tensor_range(network.outputs[0])


def from_255(x: str, bounds: tuple[float, float] | None) -> str:
    """Return code that maps pixels `x` of 0 ... 255 to G's range."""
    return x if bounds == (0.0, 255.0) else f"{x} / 255" if bounds == (0.0, 1.0) else f"{x} / 127.5 - 1"


@contextlib.contextmanager
def naming() -> Iterator[None]:
    """Turn TensorFlow's error about values that `check_first_batch` refuses into one line.

    Raises:
        ValueError: such an error, in one line.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if (found := NAMED.search(str(error))) is None:
            raise
        raise ValueError(found[1]) from None


def check_first_batch(gan, dataset: tf.data.Dataset) -> tf.data.Dataset:
    """Check the values of the first batch when it is read: no batch is dropped, and none is read twice."""
    bounds, pixels = find_range(gan.generator), gan.kind.has_pixels

    def check_values(real: np.ndarray) -> None:
        if why := _describe_wrong_values(real, bounds, pixels):
            raise ValueError(f"x: {why}")

    def check_in_graph(real):
        tf.numpy_function(check_values, [real], [])
        return True

    @tf.autograph.experimental.do_not_convert
    def pass_through(index, element):
        checked = tf.cond(
            tf.equal(index, 0), lambda: check_in_graph(tf.nest.flatten(element)[0]), lambda: True
        )
        with tf.control_dependencies([checked]):
            return tf.nest.map_structure(tf.identity, element)

    return dataset.enumerate().map(pass_through)


def _describe_wrong_values(real: np.ndarray, bounds: tuple[float, float] | None, pixels: bool) -> str:
    """Return a message about wrong values in a batch, or "" if all are right.

    If no pixel is below 0 but G's range is, the pixels lie on a scale that begins at 0.
    """
    if not np.isfinite(real).all():
        return "expected finite values, got NaN or infinity in the first batch"
    least, most = float(real.min()), float(real.max())
    full_scale = pixels and least >= 0 and most > FULL_SCALE
    if bounds is None:
        if not full_scale:
            return ""
        where = "values on the scale of the generator's examples"
    else:
        (low, high), slack = bounds, SLACK * (bounds[1] - bounds[0])
        inside = low - slack <= least and most <= high + slack
        if inside and not (pixels and low < 0 <= least < most):
            return ""
        where = f"values in [{low:g}, {high:g}] as the generator makes"
    way = "scale them, or let the generator's last layer be linear"
    if full_scale and bounds in (None, (-1.0, 1.0), (0.0, 1.0)):
        way = f"scale them, as by {from_255('x', bounds)}"
    elif bounds == (-1.0, 1.0) and least >= 0:
        way = "scale them, as by 2 * x - 1"
    elif bounds == (0.0, 1.0) and least >= -1 - SLACK and most <= 1 + SLACK:
        way = "scale them, as by (x + 1) / 2"
    return f"expected {where}, got {least:.4g} to {most:.4g} in the first batch; {way}, or pass check_values=False"


def _find_tensor_range(tensor) -> tuple[float, float] | None:
    layer, node, _ = tensor._keras_history
    if isinstance(layer, keras.Model) and getattr(layer, "outputs", None):
        return find_range(layer)
    if isinstance(layer, (*PASSING_ON, keras.layers.Rescaling)):
        before = _find_tensor_range(layer._inbound_nodes[node].input_tensors[0])
        if before is None or isinstance(layer, PASSING_ON):
            return before
        return tuple(sorted(float(layer.scale * bound + layer.offset) for bound in before))
    if isinstance(layer, ClipAtInference):
        return -1.0, 1.0
    return RANGES.get(getattr(getattr(layer, "activation", None), "__name__", type(layer).__name__.lower()))
