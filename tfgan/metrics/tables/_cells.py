"""Cells of tables: checks, codes, shuffled columns, and inputs of a classifier.

*Cells* are float64 (n, columns): a category column holds the index of its value, a number holds itself, a date
holds seconds, and a missing cell is NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfgan.metrics import _checks
from tfgan.metrics.samples import Samples

SEED = 0
MOST_CATEGORIES = 255  # scikit-learn's limit for a category column of its gradient boosting


def check_tables(
    metric: str,
    real: Samples,
    fake: Samples,
    *,
    at_least: int = 1,
    other: str = "fake",
    legal: bool = True,
) -> tuple[np.ndarray, np.ndarray, Sequence[Any]]:
    """Return the cells of both sides, float64 (n, columns) and (m, columns), and the columns.

    Args:
        metric: for messages.
        real: real rows, with the table as their `kind`.
        fake: generated rows.
        at_least: rows that each side must have.
        other: name of the second side in messages.
        legal: whether to refuse indices that no category has.

    Raises:
        ValueError: rows without a table, another number of columns, infinite cells, unknown categories, or too
            few rows.
    """
    columns = getattr(real.kind, "columns", None)
    if columns is None:
        raise ValueError(
            f"metric {metric!r}: expected rows of a table (kind= of tfgan.metrics.Samples), got none"
        )
    sides = []
    for name, samples in (("real", real), (other, fake)):
        what = f"metric {metric!r}: {name}"
        cells = _checks.check_numbers(what, [] if samples.images is None else samples.images)
        if cells.shape[1:] != (len(columns),):
            raise ValueError(f"{what}: expected cells (n, {len(columns)}), got shape {cells.shape}")
        if len(cells) < at_least:
            raise ValueError(f"{what}: expected at least {at_least} rows, got {len(cells)}")
        if (bad := np.isinf(cells).any(axis=1)).any():
            raise ValueError(
                f"{what}: expected finite or missing cells, got infinity in {bad.sum()} of {len(cells)} rows, "
                f"first in number {bad.argmax()}"
            )
        for column, values in zip(columns, cells.T, strict=True) if legal else ():
            if column.is_category and (bad := ~is_category_index(values, column)).any():
                raise ValueError(
                    f"{what}: column {column.name!r}: expected indices of {len(column.values)} values, got {values[bad][0]:g}"
                )
        sides.append(cells.astype(np.float64, copy=False))
    return sides[0], sides[1], columns


def is_category_index(cells: np.ndarray, column: Any) -> np.ndarray:
    """Return which cells (n,) of a category column are missing or the index of one of its values."""
    known = (cells == np.floor(cells)) & (cells >= 0) & (cells < len(column.values))
    return known | np.isnan(cells)


def check_held_out(metric: str, real: Samples, *, at_least: int = 2) -> np.ndarray:
    """Return the cells of the held-out rows, float64 (n, columns); raise `ValueError` where there are too few."""
    if real.second is None:
        raise ValueError(
            f"metric {metric!r}: expected held-out real rows (second= of tfgan.metrics.Samples), got none"
        )
    return check_tables(metric, real, real.second, at_least=at_least, other="held-out")[1]


def shuffle_columns(cells: np.ndarray, count: int) -> np.ndarray:
    """Return `count` rows whose columns are drawn independently of each other, without replacement, from a fixed seed.

    Beyond the number of rows the draws begin again. It is the simplest generator with the right columns.
    """
    rng = np.random.default_rng(SEED)
    return np.stack([np.resize(rng.permutation(column), count) for column in cells.T], axis=1)


def encode_categories(cells: np.ndarray, missing: int) -> np.ndarray:
    """Return the indices of a category column as int64, with `missing` for a missing cell."""
    return np.where(np.isnan(cells), missing, cells).astype(np.int64)


def count_joint(real: np.ndarray, fake: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Count how often each code occurs on both sides.

    Args:
        real: int64 (n,) in [0, size).
        fake: int64 (m,) in [0, size).
        size: number of possible codes; beyond 2^22 only the codes that occur are counted.

    Returns:
        Counts of real and of fake codes, of one length.
    """
    if size > 2**22:
        codes, both = np.unique(np.concatenate([real, fake]), return_inverse=True)
        real, fake, size = both[: len(real)], both[len(real) :], len(codes)
    return np.bincount(real, minlength=size), np.bincount(fake, minlength=size)


def compute_overlap(real: np.ndarray, fake: np.ndarray, size: int) -> float:
    """Return 1 minus the total variation distance of two columns of codes; arguments as in `count_joint`."""
    of_real, of_fake = count_joint(real, fake, size)
    return float(1 - np.abs(of_real / len(real) - of_fake / len(fake)).sum() / 2)


def classifier_inputs(
    training: np.ndarray, test: np.ndarray, columns: Sequence[Any]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the inputs of scikit-learn's gradient boosting.

    Missing cells stay NaN, which it takes as a value of its own. A column of more than 255 categories, which
    come in order of frequency, has its rarest ones joined.

    Args:
        training: cells to train on, float64 (n, columns).
        test: cells to score, float64 (m, columns).
        columns: objects with `is_category`.

    Returns:
        Both sides, and whether each column is a category, bool (columns,).
    """
    is_category = np.array([column.is_category for column in columns], bool)
    empty = np.isnan(training).all(axis=0)  # scikit-learn fails on such a column
    sides = []
    for cells in (training, test):
        cells = np.where(empty, 0.0, cells)
        cells[:, is_category] = np.minimum(cells[:, is_category], MOST_CATEGORIES - 1)  # NaN stays NaN
        sides.append(cells)
    return *sides, is_category


def predict(
    kind: str, training: np.ndarray, y: np.ndarray, test: np.ndarray, columns: Sequence[Any]
) -> tuple[Any, np.ndarray]:
    """Fit scikit-learn's histogram gradient boosting, 150 iterations from seed 0, and predict.

    One thread does it: the figures are then the same on every machine, and threads do not wait for each other.

    Args:
        kind: "Classifier" or "Regressor".
        training, test, columns: as for `classifier_inputs`.
        y: classes or numbers to learn, (n,).

    Returns:
        The model, and for each test row the probabilities of `model.classes_` (m, classes) or a number (m,).
    """
    from sklearn import ensemble
    from threadpoolctl import threadpool_limits

    x, held_out, is_category = classifier_inputs(training, test, columns)
    model = getattr(ensemble, f"HistGradientBoosting{kind}")(
        max_iter=150, early_stopping=False, random_state=SEED, categorical_features=is_category
    )
    with threadpool_limits(1, user_api="openmp"):
        model.fit(x, y)
        return model, model.predict_proba(held_out) if kind == "Classifier" else model.predict(held_out)
