"""Load windows of the embedded chloroplast genome."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tfgan.data.fasta import source_of_windows
from tfgan.data.source import FiniteSource, Request
from tfgan.kinds.sequences import DNA, Sequences

BASES = 154_478
LENGTH, STRIDE = 64, 4


def chloroplast(request: Request) -> FiniteSource:
    """Open windows of the chloroplast genome of Arabidopsis thaliana (NC_000932.1), 154,478 bases of DNA.

    Windows have 64 bases unless `request.length` says otherwise, begin at every fourth base unless
    `request.stride` is above 1, and are taken of both strands. Every tenth block of 1,000 bases is held out,
    without the windows that share 40 bases in a row with the training part (`tfgan.data.fasta.hold_out_blocks`).

    Reference: Sato et al. 1999, "Complete structure of the chloroplast genome of Arabidopsis thaliana", DNA
        Research 6(5), 283-290; the notice is in tfgan/data/files/NOTICE.md.
    """
    kind = Sequences.of_letters(request.length or LENGTH, DNA, ends=False)
    stride = request.stride if request.stride > 1 else STRIDE
    return source_of_windows(
        "chloroplast", kind, read_bases(), stride=stride, both_strands=request.both_strands
    )


def read_bases() -> np.ndarray:
    """Return the bases as codes int8 (154478,), A 0, C 1, G 2, T 3; the file holds four in a byte."""
    with np.load(Path(__file__).with_name("files") / "chloroplast.npz", allow_pickle=False) as file:
        packed = file["bases"]
    return (packed[:, None] >> np.arange(0, 8, 2) & 3).reshape(-1)[:BASES].astype(np.int8)
