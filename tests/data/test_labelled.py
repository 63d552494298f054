"""Batches of a few labeled examples beside unlabeled ones."""

import itertools

import numpy as np
import pytest

from tfgan import data
from tfgan.data import source as source_lib

BATCH = 24


def numbered(count=100, classes=4):
    """Points that are their own number, labels in turn; a tenth is held out."""
    return source_lib.in_memory(
        "numbered", np.arange(1, count + 1, dtype=np.float32)[:, None], np.arange(count) % classes
    )


@pytest.fixture(scope="module")
def source():
    return numbered()


def take(source, steps, *, per_class=3, seed=0, **options):
    batches = itertools.islice(source.dataset(BATCH, seed=seed, labels_per_class=per_class, **options), steps)
    return [{"x": x.numpy(), **{name: rows.numpy() for name, rows in more.items()}} for x, more in batches]


def same(one, two):
    return all(
        np.array_equal(left[name], right[name]) for left, right in zip(one, two, strict=True) for name in left
    )


def values(x):
    return set(np.unique(x).tolist())


def test_shapes_and_types_are_static(source):
    x, more = source.dataset(BATCH, seed=0, labels_per_class=3).element_spec
    specs = {"x": x, **more}
    assert {name: (tuple(spec.shape), spec.dtype.name) for name, spec in specs.items()} == {
        "x": ((BATCH, 1), "float32"),
        "labels": ((BATCH,), "int32"),
        "labeled_x": ((BATCH, 1), "float32"),
        "labeled_labels": ((BATCH,), "int32"),
    }


def test_subset_has_so_many_of_each_class(source):
    _, labels = source.examples(source.choose_labeled(5, 0))
    assert labels.tolist() == [0] * 5 + [1] * 5 + [2] * 5 + [3] * 5


def test_subset_repeats_nothing(source):
    assert len(set(source.choose_labeled(5, 0))) == 20


def test_subset_is_a_function_of_the_seed(source):
    assert np.array_equal(source.choose_labeled(5, 1), numbered().choose_labeled(5, 1))
    assert set(source.choose_labeled(5, 1)) != set(source.choose_labeled(5, 2))


@pytest.mark.parametrize("per_class", [1, 5])
def test_subset_is_the_first_of_each_class_in_one_permutation(source, per_class):
    """Its definition; runs of before resume."""
    _, labels = source.examples(np.arange(90))
    order = np.random.default_rng([7, 0, source_lib.LABELLED]).permutation(90)
    expected = [
        position
        for label in range(4)
        for position in [one for one in order if labels[one] == label][:per_class]
    ]
    assert source.choose_labeled(per_class, 7).tolist() == expected


def test_labels_below_zero_are_named():
    with pytest.raises(
        ValueError, match="signed: expected labels from 0 up, got -1 of example 3 and 1 such in all"
    ):
        source_lib.in_memory("signed", np.ones((5, 2), np.float32), np.array([0, 1, 2, -1, 0]))


def test_fewer_labels_are_a_part_of_more(source):
    assert set(source.choose_labeled(2, 0)) < set(source.choose_labeled(5, 0))


def test_only_the_subset_is_shown_with_labels(source):
    x, labels = source.examples(source.choose_labeled(3, 0))
    batches = take(source, 4)
    assert values(np.concatenate([batch["labeled_x"] for batch in batches])) == values(x)
    assert set(labels) == {0, 1, 2, 3}


def test_labels_are_those_of_their_examples(source):
    batch = take(source, 1)[0]
    number = np.rint(source.units.decode(batch["labeled_x"])[:, 0]).astype(int) - 1
    assert np.array_equal(number % 4, batch["labeled_labels"])


def test_unlabelled_part_is_the_ordinary_batch(source):
    ordinary = [
        (x.numpy(), labels.numpy()) for x, labels in itertools.islice(source.dataset(BATCH, seed=0), 3)
    ]
    assert same([{"x": x, "labels": labels} for x, labels in ordinary], take(source, 3))


