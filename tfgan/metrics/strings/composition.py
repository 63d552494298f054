"""Composition of biological sequences: letters, lengths, charge and hydrophobicity."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from tfgan.metrics.metric import EVERYTHING, Metric, Scores
from tfgan.metrics.samples import Samples
from tfgan.metrics.strings import _codes, _markov

HYDROPATHY = {  # Kyte & Doolittle 1982, table 2
    **{
        "A": 1.8,
        "R": -4.5,
        "N": -3.5,
        "D": -3.5,
        "C": 2.5,
        "Q": -3.5,
        "E": -3.5,
        "G": -0.4,
        "H": -3.2,
        "I": 4.5,
    },
    **{
        "L": 3.8,
        "K": -3.9,
        "M": 1.9,
        "F": 2.8,
        "P": -1.6,
        "S": -0.8,
        "T": -0.7,
        "W": -0.9,
        "Y": -1.3,
        "V": 4.2,
    },
}
CHARGE = {"K": 1.0, "R": 1.0, "D": -1.0, "E": -1.0}  # side chains at pH 7; H is taken as neutral


@dataclasses.dataclass(frozen=True)
class Composition(Metric):
    """Compare the letters of sequences and their lengths; of proteins also net charge and hydrophobicity.

    - `letter_tv`: total variation 1/2 sum |p - q| of the shares of the letters.
    - `length_w1`: Wasserstein-1 distance of the lengths, in letters.
    - `charge_w1`: of the net charge of a protein, K and R +1, D and E -1.
    - `hydrophobicity_w1`: of the mean hydropathy of its residues.

    Reference: Kyte & Doolittle 1982, "A simple method for displaying the hydropathic character of a protein",
        table 2.
    """

    reads: ClassVar = ("images",)
    kinds: ClassVar = ("sequences",)
    values: ClassVar = {
        "letter_tv": "lower",
        "length_w1": "lower",
        "charge_w1": "lower",
        "hydrophobicity_w1": "lower",
    }
    real_samples: ClassVar = EVERYTHING
    bias: ClassVar = "upwards, as 1 / sqrt(n)"

    def sides(self, real: Samples, fake: Samples):
        return _codes.check_strings("composition", real, fake)

    def measure(self, real: Samples, fake: Samples) -> Scores:
        *sides, kind = self.sides(real, fake)
        shares = [_codes.share_letters(codes, kind) for codes in sides]
        lengths = [_codes.count_letters(codes, kind) for codes in sides]
        scores = {
            "letter_tv": float(np.abs(shares[0] - shares[1]).sum() / 2),
            "length_w1": _codes.w1(*lengths),
        }
        if not set(kind.alphabet) <= set(HYDROPATHY) or len(kind.alphabet) <= 4:
            return scores
        charges = [sum_letters(codes, kind, CHARGE) for codes in sides]
        hydropathies = [
            sum_letters(codes, kind, HYDROPATHY) / np.maximum(count, 1)
            for codes, count in zip(sides, lengths, strict=True)
        ]
        return scores | {"charge_w1": _codes.w1(*charges), "hydrophobicity_w1": _codes.w1(*hydropathies)}

    def baselines(self, real, fake):
        return _markov.baselines(real, fake)


def sum_letters(codes: np.ndarray, kind, table: dict[str, float]) -> np.ndarray:
    """Return the sum of a table's numbers over the letters of each sequence, float64 (n,); a missing letter counts 0."""
    numbers = np.array([0.0] * kind.ends + [table.get(letter, 0.0) for letter in kind.alphabet])
    return numbers[codes].sum(axis=1)
