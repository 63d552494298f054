"""Runs of letters: the divergence of their shares in generated and in real strings."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from tfgan.core.options import PositiveInt
from tfgan.metrics.metric import EVERYTHING, Metric, Scores
from tfgan.metrics.samples import Samples
from tfgan.metrics.strings import _codes, _markov


class _Grams(Metric):
    """The common part of both metrics: figures `js1`, `js2`, ... up to the longest runs, which come first."""

    reads: ClassVar = ("images",)
    real_samples: ClassVar = EVERYTHING
    bias: ClassVar = "upwards, about (runs that occur - 1) / (8 n ln 2) with n the runs of the smaller side; compare equal numbers only"

    @property
    def values(self):
        return {f"js{size}": "lower" for size in range(self.most, 0, -1)}

    def baselines(self, real, fake):
        return _markov.baselines(real, fake)

    def _divergences(self, sides, base: int) -> Scores:
        return {
            f"js{size}": _codes.js_divergence(*(_codes.count_grams(*side, size, base) for side in sides))
            for size in range(self.most, 0, -1)
        }


@dataclasses.dataclass(frozen=True)
class NgramJs(_Grams):
    """Compare the shares of 1 to `most` letters in a row in texts, with the beginning and the end of a text as letters.

        js_n = KL(p || m) / 2 + KL(q || m) / 2 in bits,  m = (p + q) / 2,

    p of the generated, q of all training texts.

    Args:
        most: letters in a row.

    Reference: Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", section 5.4 (JS of 4-grams of a
        character model), without ends; Lin 1991, equation 3.3.
    """

    kinds: ClassVar = ("text",)

    most: PositiveInt = 4

    def sides(self, real: Samples, fake: Samples):
        return _codes.check_strings("ngram_js", real, fake)

    def measure(self, real: Samples, fake: Samples) -> Scores:
        *sides, kind = self.sides(real, fake)
        marked = [_codes.mark_ends(codes, kind) for codes in sides]
        # One letter in a row: the begin symbol alone would count as one
        alone = [(codes[:, 1:], lengths - 1) if kind.ends else (codes, lengths) for codes, lengths in marked]
        base = kind.shape[1] + 1
        scores = self._divergences(marked, base)
        first = _codes.js_divergence(*(_codes.count_grams(*side, 1, base) for side in alone))
        return scores | {"js1": first}


@dataclasses.dataclass(frozen=True)
class KmerJs(_Grams):
    """Compare the shares of 1 to `most` letters in a row (k-mers) in biological sequences.

    The formula is the one of `NgramJs`; beginnings and ends are no letters. A Markov chain of order k - 1 has the
    k-mers of its data for nothing: read the figure beside the chains' and beside `gc`.

    Args:
        most: letters in a row.

    Reference: Lin 1991, equation 3.3.
    """

    kinds: ClassVar = ("sequences",)

    most: PositiveInt = 6

    def sides(self, real: Samples, fake: Samples):
        return _codes.check_strings("kmer_js", real, fake)

    def measure(self, real: Samples, fake: Samples) -> Scores:
        *sides, kind = self.sides(real, fake)
        letters = [(codes - kind.ends, _codes.count_letters(codes, kind)) for codes in sides]
        return self._divergences(
            [(np.maximum(codes, 0), lengths) for codes, lengths in letters], len(kind.alphabet)
        )
