"""Three garments as one picture: channels, labels and chances."""

import numpy as np
import pytest
import tensorflow as tf

from tfgan import data, kinds
from tfgan.data import fashion_mnist as fashion
from tfgan.data import source as source_lib
from tfgan.data import stacked

COUNT = 20_000


def of(grey):
    return stacked.StackedSource(
        name="three",
        kind=kinds.of((*grey.shape[:2], 3)),
        num_examples=None,
        num_classes=grey.num_classes**3,
        fingerprint="0",
        grey=grey,
    )


@pytest.fixture(scope="module")
def tagged():
    """80 training and 20 test images of 2x2 pixels whose value is their number, and whose class is its last digit."""
    pixels = np.tile(np.arange(100, dtype=np.uint8)[:, None, None, None], (1, 2, 2, 1))
    labels = np.arange(100) % 10
    return of(source_lib.in_memory("tagged", pixels[:80], labels[:80], test=(pixels[80:], labels[80:])))


@pytest.fixture(scope="module")
def drawn(tagged):
    """20,000 triples: the numbers of their images (n, 3), and their labels."""
    x, labels = next(iter(tagged.dataset(COUNT, seed=0)))
    return numbers(x.numpy()), labels.numpy()


def numbers(x):
    return np.rint((x[:, 0, 0] + 1) * 127.5).astype(int)


def test_channels_are_whole_images(tagged):
    x = next(iter(tagged.dataset(50, seed=0)))[0].numpy()
    assert x.shape == (50, 2, 2, 3)
    assert np.ptp(x, axis=(1, 2)).max() == 0


def test_label_counts_the_channels_as_digits(drawn):
    triples, labels = drawn
    assert np.array_equal(labels, triples[:, 0] % 10 + 10 * (triples[:, 1] % 10) + 100 * (triples[:, 2] % 10))


def test_label_by_hand():
    """Sandal (5), bag (8), T-shirt (0)."""
    assert stacked.stack_labels(tf.constant([[5, 8, 0]]), 10).numpy().tolist() == [85]


def test_training_triples_are_of_training_images(drawn):
    assert set(drawn[0].ravel()) == set(range(80))


def test_held_out_triples_are_of_test_images(tagged):
    assert set(numbers(tagged.held_out(2000)[0]).ravel()) == set(range(80, 100))


def test_modes_are_equally_likely(drawn):
    """Chi-square with 999 degrees of freedom has mean 999, variance 1998; beyond 6 deviations about once in 1e8."""
    count = np.bincount(drawn[1], minlength=1000)
    assert abs(np.sum((count - COUNT / 1000) ** 2 / (COUNT / 1000)) - 999) < 6 * np.sqrt(1998)


def test_channels_are_drawn_independently(drawn):
    """The correlation of independent columns deviates by 1 / sqrt(20,000); the bound is 5 deviations, for three pairs."""
    correlation = np.corrcoef(drawn[0].T)
    assert np.abs(correlation[np.triu_indices(3, 1)]).max() < 5 / np.sqrt(COUNT)


def test_fewer_held_out_are_the_first_of_more(tagged):
    assert np.array_equal(tagged.held_out(3)[0], tagged.held_out(50)[0][:3])


def test_held_out_of_none_is_the_protocols_26000(tagged):
    assert len(tagged.held_out()[1]) == 26_000


def test_labels_per_class_are_refused(tagged):
    with pytest.raises(
        ValueError, match="--labels_per_class: expected a fixed number of training examples, got three"
    ):
        tagged.dataset(10, seed=0, labels_per_class=1)


@pytest.mark.skipif(
    not fashion.DEBIAN.exists(),
    reason=f"{fashion.DEBIAN} is not there: apt-get install dataset-fashion-mnist",
)
@pytest.mark.parametrize(("size", "side"), [(None, 28), (16, 16)])
def test_garments_are_stacked_in_the_size_asked_for(size, side, monkeypatch):
    whole = fashion._read_part
    monkeypatch.setattr(fashion, "_read_part", lambda *where: tuple(part[:200] for part in whole(*where)))
    source = data.open_source("stacked_fashion_mnist", image_size=size)
    assert (source.shape, source.num_classes, source.num_examples) == ((side, side, 3), 1000, None)
