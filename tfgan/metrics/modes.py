"""Mode coverage of a Gaussian mixture."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import numpy as np

from tfgan.metrics.metric import Metric
from tfgan.metrics.samples import Samples

RADIUS_IN_SIGMAS = 3.0


@dataclasses.dataclass(frozen=True)
class Modes(Metric):
    """Count the modes of a mixture that samples reach.

    A sample is of high quality when it is nearer than 3 sigma (strictly, Euclidean) to the nearest mean; a
    mode is captured by at least one such sample. With p the shares of high-quality samples by nearest mode,
    of K modes,

        reverse KL = sum p ln(K p), in nats.

    None of these sees how wide the modes are: `width` is the root mean square distance of high-quality
    samples from their means, per coordinate, over sigma; .97 for the mixture itself, whose tails are cut.

    Reference: Lin et al. 2018, "PacGAN", section 4.1; Srivastava et al. 2017, "VEEGAN", section 5.1.
    """

    reads: ClassVar = ("images", "reference")
    values: ClassVar = {"modes": "higher", "high_quality": "higher", "reverse_kl": "lower", "width": "real"}
    default_samples: ClassVar = 2_500
    bare: ClassVar = True
    bias: ClassVar = "reverse_kl upwards, (K - 1) / 2n of K modes; modes downwards where n is small"

    def __call__(self, real: Any, fake: Any) -> dict[str, float | None]:
        """Score points.

        Args:
            real: its `reference` holds `means` (K, d) and `sigma`.
            fake: points (n, d) in the data's own units.

        Returns:
            `modes`, `modes_of` (K), `high_quality` in [0, 1], `reverse_kl` in nats and `width` (None without
            any high-quality sample) and `num_samples`; and under `real_...` the figures of as many samples of
            the mixture itself.

        Raises:
            ValueError: `real` has no mixture to refer to.
        """
        real, fake = self.samples(real, fake)
        self.sides(real, fake)
        scores = _measure_coverage(fake.images, real.reference)
        perfect = _measure_coverage(real.images, real.reference)
        return {
            **scores,
            "modes_of": len(real.reference.means),
            "num_samples": len(fake.images),
            **{f"real_{name}": value for name, value in perfect.items()},
        }

    def sides(self, real: Samples, fake: Samples) -> None:
        """Raise `ValueError` where no mixture is known."""
        if real.reference is None:
            raise ValueError(
                "metric 'modes': expected data with known modes (ring8, grid25, grid100), got none"
            )


def _measure_coverage(points: np.ndarray, mixture) -> dict[str, float | None]:
    means = np.asarray(mixture.means, np.float64)
    distances = np.linalg.norm(np.asarray(points, np.float64)[:, None] - means[None], axis=-1)
    nearest = distances.min(axis=1)
    good = nearest < RADIUS_IN_SIGMAS * mixture.sigma
    counts = np.bincount(distances.argmin(axis=1)[good], minlength=len(means))
    shares = counts[counts > 0] / max(counts.sum(), 1)
    return {
        "modes": int((counts > 0).sum()),
        "high_quality": float(good.mean()),
        "reverse_kl": float(np.sum(shares * np.log(len(means) * shares))) if counts.sum() else None,
        "width": float(np.sqrt(np.mean(nearest[good] ** 2) / means.shape[1]) / mixture.sigma)
        if counts.sum()
        else None,
    }
