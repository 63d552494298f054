"""Load the embedded list of English words."""

from __future__ import annotations

import lzma
from pathlib import Path

from tfgan.data.source import FiniteSource, Request
from tfgan.data.text import source_of_texts

LONGEST = 12  # letters


def words(request: Request) -> FiniteSource:
    """Open 60,540 English words of 3 to 12 letters from a to z, of the list american-english of SCOWL.

    A tenth is held out. The notice is in tfgan/data/files/words.copyright.txt.
    """
    path = Path(__file__).with_name("files") / "words.txt.xz"
    return source_of_texts("words", lzma.decompress(path.read_bytes()).decode().split(), LONGEST)
