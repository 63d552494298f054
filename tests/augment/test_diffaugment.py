"""DiffAugment's ranges and borders, over evenly spread numbers instead of drawn ones."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan import augment
from tfgan.augment.diffaugment import DRAWN


def only(part, x, **uniform):
    """Return x under one part, with the numbers given (n,) and one half for the rest."""
    parts = {name: name == part for name in augment.DiffAugment.parts}
    rows = len(next(iter(uniform.values())))
    table = np.full((rows, len(DRAWN)), 0.5, "float32")
    for name, values in uniform.items():
        table[:, DRAWN.index(name)] = values
    x = np.broadcast_to(np.float32(x), (rows, *np.shape(x)))
    return augment.get("diffaugment", **parts)(tf.constant(x), {"uniform": tf.constant(table)}, {}).numpy()


def spread(count):
    return (np.arange(count) + 0.5) / count


@pytest.mark.parametrize(
    ("side", "shifts"), [(7, [-1, 0, 1]), (8, [-1, 0, 1]), (16, [-2, -1, 0, 1, 2]), (28, range(-4, 5))]
)
def test_shifts_are_even_up_to_an_eighth(side, shifts):
    """A bright pixel in the middle goes to as many places, each once."""
    x = np.zeros((side, side, 1))
    x[side // 2, side // 2] = 1
    moved = only("translation", x, shift_x=spread(len(shifts)))
    assert sorted(np.argmax(moved[:, side // 2, :, 0], axis=1) - side // 2) == list(shifts)


@pytest.mark.parametrize("axis", ["shift_x", "shift_y"])
def test_what_is_shifted_out_does_not_come_back(axis):
    """Images of ones: of 16 pixels a side, a shift by s leaves 16 - |s|, and zeros, never ones, come in."""
    moved = only("translation", np.ones((16, 16, 1)), **{axis: spread(5)})
    np.testing.assert_array_equal(moved.sum(axis=(1, 2, 3)), 16 * np.array([14, 15, 16, 15, 14]))


@pytest.mark.parametrize(
    ("side", "cut"), [(8, [2, 3, 4, 4, 4, 4, 4, 3, 2]), (6, [2, 3, 3, 3, 3, 2]), (1, [1])]
)
def test_half_a_side_is_cut_or_less_at_a_border(side, cut):
    """Each column of numbers is one of the evenly likely places of the cut: 9 of length 4 in 8, 6 of length 3 in 6."""
    left = only("cutout", np.ones((side, 4, 1)), cut_y=spread(len(cut)), cut_x=np.full(len(cut), 0.5))
    np.testing.assert_array_equal((left[:, :, 2, 0] == 0).sum(axis=1), cut)


def test_a_cut_shows_middle_gray():
    x = np.full((8, 8, 3), -1.0)
    assert set(np.unique(only("cutout", x, cut_y=[0.5]))) == {-1.0, 0.0}


@pytest.mark.parametrize(
    ("name", "low", "high"), [("brightness", -0.5, 0.5), ("saturation", 0.0, 2.0), ("contrast", 0.5, 1.5)]
)
def test_colors_range_as_in_the_paper(name, low, high):
    """At the ends of the interval: brightness adds to a gray pixel; saturation and contrast multiply what is off the mean."""
    x = np.stack([np.full((2, 2), value) for value in (0.3, 0.0, -0.3)], axis=-1)
    ends = only("color", x, **{name: [0.0, 1.0]})[:, 0, 0]
    found = ends[:, 1] if name == "brightness" else ends[:, 0] / 0.3
    np.testing.assert_allclose(found, [low, high], atol=1e-6)


def test_saturation_leaves_gray_images_alone():
    x = np.random.default_rng(0).uniform(-1, 1, (5, 5, 1))
    np.testing.assert_array_equal(*only("color", x, saturation=[0.0, 1.0]))


def test_no_state():
    assert augment.get("diffaugment").initial_state == {}
