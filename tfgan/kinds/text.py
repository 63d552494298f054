"""Texts: short strings of letters, such as words, names and product numbers."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from tfgan.kinds.strings import Strings


@dataclasses.dataclass(frozen=True)
class Text(Strings):
    """Texts of at most `length` letters, in files one a line; `Strings` describes their forms."""

    name = "text"
    output = "text"
    writers: ClassVar = {**Strings.writers, ".txt": "write_txt"}
    readers: ClassVar = {".txt": "read_txt"}
    text_suffix = ".txt"
    markov_orders = (0, 2, 4)

    def text(self, values):
        return "".join(f"{text}\n" for text in self.records(values))

    def default_metrics(self, num_classes):
        return ["ngram_js", "strings"]

    def preview_batches(self, batches, count, *, reference=None, columns=None):
        """Draw shares of letters and a histogram of lengths, real ones gray under fake ones in blue, and some texts."""
        from tfgan.kinds import strings_picture

        values = np.concatenate([*batches])
        return strings_picture.draw_texts(self, values, values if reference is None else reference)
