"""Load the embedded peptides."""

from __future__ import annotations

import lzma
from pathlib import Path

import numpy as np

from tfgan.data.source import FiniteSource, Request
from tfgan.data.strings import source_of_strings
from tfgan.kinds.sequences import PROTEIN, Sequences

LONGEST = 50  # amino acids


def peptides(request: Request) -> FiniteSource:
    """Open peptides of 5 to 50 amino acids in two classes: of UniProt (0), and antimicrobial ones of the APD3 (1).

    A tenth of the different sequences is held out.

    Reference: Mueller et al. 2017, "modlAMP: Python for antimicrobial peptides", Bioinformatics 33(17),
        2753-2755; the notice is in tfgan/data/files/NOTICE.md.
    """
    path = Path(__file__).with_name("files") / "peptides.txt.xz"
    rows = [line.split() for line in lzma.decompress(path.read_bytes()).decode().splitlines()]
    return source_of_strings(
        "peptides",
        Sequences.of_letters(LONGEST, PROTEIN),
        [sequence for sequence, _ in rows],
        np.array([int(label) for _, label in rows], np.int32),
        class_names=["UniProt", "AMP"],
    )
