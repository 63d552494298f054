"""Read a data set of biological sequences from a FASTA file: whole records, or windows of long ones."""

from __future__ import annotations

import collections
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfgan.core import files
from tfgan.data.source import HELD_OUT_SEED, FiniteSource, Request, in_memory
from tfgan.data.strings import (
    LONGEST,
    MOST_LETTERS,
    check_passed_over,
    describe_passed_over,
    source_of_strings,
    to_compact,
)
from tfgan.kinds.sequences import DNA, PROTEIN, RNA, Sequences, read_fasta

NAMED = {"dna": DNA, "rna": RNA, "protein": PROTEIN}
UNCERTAIN = {DNA: "NRYSWKMBDHV", RNA: "NRYSWKMBDHV", PROTEIN: "BJOUXZ*"}  # IUPAC codes beyond the alphabet
MOST_FOREIGN = 0.1  # share of letters beyond the alphabet, from which the file is of another kind
BLOCK = 1000  # bases of a block; every tenth one is held out
BLOCKS = 10
SHARED = 40  # bases that a held-out window may not have in common with the training part
UNKNOWN = -1  # code of a base that no window may hold


def fasta(request: Request) -> FiniteSource:
    """Open a FASTA file of DNA, RNA or proteins.

    Records of up to `request.length` letters (without it, of up to 256) are whole examples: of one length, or
    of several with an end symbol. Longer records of DNA or RNA are cut into windows of `request.length`, each
    `request.stride` bases, on both strands unless `request.both_strands` is false; longer proteins are left
    out. Lower case counts as upper case. Windows and whole records with letters of several meanings (IUPAC codes
    such as N) are left out; the source's note counts them.

    Of whole records a tenth of the different ones is held out. Of windows `hold_out_blocks` describes the rule.

    Raises:
        ValueError: a file that cannot be read or is no FASTA, a record without letters, foreign letters, no
            `request.length` for long records, or more than half of the examples left out.
    """
    path = files.expand_home(request.path)
    try:
        records = read_fasta(path)
    except ValueError as error:
        raise ValueError(f"--dataset: {error}") from None
    alphabet = _choose_alphabet(path, records, request.alphabet)
    sequences = [sequence for _, sequence in records]
    lengths = np.array([len(sequence) for sequence in sequences])
    if request.length is None and lengths.max() > LONGEST:
        raise ValueError(
            f"{path}: expected --length for sequences of more than {LONGEST} letters, got {lengths.max()} in "
            f"{records[lengths.argmax()][0]!r}; windows of DNA have often 64"
        )
    longest = request.length or int(lengths.max())
    if alphabet in (DNA, RNA) and lengths.max() > longest:
        return _cut_windows(path, sequences, alphabet, longest, request)
    return _take_whole(path, sequences, alphabet, longest)


def _choose_alphabet(path: Path, records: Sequence[tuple[str, str]], asked: str | None) -> str:
    """Return the alphabet, the named one or the one that the letters tell; raise `ValueError` for foreign letters."""
    counts = collections.Counter("".join(sequence for _, sequence in records))
    total = counts.total()
    if asked:
        alphabet = NAMED.get(asked.lower(), "".join(sorted(set(asked.upper()))))
    elif sum(counts[letter] for letter in DNA + RNA + "N") < (1 - MOST_FOREIGN) * total:
        alphabet = PROTEIN
    else:
        alphabet = RNA if counts["U"] > counts["T"] else DNA
    if len(alphabet) > MOST_LETTERS:
        raise ValueError(f"--alphabet: expected at most {MOST_LETTERS} letters, got {len(alphabet)}")
    share = sum(count for letter, count in counts.items() if letter not in alphabet) / total
    uncertain = UNCERTAIN.get(alphabet, "")
    foreign = {letter for letter in counts if letter not in alphabet and letter not in uncertain}
    if share > MOST_FOREIGN and asked:
        raise ValueError(
            f"{path}: expected sequences of the letters {alphabet!r}, got {share:.0%} other letters; "
            "leave --alphabet out to have DNA, RNA and proteins recognized"
        )
    for header, sequence in records:
        if wrong := next((letter for letter in sequence if letter in foreign), None):
            codes = f" and {uncertain!r} (IUPAC codes)" if uncertain else ""
            raise ValueError(
                f"{path}: expected the letters {alphabet!r}{codes}, got {wrong!r} in {header[:40]!r}; "
                "remove it, or set --alphabet"
            )
    return alphabet


def _take_whole(path: Path, sequences: Sequence[str], alphabet: str, longest: int) -> FiniteSource:
    """Return a source of whole records."""
    short = [sequence for sequence in sequences if len(sequence) <= longest]
    known = set(alphabet)
    used = [sequence for sequence in short if known.issuperset(sequence)]
    passed_over = {
        f"sequences longer than --length={longest}": len(sequences) - len(short),
        "sequences with letters of several meanings": len(short) - len(used),
    }
    check_passed_over(str(path), passed_over, len(sequences))
    longest = max(map(len, used))
    kind = Sequences.of_letters(longest, alphabet, ends=min(map(len, used)) < longest)
    note = f"{len(used)} sequences of {'up to ' * kind.ends}{longest} letters, of the alphabet {alphabet!r}"
    note += describe_passed_over(passed_over, len(sequences))
    return source_of_strings(f"fasta:{path}", kind, used, note=note)


