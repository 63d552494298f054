"""Strings of the data among generated ones, and how different the generated ones are."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from tfgan.metrics.metric import EVERYTHING, Metric, Scores
from tfgan.metrics.samples import Samples
from tfgan.metrics.strings import _codes, _markov


@dataclasses.dataclass(frozen=True)
class Strings(Metric):
    """Find generated strings among the training strings and among the held-out ones.

    - `held_out_strings`: share of the generated strings that are held-out strings and no training strings. The
      generator never saw them: it has learned which strings are possible.
    - `training_strings`: share that are training strings.
    - `known_strings`: share that are either.
    - `distinct`: number of different strings / number of strings.
    - `length_w1`: Wasserstein-1 distance of the lengths, in letters.

    The shares count each generated string as often as it occurs.
    """

    reads: ClassVar = ("images",)
    kinds: ClassVar = ("text", "sequences")
    values: ClassVar = {
        "held_out_strings": "higher",
        "training_strings": "real",
        "known_strings": "higher",
        "distinct": "real",
        "length_w1": "lower",
    }
    real_samples: ClassVar = EVERYTHING
    held_out_only: ClassVar = True
    bias: ClassVar = "distinct falls with the number of strings; held_out_strings grows with the number of held-out ones (num_held_out)"

    def sides(self, real: Samples, fake: Samples):
        """Return the training, generated and held-out strings, and their kind."""
        training, fakes, kind = _codes.check_strings("strings", real, fake)
        held_out = _codes.check_held_out("strings", real)
        return training, fakes, _codes.check_strings("strings", real, held_out)[1], kind

    def measure(self, real: Samples, fake: Samples) -> Scores:
        training, fakes, held_out, kind = self.sides(real, fake)
        # Each string as a number: equal strings have equal numbers
        together = np.concatenate([training, fakes, held_out]).astype(np.int16)
        rows = np.ascontiguousarray(together).view(np.dtype((np.void, 2 * kind.length)))[:, 0]
        numbers = np.unique(rows, return_inverse=True)[1].ravel()
        trained, made, unseen = np.split(numbers, [len(training), len(training) + len(fakes)])
        in_training = np.isin(made, trained)
        in_held_out = np.isin(made, unseen) & ~in_training
        return {
            "held_out_strings": float(in_held_out.mean()),
            "training_strings": float(in_training.mean()),
            "known_strings": float((in_training | in_held_out).mean()),
            "distinct": len(np.unique(made)) / len(made),
            "length_w1": _codes.w1(*(_codes.count_letters(side, kind) for side in (training, fakes))),
            "num_held_out": len(held_out),
        }

    def baselines(self, real, fake):
        return _markov.baselines(real, fake)
