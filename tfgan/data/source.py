"""What an open data set is, in memory or on disk."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

HELD_OUT_SHARE = 0.1
HELD_OUT_SEED = 20140610  # fixed: held-out examples are the same for every run
SHUFFLE_ROUNDS = 16  # tf.random.experimental.index_shuffle's 4, with seeds that are not hashed, leave successive epochs alike
MURMUR = ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1))
WORD = 2**32 - 1
READERS = 4


class Request(NamedTuple):
    """What a user asked for when opening a data set."""

    path: str | None = None
    data_dir: str | None = None
    image_size: int | None = None
    memory_budget: int = 2**31


class Numbers(NamedTuple):
    """Which places of the endless sequence of examples stand in a step's batch, or in a part of it."""

    batch_size: int
    first: int
    count: int

    def of(self, step: tf.Tensor) -> tf.Tensor:
        """Return the places, int64 of shape (count,)."""
        return step * self.batch_size + self.first + tf.range(self.count, dtype=tf.int64)


@dataclasses.dataclass(frozen=True)
class Mixture:
    """A uniform mixture of round Gaussians: means (K, d) and the standard deviation of each coordinate."""

    means: np.ndarray
    sigma: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Source:
    """An open data set.

    Attributes:
        name: for messages.
        shape: of one example, (height, width, channels) or (d,).
        num_examples: for training; None when there is no end of them.
        num_classes: 0 without labels.
        class_names: in the order of the labels, or None.
        scale: data units in one training unit; 1 for images.
        fingerprint: a function of the content, in hexadecimal.
        mixture: what points are drawn from, if known, in data units.
    """

    name: str
    shape: tuple[int, ...]
    num_examples: int | None
    num_classes: int
    fingerprint: str
    class_names: Sequence[str] | None = None
    scale: float = 1.0
    mixture: Mixture | None = None

    @property
    def kind(self) -> str:
        """ "images" or "points"."""
        return "images" if len(self.shape) == 3 else "points"

    def dataset(self, batch_size: int, *, seed: int, start: int = 0, share: tuple[int, int] = (0, 1)) -> tf.data.Dataset:
        """Return endless batches (float32 (batch_size, *shape), int32 (batch_size,)) from batch number `start` on.

        Args:
            batch_size: of the global batch.
            seed: of the order.
            start: number of the first batch.
            share: (i, n) yields the i-th of n equal parts of each batch, as replica i of n takes it.

        Raises:
            ValueError: fewer training examples than a batch, or an argument out of range.
        """
        if batch_size < 1 or start < 0:
            raise ValueError(f"expected --batch_size of at least 1 and start of at least 0, got {batch_size} and {start}")
        if self.num_examples is not None and self.num_examples < batch_size:
            raise ValueError(f"--batch_size: expected at most {self.num_examples} (the training examples of {self.name}), got {batch_size}")
        part, parts = share
        if batch_size % parts:
            raise ValueError(f"--batch_size: expected a multiple of the {parts} replicas, got {batch_size}")
        numbers = Numbers(batch_size, part * (batch_size // parts), batch_size // parts)
        steps = tf.data.Dataset.range(start, np.iinfo(np.int64).max)
        options = tf.data.Options()
        options.deterministic = True
        options.autotune.enabled = False  # nothing here is left to it, and its thread holds up the end of `fit` for up to 10 s
        return steps.map(self._batch(numbers, seed), num_parallel_calls=READERS).prefetch(2).with_options(options)

    def _batch(self, numbers: Numbers, seed: int) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
        """Return the function from a step to its batch, or to a part of it."""
        raise TypeError(f"{type(self).__name__} must define _batch")

    def held_out(self, count: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return examples that are never trained on, in training units, and their labels."""
        raise TypeError(f"{type(self).__name__} must define held_out")


@dataclasses.dataclass(frozen=True, kw_only=True)
class FiniteSource(Source):
    """Examples by number.

    Attributes:
        arrays: images and labels in memory, or None.
        read: returns raw examples and labels by number, when they are on disk.
        held_out_indices: numbers that are never trained on, in an order that makes the first few a fair sample; all others are.
        train_indices: the numbers of the training examples.
    """

    arrays: tuple[np.ndarray, np.ndarray] | None = None
    read: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]] | None = None
    train_indices: np.ndarray
    held_out_indices: np.ndarray

    def _batch(self, numbers, seed):
        count = self.num_examples
        train = tf.constant(self.train_indices, tf.int64)
        gather = self._gather()

        def batch(step):
            index = shuffled(numbers.of(step), count, seed)
            x, labels = gather(tf.gather(train, index))
            return tf.ensure_shape(self._in_training_units(x), (numbers.count, *self.shape)), tf.ensure_shape(labels, (numbers.count,))

        return batch

    def _gather(self):
        if self.arrays is not None:
            with tf.device("CPU:0"):
                examples, labels = (tf.constant(array) for array in self.arrays)
            return lambda index: (tf.gather(examples, index), tf.gather(labels, index))
        kinds = [tf.as_dtype(array.dtype) for array in self.read(self.train_indices[:1])]
        return lambda index: tf.numpy_function(self.read, [index], kinds, stateful=False)

    def _in_training_units(self, x):
        return tf.cast(x, tf.float32) / 127.5 - 1.0 if x.dtype == tf.uint8 else x / np.float32(self.scale)

    def examples(self, positions) -> tuple[np.ndarray, np.ndarray]:
        """Return training examples by their position among them, in training units, and their labels."""
        return self._fetch(self.train_indices[np.asarray(positions)])

    def held_out(self, count=None):
        return self._fetch(self.held_out_indices[:count])

    def _fetch(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not len(indices):
            return np.zeros((0, *self.shape), np.float32), np.zeros(0, np.int32)
        x, labels = self.read(indices) if self.arrays is None else (array[indices] for array in self.arrays)
        return self._in_training_units(tf.constant(x)).numpy(), labels


def shuffled(number: tf.Tensor, count: int, seed: int) -> tf.Tensor:
    """Return which of `count` examples stands at each place of the endless sequence: a full shuffle each epoch.

    Args:
        number: int64 tensor of shape (n,), places in the sequence; the epoch is number // count.
        count: examples.
        seed: of the order.
    """
    number = tf.cast(number, tf.int64)
    seed_low, seed_high = seed & WORD, seed >> 32 & WORD
    # The op uses few bits of each word of its seed, so every word is a hash of all that the order depends on.
    words = [_hashed(number // count, seed_low ^ _mixed(seed_high) ^ place) for place in range(3)]
    return tf.raw_ops.RandomIndexShuffle(
        index=number % count, seed=tf.stack(words, axis=1), max_index=tf.cast(count - 1, tf.int64), rounds=SHUFFLE_ROUNDS
    )


def _hashed(epoch: tf.Tensor, salt: int) -> tf.Tensor:
    """Return a uint32 hash of each int64 epoch: the finalizer of MurmurHash3, twice."""
    mixed = tf.cast(epoch & WORD, tf.uint32)
    for word in (salt, WORD - salt):
        mixed = tf.bitwise.bitwise_xor(mixed, tf.constant(_mixed(word), tf.uint32))
        for shift, factor in MURMUR:
            mixed = tf.bitwise.bitwise_xor(mixed, tf.bitwise.right_shift(mixed, tf.constant(shift, tf.uint32))) * tf.constant(
                factor, tf.uint32
            )
    return mixed


def _mixed(word: int) -> int:
    """Return the same hash of one Python int below 2^32."""
    for shift, factor in MURMUR:
        word = (word ^ word >> shift) * factor & WORD
    return word


def split(count: int, test_count: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers to train on and those held out.

    Held out are the `test_count` numbers from `count` on if there are any, else the last tenth of a fixed permutation.
    """
    order = np.random.default_rng(HELD_OUT_SEED).permutation(test_count or count)
    if test_count:
        return np.arange(count), count + order
    held_out = int(count * HELD_OUT_SHARE)
    return np.sort(order[: count - held_out]), order[count - held_out :]


def in_memory(name: str, examples: np.ndarray, labels: np.ndarray | None, *, test: tuple | None = None, **about: Any) -> FiniteSource:
    """Return a source of arrays.

    Args:
        name: for messages.
        examples: uint8 images (n, height, width, channels), float32 images in [-1, 1], or float32 points (n, d).
        labels: ints (n,), or None.
        test: examples and labels to hold out; None to hold out a tenth.
        **about: `class_names` and such.
    """
    train_indices, held_out_indices = split(len(examples), 0 if test is None else len(test[0]))
    if test is not None:
        examples = np.concatenate([examples, test[0]])
        labels = None if labels is None else np.concatenate([labels, test[1]])
    classes = 0 if labels is None else int(labels.max()) + 1
    labels = np.zeros(len(examples), np.int32) if labels is None else labels.astype(np.int32)
    scale = 1.0 if examples.ndim == 4 else rms(examples[train_indices])
    digest = hashlib.sha256(np.ascontiguousarray(examples).data)
    digest.update(np.ascontiguousarray(labels).data)
    return FiniteSource(
        name=name,
        shape=examples.shape[1:],
        num_examples=len(train_indices),
        num_classes=about.pop("num_classes", classes),
        scale=scale,
        fingerprint=digest.hexdigest()[:16],
        arrays=(examples, labels),
        train_indices=train_indices,
        held_out_indices=held_out_indices,
        **about,
    )


def streamed(name: str, shape: tuple[int, ...], count: int, read, *, fingerprint: str, test_count: int = 0, **about: Any) -> FiniteSource:
    """Return a source of examples on disk.

    Args:
        name: for messages.
        shape: of one example.
        count: examples, those of a test set left out.
        read: fetches (examples, int32 labels) by number, the test set's after the others.
        fingerprint: a function of the content.
        test_count: examples of the test set; with 0, a tenth of `count` is held out.
        **about: `class_names` and such.
    """
    train_indices, held_out_indices = split(count, test_count)
    return FiniteSource(
        name=name,
        shape=shape,
        num_examples=len(train_indices),
        fingerprint=fingerprint,
        read=read,
        train_indices=train_indices,
        held_out_indices=held_out_indices,
        **about,
    )


def rms(points: np.ndarray) -> float:
    """Return the root mean square of all coordinates, 1 where that is 0."""
    return float(np.sqrt(np.mean(np.square(points, dtype=np.float64)))) or 1.0