def test_each_pass_over_the_subset_shows_all_of_it(source):
    """12 of 24 rows: two passes a batch."""
    x = take(source, 1)[0]["labeled_x"]
    assert len(values(x[:12])) == len(values(x[12:])) == 12


def test_passes_are_shuffled(source):
    x = take(source, 1)[0]["labeled_x"]
    assert not np.array_equal(x[:12], x[12:])


def test_order_differs_from_that_of_all_examples():
    """Of as many labels as examples, so that only the order could be the same."""
    source = numbered(40)
    source = source_lib.in_memory(
        "all", source.arrays[0][:, :1], source.arrays[1], test=(np.ones((1, 1), np.float32), np.zeros(1))
    )
    x, more = next(iter(source.dataset(40, seed=0, labels_per_class=10)))
    assert values(x) == values(more["labeled_x"])
    assert not np.array_equal(x, more["labeled_x"])


def test_same_seed_gives_the_same_batches(source):
    assert same(take(source, 3, seed=5), take(numbered(), 3, seed=5))


def test_starting_later_equals_skipping(source):
    assert same(take(source, 5)[3:], take(source, 2, start=3))


def test_shares_make_up_the_batch(source):
    parts = [take(source, 1, share=(part, 2))[0] for part in (0, 1)]
    assert same(
        take(source, 1), [{name: np.concatenate([part[name] for part in parts]) for name in parts[0]}]
    )


def test_streamed_labels_are_those_in_memory():
    held = numbered()
    arrays = held.arrays
    streamed = source_lib.streamed(
        "streamed",
        (1,),
        100,
        lambda indices: tuple(array[indices] for array in arrays),
        fingerprint="0",
        num_classes=4,
        kind=held.kind,
    )
    assert same(take(held, 2), take(streamed, 2))


def test_more_than_the_smallest_class_is_refused():
    """Of 90 training examples, class 1 has all its two or fewer: the message counts them."""
    labels = np.zeros(100, int)
    labels[:3] = 1
    source = source_lib.in_memory(
        "uneven", np.arange(100, dtype=np.float32)[:, None], labels, class_names=["many", "few"]
    )
    few = int(np.sum(source.train_indices < 3))
    with pytest.raises(
        ValueError,
        match=rf"--labels_per_class: expected at most {few} \(.* of class 1 \(few\), .* of uneven\), got 4",
    ):
        source.dataset(BATCH, seed=0, labels_per_class=4)


def test_a_class_without_training_examples_is_named():
    labels = np.arange(100) % 2 * 2
    source = source_lib.in_memory("gap", np.arange(100, dtype=np.float32)[:, None], labels)
    assert source.empty_class() == "1"
    assert data.open_source("digits").empty_class() is None
    with pytest.raises(
        ValueError, match="--labels_per_class: expected examples of every class, gap has none of class 1"
    ):
        source.choose_labeled(1, 0)


def test_digits_name_their_smallest_class():
    source = data.open_source("digits")
    held = np.bincount(source.examples(np.arange(1618))[1]).tolist()
    with pytest.raises(
        ValueError, match=rf"at most {min(held)} \(the training examples of class {held.index(min(held))} "
    ):
        source.choose_labeled(min(held) + 1, 0)


def test_unlabelled_data_are_refused():
    with pytest.raises(
        ValueError, match="--labels_per_class: expected labeled data, got bare, which has no labels"
    ):
        source_lib.in_memory("bare", np.ones((40, 2), np.float32), None).dataset(
            BATCH, seed=0, labels_per_class=1
        )


@pytest.mark.parametrize("per_class", [0, -1, 1.5])
def test_numbers_out_of_range_are_refused(source, per_class):
    with pytest.raises(
        ValueError, match=f"--labels_per_class: expected a whole number above 0, got {per_class}"
    ):
        source.choose_labeled(per_class, 0)


def test_endless_data_are_refused():
    with pytest.raises(
        ValueError,
        match="--labels_per_class: expected a fixed number of training examples, got ring8, which draws new",
    ):
        data.open_source("ring8").dataset(BATCH, seed=0, labels_per_class=1)
