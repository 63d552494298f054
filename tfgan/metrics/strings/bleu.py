"""BLEU and self-BLEU of texts of words, quality and diversity together."""

from __future__ import annotations

import collections
import dataclasses
import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from tfgan.core.options import PositiveInt
from tfgan.metrics.metric import EVERYTHING, Metric, Scores
from tfgan.metrics.samples import Samples
from tfgan.metrics.strings import _codes, _markov

SMOOTHED = 0.1  # matches in place of none: method 1 of Chen & Cherry 2014


@dataclasses.dataclass(frozen=True)
class Bleu(Metric):
    """Compare texts of words by BLEU against all training texts, and with each other by self-BLEU.

    Words are the parts between spaces. With c_n the matching n-grams of a text, each counted at most as often as
    in the one reference that has it most often, and N_n its n-grams,

        BLEU = min(1, exp(1 - r / l)) exp(sum_{n <= most} ln(c_n / N_n) / most),

    l the words of the text and r the words of the reference nearest in length. `bleu` is the mean over the
    generated texts, with the training texts as references; `self_bleu` the mean with the other generated texts
    as references: the higher, the more alike they are. One of them alone says nothing: a generator that repeats
    one training text has the best `bleu`.

    Args:
        most: words in a row.

    Raises:
        ValueError: texts without a space.

    Reference: Papineni et al. 2002, "BLEU", section 2; Zhu et al. 2018, "Texygen", section 3 (self-BLEU); Chen &
        Cherry 2014, "A systematic comparison of smoothing techniques for sentence-level BLEU", method 1.
    """

    reads: ClassVar = ("images",)
    kinds: ClassVar = ("text",)
    values: ClassVar = {"bleu": "higher", "self_bleu": "lower"}
    default_samples: ClassVar = 2_000
    real_samples: ClassVar = EVERYTHING
    bias: ClassVar = "both grow with the number of references; compare equal numbers only"

    most: PositiveInt = 4

    def sides(self, real: Samples, fake: Samples):
        """Return the words of real and of generated texts."""
        *sides, kind = _codes.check_strings("bleu", real, fake)
        words = [[text.split() for text in kind.records(codes)] for codes in sides]
        if " " not in kind.alphabet or max(map(len, words[0])) < 2:
            raise ValueError(
                "metric 'bleu': expected texts of several words, with spaces between them, got none"
            )
        return words

    def measure(self, real: Samples, fake: Samples) -> Scores:
        real_words, fake_words = self.sides(real, fake)
        references = References(real_words, self.most)
        others = References(fake_words, self.most)
        return {
            "bleu": float(np.mean([references.bleu(words) for words in fake_words])),
            "self_bleu": float(np.mean([others.bleu(words, is_member=True) for words in fake_words])),
        }

    def baselines(self, real, fake):
        return _markov.baselines(real, fake)


class References:
    """Texts as references of BLEU.

    Args:
        texts: words of each text.
        most: words in a row.
    """

    def __init__(self, texts: Sequence[Sequence[str]], most: int):
        self.most = most
        self._lengths = collections.Counter(map(len, texts))
        # The largest count of each n-gram in one text, and the second largest one
        self._most_often: dict[tuple, tuple[int, int]] = {}
        for words in texts:
            for gram, count in self._grams(words).items():
                first, second = self._most_often.get(gram, (0, 0))
                self._most_often[gram] = (max(first, count), max(min(first, count), second))

    def bleu(self, words: Sequence[str], *, is_member: bool = False) -> float:
        """Return BLEU of a text; a member of the references is compared with the others. An empty text has 0."""
        if not words:
            return 0.0
        matches, totals = [0] * self.most, [max(len(words) - n, 0) for n in range(self.most)]
        for gram, count in self._grams(words).items():
            first, second = self._most_often.get(gram, (0, 0))
            allowed = second if is_member and count == first else first
            matches[len(gram) - 1] += min(count, allowed)
        if not matches[0]:
            return 0.0
        precisions = [
            (match or SMOOTHED) / max(total, 1) for match, total in zip(matches, totals, strict=True)
        ]
        return self._brevity(len(words), is_member) * math.exp(
            sum(math.log(precision) for precision in precisions) / self.most
        )

    def _brevity(self, length: int, is_member: bool) -> float:
        """Return the penalty of a short text; the shorter of two references that are equally near counts."""
        lengths = [other for other, count in self._lengths.items() if count > (is_member and other == length)]
        nearest = min(lengths, key=lambda other: (abs(other - length), other), default=length)
        return min(1.0, math.exp(1 - nearest / length))

    def _grams(self, words: Sequence[str]) -> collections.Counter:
        return collections.Counter(
            tuple(words[start : start + size])
            for size in range(1, self.most + 1)
            for start in range(len(words) - size + 1)
        )
