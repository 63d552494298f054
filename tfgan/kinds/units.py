"""The map between data units and training units: data = center + scale x training."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


@dataclasses.dataclass(frozen=True)
class Units:
    """Center and scale of the data, common to all entries of an example or one a column.

        encode: (x - center) / scale,    decode: center + scale x

    Both are float32 numbers, so that NumPy, TensorFlow and an exported model compute the same, to the last
    bit or two, in float32. A column whose values are all equal has scale 0: `encode` divides it by 1, and
    `decode` returns its center, whatever G makes of it.

    Args:
        center: a number, or one a column.
        scale: a number above 0, or one a column of at least 0; in data units for one training unit.

    Raises:
        ValueError: a number that is not finite, a negative scale, or a center and a scale of different
            lengths.

    Example:
        >>> Units((300.0, 0.0), (5.0, 1.0)).decode(np.float32([[1.0, 2.0]]))
        array([[305.,   2.]], dtype=float32)
    """

    center: float | tuple[float, ...] = 0.0
    scale: float | tuple[float, ...] = 1.0

    def __post_init__(self) -> None:
        for name in ("center", "scale"):
            object.__setattr__(self, name, _plain(getattr(self, name)))
        if isinstance(self.scale, tuple) != isinstance(self.center, tuple) or np.shape(
            self.center
        ) != np.shape(self.scale):
            raise ValueError(
                f"units: expected a center and a scale for each column, got {self.center} and {self.scale}"
            )
        legal = np.all(np.greater_equal(self.scale, 0)) if isinstance(self.scale, tuple) else self.scale > 0
        if not (legal and np.all(np.isfinite([self.center, self.scale]))):
            raise ValueError(
                f"units: expected finite centers and scales above 0, got {self.center} and {self.scale}"
            )

    @classmethod
    def by_column(cls, points: np.ndarray) -> Units:
        """Return the units in which each column of points (n, d) has mean 0 and standard deviation 1.

        Both statistics are taken in float64. A column without variation gets scale 0.

        Raises:
            ValueError: a column that spans more than float32 can hold.
        """
        points = np.asarray(points, np.float64)
        span = np.ptp(points, axis=0)
        if span.max() > np.finfo(np.float32).max:
            raise ValueError(
                f"points: expected columns that span less than 3.4e38, got {span.max():g} in column {span.argmax()}"
            )
        varies = span > 0
        center = np.where(varies, points.mean(axis=0), points[0])
        scale = np.where(varies, np.maximum(points.std(axis=0), np.finfo(np.float32).tiny), 0.0)
        return cls(tuple(_float32(center)), tuple(_float32(scale)))

    @property
    def is_common(self) -> bool:
        """Whether all entries of an example share one scale."""
        return not isinstance(self.scale, tuple)

    def encode(self, x):
        """Return float32 data, an array or a tensor (..., d), in training units."""
        if self.is_common:
            return self._centered(x) / np.float32(self.scale)
        scale = np.array(self.scale, np.float32)
        return self._centered(x) / np.where(scale > 0, scale, np.float32(1))

    def decode(self, x):
        """Return float32 training units, an array or a tensor (..., d), in the units of the data."""
        scaled = x * np.array(self.scale, np.float32)
        return scaled + np.array(self.center, np.float32) if np.any(self.center) else scaled

    def _centered(self, x):
        return x - np.array(self.center, np.float32) if np.any(self.center) else x

    def to_json(self) -> dict[str, Any]:
        """Return center and scale as plain JSON values."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in dataclasses.asdict(self).items()
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Units:
        """Return the units that `to_json` described."""
        return cls(value["center"], value["scale"])


def _plain(value: float | Sequence[float] | np.ndarray) -> float | tuple[float, ...]:
    return tuple(float(one) for one in value) if np.ndim(value) else float(value)


def _float32(values: np.ndarray) -> list[float]:
    return [float(one) for one in values.astype(np.float32)]
