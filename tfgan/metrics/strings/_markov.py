"""Markov chains of letters: the simplest honest generators of texts and of biological sequences."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from tfgan.metrics.samples import Samples
from tfgan.metrics.strings import _codes

SEED = 20140610  # baselines are the same for every run


@dataclasses.dataclass(frozen=True)
class Chain:
    """A Markov chain of symbols, fitted by counts.

    Attributes:
        order: symbols before one, on which it depends.
        base: number of symbols, the begin symbol included.
        contexts: int64 (c,), the contexts that occur, as numbers with the symbols as digits, ascending.
        starts: int64 (c + 1,), which of the `symbols` follow each context.
        symbols: int64 (p,), the symbols that follow.
        counts: int64 (p + 1,), how often, summed up from 0.
    """

    order: int
    base: int
    contexts: np.ndarray
    starts: np.ndarray
    symbols: np.ndarray
    counts: np.ndarray

    @classmethod
    def fit(cls, codes: np.ndarray, kind, order: int) -> Chain:
        """Return the chain whose probabilities are the shares of the symbols behind each context in `codes` (n, length).

        The context at the beginning of a string is filled up with a begin symbol. An end symbol is a symbol
        like others, so that the chain decides when a string ends.
        """
        base = kind.shape[1] + 1
        followed = np.concatenate([codes, np.zeros((len(codes), int(kind.ends)), codes.dtype)], axis=1)
        lengths = _codes.count_letters(codes, kind) + kind.ends
        inside = np.arange(followed.shape[1]) < lengths[:, None]
        if base ** (order + 1) >= 2**63:
            raise ValueError(f"expected a chain of a lower order, got {order} of {base} symbols")
        context = np.full(len(codes), _begin(order, base))
        found = []
        for place in range(followed.shape[1]):
            used = inside[:, place]
            found.append(context[used] * base + followed[used, place])
            context = _shift(context, followed[:, place], order, base)
        pairs, counts = np.unique(np.concatenate(found), return_counts=True)
        contexts, first = np.unique(pairs // base, return_index=True)
        return cls(
            order,
            base,
            contexts,
            np.append(first, len(pairs)),
            pairs % base,
            np.concatenate([[0], np.cumsum(counts)]),
        )

    def sample(self, count: int, kind, rng: np.random.Generator) -> np.ndarray:
        """Return `count` strings as codes int32 (count, length); the chain is cut at the kind's length.

        A context that never occurred, as the last letters of a window may be, is followed by a symbol of the
        chain of order 0.
        """
        codes = np.zeros((count, kind.length), np.int64)
        context, alive = np.full(count, _begin(self.order, self.base)), np.full(count, True)
        for place in range(kind.length):
            row = np.minimum(np.searchsorted(self.contexts, context), len(self.contexts) - 1)
            known = self.contexts[row] == context
            low = np.where(known, self.counts[self.starts[row]], 0)
            high = np.where(known, self.counts[self.starts[row + 1]], self.counts[-1])
            drawn = low + np.floor(rng.random(count) * (high - low)).astype(np.int64)
            symbol = self.symbols[np.searchsorted(self.counts, drawn, side="right") - 1]
            codes[:, place] = np.where(alive, symbol, 0)
            if kind.ends:
                alive &= symbol != 0
            context = _shift(context, codes[:, place], self.order, self.base)
        return codes.astype(np.int32)


def _begin(order: int, base: int) -> int:
    """Return the context of begin symbols alone; their code is the last one."""
    return base**order - 1


def _shift(context: np.ndarray, symbol: np.ndarray, order: int, base: int) -> np.ndarray:
    """Return the contexts with a symbol appended and the oldest one dropped."""
    return (context * base + symbol) % base**order


def baselines(real: Samples, fake: Samples) -> Mapping[str, Samples]:
    """Return strings of Markov chains that are fitted on the training strings, as many as there are fakes, by name.

    "simple" is the chain of the lowest order: 0 for texts, 1 for biological sequences. The others are `markov_2`
    and `markov_4` for texts, and `markov_5` for sequences. With labels on both sides there is a chain a class, and
    each string is of the class of the fake in its place.
    """
    codes, fakes, kind = _codes.check_strings("markov", real, fake)
    by_class = real.labels is not None and fake.labels is not None
    trained = np.asarray(real.labels if by_class else np.zeros(len(codes), np.int32))
    wanted = np.asarray(fake.labels if by_class else np.zeros(len(fakes), np.int32))
    return {
        f"markov_{order}" if index else "simple": Samples(
            _sample_by_class(codes, trained, wanted, kind, order),
            fake.labels if by_class else None,
            kind=kind,
        )
        for index, order in enumerate(kind.markov_orders)
    }


def _sample_by_class(
    codes: np.ndarray, trained: np.ndarray, wanted: np.ndarray, kind, order: int
) -> np.ndarray:
    """Return a string a wanted class, of the chain of that class; of all classes where it has no training strings."""
    rng = np.random.default_rng([SEED, order])
    made = np.zeros((len(wanted), kind.length), np.int32)
    for label in np.unique(wanted):
        rows = wanted == label
        own = trained == label
        made[rows] = Chain.fit(codes[own] if own.any() else codes, kind, order).sample(
            int(rows.sum()), kind, rng
        )
    return made
