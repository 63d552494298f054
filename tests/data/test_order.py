"""The order of training examples: a good shuffle each epoch, a function of (seed, epoch, index)."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tfgan import data
from tfgan.data import order
from tfgan.data import source as source_lib

SIZES = (100, 1618, 60_000)
FAR = 6  # deviations; a true shuffle is this far off once in 5e8


def epoch_order(count, epoch, seed=0):
    return order.shuffle(tf.range(count, dtype=tf.int64) + count * epoch, count, seed).numpy()


def deviations(one, two):
    """Return the correlation of two orders in standard deviations: that of two true shuffles has variance 1 / (n - 1)."""
    return abs(np.corrcoef(one, two)[0, 1]) * np.sqrt(len(one) - 1)


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("seed", [0, 1])
def test_successive_epochs_are_unrelated(count, seed):
    orders = [epoch_order(count, epoch, seed) for epoch in range(6)]
    assert max(deviations(one, two) for one, two in itertools.pairwise(orders)) < FAR


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("seed", [0, 1])
def test_order_is_unrelated_to_that_of_the_file(count, seed):
    assert max(deviations(np.arange(count), epoch_order(count, epoch, seed)) for epoch in range(6)) < FAR


@pytest.mark.parametrize("count", [1, 2, 7, 25])
def test_small_sets_are_permuted_too(count):
    assert sorted(epoch_order(count, 3)) == list(range(count))


def test_places_beyond_ten_to_the_twelve_are_permuted():
    assert sorted(epoch_order(1618, 10**12 // 1618)) == list(range(1618))


@pytest.mark.parametrize("seed", [2**32, 2**40, -1])
def test_all_bits_of_the_seed_count(seed):
    assert not np.array_equal(epoch_order(1618, 0, seed), epoch_order(1618, 0, seed % 2**32))


@pytest.mark.parametrize(("count", "apart"), [(1618, 256), (1618, 2**16), (60_000, 256)])
def test_epochs_far_apart_differ(count, apart):
    """The shuffle heeds the low 8 bits of each word of its key: with the bare epoch as a word, every 256th was the same."""
    assert not np.array_equal(epoch_order(count, 0), epoch_order(count, apart))


def test_place_alone_decides_not_the_batch_it_is_asked_in():
    places = np.array([1617, 1618, 5, 9999], np.int64)
    together = order.shuffle(tf.constant(places), 1618, 3).numpy()
    assert together.tolist() == [int(order.shuffle(tf.constant([place]), 1618, 3)[0]) for place in places]


def test_dataset_shows_each_training_example_once_an_epoch():
    """1,618 = 2 x 809; a number for an example tells it from all others."""
    source = source_lib.in_memory("numbers", np.arange(1797, dtype=np.float32)[:, None], None)
    drawn = np.concatenate([x.numpy() for x, _ in source.dataset(809, seed=0).take(2)])
    assert len(np.unique(drawn)) == source.num_examples == 1618


@pytest.mark.parametrize(("batch_size", "start"), [(0, 0), (-1, 0), (4, -1)])
def test_numbers_out_of_range_are_refused(batch_size, start):
    with pytest.raises(ValueError, match=f"at least 1 and start of at least 0, got {batch_size} and {start}"):
        data.load("ring8", batch_size, start=start)


def test_few_held_out_examples_are_a_fair_sample_of_sorted_data():
    """The held-out set of 10 classes in order: 50 of it miss a class with probability 10 x 0.9^50 = 5 % (seed fixed)."""
    source = source_lib.in_memory(
        "sorted", np.arange(2000, dtype=np.float32)[:, None], np.arange(2000) // 200
    )
    assert len(np.unique(source.held_out(50)[1])) >= 9


def test_nothing_held_out_of_nine_is_an_empty_array():
    x, labels = source_lib.in_memory("nine", np.ones((9, 2), np.float32), None).held_out()
    assert (x.shape, labels.shape) == ((0, 2), (0,))
