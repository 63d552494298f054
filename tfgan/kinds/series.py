"""Series: windows of several channels through time."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tfgan.kinds import heavy_tails
from tfgan.kinds.kind import Kind
from tfgan.kinds.series_picture import draw
from tfgan.kinds.units import Units

FITTED = 20_000  # numbers of a channel that the fit looks at
WIDEST = (
    6.0  # deviations: larger outputs of G are cut, since the heavy-tailed numbers grow beyond every bound
)


@dataclasses.dataclass(frozen=True)
class Series(Kind):
    """Windows float32 (length, channels); in training each channel is centered, scaled and made normal.

    `decode` is center + scale x u exp(delta u^2 / 2), with |u| cut at 6: heavy tails, such as the tails of returns,
    come from a normal-sized output of G.

    Args:
        delta: heaviness of the tails of each channel, at least 0; () for 0.
        channels: names of the channels; () for numbers.

    Reference: Goerg 2015, "The Lambert Way to Gaussianize Heavy-Tailed Data with the Inverse of Tukey's h
    Transformation as a Special Case"; Wiese et al. 2020, "Quant GANs", section 4.
    """

    delta: tuple[float, ...] = ()
    channels: tuple[str, ...] = ()

    name = "series"
    default_network = "conv1d"
    array = "series"
    unit = "unit of the data"
    writers: ClassVar = {**Kind.writers, ".csv": "write_csv"}
    readers: ClassVar = {".csv": "read_csv"}
    preview_count = 512
    preview_shows_reals = True
    own_features = True

    def __post_init__(self) -> None:
        count = self.shape[-1]
        object.__setattr__(self, "delta", tuple(map(float, self.delta)) or (0.0,) * count)
        object.__setattr__(
            self, "channels", tuple(self.channels) or tuple(f"channel_{i}" for i in range(count))
        )
        if len(self.delta) != count or min(self.delta) < 0:
            raise ValueError(f"delta: expected {count} numbers of at least 0, got {self.delta}")

    @classmethod
    def fit(cls, examples, rows, channels=()):
        """Return windows (n, length, channels) in units in which each channel is as normal as heavy tails allow."""
        flat = np.asarray(examples)[rows].reshape(-1, examples.shape[-1])
        flat = flat[:: max(1, len(flat) // FITTED)]
        center, scale, delta = (np.float32(each) for each in heavy_tails.fit(flat))
        return cls(
            tuple(examples.shape[1:]),
            Units(tuple(map(float, center)), tuple(map(float, scale))),
            tuple(map(float, delta)),
            channels,
        )

    @property
    def _delta(self) -> np.ndarray:
        return np.array(self.delta, np.float32)

    def encode(self, x):
        """Return windows in the units of the data as normal numbers."""
        return heavy_tails.normal(self.units.encode(x), self._delta)

    def decode(self, x):
        """Return normal numbers as windows in the units of the data."""
        library = heavy_tails._library(x)
        cut = library.clip(x, np.float32(-WIDEST), np.float32(WIDEST))
        return self.units.decode(heavy_tails.heavy(cut, self._delta))

    def legal(self, values):
        return abs(values) < np.inf  # false for NaN too

    def default_metrics(self, num_classes):
        return ["stylized_facts"]

    def stand_ins(self, count):
        """Return different windows: metrics refuse one window that is repeated."""
        places = np.arange(count * np.prod(self.shape), dtype=np.float32).reshape(count, *self.shape)
        return self.decode(np.sin(places))

    def preview_batches(self, batches, count, *, reference=None, columns=None):
        """Draw paths, the distribution of steps, and the autocorrelations of the first channel."""
        made = np.concatenate([*batches])
        return draw(made[..., 0], (made if reference is None else reference)[..., 0])

    def write_csv(self, path: Path, batches, seeds: np.ndarray) -> None:
        """Write a line a step: the seed of the example, the number of the step, and the channels."""
        with open(path, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["example", "step", *self.channels])
            rows = (window for batch in batches for window in np.asarray(batch))
            for seed, window in zip(seeds, rows, strict=True):
                for step, values in enumerate(window):
                    writer.writerow([int(seed), step, *(f"{value:.9g}" for value in values)])

    def read_csv(self, path: Path) -> np.ndarray:
        """Return the windows that `write_csv`, or anyone in its format, wrote; raise `ValueError` for another format."""
        from tfgan.core import csv_file

        layout = csv_file.read_layout(path)
        wanted = ("example", "step", *self.channels)
        if layout.names != wanted:
            raise ValueError(
                f"{path}: expected the columns {', '.join(wanted)}, got {', '.join(layout.names)}"
            )
        chunks = [columns for _, columns in csv_file.read_chunks(path, layout)]
        try:
            cells = np.concatenate([np.array(columns, np.float64).T for columns in chunks])
        except ValueError as error:
            raise ValueError(f"{path}: expected numbers only ({error})") from None
        length = self.shape[0]
        if len(cells) % length or (cells[:, 1] != np.arange(len(cells)) % length).any():
            raise ValueError(
                f"{path}: expected {length} lines an example, the steps 0 to {length - 1} in order"
            )
        return cells[:, 2:].reshape(-1, *self.shape).astype(np.float32)

    def values(self, records: Any) -> np.ndarray:
        windows = np.asarray(records, np.float32)
        if windows.shape[1:] != self.shape:
            raise ValueError(f"expected windows of shape {self.shape}, got {windows.shape[1:]}")
        return windows
