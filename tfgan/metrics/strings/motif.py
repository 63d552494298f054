"""A motif, such as the binding site of a protein, in biological sequences."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tfgan.core import files
from tfgan.core.options import FilePath, Fraction
from tfgan.metrics.metric import EVERYTHING, Metric, Scores
from tfgan.metrics.samples import Samples
from tfgan.metrics.strings import _codes, _markov

PSEUDOCOUNT = 0.8  # counts spread over the letters by their background shares
STEP = 1e-3  # bits: scores are rounded to it, so that their distribution is a table
ROW = re.compile(r"\s*([A-Za-z])\s*\[?\s*([-+.\deE\s]+?)\s*\]?\s*$")


@dataclasses.dataclass(frozen=True)
class Motif(Metric):
    """Find the places where a position weight matrix fits better than 1 in 10,000 random places.

    A place scores sum_i log2(p_i(letter) / background(letter)); background is the letters' shares in the
    training sequences. It is a hit if its score has a probability below `p` in letters drawn by the
    background, computed exactly from the matrix with scores rounded to 0.001 bits.

    - `motif_share`: share of the sequences with a hit.
    - `motif_place`: mean place of the first letter of the best hit, from 1; missing where no sequence has one.
    - `motif_place_w1`: Wasserstein-1 distance of these places from the training sequences' ones, in letters.

    Args:
        file: counts or shares by place in the JASPAR format: `>ID name`, then a line of numbers for each letter,
            such as `A [ 4 19 0 ]`. The first matrix of the file counts.
        p: probability of a hit at a random place.

    Raises:
        ValueError: no file, one that is no matrix, or letters that the sequences lack.

    Reference: Staden 1989, "Methods for calculating the probabilities of finding patterns in sequences", CABIOS
        5(2), 89-96 (the exact distribution); Sandelin et al. 2004 (JASPAR).
    """

    reads: ClassVar = ("images",)
    kinds: ClassVar = ("sequences",)
    values: ClassVar = {"motif_share": "real", "motif_place": "real", "motif_place_w1": "lower"}
    real_samples: ClassVar = EVERYTHING
    bias: ClassVar = "none of the share; motif_place_w1 upwards, as 1 / sqrt(hits)"

    file: FilePath | None = None
    p: Fraction = 1e-4

    def sides(self, real: Samples, fake: Samples):
        """Return the codes of both sides, the kind, and the counts of the matrix (places, letters)."""
        real_codes, fake_codes, kind = _codes.check_strings("motif", real, fake)
        if self.file is None:
            raise ValueError(
                "metric 'motif': expected a matrix in the JASPAR format, as in motif:file=sites.jaspar"
            )
        return real_codes, fake_codes, kind, read_matrix(files.expand_home(self.file), kind.alphabet)

    def measure(self, real: Samples, fake: Samples) -> Scores:
        *sides, kind, counts = self.sides(real, fake)
        background = np.maximum(_codes.share_letters(sides[0], kind), 1e-9)
        scores = to_scores(counts, background)
        threshold = find_threshold(scores, background, self.p)
        places = [find_best(codes, kind, scores, threshold) for codes in sides]
        hits = [found[found > 0] for found in places]
        both = len(hits[0]) and len(hits[1])
        return {
            "motif_share": float((places[1] > 0).mean()),
            "motif_place": float(hits[1].mean()) if len(hits[1]) else None,
            "motif_place_w1": _codes.w1(*hits) if both else None,
            "threshold": float(threshold * STEP),
        }

    def baselines(self, real, fake):
        return _markov.baselines(real, fake)


def read_matrix(path: Path, alphabet: str) -> np.ndarray:
    """Return the first matrix of a JASPAR file, float64 (places, letters of the alphabet)."""
    if not path.is_file():
        raise ValueError(f"metric 'motif': expected a file, got {path}, which is not there")
    rows: dict[str, list[float]] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        for line in lines:
            if line.startswith(">") and rows:
                break
            if match := ROW.match(line):
                rows[match[1].upper()] = [float(number) for number in match[2].split()]
    except ValueError as error:
        raise ValueError(f"metric 'motif': expected numbers in {path} ({error})") from None
    if {len(row) for row in rows.values()} in (set(), {0}) or len({len(row) for row in rows.values()}) > 1:
        raise ValueError(
            f"metric 'motif': expected a matrix in the JASPAR format in {path}, a line such as 'A [ 4 19 0 ]' for each letter"
        )
    if set(rows) != set(alphabet):
        raise ValueError(
            f"metric 'motif': expected rows of the letters {alphabet!r} in {path}, got {''.join(sorted(rows))!r}"
        )
    counts = np.array([rows[letter] for letter in alphabet]).T
    if not np.isfinite(counts).all() or (counts < 0).any() or (counts.sum(axis=1) <= 0).any():
        raise ValueError(f"metric 'motif': expected counts from 0 up, some at each place, in {path}")
    return counts


def to_scores(counts: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Return log2(p / background) of each place and letter in units of `STEP`, int64 (places, letters)."""
    total = counts.sum(axis=1, keepdims=True)
    shares = (counts + PSEUDOCOUNT * background) / (total + PSEUDOCOUNT)
    return np.rint(np.log2(shares / background) / STEP).astype(np.int64)


def find_threshold(scores: np.ndarray, background: np.ndarray, p: float) -> int:
    """Return the least score that letters of the background reach with a probability of at most p.

    The distribution of the sum is the convolution of the places' distributions (Staden 1989).
    """
    low = int(scores.min(axis=1).sum())
    chances = np.ones(1)
    for row in scores:
        shifts = row - row.min()
        wider = np.zeros(len(chances) + int(shifts.max()))
        for shift, share in zip(shifts, background, strict=True):
            wider[shift : shift + len(chances)] += share * chances
        chances = wider
    above = np.cumsum(chances[::-1])[::-1]  # of each score or more
    reached = np.flatnonzero(above <= p)
    return low + int(reached[0]) if len(reached) else low + len(chances)


def find_best(codes: np.ndarray, kind: Any, scores: np.ndarray, threshold: int) -> np.ndarray:
    """Return the place of the best hit of each sequence, from 1; 0 where no place reaches the threshold. int64 (n,)."""
    width = len(scores)
    places = codes.shape[1] - width + 1
    if places <= 0:
        return np.zeros(len(codes), np.int64)
    total = np.zeros((len(codes), places), np.int64)
    for offset, row in enumerate(scores):
        total += row[np.maximum(codes[:, offset : offset + places] - kind.ends, 0)]
    inside = np.arange(places) + width <= _codes.count_letters(codes, kind)[:, None]
    total = np.where(inside, total, np.iinfo(np.int64).min)
    best = total.argmax(axis=1)
    return np.where(total[np.arange(len(codes)), best] >= threshold, best + 1, 0)
