"""Worth of generated rows as training data: train on synthetic, test on real."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from tfgan.metrics.metric import EVERYTHING, Metric, Scores
from tfgan.metrics.samples import Samples
from tfgan.metrics.tables import _cells


@dataclasses.dataclass(frozen=True)
class Tstr(Metric):
    """Train a classifier of one column on generated rows, and score it on held-out real rows.

    The classifier is scikit-learn's histogram gradient boosting (150 iterations, seed 0) on all other columns.
    A target of two values has the area under the ROC curve and the F1 score of its rarer value; one of more
    values the macro F1 score; a number R^2. Generated and training rows are equally many, at most as many as
    either side has.

    Args:
        target: name of the column; None for the table's own target.

    Reference: Esteban, Hyland & Ratsch 2017, "Real-valued (medical) time series generation with recurrent
        conditional GANs", which names it.
    """

    reads: ClassVar = ("images",)
    kinds: ClassVar = ("table",)
    values: ClassVar = {
        "tstr_auc": "higher",
        "tstr_f1": "higher",
        "tstr_macro_f1": "higher",
        "tstr_r2": "higher",
    }
    default_samples: ClassVar = 30_000
    real_samples: ClassVar = EVERYTHING
    held_out_only: ClassVar = True
    bias: ClassVar = "downwards where rows are few: real rows of the same number have it too"

    target: str | None = None

    def samples(self, real: Any, fake: Any) -> tuple[Samples, Samples]:
        """Return both sides with equally many rows."""
        real, fake = super().samples(real, fake)
        if real.images is None or fake.images is None:
            return real, fake
        count = max(2, min(len(real.images), len(fake.images)))
        return tuple(dataclasses.replace(side, images=side.images[:count]) for side in (real, fake))

    def sides(self, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
        """Return training rows, generated rows, held-out rows, and the number of the target column."""
        real_cells, fake_cells, columns = _cells.check_tables("tstr", real, fake, at_least=2)
        name = getattr(real.kind, "target", None) if self.target is None else self.target
        names = [column.name for column in columns]
        if name not in names:
            raise ValueError(
                f"metric 'tstr': expected target= with one of the columns {', '.join(names)}, got {name!r}"
            )
        if len(names) < 2:
            raise ValueError(f"metric 'tstr': expected columns beside the target {name!r}, got none")
        return real_cells, fake_cells, _cells.check_held_out("tstr", real), names.index(name)

    def measure(self, real: Samples, fake: Samples) -> Scores:
        """Return the figures that suit the target, and the number of held-out rows with a target, `num_test`."""
        real_cells, fake_cells, held_out, target = self.sides(real, fake)
        training, test = (side[~np.isnan(side[:, target])] for side in (fake_cells, held_out))
        for what, side in (("generated", training), ("held-out", test)):
            if not len(side):
                raise ValueError(f"metric 'tstr': expected {what} rows with a target, got none")
        if real.kind.columns[target].is_category:
            found = score_classes(training, test, real_cells[:, target], real.kind.columns, target)
        else:
            found = score_numbers(training, test, real.kind.columns, target)
        return {**found, "num_test": len(test)}

    def floor(self, real: Samples, second: Samples) -> Scores:
        """Return the figures of a classifier that is trained on the real training rows."""
        scores = self.measure(real, dataclasses.replace(real, second=None))
        return {name: scores[name] for name in self.values if name in scores}

    def baselines(self, real: Samples, fake: Samples) -> Mapping[str, Samples]:
        """Return shuffled columns: no column tells of another."""
        return {"simple": Samples(_cells.shuffle_columns(real.images, len(fake.images)), kind=real.kind)}


def score_classes(
    training: np.ndarray, test: np.ndarray, real_target: np.ndarray, columns: Sequence[Any], target: int
) -> Scores:
    """Return the figures of a category target.

    Args:
        training: cells to train on, float64 (n, columns), none of them without a target.
        test: cells to score on, float64 (m, columns), none of them without a target.
        real_target: the target's cells in the training rows; they say which value is rarer.
        columns: objects with `is_category`.
        target: number of the target column.
    """
    from sklearn.metrics import f1_score, roc_auc_score

    y, truth = training[:, target], test[:, target]
    classes, counts = np.unique(real_target[~np.isnan(real_target)], return_counts=True)
    if len(np.unique(y)) > 1:
        model, probabilities = _predict("Classifier", training, test, columns, target)
        known = model.classes_
        predicted = known[probabilities.argmax(axis=1)]
    else:  # no classifier learns from one class
        predicted, probabilities, known = np.full(len(test), y[0]), np.ones((len(test), 1)), y[:1]
    if len(classes) != 2:
        return {"tstr_macro_f1": float(f1_score(truth, predicted, average="macro", zero_division=0))}
    rarer = classes[counts.argmin()]
    score = probabilities[:, known == rarer].sum(axis=1)  # zeros where no row to train on had it
    has_both = len(np.unique(truth == rarer)) == 2
    return {
        "tstr_auc": float(roc_auc_score(truth == rarer, score)) if has_both else None,
        "tstr_f1": float(f1_score(truth == rarer, predicted == rarer, zero_division=0)),
    }


def score_numbers(training: np.ndarray, test: np.ndarray, columns: Sequence[Any], target: int) -> Scores:
    """Return R^2 of a target of numbers; arguments as in `score_classes`."""
    from sklearn.metrics import r2_score

    _, predicted = _predict("Regressor", training, test, columns, target)
    return {"tstr_r2": float(r2_score(test[:, target], predicted)) if len(test) > 1 else None}


def _predict(
    kind: str, training: np.ndarray, test: np.ndarray, columns: Sequence[Any], target: int
) -> tuple[Any, np.ndarray]:
    """Return the model of the target on all other columns, and its predictions, as `_cells.predict` does."""
    others = [i for i in range(len(columns)) if i != target]
    rest = [columns[i] for i in others]
    return _cells.predict(kind, training[:, others], training[:, target], test[:, others], rest)
