"""What a generator is given: labels and codes, drawn, checked, laid out and written down."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan.core import noise
from tfgan.models.conditions import Codes, Labels, condition_from

DRAWS = noise.Draws(0, 0, 0)


def test_labels_for_scoring_are_as_many_of_each_class():
    np.testing.assert_array_equal(np.bincount(Labels(4).sample(DRAWS, 40)), 10)


def test_a_seed_says_its_label():
    np.testing.assert_array_equal(Labels(4).by_seed(tf.constant([0, 5, 2**40], tf.int64)), [0, 1, 0])


def test_codes_are_one_hot_and_then_uniform():
    """The mean of 4,000 values uniform on [-1, 1] is within .04 of 0, 4.4 standard errors: a false alarm in 1e-5."""
    codes = Codes(5, 2).sample(DRAWS, 4000).numpy()
    np.testing.assert_array_equal(np.sort(codes[:, :5], axis=1), np.tile([0, 0, 0, 0, 1], (4000, 1)))
    assert np.abs(codes[:, 5:]).max() <= 1
    assert np.abs(codes[:, 5:].mean(axis=0)).max() < 0.04
    assert codes[:, 5:].min() < -0.99
    assert codes[:, 5:].max() > 0.99


def test_categories_are_drawn_alike():
    """Of 4,000 draws each of 5 categories has 800 +- 5 standard deviations of 25.3: a false alarm in 3e-6."""
    counts = Codes(5).sample(DRAWS, 4000).numpy().sum(axis=0)
    assert np.abs(counts - 800).max() < 127


def test_a_seed_says_its_codes_whatever_the_batch():
    seeds = tf.constant([7, 1, 7], tf.int64)
    codes = Codes(3, 1).by_seed(seeds).numpy()
    np.testing.assert_array_equal(codes[0], codes[2])
    np.testing.assert_array_equal(Codes(3, 1).by_seed(seeds[1:2])[0], codes[1])


@pytest.mark.parametrize("given", [Labels(3), Codes(3, 2), Codes(0, 1)], ids=str)
def test_what_was_written_down_is_read(given):
    assert condition_from(given.to_json()) == given


def test_nothing_written_down_is_nothing():
    assert condition_from(None) is None


@pytest.mark.parametrize("values", [None, [0, 3], [0, -1], [0, 1, 2], [0.0, 1.0], [[0, 1]]], ids=str)
def test_labels_out_of_range_or_shape_are_refused(values):
    with pytest.raises(ValueError, match="labels: expected whole numbers from 0 to 2"):
        Labels(3).validate(values, 2)


@pytest.mark.parametrize(
    "values", [None, [[0, 1, 0]], [[0, 1, 0, np.nan]], [[1, 1, 0, 0]], [[0.5, 0.5, 0, 0]]], ids=str
)
def test_codes_of_another_width_are_refused(values):
    with pytest.raises(
        ValueError, match=r"codes: expected 3 entries that choose a category \(one 1, others 0\) and 1 values"
    ):
        Codes(3, 1).validate(values, 1)


@pytest.mark.parametrize(
    ("given", "text"), [(Labels(10), "0-9"), (Codes(3, 1), "1,0,0,0"), (Codes(0, 2), "0,0")], ids=str
)
def test_an_example_of_what_may_be_given(given, text):
    assert given.example == text


def test_a_graph_refuses_labels_out_of_range():
    refuse = tf.function(Labels(3).assert_valid)
    np.testing.assert_array_equal(refuse(tf.constant([2, 0]), 2), [2, 0])
    for labels in ([3], [-1], [1, 1]):
        with pytest.raises(
            tf.errors.InvalidArgumentError, match="labels: expected whole numbers from 0 to 2"
        ):
            refuse(tf.constant(labels), 1)


def test_a_graph_refuses_codes_of_another_width_or_of_no_category():
    """Its inputs say no width, as those of a restored signature do not."""
    refuse = tf.function(
        Codes(3, 1).assert_valid, input_signature=[tf.TensorSpec((None, None)), tf.TensorSpec((), tf.int32)]
    )
    np.testing.assert_array_equal(refuse([[0.0, 1.0, 0.0, 0.5]], 1), [[0, 1, 0, 0.5]])
    for codes in (
        [[0.0, 1.0, 0.0]],
        [[0.0, 1.0, 0.0, 0.5, 0.5]],
        [[1.0, 1.0, 0.0, 0.5]],
        [[0.0, 1.0, 0.0, np.nan]],
        [[0.0, 1.0, 0.0, 0.5]] * 2,
    ):
        with pytest.raises(
            tf.errors.InvalidArgumentError, match="codes: expected 3 entries that choose a category"
        ):
            refuse(codes, 1)


def test_a_grid_of_labels_has_a_column_a_class_and_a_row_a_latent_vector():
    (grid,) = Labels(3).layouts(2)
    assert grid.columns == 3
    np.testing.assert_array_equal(grid.given, [0, 1, 2, 0, 1, 2])
    np.testing.assert_array_equal(grid.latents, [0, 0, 0, 1, 1, 1])


def test_grids_of_codes_vary_one_code_at_a_time():
    """One grid of categories with the continuous codes at 0, then one for each continuous code, from -1 to 1 along a row."""
    main, first, second = Codes(3, 2).layouts(2)
    assert (main.name, first.name, second.name) == ("", "continuous_1", "continuous_2")
    np.testing.assert_array_equal(np.asarray(main.given)[:, :3].argmax(axis=1), [0, 1, 2, 0, 1, 2])
    np.testing.assert_array_equal(np.asarray(main.given)[:, 3:], 0)
    codes = np.asarray(second.given).reshape(3, second.columns, 5)
    np.testing.assert_array_equal(
        codes[..., :3].argmax(axis=-1), np.arange(3)[:, None] * np.ones(second.columns)
    )
    np.testing.assert_allclose(codes[0, :, 4], np.linspace(-1, 1, second.columns), atol=1e-7)
    np.testing.assert_array_equal(codes[..., 3], 0)
    assert set(second.latents) == {0}
