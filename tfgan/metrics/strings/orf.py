"""Open reading frames of DNA and RNA."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from tfgan.metrics.metric import EVERYTHING, Metric, Scores
from tfgan.metrics.samples import Samples
from tfgan.metrics.strings import _codes, _markov

START, STOPS = "ATG", ("TAA", "TAG", "TGA")


@dataclasses.dataclass(frozen=True)
class Orf(Metric):
    """Find open reading frames: ATG, codons that are no stop, and TAA, TAG or TGA in the same frame.

    - `orf_share`: share of the sequences that hold one, in one of the three frames of the strand as it is.
    - `whole_orf_share`: share that are one from the first letter to the last, as a gene is.
    - `orf_codons`: mean number of codons of the longest one, without the stop; 0 where there is none.

    Reference: Gupta & Zou 2019, "Feedback GAN for DNA optimizes protein functions", Methods (a valid gene).
    """

    reads: ClassVar = ("images",)
    kinds: ClassVar = ("sequences",)
    values: ClassVar = {"orf_share": "real", "whole_orf_share": "real", "orf_codons": "real"}
    real_samples: ClassVar = EVERYTHING
    bias: ClassVar = "none"

    def sides(self, real: Samples, fake: Samples):
        real_codes, fake_codes, kind = _codes.check_strings("orf", real, fake)
        if set(kind.alphabet) not in ({*"ACGT"}, {*"ACGU"}):
            raise ValueError(
                f"metric 'orf': expected DNA or RNA, got sequences of the letters {kind.alphabet!r}"
            )
        return real_codes, fake_codes, kind

    def measure(self, real: Samples, fake: Samples) -> Scores:
        _, codes, kind = self.sides(real, fake)
        longest, whole = find_orfs(codes, kind)
        return {
            "orf_share": float((longest > 0).mean()),
            "whole_orf_share": float(whole.mean()),
            "orf_codons": float(longest.mean()),
        }

    def baselines(self, real, fake):
        return _markov.baselines(real, fake)


def find_orfs(codes: np.ndarray, kind) -> tuple[np.ndarray, np.ndarray]:
    """Return the codons of the longest open reading frame of each sequence, int64 (n,), and whether it is the whole one."""
    digit = {letter.replace("U", "T"): code + kind.ends for code, letter in enumerate(kind.alphabet)}
    lengths = _codes.count_letters(codes, kind)
    longest, whole = np.zeros(len(codes), np.int64), np.zeros(len(codes), bool)
    for frame in range(3):
        start = np.full(len(codes), -1)  # the codon where a frame was opened
        for place in range(frame, codes.shape[1] - 2, 3):
            codon = codes[:, place : place + 3]
            inside = place + 3 <= lengths
            is_start, *is_stop = (
                inside & (codon == [digit[letter] for letter in word]).all(axis=1) for word in (START, *STOPS)
            )
            stops = np.any(is_stop, axis=0) & (start >= 0)
            longest = np.where(stops, np.maximum(longest, (place - start) // 3), longest)
            whole |= stops & (start == 0) & (place + 3 == lengths)
            start = np.where(stops, -1, np.where(is_start & (start < 0), place, start))
    return longest, whole
