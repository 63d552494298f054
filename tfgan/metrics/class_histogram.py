"""Which classes a generator makes, as a small classifier sees them."""

from __future__ import annotations

import dataclasses
import warnings
from typing import Any, ClassVar

import numpy as np

from tfgan.core import images as images_lib
from tfgan.core.options import PositiveInt
from tfgan.metrics.metric import Metric
from tfgan.metrics.samples import Samples

HELD_OUT_SHARE = 0.1
SMALL = 4096  # entries of an image up to which one thread is faster than several


@dataclasses.dataclass(frozen=True)
class ClassHistogram(Metric):
    """Train a small classifier on labeled real images and count the classes that it assigns to generated ones.

    The classifier is a perceptron with one hidden layer on the pixels, drawn from a fixed seed. Its accuracy
    and confidence on a tenth of the real images that it was not trained on are the ceiling of the figures.

    Args:
        hidden: units of the hidden layer.
        most_images: real images it is trained on at most.
        examples_seen: images times epochs of its training.
    """

    reads: ClassVar = ("images", "labels")
    values: ClassVar = {"classes": "higher", "largest_share": "real", "mean_confidence": "real"}
    floors: ClassVar = {"mean_confidence": "real_confidence"}
    default_samples: ClassVar = 1_000
    real_samples: ClassVar = 12_000
    bare: ClassVar = True
    bias: ClassVar = "largest_share upwards, about in 1/sqrt(n)"

    hidden: PositiveInt = 128
    most_images: PositiveInt = 12_000
    examples_seen: PositiveInt = 200_000

    def __call__(self, real: Any, fake: Any) -> dict[str, float]:
        """Score images.

        Args:
            real: labeled images (n, height, width, channels) in [-1, 1].
            fake: images of the same shape.

        Returns:
            `classes` seen at least once, `classes_of`, `largest_share` of one class, `mean_confidence` (the
            mean of the highest class probability), `share_<k>` of each class, `num_samples`, and the
            classifier's `real_accuracy` and `real_confidence` on held-out real images, beside
            `real_largest_share` of the labels. Where generated images have the labels that they were made by,
            `label_agreement` is the share that the classifier sees as that class; its ceiling is
            `real_accuracy`.

        Raises:
            ValueError: the real images have no labels.
        """
        real, fake = self.samples(real, fake)
        self.sides(real, fake)
        from sklearn.exceptions import ConvergenceWarning
        from threadpoolctl import threadpool_limits

        for name, side in (("real", real), ("fake", fake)):
            images_lib.check_pixels(f"metric 'class_histogram': {name}", side.images)
        images, labels = _flatten(real.images[: self.most_images]), real.labels[: self.most_images]
        split = _count_training(len(images))
        classifier = self._build_classifier(split)
        # On small matrices BLAS threads wait for each other most of the time: of 28x28 images 14 s on two cores, 2 s on one.
        threads = 1 if images.shape[1] <= SMALL else None
        with warnings.catch_warnings(), threadpool_limits(threads, user_api="blas"):
            warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is fixed
            classifier.fit(images[:split], labels[:split])
            held_out = classifier.predict_proba(images[split:])
            probabilities = classifier.predict_proba(_flatten(fake.images))
        shares = np.bincount(probabilities.argmax(axis=1), minlength=len(classifier.classes_)) / len(
            probabilities
        )
        asked = {}
        if fake.labels is not None:
            asked["label_agreement"] = float(
                (classifier.classes_[probabilities.argmax(axis=1)] == fake.labels).mean()
            )
        return {
            **asked,
            "classes": int((shares > 0).sum()),
            "classes_of": len(shares),
            "largest_share": float(shares.max()),
            "mean_confidence": float(probabilities.max(axis=1).mean()),
            "real_accuracy": float((classifier.classes_[held_out.argmax(axis=1)] == labels[split:]).mean()),
            "real_confidence": float(held_out.max(axis=1).mean()),
            "real_largest_share": float(np.bincount(real.labels).max() / len(real.labels)),
            "num_samples": len(probabilities),
            **{
                f"share_{label}": float(share)
                for label, share in zip(classifier.classes_, shares, strict=True)
            },
        }

    def sides(self, real: Samples, fake: Samples) -> None:
        """Raise `ValueError` for images without labels, or of one class where the classifier trains."""
        expected = "metric 'class_histogram': expected labeled real images of two or more classes"
        if real.labels is None or len(np.unique(real.labels)) < 2:
            raise ValueError(f"{expected}, got none")
        labels = real.labels[: self.most_images]
        if len(np.unique(labels[: _count_training(len(labels))])) < 2:
            raise ValueError(
                f"{expected} among the {_count_training(len(labels))} that its classifier is trained on, got one"
            )

    def _build_classifier(self, count: int):
        from sklearn.neural_network import MLPClassifier

        epochs = max(1, self.examples_seen // count)
        return MLPClassifier((self.hidden,), max_iter=epochs, n_iter_no_change=epochs, random_state=0)


def _count_training(count: int) -> int:
    """Return how many of the images the classifier is trained on."""
    return int(count * (1 - HELD_OUT_SHARE))


def _flatten(images: np.ndarray) -> np.ndarray:
    return np.asarray(images, np.float32).reshape(len(images), -1)
