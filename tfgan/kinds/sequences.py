"""Biological sequences: DNA, RNA and proteins."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np

from tfgan.kinds.kind import Output, Signature
from tfgan.kinds.strings import Strings, read_lines

DNA = "ACGT"
RNA = "ACGU"
PROTEIN = "ACDEFGHIKLMNPQRSTVWY"
LINE = 60  # letters of a line in a FASTA file


@dataclasses.dataclass(frozen=True)
class Sequences(Strings):
    """Sequences of DNA, RNA or proteins: of one length, such as windows of a genome, or of several with an end symbol."""

    alphabet: str = DNA

    name = "sequences"
    output = "text"
    writers: ClassVar = {**Strings.writers, ".fa": "write_fa", ".txt": "write_txt"}
    readers: ClassVar = {".fa": "read_fa", ".fasta": "read_fa", ".txt": "read_txt"}
    text_suffix = ".fa"
    markov_orders = (1, 5)

    def text(self, values):
        return "".join(
            format_fasta(f"sample={number}", text) for number, text in enumerate(self.records(values))
        )

    def values(self, records):
        """Return sequences as codes; lower-case letters count as upper-case ones."""
        return super().values(
            [sequence.upper() if isinstance(sequence, str) else sequence for sequence in records]
        )

    def default_metrics(self, num_classes):
        return ["kmer_js", "gc"] if len(self.alphabet) <= len(DNA) else ["kmer_js:most=3", "composition"]

    def preview_batches(self, batches, count, *, reference=None, columns=None):
        """Draw shares of letters by place, and histograms of GC content and of lengths, real gray under fake blue."""
        from tfgan.kinds import strings_picture

        values = np.concatenate([*batches])
        return strings_picture.draw_sequences(self, values, values if reference is None else reference)

    def write_fa(self, path: Path, batches: Iterable[np.ndarray], seeds: np.ndarray) -> None:
        """Write FASTA with the seed and the length of each sequence in its header, 60 letters a line."""
        numbers = iter(seeds)
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for batch in batches:
                for text in self.records(batch):
                    file.write(format_fasta(f"seed={next(numbers)}", text))

    def read_fa(self, path: Path) -> list[str]:
        """Return the sequences of a FASTA file."""
        return [sequence for _, sequence in read_fasta(path)]

    def signatures(self):
        fasta = Signature(
            {"fasta": Output(None, "FASTA record")}, lambda codes: {"fasta": self._to_fasta(codes)}
        )
        return super().signatures() | {"sample_fasta": fasta}

    def _to_fasta(self, codes):
        """Return a tensor of codes (n, length) as FASTA records, string (n,)."""
        import tensorflow as tf

        letters = self.letters(codes)
        lengths = tf.reduce_sum(tf.strings.length(letters, unit="UTF8_CHAR"), axis=-1)
        made = tf.strings.join([">length=", tf.strings.as_string(lengths), "\n"])
        for start in range(0, self.length, LINE):
            line = tf.strings.reduce_join(letters[:, start : start + LINE], axis=-1)
            made = tf.strings.join([made, line, tf.where(tf.equal(line, ""), "", "\n")])
        return made


def format_fasta(header: str, sequence: str) -> str:
    """Return a FASTA record with the length in its header, 60 letters a line.

    >>> format_fasta("seed=17", "ACGT")
    '>seed=17 length=4\\nACGT\\n'
    """
    lines = [sequence[start : start + LINE] for start in range(0, len(sequence), LINE)]
    return "\n".join([f">{header} length={len(sequence)}", *lines, ""])


def read_fasta(path: Path) -> list[tuple[str, str]]:
    """Return header and sequence, in upper case, of each record of a FASTA file.

    Raises:
        ValueError: as `read_lines` does, no record, letters before the first header, or a record without letters.
    """
    records = list(_parse_fasta(path, read_lines(path)))
    if not records:
        raise ValueError(
            f"{path}: expected FASTA records, a line '>name' before each sequence, got an empty file"
        )
    for header, sequence in records:
        if not sequence:
            raise ValueError(f"{path}: expected letters in each record, got none in {header!r}")
    return records


def _parse_fasta(path: Path, lines: list[str]) -> Iterator[tuple[str, str]]:
    header: str | None = None
    parts: list[str] = []
    for number, line in enumerate(lines, 1):
        line = line.strip()
        if line.startswith(">"):
            if header is not None:
                yield header, "".join(parts)
            header, parts = line[1:].strip() or f"record in line {number}", []
        elif line and header is None:
            raise ValueError(
                f"{path}: expected FASTA records, a line '>name' before each sequence, got {line[:20]!r} in line {number}"
            )
        elif line and not line.startswith(";"):
            parts.append("".join(line.split()).upper())
    if header is not None:
        yield header, "".join(parts)
