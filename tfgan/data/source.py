"""An open data set, in memory or on disk: batches, labeled subsets and held-out examples."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from tfgan import kinds
from tfgan.core.options import KINDS
from tfgan.data.order import WORD, shuffle
from tfgan.kinds import Kind, Units

HELD_OUT_SHARE = 0.1
HELD_OUT_SEED = 20140610  # fixed: held-out examples are the same for every run
LABELLED = 0x6C6162656C  # under one seed, orders a labeled subset differently from all examples
READERS = 4
LABEL_BLOCK = 256


class Request(NamedTuple):
    """Options with which a user opens a data set; with None the file decides.

    Attributes:
        path: of the file or folder, of data sets by path.
        data_dir: folder of the files of data sets by name.
        image_size: side of images, to which they are cropped and resized.
        memory_budget: bytes above which data are streamed from disk.
        background: color behind transparent pixels.
        skip_unreadable: whether damaged pictures are replaced.
        schema: JSON file with the columns of a table.
        target: column of a table that the others are to predict.
        categorical: columns of a table that are categories, though they hold numbers.
        drop: columns of a table to leave out.
        group: column of a table; rows of one value are never split between training and held-out ones.
        max_categories: categories of a column at most; the rarest share one.
        length: of a window, a text or a sequence.
        stride: from the start of a window to the next start.
        columns: of a series.
        transform: of a series: "none", "difference" or "log_return".
        alphabet: letters of texts and sequences.
        both_strands: whether windows of DNA are taken of its other strand too.
    """

    path: str | None = None
    data_dir: str | None = None
    image_size: int | None = None
    memory_budget: int = 2**31
    background: str = "white"
    skip_unreadable: bool = False
    schema: str | None = None
    target: str | None = None
    categorical: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    group: str | None = None
    max_categories: int = 100
    length: int | None = None
    stride: int = 1
    columns: tuple[str, ...] = ()
    transform: str | None = None
    alphabet: str | None = None
    both_strands: bool = True


class UnreadableExample(ValueError):
    """An example on disk that cannot be read; the message names its file and the way out."""


class Numbers(NamedTuple):
    """Positions in the endless sequence of examples that form a step's batch, or a part of it."""

    batch_size: int
    first: int
    count: int

    def at_step(self, step: tf.Tensor) -> tf.Tensor:
        """Return the positions of a step, int64 of shape (count,)."""
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
        kind: of the examples; it knows their shape and their units.
        num_examples: for training; None for endless data.
        num_classes: 0 without labels.
        class_names: in the order of the labels, or None.
        fingerprint: a function of the content, in hexadecimal; the same wherever the data are, in memory or
            streamed.
        earlier_fingerprints: fingerprints that earlier versions of this package gave the same data.
        mixture: the distribution of the points, if known, in data units.
        channel_classifier: name of the features whose classifier tells the class of each channel, where a
            label is made of the channels' classes; else None.
        note: a line that counts the files found, passed over and changed at opening, or None.
    """

    name: str
    kind: Kind
    num_examples: int | None
    num_classes: int
    fingerprint: str
    earlier_fingerprints: tuple[str, ...] = ()
    class_names: Sequence[str] | None = None
    mixture: Mixture | None = None
    channel_classifier: str | None = None
    note: str | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example, (height, width, channels) or (d,)."""
        return self.kind.shape

    @property
    def units(self) -> Units:
        """Units of points, between data and training; images are in [-1, 1] in both."""
        return self.kind.units

    def dataset(
        self,
        batch_size: int,
        *,
        seed: int,
        start: int = 0,
        share: tuple[int, int] = (0, 1),
        labels_per_class: int | None = None,
    ) -> tf.data.Dataset:
        """Return endless batches (float32 (batch_size, *shape), int32 (batch_size,)) from batch number `start` on.

        Args:
            batch_size: of the global batch.
            seed: of the order.
            start: number of the first batch.
            share: (i, n) yields the i-th of n equal parts of each batch, as replica i of n takes it.
            labels_per_class: for semi-supervised learning; the second part of a batch becomes `{"labels":
                ..., "labeled_x": ..., "labeled_labels": ...}` with as many rows of
                `labelled(labels_per_class, seed)`, shuffled each pass.

        Raises:
            ValueError: fewer training examples than a batch, or an argument out of range.
        """
        if batch_size < 1 or start < 0:
            raise ValueError(
                f"expected --batch_size of at least 1 and start of at least 0, got {batch_size} and {start}"
            )
        if self.num_examples is not None and self.num_examples < batch_size:
            raise ValueError(
                f"--batch_size: expected at most {self.num_examples} (the training examples of {self.name}), got {batch_size}"
            )
        part, parts = share
        if batch_size % parts:
            raise ValueError(f"--batch_size: expected a multiple of the {parts} replicas, got {batch_size}")
        numbers = Numbers(batch_size, part * (batch_size // parts), batch_size // parts)
        if labels_per_class is not None:
            self.choose_labeled(labels_per_class, seed)  # refuses impossible numbers
        batch = (
            self._batch(numbers, seed)
            if labels_per_class is None
            else self._semi_supervised_batch(numbers, seed, labels_per_class)
        )
        steps = tf.data.Dataset.range(start, np.iinfo(np.int64).max)
        options = tf.data.Options()
        options.deterministic = True
        # Nothing here is left to it, and its thread holds up the end of `fit` for up to 10 s
        options.autotune.enabled = False
        return steps.map(batch, num_parallel_calls=READERS).prefetch(2).with_options(options)

    def _batch(self, numbers: Numbers, seed: int) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
        """Return a function that maps a step to its batch, or to a part of it."""
        raise TypeError(f"{type(self).__name__} must define _batch")

    def _semi_supervised_batch(
        self, numbers: Numbers, seed: int, per_class: int
    ) -> Callable[[tf.Tensor], tuple[tf.Tensor, dict]]:
        """Return a function as `_batch` does; its batches also have labeled examples."""
        raise TypeError(f"{type(self).__name__} must define _semi_supervised_batch")

    def choose_labeled(self, per_class: int, seed: int) -> np.ndarray:
        """Choose the training examples whose labels a learner may see.

        Raise `ValueError` for endless data.
        """
        raise ValueError(
            f"--labels_per_class: expected a fixed number of training examples, got {self.name}, which draws new ones without end; "
            "use another data set"
        )

    def take(self, count: int) -> Source:
        """Return a source of `count` training examples.

        Raise `ValueError` for endless data, or if there are fewer.
        """
        raise ValueError(f"--num_examples: expected data with an end, got {self.name}; leave it out")

    def as_recorded(self, data: Mapping[str, Any]) -> Source:
        """Return the source with the units and the fingerprint that a run recorded.

        Itself if the run had other data.

        A run keeps its first units: a later version of this package may choose other units for new runs.
        """
        known = self._fingerprints(data.get("unreadable", ()))
        if data.get("fingerprint") not in known or list(self.shape) != data.get("shape"):
            return self
        return self._replace(kind=kinds.from_json(data), fingerprint=data["fingerprint"])

    def _fingerprints(self, excused: Collection[str]) -> tuple[str, ...]:
        """Return the fingerprints that a run may have recorded for these data.

        Excused files may have changed.
        """
        return (self.fingerprint, *self.earlier_fingerprints)

    def _replace(self, **fields: Any) -> Source:
        return dataclasses.replace(self, **fields)

    def empty_class(self) -> str | None:
        """Return a class without training examples.

        None if there is none, or if its labels are on disk only.
        """
        return None

    @property
    def whole(self) -> Source:
        """The whole source that this one is a part of, for scores; itself if it is not a part."""
        return self

    def held_out(self, count: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return examples that are never trained on, in training units, and their labels."""
        raise TypeError(f"{type(self).__name__} must define held_out")


@dataclasses.dataclass(frozen=True, kw_only=True)
class FiniteSource(Source):
    """A data set with a fixed number of examples, read by number.

    Attributes:
        arrays: examples and labels in memory, or None. Examples are an array, or a tuple of arrays with a row an
            example each, that the kind's `encode` takes.
        limits: the whole source that this one is a part of, or None.
        read: returns raw examples and labels by number, when they are on disk.
        refingerprint: returns the fingerprint of the files, without the content of excused ones, by name; or
            None.
        unreadable: names of the damaged files that were found so far.
        held_out_indices: numbers that are never trained on; their order is random, so that the first few are
            a fair sample.
        train_indices: the numbers of the training examples.
    """

    arrays: tuple[Any, np.ndarray] | None = None
    limits: FiniteSource | None = None
    read: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]] | None = None
    refingerprint: Callable[[Collection[str]], str] | None = None
    unreadable: Collection[str] = ()
    train_indices: np.ndarray
    held_out_indices: np.ndarray

    def _batch(self, numbers, seed):
        return self._rows(numbers, seed, self.train_indices, self.gather())

    def _semi_supervised_batch(self, numbers, seed, per_class):
        gather = self.gather()  # once, so that arrays are not held in memory twice
        unlabelled = self._rows(numbers, seed, self.train_indices, gather)
        labelled = self._rows(
            numbers, seed ^ LABELLED, self.train_indices[self.choose_labeled(per_class, seed)], gather
        )

        def both(step):
            x, labels = unlabelled(step)
            labeled_x, labeled_labels = labelled(step)
            return x, {"labels": labels, "labeled_x": labeled_x, "labeled_labels": labeled_labels}

        return both

    def _rows(
        self, numbers: Numbers, seed: int, indices: np.ndarray, gather
    ) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
        """Return a function that maps a step to its rows, among the shuffled examples with these numbers."""
        candidates = tf.constant(indices, tf.int64)

        def rows(step):
            x, labels = gather(tf.gather(candidates, shuffle(numbers.at_step(step), len(indices), seed)))
            return tf.ensure_shape(self.kind.encode(x), (numbers.count, *self.shape)), tf.ensure_shape(
                labels, (numbers.count,)
            )

        return rows

    def gather(self) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
        """Return a graph function that maps numbers of examples to raw examples and labels."""
        if self.arrays is not None:
            with tf.device("CPU:0"):
                arrays = tf.nest.map_structure(tf.constant, self.arrays)
            return lambda index: tf.nest.map_structure(lambda array: tf.gather(array, index), arrays)
        dtypes = [tf.as_dtype(array.dtype) for array in self._read(self.train_indices[:1])]
        return lambda index: tf.numpy_function(self._read, [index], dtypes, stateful=False)

    def _read(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return raw examples and labels from disk; raise `UnreadableExample` where that fails."""
        try:
            return self.read(indices)
        except (ValueError, OSError, RuntimeError, tf.errors.OpError) as error:  # files, TFDS, TensorFlow
            raise UnreadableExample(" ".join(str(error).split())) from None

    def examples(self, positions) -> tuple[np.ndarray, np.ndarray]:
        """Return the training examples at these positions, in training units, and their labels."""
        return self._fetch(self.train_indices[np.asarray(positions)])

    def take(self, count: int) -> FiniteSource:
        """Return a source with `count` training examples and the same held-out ones.

        The training examples are the first of a fixed permutation.

        Raises:
            ValueError: `count` is larger than the number of training examples.
        """
        if count > self.num_examples:
            raise ValueError(
                f"--num_examples: expected at most {self.num_examples} (the training examples of {self.name}), got {count}"
            )
        chosen = np.sort(np.random.default_rng(HELD_OUT_SEED).permutation(self.train_indices)[:count])
        return dataclasses.replace(self, train_indices=chosen, num_examples=count, limits=self)

    @property
    def whole(self) -> FiniteSource:
        return self.limits or self

    def _fingerprints(self, excused):
        return (
            (self.refingerprint(excused),)
            if excused and self.refingerprint
            else super()._fingerprints(excused)
        )

    def _replace(self, **fields: Any) -> FiniteSource:
        return dataclasses.replace(self, limits=self.limits and self.limits._replace(**fields), **fields)

    def choose_labeled(self, per_class: int, seed: int) -> np.ndarray:
        """Choose the training examples whose labels a semi-supervised learner may see.

        The choice is a function of the seed and the data only.

        Args:
            per_class: examples of each class; a smaller choice is a part of a larger one.
            seed: of the choice.

        Returns:
            int64 (num_classes * per_class,), positions among the training examples, class after class.

        Raises:
            ValueError: data without labels, or a class with fewer than `per_class` training examples.
        """
        KINDS["PositiveInt"].check("--labels_per_class", per_class)
        if not self.num_classes:
            raise ValueError(
                f"--labels_per_class: expected labeled data, got {self.name}, which has no labels"
            )
        labels = self._train_labels
        name, count = self._find_smallest_class()
        if per_class > count:
            raise ValueError(
                f"--labels_per_class: expected at most {count} (the training examples of class {name}, the smallest of {self.name}), "
                f"got {per_class}"
                if count
                else f"--labels_per_class: expected examples of every class, {self.name} has none of class {name} to train on"
            )
        order = np.random.default_rng([seed & WORD, seed >> 32 & WORD, LABELLED]).permutation(len(labels))
        # Class after class, each in the order of the permutation
        by_class = order[np.argsort(labels[order], kind="stable")]
        held = np.bincount(labels, minlength=self.num_classes)
        return by_class[((np.cumsum(held) - held)[:, None] + np.arange(per_class)).ravel()]

    def empty_class(self) -> str | None:
        if self.arrays is None or not self.num_classes:
            return None
        name, count = self._find_smallest_class()
        return None if count else name

    def _find_smallest_class(self) -> tuple[str, int]:
        """Return the class with the fewest training examples, and their number."""
        held = np.bincount(self._train_labels, minlength=self.num_classes)
        smallest = int(held.argmin())
        return f"{smallest} ({self.class_names[smallest]})" if self.class_names else str(smallest), int(
            held[smallest]
        )

    @functools.cached_property
    def _train_labels(self) -> np.ndarray:
        """The labels of the training examples; labels on disk are read once, block by block."""
        if self.arrays is not None:
            return self.arrays[1][self.train_indices]
        starts = range(0, self.num_examples, LABEL_BLOCK)
        return np.concatenate(
            [self._read(self.train_indices[start : start + LABEL_BLOCK])[1] for start in starts]
        )

    def held_out(self, count=None):
        return self._fetch(self.held_out_indices[:count])

    def _fetch(self, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if not len(indices):
            return np.zeros((0, *self.shape), np.float32), np.zeros(0, np.int32)
        x, labels = (
            self._read(indices)
            if self.arrays is None
            else tf.nest.map_structure(lambda array: array[indices], self.arrays)
        )
        return self.kind.encode(tf.nest.map_structure(tf.constant, x)).numpy(), labels


def split(count: int, test_count: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the training examples and of the held-out examples.

    A test set, the `test_count` numbers from `count` on, is held out; without one, the last tenth of a fixed
    permutation.
    """
    order = np.random.default_rng(HELD_OUT_SEED).permutation(test_count or count)
    if test_count:
        return np.arange(count), count + order
    held_out = int(count * HELD_OUT_SHARE)
    return np.sort(order[: count - held_out]), order[count - held_out :]


def in_memory(
    name: str,
    examples: Any,
    labels: np.ndarray | None,
    *,
    test: tuple | None = None,
    rows: tuple[np.ndarray, np.ndarray] | None = None,
    fingerprint: str | None = None,
    earlier_fingerprints: tuple[str, ...] = (),
    kind: str | Kind | None = None,
    **about: Any,
) -> FiniteSource:
    """Return a source of arrays.

    Args:
        name: for messages.
        examples: uint8 images (n, height, width, channels), float32 images in [-1, 1], or float32 points (n,
            d), or examples that `kind` encodes: an array, or a tuple of arrays with a row an example each.
        labels: ints (n,), or None.
        test: examples and labels to hold out; None to hold out a tenth.
        rows: numbers of the training examples and of the held-out ones, which are in random order; None to
            choose them here.
        fingerprint: the fingerprint of the same data when streamed; None to hash all data, if they are never
            streamed.
        earlier_fingerprints: other fingerprints that runs on the same data may have recorded.
        kind: of the examples, or its name; None for the kind that their shape tells.
        **about: `class_names` and such.

    Raises:
        ValueError: a label below 0.
    """
    count = len(tf.nest.flatten(examples)[0])
    train_indices, held_out_indices = rows or split(count, 0 if test is None else len(test[0]))
    if test is not None:
        examples = np.concatenate([examples, test[0]])
        labels = None if labels is None else np.concatenate([labels, test[1]])
    if labels is not None and (wrong := np.flatnonzero(labels < 0)).size:
        raise ValueError(
            f"{name}: expected labels from 0 up, got {labels[wrong[0]]} of example {wrong[0]} and {wrong.size} such in all"
        )
    classes = 0 if labels is None else int(labels.max()) + 1
    count = len(tf.nest.flatten(examples)[0])
    labels = np.zeros(count, np.int32) if labels is None else labels.astype(np.int32)
    digest = hashlib.sha256()
    for array in [*tf.nest.flatten(examples), labels]:
        digest.update(np.ascontiguousarray(array).data)
    content = digest.hexdigest()[:16]
    return FiniteSource(
        name=name,
        kind=kind if isinstance(kind, Kind) else kinds.fitted(examples, train_indices, kind),
        num_examples=len(train_indices),
        num_classes=about.pop("num_classes", classes),
        fingerprint=fingerprint or content,
        earlier_fingerprints=(content, *earlier_fingerprints) if fingerprint else earlier_fingerprints,
        arrays=(examples, labels),
        train_indices=train_indices,
        held_out_indices=held_out_indices,
        **about,
    )


def streamed(
    name: str,
    shape: tuple[int, ...],
    count: int,
    read,
    *,
    fingerprint: str,
    kind: Kind | None = None,
    test_count: int = 0,
    **about: Any,
) -> FiniteSource:
    """Return a source of examples on disk.

    Args:
        name: for messages.
        shape: of one example.
        count: number of examples without the test set.
        read: fetches (examples, int32 labels) by number, the test set's after the others.
        fingerprint: a function of the content, made without reading all of it.
        kind: of the examples; None for the kind that their shape tells.
        test_count: examples of the test set; with 0, a tenth of `count` is held out.
        **about: `class_names` and such.
    """
    train_indices, held_out_indices = split(count, test_count)
    return FiniteSource(
        name=name,
        kind=kind or kinds.of(shape),
        num_examples=len(train_indices),
        fingerprint=fingerprint,
        read=read,
        train_indices=train_indices,
        held_out_indices=held_out_indices,
        **about,
    )
