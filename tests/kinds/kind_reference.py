"""One row of expected values a kind, computed in float64."""

import dataclasses
from collections.abc import Callable

import numpy as np


@dataclasses.dataclass(frozen=True)
class Case:
    """Data of one kind, and the numbers that its kind must make of them.

    Attributes:
        data: examples as a data set holds them, a row each.
        encoded: the same in training units, float64.
        decoded: the same in the user's units, float64 for numbers of float32.
        rounding: the largest error of float32 in `encoded` and in `decoded`.
        illegal: an example of a value that is not legal.
        output: name and dtype of the outputs of "serving_default" and of "sample", and what other signatures
            there are.
        metric: a metric that can be taken of such examples, and one that cannot.
        dtype: of the user's units; None for float32 where `decoded` holds float64, else its dtype.
        arrays: names of the arrays in an .npz file beside the seeds; None for the kind's one.
        changed: makes of examples in training units another batch that previews must tell from the first.
    """

    data: np.ndarray
    encoded: np.ndarray
    decoded: np.ndarray
    rounding: tuple[float, float]
    illegal: float
    output: tuple[str, str, str, set]
    metric: tuple[str, str]
    changed: Callable[[np.ndarray], np.ndarray] = staticmethod(lambda x: -x)
    dtype: str | None = None
    arrays: tuple[str, ...] | None = None


def images():
    """pixel / 127.5 - 1, an error of 2^-23 at most."""
    pixels = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 1)).astype(np.uint8)
    levels = pixels.astype(np.float64) / 127.5 - 1
    signatures = ("images", "float32", "uint8", {"sample_png"})
    return Case(pixels, levels, levels, (2.0**-23, 2.0**-23), 1.5, signatures, ("kid_2k/fashion_cnn", "w2"))


def points():
    """(x - mean) / deviation by column. The center, about 20, is rounded by 2^-20 at most, in units of a deviation of about 2."""
    random = np.random.default_rng(0)
    places = np.stack(
        [random.normal(20, 2, 12), random.uniform(0, 1e-3, 12), np.full(12, 7.0)], axis=1
    ).astype(np.float32)
    exact = places.astype(np.float64)
    deviation = exact.std(axis=0)
    encoded = (exact - exact.mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    signatures = ("samples", "float32", "float32", set())
    return Case(places, encoded, exact, (2e-6, 4e-6), np.inf, signatures, ("w2", "kid_2k/fashion_cnn"))


def strings(letters, others):
    """A one in the place of each code; rows of lengths 0 to 12 of all letters, with the end symbol behind them."""
    codes = np.random.default_rng(0).integers(1, letters + 1, (13, 12))
    codes[np.arange(12) >= np.arange(13)[:, None]] = 0
    codes[12, 0] = letters
    signatures = ("text", "string", "string", others)
    return Case(
        codes.astype(np.int8),
        np.eye(letters + 1)[codes],
        codes.astype(np.int32),
        (0.0, 0.0),
        letters + 1,
        signatures,
        ("kid_2k/encoded", "kid_2k/fashion_cnn"),
        lambda x: x[..., ::-1],
    )


def series():
    """(x - mean) / deviation by channel: even numbers have lighter tails than normal ones, so that delta is 0."""
    random = np.random.default_rng(0)
    windows = np.stack([random.uniform(-1, 1, (12, 6)), random.uniform(20, 30, (12, 6))], axis=-1).astype(
        np.float32
    )
    exact = windows.astype(np.float64)
    encoded = (exact - exact.mean(axis=(0, 1))) / exact.std(axis=(0, 1))
    signatures = ("samples", "float32", "float32", set())
    return Case(windows, encoded, exact, (2e-6, 4e-6), np.inf, signatures, ("stylized_facts", "w2"))


def table():
    """Each value of a column is shared by 5 % of the rows or more: a choice, in order; a missing cell is the last choice."""
    rows = np.arange(12)
    gaps = rows % 4 == 1
    cells = np.stack([rows % 4 * 1.5, np.where(gaps, np.nan, rows % 3 - 1.0)], axis=1)
    encoded = np.concatenate([np.eye(4)[rows % 4], np.eye(4)[np.where(gaps, 3, rows % 3)]], axis=1)
    return Case(
        cells,
        encoded,
        cells,
        (0.0, 0.0),
        9.0,
        ("column_0", "float64", "float64", {"sample_csv"}),
        ("quality", "kid_2k/fashion_cnn"),
        dtype="float64",
        arrays=("column_0", "column_1"),
    )


CASES = {
    "images": images(),
    "points": points(),
    "series": series(),
    "table": table(),
    "text": strings(26, set()),
    "sequences": strings(4, {"sample_fasta"}),
}
