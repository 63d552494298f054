"""Order, splits and bounds that all data sets share."""

import itertools

import numpy as np
import pytest

from tfgan import data
from tfgan.data import folder, order
from tfgan.data import source as source_lib


@pytest.fixture(scope="module")
def digits():
    return data.open_source("digits")


def take(source, steps, *, batch=100, seed=0, start=0):
    return [
        (x.numpy(), y.numpy())
        for x, y in itertools.islice(source.dataset(batch, seed=seed, start=start), steps)
    ]


@pytest.mark.parametrize("name", ["digits", "ring8", "grid25", "grid100"])
def test_batches_have_static_shapes_and_types(name):
    source = data.open_source(name)
    x, labels = source.dataset(16, seed=0).element_spec
    assert (x.shape, x.dtype, labels.shape, labels.dtype) == ((16, *source.shape), "float32", (16,), "int32")


def test_images_lie_in_minus_one_to_one(digits):
    x, _ = take(digits, 1)[0]
    assert x.min() == -1
    assert x.max() == 1


@pytest.mark.parametrize("name", ["digits", "ring8"])
def test_starting_later_equals_skipping(name):
    source = data.open_source(name)
    skipped, direct = take(source, 8)[5:], take(source, 3, start=5)
    assert all(
        np.array_equal(a, b)
        for one, two in zip(skipped, direct, strict=True)
        for a, b in zip(one, two, strict=True)
    )


@pytest.mark.parametrize("name", ["digits", "ring8"])
def test_seed_decides_the_order(name):
    source = data.open_source(name)
    first, again, other = (take(source, 1, seed=seed)[0][0] for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_batch_a_billion_steps_in_is_there_at_once(digits):
    assert take(digits, 1, start=10**9)[0][0].shape == (100, 8, 8, 1)


@pytest.mark.parametrize("epoch", [0, 1, 10**6])
def test_each_epoch_is_a_permutation(epoch):
    places = np.arange(1618, dtype=np.int64) + 1618 * epoch
    assert sorted(order.shuffle(places, 1618, 0).numpy()) == list(range(1618))


def test_epochs_differ():
    first, second = (
        order.shuffle(np.arange(50, dtype=np.int64) + 50 * epoch, 50, 0).numpy() for epoch in (0, 1)
    )
    assert not np.array_equal(first, second)


def test_batches_straddle_epochs():
    """7 examples in batches of 5: the first 7 drawn are all of them, batch 1 holding the last two and three new ones."""
    source = source_lib.in_memory("seven", np.arange(8, dtype=np.float32)[:, None], None)
    drawn = np.concatenate([x for x, _ in take(source, 2, batch=5)])[: source.num_examples]
    assert len(np.unique(drawn)) == source.num_examples == 8


def test_held_out_examples_are_never_trained_on(digits):
    assert set(digits.train_indices).isdisjoint(digits.held_out_indices)
    assert len(digits.train_indices) + len(digits.held_out_indices) == 1797
    assert len(digits.held_out_indices) == 179


def test_batch_larger_than_the_data_is_refused(digits):
    with pytest.raises(ValueError, match="--batch_size: expected at most 1618"):
        digits.dataset(1619, seed=0)


def test_fingerprint_follows_the_content():
    ones, twos = (
        source_lib.in_memory("x", np.full((20, 2), value, np.float32), None).fingerprint for value in (1, 2)
    )
    assert ones != twos


def test_streamed_equals_in_memory(tmp_path):
    from PIL import Image

    for index in range(30):
        pixels = np.random.default_rng(index).integers(0, 255, (9, 8, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{index:02d}.png")
    held, streamed = (
        folder.folder(source_lib.Request(str(tmp_path), memory_budget=budget)) for budget in (2**30, 0)
    )
    assert streamed.arrays is None
    for one, two in zip(take(held, 4, batch=10), take(streamed, 4, batch=10), strict=True):
        np.testing.assert_array_equal(one[0], two[0])


@pytest.mark.parametrize(
    ("name", "modes", "sigma"), [("ring8", 8, 0.01), ("grid25", 25, 0.05), ("grid100", 100, 0.03)]
)
def test_mixtures_have_the_published_modes(name, modes, sigma):
    source = data.open_source(name)
    x, labels = take(source, 1, batch=20_000)[0]
    residual = source.units.decode(x) - source.mixture.means[labels]
    assert source.num_classes == modes
    assert residual.std() == pytest.approx(sigma, rel=0.03)  # 40,000 draws: 3 % is 8 deviations
    assert np.mean(x**2) == pytest.approx(1, abs=0.05)


def test_mixtures_refuse_image_size():
    with pytest.raises(ValueError, match="--image_size"):
        data.open_source("ring8", image_size=8)


def test_fewer_examples_are_a_part_of_more_with_the_same_held_out(digits):
    few, more = digits.take(50), digits.take(60)
    assert set(few.train_indices) < set(more.train_indices) < set(digits.train_indices)
    np.testing.assert_array_equal(few.held_out()[0], digits.held_out()[0])
    assert few.whole is digits
    seen = {x.tobytes() for x, _ in take(few, 5, batch=50) for x in x}
    assert seen == {x.tobytes() for x in few.examples(range(50))[0]}


def test_more_examples_than_there_are_are_refused(digits):
    with pytest.raises(ValueError, match="--num_examples: expected at most 1618"):
        digits.take(5000)


def test_fewer_of_endless_examples_are_refused():
    with pytest.raises(ValueError, match="--num_examples: expected data with an end, got ring8"):
        data.open_source("ring8").take(5)
