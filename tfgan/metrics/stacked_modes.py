"""Mode coverage of images whose channels are images of their own."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import numpy as np

from tfgan.metrics.metric import Metric
from tfgan.metrics.samples import Samples

SIMULATIONS, SIMULATION_SEED = 20, 0


@dataclasses.dataclass(frozen=True)
class StackedModes(Metric):
    """Count the modes of stacked images: the K^C combinations of the classes that a classifier sees in the C channels.

    With p the shares of the modes among n samples,

        reverse KL = sum p ln(K^C p), in nats, from uniform modes.

    The classifier errs, and n samples are few: beside the figures stand the ones of as many real held-out
    images, which a perfect generator gets, and the ones of n draws from uniform modes (simulated), the floor.

    Reference: Metz et al. 2017, "Unrolled Generative Adversarial Networks", section 3.3.1; Lin et al. 2018,
    "PacGAN", section 4.2 (1,000 modes, 26,000 samples).
    """

    reads: ClassVar = ("channel_probabilities", "images", "labels")
    values: ClassVar = {"modes": "higher", "reverse_kl": "lower"}
    default_samples: ClassVar = 26_000
    bare: ClassVar = True
    bias: ClassVar = "reverse KL is above its limit by about (modes - 1) / (2 n), and modes below theirs; uniform draws show how far"

    def __call__(self, real: Any, fake: Any) -> dict[str, float]:
        """Score images by their `channel_probabilities`, float (n, C, K).

        Args:
            real: held-out images, with labels c_0 + K c_1 + K^2 c_2 + ...
            fake: generated ones.

        Returns:
            `modes` seen at least once, `modes_of`, `reverse_kl` and `num_samples`; `modes` and `reverse_kl`
            of real images under `real_...`, with `real_num_samples`; `uniform_modes` and
            `uniform_reverse_kl`, means over 20 simulations; and the classifier's accuracy on real images:
            `classifier_accuracy` of a channel, `classifier_all_accuracy` of all at once.

        Raises:
            ValueError: a side has no class probabilities of its channels, or some that are not finite; real
                images lack labels.
        """
        real, fake = self.samples(real, fake)
        fake_classes, real_classes = self.sides(real, fake)
        channels, classes = fake.channel_probabilities.shape[1:]
        place_values = classes ** np.arange(channels)
        right = real_classes == real.labels[: len(real_classes), None] // place_values % classes
        scores, of_real = (
            _measure_coverage(np.bincount(side @ place_values, minlength=classes**channels))
            for side in (fake_classes, real_classes)
        )
        return {
            **scores,
            "modes_of": classes**channels,
            "num_samples": len(fake_classes),
            **{f"real_{name}": value for name, value in of_real.items()},
            "real_num_samples": len(real_classes),
            **{
                f"uniform_{name}": value
                for name, value in _simulate_floor(classes**channels, len(fake_classes)).items()
            },
            "classifier_accuracy": float(right.mean()),
            "classifier_all_accuracy": float(right.all(axis=1).mean()),
        }

    def sides(self, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray]:
        """Return the classes of the channels of fake and of as many real images."""
        fake_classes = _predict_classes(fake, "fake")
        if real.labels is None:
            raise ValueError("metric 'stacked_modes': expected labeled real images, got no labels")
        return fake_classes, _predict_classes(real, "real")[: len(fake_classes)]


def _predict_classes(samples: Samples, side: str) -> np.ndarray:
    """Return the likeliest class of each channel, (n, C)."""
    p = samples.channel_probabilities
    if p is None:
        raise ValueError(
            "metric 'stacked_modes': expected images whose channels have classes (stacked_fashion_mnist), got others"
        )
    if not len(p) or not np.isfinite(p).all():
        raise ValueError(
            f"metric 'stacked_modes': expected finite class probabilities of {side} images, got none, NaN or infinity"
        )
    return p.argmax(axis=-1)


def _measure_coverage(counts: np.ndarray) -> dict[str, float]:
    """Return the figures of the numbers of samples by mode."""
    shares = counts[counts > 0] / counts.sum()
    return {"modes": len(shares), "reverse_kl": float(np.sum(shares * np.log(len(counts) * shares)))}


def _simulate_floor(modes_of: int, count: int) -> dict[str, float]:
    """Return the means over simulated draws from uniform modes."""
    drawn = np.random.default_rng(SIMULATION_SEED).multinomial(
        count, np.full(modes_of, 1 / modes_of), size=SIMULATIONS
    )
    scores = [_measure_coverage(counts) for counts in drawn]
    return {name: float(np.mean([score[name] for score in scores])) for name in scores[0]}
