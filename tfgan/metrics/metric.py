"""Base of all metrics: samples in, named figures and their floor out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from tfgan.core.options import Configurable
from tfgan.metrics.samples import Samples

EVERYTHING = 2**62  # number of real examples: all training examples
Better = Literal["lower", "higher", "real"]
Scores = dict[str, float | None]


class Metric(Configurable):
    """A function of real and generated samples; a subclass is a frozen dataclass that defines `measure`.

    Attributes:
        reads: the fields of `Samples` that it uses.
        kinds: names of the kinds of data whose examples it reads; any kind has the features "encoded".
        values: its figures, each with its better direction: "lower", "higher", or nearer to the figure of
            reals ("real").
        floors: name of the figure of reals, where it is not `real_<figure>`.
        default_samples: generated samples where a name says no number.
        real_samples: real examples; None for as many as generated ones, `EVERYTHING` for all.
        held_out_only: the second real sample must never have been trained on, even if that makes it smaller.
        of_fake_alone: the real side is not looked at, so that it may be scored itself.
        bare: its figures keep their own names where a name says no number, as in `modes` against
            `fid_10k/fashion_cnn`.
        bias: effect of a finite sample on the figures, one line.
    """

    reads: ClassVar[tuple[str, ...]] = ("features",)
    kinds: ClassVar[tuple[str, ...]] = ("images", "points")
    values: ClassVar[Mapping[str, Better]] = {}
    floors: ClassVar[Mapping[str, str]] = {}
    default_samples: ClassVar[int] = 10_000
    real_samples: ClassVar[int | None] = None
    held_out_only: ClassVar[bool] = False
    of_fake_alone: ClassVar[bool] = False
    bare: ClassVar[bool] = False
    bias: ClassVar[str] = ""

    def __call__(self, real: Any, fake: Any) -> Scores:
        """Score generated samples.

        Args:
            real: real `Samples`; with `real.second`, that is scored too. An array is taken for the first
                field of `reads`: for most metrics features (n, d), for `inception_score` class probabilities
                (n, classes), for `ms_ssim` images in [-1, 1].
            fake: generated samples, in the same way.

        Returns:
            `values` by name, the other entries of `measure`, `num_samples` and `num_real`; with a second real
            sample, its score under `real_<value>` and its number under `real_num_samples`.

        Raises:
            ValueError: samples that cannot be scored.
            TypeError: neither `Samples` nor arrays.

        Example:
            >>> tfgan.metrics.get("kid")(real_features, fake_features)["kid"]    # (n, d) and (m, d)
        """
        real, fake = self.samples(real, fake)
        scores = self.measure(real, fake) | {"num_samples": self.count(fake), "num_real": self.count(real)}
        for name, simple in self.baselines(real, fake).items():
            found = self.measure(real, simple)
            scores |= {f"{name}_{key}": found[key] for key in self.values if key in found}
        second = self._second_sample(real)
        if second is None:
            return scores
        floor = {f"real_{name}": value for name, value in self.floor(real, second).items()}
        return scores | floor | {"real_num_samples": self.count(second)}

    def baselines(self, real: Samples, fake: Samples) -> Mapping[str, Samples]:
        """Return the samples of generators that need no training, by name, as many as there are fakes.

        Each is scored like the fakes. The first one is "simple": a trained generator should do better.
        """
        return {}

    def check(self, real: Any, fake: Any) -> None:
        """Raise `ValueError` where samples lack fields, examples or classes that the metric needs.

        It computes no figure, so that a run can ask before it trains, with features of any values. Arguments
        as for a call.
        """
        real, fake = self.samples(real, fake)
        self.sides(real, fake)
        if (second := self._second_sample(real)) is not None:
            self.sides(real, second)

    def sides(self, real: Samples, fake: Samples) -> Any:
        """Return the arrays that `measure` compares; raise `ValueError` where they cannot be scored. A subclass may leave it out."""
        return None

    def samples(self, real: Any, fake: Any) -> tuple[Samples, Samples]:
        """Return both sides as `Samples`; an array becomes the first field of `reads`."""
        sides = []
        for name, side in (("real", real), ("fake", fake)):
            if side is None or isinstance(side, (str, bytes, Mapping)):
                raise TypeError(
                    f"{name}: expected an array of {self.reads[0]} or tfgan.metrics.Samples, got {type(side).__name__}"
                )
            sides.append(side if isinstance(side, Samples) else Samples(**{self.reads[0]: _to_array(side)}))
        return sides[0], sides[1]

    def measure(self, real: Samples, fake: Samples) -> Scores:
        """Return the figures, their intervals and the protocol's constants."""
        raise TypeError(f"{type(self).__name__} must define measure")

    def floor(self, real: Samples, second: Samples) -> Scores:
        """Return the figures of a second real sample."""
        scores = self.measure(real, second)
        return {name: scores[name] for name in self.values if name in scores}

    def _second_sample(self, real: Samples) -> Samples | None:
        """Return the real samples that are scored for the floor, None where there are none."""
        return real if real.second is None and self.of_fake_alone and self.count(real) else real.second

    def count(self, samples: Samples) -> int:
        """Return how many samples there are, by the field that this metric reads first."""
        examples = getattr(samples, self.reads[0])
        examples = samples.images if examples is None else examples
        return 0 if examples is None else len(examples)


def _to_array(values: Any) -> Any:
    """Return values as an array; rows of mixed sizes as they are, for the metric to refuse by name."""
    try:
        return np.asarray(values)
    except ValueError:
        return values
