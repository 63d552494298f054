"""Define the inputs of G besides latents: class labels, or codes that D recovers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import numpy as np
import tensorflow as tf

from tfgan.core import noise
from tfgan.core.noise import Draws
from tfgan.core.options import Configurable, NonNegativeInt, PositiveInt
from tfgan.models.arguments import Argument

MOST_COLUMNS = 16
TRAVERSAL = 9  # columns
LARGEST_CODE = 2.0  # twice the trained range, as in the traversals of Chen et al. 2016, figure 2


class Layout(NamedTuple):
    """A grid of pictures: its name ("" for the main one), indices of latents, conditions, and columns."""

    name: str
    latents: np.ndarray
    given: Any
    columns: int


@dataclasses.dataclass(frozen=True)
class Condition(Configurable, Argument):
    """One input of G beside the latents, a row for each example.

    Attributes:
        name: name of the input in signatures and batches.
    """

    name: ClassVar[str]

    def sample(self, draws: Draws, count: int) -> tf.Tensor:
        """Return `count` rows, as for the evaluation of a model."""
        raise TypeError(f"{type(self).__name__} must define sample(draws, count)")

    def by_seed(self, seeds: tf.Tensor) -> tf.Tensor:
        """Return a row for each seed int64 (n,); each row depends only on its seed."""
        raise TypeError(f"{type(self).__name__} must define by_seed(seeds)")

    def layouts(self, rows: int) -> list[Layout]:
        """Return grids that show the effect of the input; most have about `rows` rows."""
        raise TypeError(f"{type(self).__name__} must define layouts(rows)")

    def to_json(self) -> dict[str, Any]:
        """Return a record for JSON; `condition_from` reads it."""
        return {"name": self.name, **self.get_config()}

    @property
    def example(self) -> str:
        """A legal value of the flag with this name."""
        raise TypeError(f"{type(self).__name__} must give an example")


@dataclasses.dataclass(frozen=True)
class Labels(Condition):
    """Class labels, int32 (n,) in [0, num_classes)."""

    name: ClassVar[str] = "labels"
    unit: ClassVar[str] = "class"
    num_classes: PositiveInt

    @property
    def spec(self):
        return tf.TensorSpec((None,), tf.int32, name=self.name)

    def sample(self, draws, count):
        return tf.range(count, dtype=tf.int32) % self.num_classes  # each class equally often

    def by_seed(self, seeds):
        return tf.cast(seeds % self.num_classes, tf.int32)

    def layouts(self, rows):
        """Return one grid with a column for each class (at most 16) and a row for each latent vector."""
        columns = min(self.num_classes, MOST_COLUMNS)
        latents, labels = np.divmod(np.arange(rows * columns), columns)
        return [Layout("", latents, labels.astype(np.int32), columns)]

    @property
    def example(self):
        return f"0-{self.num_classes - 1}"

    @property
    def limits(self):
        return 0, self.num_classes - 1

    @property
    def _expected(self):
        return f"whole numbers from 0 to {self.num_classes - 1}"

    def _is_legal(self, values):
        return (values >= 0) & (values < self.num_classes)


@dataclasses.dataclass(frozen=True)
class Codes(Condition):
    """Codes float32 (n, categorical + continuous): one-hot rows of a category, then values that are uniform on [-1, 1].

    Args:
        categorical: categories, 0 for no categorical code.
        continuous: number of continuous codes.

    Reference: Chen et al. 2016, "InfoGAN", section 7.
    """

    name: ClassVar[str] = "codes"
    unit: ClassVar[str] = "one-hot category, then continuous values"
    limits: ClassVar[tuple[float, float]] = (-LARGEST_CODE, LARGEST_CODE)
    categorical: NonNegativeInt = 0
    continuous: NonNegativeInt = 0

    @property
    def width(self) -> int:
        """Entries of a row."""
        return self.categorical + self.continuous

    @property
    def spec(self):
        return tf.TensorSpec((None, self.width), tf.float32, name=self.name)

    def columns(self) -> list[dict[str, Any]]:
        """Return the kind, the values and the columns [first, last + 1] of each code, for JSON."""
        category = {"kind": "categorical", "columns": [0, self.categorical], "values": "one 1, others 0"}
        bounds = {"kind": "continuous", "range": list(self.limits), "trained_range": [-1, 1]}
        own = [bounds | {"columns": [column, column + 1]} for column in range(self.categorical, self.width)]
        return [category, *own] if self.categorical else own

    def sample(self, draws, count):
        return self._from_uniform(draws.uniform("codes", (count, 1 + self.continuous)))

    def by_seed(self, seeds):
        return self._from_uniform(noise.uniform_by_seed(seeds, 1 + self.continuous))

    def _from_uniform(self, fractions) -> tf.Tensor:
        """Return codes from numbers (n, 1 + continuous) that are uniform on [0, 1)."""
        category = tf.cast(fractions[:, 0] * self.categorical, tf.int32)
        # Rounding may give a category of `categorical`.
        return self.rows(tf.minimum(category, self.categorical - 1), 2.0 * fractions[:, 1:] - 1.0)

    def rows(self, category, values) -> tf.Tensor:
        """Return codes from categories int (n,) and continuous values (n, continuous)."""
        return tf.concat([tf.one_hot(category, self.categorical), tf.cast(values, tf.float32)], axis=1)

    def layouts(self, rows):
        """Return a grid of the categories, and a grid for each continuous code.

        The first grid has a column for each category and a row for each latent vector; its continuous codes
        are 0. The others have a column for each value of the code, from -1 to 1, and a row for each category
        of the first latent vector (without categories, a row for each latent vector).
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
        category = f"{self.categorical} entries that choose a category (one 1, others 0)"
        return f"{category} and {self.continuous} values from -2 to 2, trained on [-1, 1]"

    def _is_legal(self, values):
        category = values[:, : self.categorical]
        one = tf.reduce_all((category == 0) | (category == 1), axis=1) & (
            tf.reduce_sum(category, axis=1) == 1
        )
        in_range = tf.reduce_all(tf.abs(tf.cast(values, tf.float32)) <= LARGEST_CODE, axis=1)  # false for NaN
        return in_range & one if self.categorical else in_range


def condition_from(record: Mapping[str, Any] | None) -> Condition | None:
    """Return the condition of a record from `to_json`; None for None."""
    if record is None:
        return None
    options = dict(record)
    kind = {kind.name: kind for kind in (Labels, Codes)}[options.pop("name")]
    return kind(**options)
