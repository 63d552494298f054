"""GC content of DNA and RNA."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from tfgan.metrics.metric import EVERYTHING, Metric, Scores
from tfgan.metrics.samples import Samples
from tfgan.metrics.strings import _codes, _markov


@dataclasses.dataclass(frozen=True)
class Gc(Metric):
    """Compare the share of the letters G and C in each sequence: its mean, its standard deviation, and W1 of its distribution.

    Composition varies along a genome, between genes and the parts around them. A Markov chain makes every
    window alike, so that the deviation of its windows is too small: no chain of a low order has both the
    k-mers and this deviation.
    """

    reads: ClassVar = ("images",)
    kinds: ClassVar = ("sequences",)
    values: ClassVar = {"gc_w1": "lower", "gc_mean": "real", "gc_deviation": "real"}
    real_samples: ClassVar = EVERYTHING
    bias: ClassVar = "gc_w1 upwards, about deviation / sqrt(n); the others none to speak of"

    def sides(self, real: Samples, fake: Samples):
        real_codes, fake_codes, kind = _codes.check_strings("gc", real, fake)
        if not {"G", "C"} < set(kind.alphabet) or len(kind.alphabet) != 4:
            raise ValueError(
                f"metric 'gc': expected DNA or RNA, got sequences of the letters {kind.alphabet!r}"
            )
        return real_codes, fake_codes, kind

    def measure(self, real: Samples, fake: Samples) -> Scores:
        *sides, kind = self.sides(real, fake)
        shares = [gc_content(codes, kind) for codes in sides]
        return {
            "gc_w1": _codes.w1(*shares),
            "gc_mean": float(shares[1].mean()),
            "gc_deviation": float(shares[1].std()),
        }

    def baselines(self, real, fake):
        return _markov.baselines(real, fake)


def gc_content(codes: np.ndarray, kind) -> np.ndarray:
    """Return the share of G and C among the letters of each sequence, float64 (n,); 0 for one without letters."""
    is_gc = np.array([False] * kind.ends + [letter in "GC" for letter in kind.alphabet])
    return is_gc[codes].sum(axis=1) / np.maximum(_codes.count_letters(codes, kind), 1)
