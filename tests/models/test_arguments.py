"""One rule for what a model is called with, in Python and in graphs."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan import kinds
from tfgan.models.arguments import Examples, Latents, Seeds
from tfgan.models.conditions import Codes, Labels


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            [1.0, 2.0],
            r"^seeds: expected whole numbers of int64, shape \(n,\), got float64 .*; use tf.cast\(seeds, tf.int64\)",
        ),
        (["a"], r"^seeds: .*got <U1 of shape \(1,\)"),
        ([[1]], r"^seeds: .* got int64 of shape \(1, 1\)"),
        (3, r"^seeds: .* got int64 of shape \(\)"),
        (np.array([2, 2**63], np.uint64), r"^seeds: .* got 9223372036854775808 in row 1"),
        ([2**64], "^seeds: expected whole numbers of int64"),
        (None, "^seeds: .* got none"),
    ],
    ids=str,
)
def test_seeds_that_are_no_int64_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        Seeds().validate(values)


@pytest.mark.parametrize("dtype", ["int8", "int32", "uint8", "int64"])
def test_seeds_of_fewer_bits_become_int64(dtype):
    seeds = Seeds().validate(tf.constant([1, 2], dtype))
    assert seeds.dtype == tf.int64
    np.testing.assert_array_equal(seeds, [1, 2])


def test_negative_seeds_are_seeds():
    np.testing.assert_array_equal(Seeds().validate([-(2**63), -1]), [-(2**63), -1])


@pytest.mark.parametrize(
    ("argument", "values", "message"),
    [
        (
            Latents(2),
            [[0, 0], [0, np.inf]],
            r"latents: expected finite numbers, shape \(n, 2\), got inf in row 1 of float64",
        ),
        (
            Labels(10),
            [3] * 31 + [10],
            r"labels: expected whole numbers from 0 to 9, shape \(n,\), got 10 in row 31",
        ),
        (Codes(2, 1), [[1, 0, 0.5], [0, 1, 2.5]], r"codes: .* from -2 to 2.* got 0, 1, 2.5 in row 1"),
        (Codes(2, 1), [[1, 0.5, 0]], r"codes: .* got 1, 0.5, 0 in row 0"),
        (
            Examples(kinds.of((1, 2, 1))),
            [[[[0], [0.5]]], [[[128], [0]]]],
            r"images: expected values from -1 to 1 .* got 128 in row 1",
        ),
        (
            Examples(kinds.of((2,)), "x"),
            [[0, np.nan]],
            r"x: expected finite numbers, shape \(n, 2\), got nan in row 0",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_python_and_graphs_name_the_first_wrong_row(argument, values, message):
    """In a graph the value stands in brackets of its own."""
    with pytest.raises(ValueError, match=message):
        argument.validate(values)
    row = message.rsplit("row ", 1)[1].split(" ")[0]
    graph = tf.function(argument.assert_valid, input_signature=[tf.TensorSpec(None, argument.spec.dtype)])
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=rf"{argument.name}: expected .*\[in row\] \[{row}\]"
    ):
        graph(tf.constant(values, argument.spec.dtype))


def test_codes_reach_as_far_as_traversals_do():
    """Figure 2 of the InfoGAN paper shows continuous codes from -2 to 2."""
    np.testing.assert_array_equal(Codes(0, 1).validate([[-2.0], [2.0]], 2), [[-2], [2]])


def test_pixels_may_be_beyond_one_by_a_rounding():
    x = np.full((1, 2, 2, 1), 1 + 1e-6)
    assert Examples(kinds.of((2, 2, 1))).validate(x).dtype == tf.float32


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "uint8"])
def test_examples_of_other_numbers_become_float32(dtype):
    assert Examples(kinds.of((2,))).validate(tf.ones((3, 2), dtype)).dtype == tf.float32


def test_labels_of_several_batches_are_asserted_at_once():
    """As `d_steps` batches bring them; the shape is not looked at."""
    graph = tf.function(lambda labels: Labels(3).assert_valid(labels, any_shape=True))
    np.testing.assert_array_equal(graph(tf.constant([[0, 1], [2, 0]])), [[0, 1], [2, 0]])
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"labels: .*\[3\]"):
        graph(tf.constant([[0, 1], [3, 0]]))