def _cut_windows(
    path: Path, sequences: Sequence[str], alphabet: str, length: int, request: Request
) -> FiniteSource:
    """Return a source of windows."""
    long = [sequence for sequence in sequences if len(sequence) >= length]
    bases = to_bases(long, alphabet)
    count = (len(bases) // request.stride + 1) * (1 + request.both_strands)
    if count * length > request.memory_budget:
        raise ValueError(
            f"{path}: expected at most {request.memory_budget >> 20} MiB of windows, got {count * length >> 20}; "
            "raise --stride or --memory_budget_mib"
        )
    unknown = int((bases == UNKNOWN).sum()) - len(long)
    note = f"windows of {length} bases, of the alphabet {alphabet!r}"
    if unknown:
        note += f"; left out: windows with one of the {unknown} letters of several meanings"
    if len(long) < len(sequences):
        note += f"; left out: {len(sequences) - len(long)} sequences shorter than --length={length}"
    kind = Sequences.of_letters(length, alphabet, ends=False)
    return source_of_windows(
        f"fasta:{path}", kind, bases, stride=request.stride, both_strands=request.both_strands, note=note
    )


def to_bases(sequences: Sequence[str], alphabet: str) -> np.ndarray:
    """Return sequences one after the other as codes int8, with `UNKNOWN` behind each and for other letters."""
    table = np.full(256, UNKNOWN, np.int8)
    table[[ord(letter) for letter in alphabet]] = np.arange(len(alphabet))
    joined = "\n".join([*sequences, ""]).encode("latin-1", "replace")
    return table[np.frombuffer(joined, np.uint8)]


def source_of_windows(
    name: str, kind: Sequences, bases: np.ndarray, *, stride: int, both_strands: bool, **about: Any
) -> FiniteSource:
    """Return a source of windows of a genome, with blocks held out as `hold_out_blocks` does.

    Args:
        name: for messages.
        kind: of the windows, of DNA or RNA without an end symbol.
        bases: int8 (n,), codes or `UNKNOWN`.
        stride: from the start of a window to the next start.
        both_strands: whether each window is taken of the other strand too.
        **about: further fields of the source.

    Raises:
        ValueError: no window without an unknown base.
    """
    training, held_out = hold_out_blocks(bases, kind.length, stride, both_strands)
    if not len(training):
        raise ValueError(f"{name}: expected windows of {kind.length} known bases, got none")
    starts = np.concatenate([training, held_out])
    windows = np.lib.stride_tricks.sliding_window_view(bases, kind.length)[starts]
    rows = np.arange(len(training)), len(training) + np.arange(len(held_out))
    if both_strands:
        other = complement(windows)[:, ::-1]
        rows = tuple(np.concatenate([part, len(starts) + part]) for part in rows)
        windows = np.concatenate([windows, other])
    order = np.random.default_rng(HELD_OUT_SEED).permutation(len(rows[1]))
    return in_memory(
        name, to_compact(windows, kind), None, rows=(rows[0], rows[1][order]), kind=kind, **about
    )


def complement(codes: np.ndarray) -> np.ndarray:
    """Return the codes of the paired bases, A with T or U and C with G; unknown ones stay unknown."""
    return np.where(codes == UNKNOWN, UNKNOWN, 3 - codes).astype(codes.dtype)


def hold_out_blocks(
    bases: np.ndarray, length: int, stride: int, both_strands: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return the starts of the windows for training, and of the held-out windows.

    Every tenth block of 1,000 bases is held out. A window that crosses the border of such a block is in neither
    part. Neither is a window of it that has 40 bases in a row in common with the training part, on one of the
    strands that are used: genomes repeat themselves.

    Args:
        bases: int8 (n,), codes, or `UNKNOWN`, which no window holds.
        length: of a window.
        stride: from a start to the next.
        both_strands: whether the other strand is used too.
    """
    block = max(min(BLOCK, len(bases) // (2 * BLOCKS)), 2 * length)
    starts = np.arange(0, max(len(bases) - length + 1, 0), stride)
    starts = starts[~_any_within(bases == UNKNOWN, length)[starts]]
    is_held_out = np.arange(len(bases)) // block % BLOCKS == BLOCKS - 1
    touches = _any_within(is_held_out, length)[starts]
    inside = ~_any_within(~is_held_out, length)[starts]
    k = min(SHARED, length)
    hashes = _hash_kmers(bases, k)
    trained = ~_any_within(is_held_out | (bases == UNKNOWN), k)
    known = hashes[trained]
    if both_strands:
        other = _hash_kmers(complement(bases[::-1]), k)[::-1]  # of the other strand, at the same places
        known = np.concatenate([known, other[trained]])
    shared = _any_within(np.isin(hashes, known), length - k + 1)
    return starts[~touches], starts[inside & ~shared[starts]]


def _any_within(flags: np.ndarray, width: int) -> np.ndarray:
    """Return for each start whether one of the next `width` flags is set, bool (n - width + 1,)."""
    counts = np.concatenate([[0], np.cumsum(flags)])
    return counts[width:] > counts[:-width]


def _hash_kmers(bases: np.ndarray, k: int) -> np.ndarray:
    """Return a hash of each k bases in a row, uint64 (n - k + 1,): different ones are equal with chance 2^-64."""
    words = np.random.default_rng(0).integers(0, 2**64, (k, 8), dtype=np.uint64)  # Zobrist 1970
    count = len(bases) - k + 1
    hashes = np.zeros(max(count, 0), np.uint64)
    for place in range(k):
        hashes ^= words[place][bases[place : place + count] & 7]
    return hashes
