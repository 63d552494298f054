"""What a generator is given besides latents: class labels, or codes that D is to recover."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
import tensorflow as tf

from tfgan import _noise
from tfgan._noise import Draws
from tfgan._options import Configurable, NonNegativeInt, PositiveInt

MOST_COLUMNS = 16
TRAVERSAL = 9  # columns


class Layout(NamedTuple):
    """A grid of pictures: its name ("" for the main one), which latent vector and what else makes each, and its columns."""

    name: str
    latents: np.ndarray
    given: Any
    columns: int


@dataclasses.dataclass(frozen=True)
class Given(Configurable):
    """One input of G beside the latents, a row for each example.

    Attributes:
        name: of the input, in signatures and batches.
    """

    name: ClassVar[str]

    @property
    def spec(self) -> tf.TensorSpec:
        """Shape and dtype of a batch of any size."""
        raise TypeError(f"{type(self).__name__} must define spec")

    def drawn(self, draws: Draws, count: int) -> tf.Tensor:
        """Return `count` rows by which a model is scored."""
        raise TypeError(f"{type(self).__name__} must define drawn(draws, count)")

    def by_seed(self, seeds: tf.Tensor) -> tf.Tensor:
        """Return a row for each seed int64 (n,), a function of that seed alone."""
        raise TypeError(f"{type(self).__name__} must define by_seed(seeds)")

    def layouts(self, rows: int) -> list[Layout]:
        """Return the grids that show what the input does, of `rows` rows or so."""
        raise TypeError(f"{type(self).__name__} must define layouts(rows)")

    def asserted(self, values: tf.Tensor, count: tf.Tensor | None = None) -> tf.Tensor:
        """Return rows that a graph checks when it runs: `InvalidArgumentError` where they are not what is expected.

        Args:
            values: the rows; of labels a tensor of any shape.
            count: how many there must be, and then of the width of `spec`, as restored signatures do not check; None for any.
        """
        message = f"{self.name}: expected {self._expected}, one for each example"
        if count is not None:
            whole = tf.reduce_all(tf.equal(tf.shape(values), [count, *self.spec.shape[1:]]))
            with tf.control_dependencies([tf.debugging.Assert(whole, [message, tf.shape(values), count])]):
                values = tf.identity(values)
        with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(self._legal_rows(values)), [message, values])]):
            return tf.identity(values)

    def checked(self, values: Any, count: int) -> tf.Tensor:
        """Return rows for `count` examples as a tensor.

        Raises:
            ValueError: none, another number of them, another width, or values out of range.
        """
        if values is None:
            raise ValueError(f"{self.name}: expected {self._expected}, one for each of {count} examples, got none")
        array = np.asarray(values)
        shape = (count, *self.spec.shape[1:])
        kinds = "iu" if self.spec.dtype.is_integer else "iuf"
        if array.shape != shape or array.dtype.kind not in kinds or not np.all(self._legal_rows(tf.constant(array))):
            raise ValueError(f"{self.name}: expected {self._expected}, shape {shape}, got {_described(array)}")
        return tf.constant(array, self.spec.dtype)

    def to_json(self) -> dict[str, Any]:
        """Return what `given_from` reads."""
        return {"name": self.name, **self.get_config()}

    @property
    def example(self) -> str:
        """What the flag of this name may say."""
        raise TypeError(f"{type(self).__name__} must give an example")

    @property
    def _expected(self) -> str:
        raise TypeError(f"{type(self).__name__} must say what it expects")

    def _legal_rows(self, values: tf.Tensor) -> tf.Tensor:
        """Return whether each row (n,) of the right shape may be given, bool (n,)."""
        raise TypeError(f"{type(self).__name__} must define _legal_rows(values)")


@dataclasses.dataclass(frozen=True)
class Labels(Given):
    """Class labels, int32 (n,) in [0, num_classes)."""

    name: ClassVar[str] = "labels"
    num_classes: PositiveInt

    @property
    def spec(self):
        return tf.TensorSpec((None,), tf.int32, name=self.name)

    def drawn(self, draws, count):
        return tf.range(count, dtype=tf.int32) % self.num_classes  # each class as often as the others

    def by_seed(self, seeds):
        return tf.cast(seeds % self.num_classes, tf.int32)

    def layouts(self, rows):
        """Return one grid: a column for each class (of the first 16), a row for each latent vector."""
        columns = min(self.num_classes, MOST_COLUMNS)
        latents, labels = np.divmod(np.arange(rows * columns), columns)
        return [Layout("", latents, labels.astype(np.int32), columns)]

    @property
    def example(self):
        return f"0-{self.num_classes - 1}"

    @property
    def _expected(self):
        return f"whole numbers from 0 to {self.num_classes - 1}"

    def _legal_rows(self, values):
        return (values >= 0) & (values < self.num_classes)


@dataclasses.dataclass(frozen=True)
class Codes(Given):
    """Codes float32 (n, categorical + continuous): one-hot rows of a category, then values that are uniform on [-1, 1].

    Args:
        categorical: categories, 0 for no categorical code.
        continuous: how many continuous codes.

    Reference: Chen et al. 2016, "InfoGAN", section 7.
    """

    name: ClassVar[str] = "codes"
    categorical: NonNegativeInt = 0
    continuous: NonNegativeInt = 0

    @property
    def width(self) -> int:
        """Entries of a row."""
        return self.categorical + self.continuous

    @property
    def spec(self):
        return tf.TensorSpec((None, self.width), tf.float32, name=self.name)

    def drawn(self, draws, count):
        return self._of_uniform(draws.uniform("codes", (count, 1 + self.continuous)))

    def by_seed(self, seeds):
        return self._of_uniform(_noise.uniform_by_seed(seeds, 1 + self.continuous))

    def _of_uniform(self, fractions) -> tf.Tensor:
        """Return codes made of numbers (n, 1 + continuous) that are uniform on [0, 1)."""
        category = tf.cast(fractions[:, 0] * self.categorical, tf.int32)
        return self.rows(tf.minimum(category, self.categorical - 1), 2.0 * fractions[:, 1:] - 1.0)  # rounding could make it one too many

    def rows(self, category, values) -> tf.Tensor:
        """Return codes of categories int (n,) and continuous values (n, continuous)."""
        return tf.concat([tf.one_hot(category, self.categorical), tf.cast(values, tf.float32)], axis=1)

    def layouts(self, rows):
        """Return a grid with a column for each category, and for each continuous code one with a column for each value.

        In the first a row is a latent vector, the continuous codes 0. In the others a row is a category of the first latent
        vector (or, without categories, a latent vector), and the code goes from -1 to 1.
        """
        columns = max(1, min(self.categorical, MOST_COLUMNS))
        latents, category = np.divmod(np.arange(rows * columns), columns)
        grids = [Layout("", latents, self.rows(category, np.zeros((len(latents), self.continuous))), columns)]
        lines = columns if self.categorical else rows
        for number in range(self.continuous):
            line, step = np.divmod(np.arange(lines * TRAVERSAL), TRAVERSAL)
            values = np.zeros((len(line), self.continuous))
            values[:, number] = np.linspace(-1.0, 1.0, TRAVERSAL)[step]
            shown = np.zeros_like(line) if self.categorical else line
            grids.append(Layout(f"continuous_{number + 1}", shown, self.rows(line, values), TRAVERSAL))
        return grids

    @property
    def example(self):
        return ",".join("1" if self.categorical and entry == 0 else "0" for entry in range(self.width))

    @property
    def _expected(self):
        return f"{self.categorical} entries that choose a category (one 1, others 0) and {self.continuous} values, trained on [-1, 1]"

    def _legal_rows(self, values):
        category = values[:, : self.categorical]
        one = tf.reduce_all((category == 0) | (category == 1), axis=1) & (tf.reduce_sum(category, axis=1) == 1)
        return (one if self.categorical else True) & tf.reduce_all(tf.math.is_finite(tf.cast(values, tf.float32)), axis=1)


def given_from(record: Mapping[str, Any] | None) -> Given | None:
    """Return what `to_json` described; None for None."""
    if record is None:
        return None
    options = dict(record)
    kind = {kind.name: kind for kind in (Labels, Codes)}[options.pop("name")]
    return kind(**options)


def _described(array: np.ndarray) -> str:
    values = f" with values from {array.min()} to {array.max()}" if array.size and array.dtype.kind in "iuf" else ""
    return f"{array.dtype} of shape {array.shape}{values}"
