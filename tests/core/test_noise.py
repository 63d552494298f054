"""Noise is a function of seed, counters and purpose, and of nothing else."""

import zlib

import numpy as np
import pytest
import tensorflow as tf

from tfgan.core import noise

BASE = (3, 10, 0, "latents")


def draw(*counters, shape=(4, 2)):
    return noise.normal(noise.key(*counters), shape).numpy()


def test_same_key_same_draw():
    np.testing.assert_array_equal(draw(*BASE), draw(*BASE))


@pytest.mark.parametrize(
    "other",
    [
        (4, 10, 0, "latents"),
        (3, 11, 0, "latents"),
        (3, 10, 1, "latents"),
        (3, 10, 0, "fractions"),
        (3, 0, 10, "latents"),
    ],
    ids=["seed", "step", "attempt", "purpose", "order"],
)
def test_another_key_another_draw(other):
    """Continuous draws coincide with probability 0."""
    assert not np.any(draw(*BASE) == draw(*other))


def test_counters_may_be_tensors():
    np.testing.assert_array_equal(
        draw(3, tf.constant(10, tf.int32), tf.constant(0, tf.int64), "latents"), draw(*BASE)
    )


def test_tensorflows_global_seed_does_not_matter():
    before = draw(*BASE)
    tf.random.set_seed(99)
    np.testing.assert_array_equal(draw(*BASE), before)


def test_a_purpose_is_the_same_in_every_process():
    """A key by its value, so that a run resumed elsewhere draws the same: crc32, never Python's salted hash."""
    np.testing.assert_array_equal(noise.key(1, "latents"), noise.key(1, zlib.crc32(b"latents")))


def test_normal_is_standard():
    """Mean and variance of 1e5 draws of a fixed key, each within 5 standard errors (.0158 and .0224): deterministic."""
    values = draw(0, "check", shape=(100_000,)).astype("float64")
    assert abs(values.mean()) < 5 / np.sqrt(1e5)
    assert abs(values.var() - 1) < 5 * np.sqrt(2 / 1e5)


def test_uniform_lies_in_zero_to_one_with_mean_one_half():
    """A fixed key; 5 standard errors of the mean of 1e5 draws are 5 / sqrt(12e5) = .0046."""
    values = noise.uniform(noise.key(0, "check"), (100_000,)).numpy().astype("float64")
    assert values.min() >= 0
    assert values.max() < 1
    assert abs(values.mean() - 0.5) < 5 / np.sqrt(12e5)


def test_row_by_seed_depends_on_its_seed_alone():
    alone = noise.normal_by_seed(tf.constant([7], tf.int64), 3).numpy()[0]
    among = noise.normal_by_seed(tf.constant([0, 2**40, 7, 1], tf.int64), 3).numpy()[2]
    np.testing.assert_array_equal(among, alone)


def test_rows_of_other_seeds_differ():
    rows = noise.normal_by_seed(tf.range(16, dtype=tf.int64), 3).numpy()
    assert len(np.unique(rows)) == rows.size


def test_no_seeds_no_rows():
    assert noise.normal_by_seed(tf.zeros((0,), tf.int64), 3).shape == (0, 3)


def test_many_seeds_are_drawn_in_one_graph(monkeypatch):
    """The draw is written down once and runs for each seed: 2,500 points of a scatter plot by Python took ten seconds."""
    calls, key = [], noise.key
    monkeypatch.setattr(noise, "key", lambda *counters: calls.append(counters) or key(*counters))
    assert noise.normal_by_seed(tf.range(50, dtype=tf.int64), 17).shape == (50, 17)
    assert 1 <= len(calls) <= 3
