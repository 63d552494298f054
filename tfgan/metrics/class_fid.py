"""Frechet distance within classes."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from tfgan.metrics import _checks, fid
from tfgan.metrics.metric import Metric, Scores
from tfgan.metrics.samples import Samples


@dataclasses.dataclass(frozen=True)
class ClassFid(Metric):
    """Mean over classes of the Frechet distance of fakes asked for that class to reals of it, on the features that the name says.

    Unlike plain FID it sees a generator that makes the right pictures under the wrong labels.

    Reference: Miyato & Koyama 2018, "cGANs with projection discriminator", section 5.1 (intra FID).
    """

    reads: ClassVar = ("features", "labels")
    values: ClassVar = {"class_fid": "lower"}
    bias: ClassVar = "upwards, about c/n with n the samples of one class: stronger than plain FID's"

    def measure(self, real: Samples, fake: Samples) -> Scores:
        by_class, warning = self._compute_distances(real, fake)
        few = min(warning, key=lambda pair: min(pair[0].count, pair[1].count))
        fid.warn_of_few("class_fid", *few)
        worst = max(by_class, key=by_class.get)
        return {
            "class_fid": float(np.mean(list(by_class.values()))),
            "classes": len(by_class),
            "smallest_class": min(few[0].count, few[1].count),
            "worst_class": worst,
            **{f"class_{label}": value for label, value in by_class.items()},
        }

    def floor(self, real: Samples, second: Samples) -> Scores:
        return {"class_fid": float(np.mean(list(self._compute_distances(real, second)[0].values())))}

    def sides(self, real: Samples, fake: Samples) -> dict[int, tuple[np.ndarray, np.ndarray]]:
        """Return the features of both sides by class."""
        sides = list(
            zip(_checks.check_features("class_fid", real, fake), _check_labels(real, fake), strict=True)
        )
        classes = np.unique(np.concatenate([labels for _, labels in sides]))
        return {
            int(label): tuple(
                _select_class(side, label, name) for side, name in zip(sides, ("real", "fake"), strict=True)
            )
            for label in classes
        }

    def _compute_distances(
        self, real: Samples, fake: Samples
    ) -> tuple[dict[int, float], list[tuple[fid.Moments, fid.Moments]]]:
        """Return the distance of each class, and the moments of both sides that it comes from."""
        by_class = self.sides(real, fake)
        pairs = [tuple(map(fid.compute_moments, pair)) for pair in by_class.values()]
        return {
            label: fid.distance_of_moments(*pair) for label, pair in zip(by_class, pairs, strict=True)
        }, pairs


def class_fid(real: np.ndarray, real_labels: np.ndarray, fake: np.ndarray, fake_labels: np.ndarray) -> float:
    """Return the mean over classes of the Frechet distance of features (n, d) and (m, d), by labels (n,) and (m,)."""
    real_samples = Samples(features=real, labels=real_labels)
    fake_samples = Samples(features=fake, labels=fake_labels)
    return ClassFid().floor(real_samples, fake_samples)["class_fid"]


def _check_labels(real: Samples, fake: Samples) -> list[np.ndarray]:
    found = []
    for name, samples in (("real", real), ("fake", fake)):
        if samples.labels is None:
            raise ValueError(
                f"metric 'class_fid': {name}: expected labels, got none; it scores labeled data and generators that take labels "
                "(in Python: tfgan.metrics.Samples(features=..., labels=...))"
            )
        labels = np.asarray(samples.labels)
        of_samples = len(samples.images if samples.features is None else samples.features)
        if labels.shape != (of_samples,):
            raise ValueError(
                f"metric 'class_fid': {name}: expected {of_samples} labels, one a sample, got shape {labels.shape}"
            )
        found.append(labels)
    return found


def _select_class(side: tuple[np.ndarray, np.ndarray], label, name: str) -> np.ndarray:
    features, labels = side
    chosen = features[labels == label]
    if len(chosen) < 2:
        raise ValueError(
            f"metric 'class_fid': {name}: expected at least 2 samples of each class, got {len(chosen)} of class {label}; "
            "take more samples, or labels that both sides have"
        )
    return chosen
