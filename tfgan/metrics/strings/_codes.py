"""Check codes of texts and of biological sequences, and count their letters in a row."""

from __future__ import annotations

from typing import Any

import numpy as np

from tfgan.metrics.samples import Samples


def check_strings(metric: str, real: Samples, fake: Samples) -> tuple[np.ndarray, np.ndarray, Any]:
    """Return the codes of real and of generated strings, int64 (n, length) and (m, length), and their kind.

    Raises:
        ValueError: samples without a kind that has letters, no strings, or codes of another shape or range.
    """
    kind = real.kind if real.kind is not None else fake.kind
    if not hasattr(kind, "alphabet"):
        raise ValueError(
            f"metric {metric!r}: expected Samples with codes of strings as images, and their kind, got no alphabet"
        )
    sides = []
    for name, samples in (("real", real), ("fake", fake)):
        codes = np.asarray([] if samples.images is None else samples.images)
        if codes.dtype.kind not in "iu" or codes.shape[1:] != (kind.length,) or not len(codes):
            raise ValueError(
                f"metric {metric!r}: {name}: expected codes of strings, int (n, {kind.length}), got {codes.dtype} {codes.shape}"
            )
        if codes.min() < 0 or codes.max() >= kind.shape[1]:
            raise ValueError(
                f"metric {metric!r}: {name}: expected codes from 0 to {kind.shape[1] - 1}, got {codes.min()} to {codes.max()}"
            )
        sides.append(codes.astype(np.int64))
    return sides[0], sides[1], kind


def check_held_out(metric: str, real: Samples) -> Samples:
    """Return the held-out strings; raise `ValueError` if there are none."""
    if real.second is None or real.second.images is None or not len(real.second.images):
        raise ValueError(f"metric {metric!r}: expected held-out strings as real.second, got none")
    return real.second


def count_letters(codes: np.ndarray, kind) -> np.ndarray:
    """Return the length of each string, int64 (n,)."""
    return (codes > 0).sum(axis=1) if kind.ends else np.full(len(codes), kind.length)


def share_letters(codes: np.ndarray, kind) -> np.ndarray:
    """Return the share of each letter of the alphabet among all letters, float64 (letters,)."""
    counts = np.bincount(codes.ravel(), minlength=kind.shape[1])[int(kind.ends) :]
    return counts / max(counts.sum(), 1)


def mark_ends(codes: np.ndarray, kind) -> tuple[np.ndarray, np.ndarray]:
    """Return strings between a begin symbol, whose code is `kind.shape[1]`, and an end symbol, and their lengths with both.

    Of a kind without an end symbol both are left out: its strings are windows, which begin and end nowhere.
    """
    if not kind.ends:
        return codes, np.full(len(codes), kind.length)
    begin = np.full((len(codes), 1), kind.shape[1])
    return np.concatenate([begin, codes, np.zeros_like(begin)], axis=1), count_letters(codes, kind) + 2


def count_grams(
    codes: np.ndarray, lengths: np.ndarray, size: int, base: int
) -> tuple[np.ndarray, np.ndarray]:
    """Count the runs of `size` symbols in strings.

    Args:
        codes: int64 (n, places), from 0 to base - 1.
        lengths: int (n,), of each string.
        size: symbols of a run.
        base: number of different symbols.

    Returns:
        The runs that occur, as numbers with the symbols as digits, int64 (runs,) in ascending order, and how
        often each occurs, int64 (runs,).

    Raises:
        ValueError: runs that do not fit 63 bits.
    """
    if base**size >= 2**63:
        raise ValueError(f"expected runs of fewer symbols, got {size} of {base}")
    places = codes.shape[1] - size + 1
    if places <= 0:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    grams = np.zeros((len(codes), places), np.int64)
    for offset in range(size):
        grams = grams * base + codes[:, offset : offset + places]
    grams = grams[np.arange(places) <= (lengths - size)[:, None]]
    if base**size <= 2**20:  # a table is faster than a sort
        counts = np.bincount(grams, minlength=1)
        return np.flatnonzero(counts), counts[counts > 0]
    return np.unique(grams, return_counts=True)


def js_divergence(first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]) -> float:
    """Return the Jensen-Shannon divergence of two counts (`count_grams`) in bits, from 0 to 1.

        JS = KL(p || m) / 2 + KL(q || m) / 2,  m = (p + q) / 2.

    Reference: Lin 1991, "Divergence measures based on the Shannon entropy", equation 3.3.
    """
    keys = np.union1d(first[0], second[0])
    shares = []
    for grams, counts in (first, second):
        share = np.zeros(len(keys))
        share[np.searchsorted(keys, grams)] = counts / max(counts.sum(), 1)
        shares.append(share)
    middle = (shares[0] + shares[1]) / 2
    terms = [share[share > 0] * np.log2(share[share > 0] / middle[share > 0]) for share in shares]
    return float(max(sum(term.sum() for term in terms) / 2, 0.0))


def w1(first: np.ndarray, second: np.ndarray) -> float:
    """Return the Wasserstein-1 distance of two samples of numbers: the area between their distribution functions."""
    values = np.sort(np.concatenate([first, second]))
    below = [
        np.searchsorted(np.sort(side), values[:-1], side="right") / len(side) for side in (first, second)
    ]
    return float(np.sum(np.abs(below[0] - below[1]) * np.diff(values)))
