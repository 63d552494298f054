"""Draw previews of texts and of biological sequences: shares of letters, histograms, and some examples."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

WIDTH, HEIGHT, GAP, TITLE = 760, 150, 18, 20  # pixels: of a panel, and around it
REAL, FAKE, INK = (185, 185, 185), (20, 80, 200), (40, 40, 40)
MOST_LETTERS = 40  # bars of letters in a picture; the commonest ones
MOST_PLACES = 100  # columns of letters
GLYPH, USUAL = (
    64,
    30,
)  # pixels: size of a letter before it is stretched, and width from which it fills its box
LISTED = 6  # rows of examples
BASES = {"A": (60, 160, 70), "C": (50, 90, 190), "G": (240, 170, 50), "T": (210, 60, 60), "U": (210, 60, 60)}
CLASSES = {  # amino acids by chemistry, in the usual colors of logos
    **dict.fromkeys("GSTYC", (60, 160, 70)),
    **dict.fromkeys("NQ", (150, 80, 180)),
    **dict.fromkeys("KRH", (50, 90, 190)),
    **dict.fromkeys("DE", (210, 60, 60)),
    **dict.fromkeys("AVLIPWFM", (70, 70, 70)),
}


class Panels:
    """A white canvas with panels below each other.

    Args:
        heights: of the panels in pixels.
        nucleotides: whether letters have the colors of bases; else the colors of amino acids.
    """

    def __init__(self, heights: Sequence[int], *, nucleotides: bool = False):
        from PIL import Image, ImageDraw, ImageFont

        total = GAP + sum(height + TITLE + 2 * GAP for height in heights)
        self._image = Image.new("RGB", (WIDTH + 2 * GAP, total), "white")
        self.draw, self._top = ImageDraw.Draw(self._image), GAP
        self.font = ImageFont.load_default(13)
        self._colors = BASES if nucleotides else CLASSES

    def begin(self, title: str, height: int) -> tuple[int, int]:
        """Write a panel's title; return the top and the bottom of its area."""
        self.draw.text((GAP, self._top - 6), title, fill=INK, font=self.font)
        top = self._top + TITLE
        self._top = top + height + 2 * GAP
        return top, top + height

    def bars(self, title: str, labels: Sequence[str], real: np.ndarray, fake: np.ndarray) -> None:
        """Draw shares of reals as wide gray bars under narrower blue bars of fakes."""
        top, bottom = self.begin(title, HEIGHT)
        most = max(float(real.max()), float(fake.max()), 1e-9)
        step = WIDTH / len(labels)
        every = math.ceil(24 / step)  # labels that have room
        for index, (label, one, other) in enumerate(zip(labels, real, fake, strict=True)):
            left = GAP + index * step
            for share, color, inset in ((one, REAL, 0.06), (other, FAKE, 0.28)):
                high = bottom - round(HEIGHT * float(share) / most)
                sides = left + inset * step, max(left + (1 - inset) * step, left + inset * step + 1)
                if share > 0:
                    self.draw.rectangle((sides[0], high, sides[1], bottom), fill=color)
            if index % every == 0:
                self.draw.text((left + step / 2, bottom + 2), label, fill=INK, font=self.font, anchor="ma")
        self.draw.line((GAP, bottom, GAP + WIDTH, bottom), fill=INK)
        self.draw.text((GAP + WIDTH, top - TITLE + 1), f"{most:.1%}", fill=INK, font=self.font, anchor="ra")

    def columns(self, title: str, letters: str, shares: np.ndarray) -> None:
        """Draw the shares of letters at each place (places, letters) as stacked letters, the commonest on top."""
        _, bottom = self.begin(title, HEIGHT)
        step = WIDTH / len(shares)
        for place, column in enumerate(shares):
            left, low = GAP + place * step, float(bottom)
            for index in np.argsort(column, kind="stable"):
                high = low - HEIGHT * float(column[index])
                if low - high >= 0.5:
                    self._letter(letters[index], (left, high, left + step, low))
                low = high
        self.draw.line((GAP, bottom, GAP + WIDTH, bottom), fill=INK)
        every = math.ceil(24 / step)
        for place in range(0, len(shares), every):
            self.draw.text(
                (GAP + (place + 0.5) * step, bottom + 2),
                str(place + 1),
                fill=INK,
                font=self.font,
                anchor="ma",
            )

    def _letter(self, letter: str, box: tuple[float, float, float, float]) -> None:
        """Draw a letter that fills a box; a box too small for one gets its color."""
        from PIL import Image, ImageDraw, ImageFont

        color = self._colors.get(letter, FAKE)
        left, high, right, low = (round(value) for value in box)
        if right - left < 5 or low - high < 5:
            self.draw.rectangle((left, high, max(right - 1, left), max(low - 1, high)), fill=color)
            return
        font = ImageFont.load_default(GLYPH)
        bounds = font.getbbox(letter)
        glyph = Image.new("L", (bounds[2] - bounds[0], bounds[3] - bounds[1]), 0)
        ImageDraw.Draw(glyph).text((-bounds[0], -bounds[1]), letter, fill=255, font=font)
        width = max(round((right - left - 1) * min(1.0, glyph.width / USUAL)), 1)  # an I stays narrow
        glyph = glyph.resize((width, max(low - high - 1, 1)))
        left += (right - left - width) // 2
        self._image.paste(Image.new("RGB", glyph.size, color), (left, high), glyph)

    def texts(self, title: str, texts: Sequence[str], columns: int) -> None:
        """Write texts in columns, cut where they do not fit."""
        top, _ = self.begin(title, LISTED * 18)
        room = WIDTH // columns
        for index, text in enumerate(texts[: LISTED * columns]):
            column, row = divmod(index, LISTED)
            while text and self.draw.textlength(text, font=self.font) > room - 10:
                text = text[:-1]
            self.draw.text((GAP + column * room, top + row * 18), text, fill=INK, font=self.font)

    def pixels(self) -> np.ndarray:
        """Return the picture, uint8 (height, width, 3)."""
        return np.asarray(self._image)


def draw_texts(kind, fake: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Draw generated texts over real ones.

    Args:
        kind: `tfgan.kinds.text.Text`.
        fake: codes int (n, length).
        real: codes int (m, length).

    Returns:
        uint8 pixels (height, width, 3).
    """
    texts = kind.records(fake)
    widest = max(max((len(text) for text in texts), default=1), 8)
    panels = Panels([HEIGHT, HEIGHT, LISTED * 18])
    shares = [share_letters(kind, codes) for codes in (real, fake)]
    # The commonest letters, in the order of the alphabet
    shown = np.sort(np.argsort(-(shares[0] + shares[1]), kind="stable")[:MOST_LETTERS])
    panels.bars(
        "letters: share of reals (gray) and of generated texts (blue)",
        [repr(kind.alphabet[index])[1:-1] if kind.alphabet[index] != " " else "space" for index in shown],
        *(share[shown] for share in shares),
    )
    _draw_lengths(panels, kind, real, fake)
    panels.texts("generated texts", texts, max(1, min(6, WIDTH // (9 * (widest + 2)))))
    return panels.pixels()


def draw_sequences(kind, fake: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Draw generated biological sequences over real ones; arguments and pixels as in `draw_texts`."""
    nucleotides = is_nucleotides(kind.alphabet)
    panels = Panels([HEIGHT] * (3 + kind.ends) + [LISTED * 18], nucleotides=nucleotides)
    for title, codes in (("generated", fake), ("real", real)):
        panels.columns(
            f"{title} sequences: share of each letter by place",
            kind.alphabet,
            share_by_place(kind, codes)[:MOST_PLACES],
        )
    if nucleotides:
        # Bins hold equally many counts, without which shares of short sequences alternate
        together = math.ceil((kind.length + 1) / 33)
        edges = (np.arange(0, kind.length + together + 1, together) - 0.5) / kind.length
        counts = [
            np.histogram(gc_content(kind, codes), edges)[0] / max(len(codes), 1) for codes in (real, fake)
        ]
        panels.bars(
            "GC content in percent: reals (gray) and generated sequences (blue)",
            [f"{100 * edge:.0f}" for edge in (edges[:-1] + edges[1:]) / 2],
            *counts,
        )
    else:
        panels.bars(
            "letters: share of reals (gray) and of generated sequences (blue)",
            list(kind.alphabet),
            *(share_letters(kind, codes) for codes in (real, fake)),
        )
    if kind.ends:
        _draw_lengths(panels, kind, real, fake)
    panels.texts("generated sequences", kind.records(fake), 1 if kind.length > 40 else 2)
    return panels.pixels()


def _draw_lengths(panels: Panels, kind, real: np.ndarray, fake: np.ndarray) -> None:
    counts = [
        np.bincount((codes > 0).sum(axis=1), minlength=kind.length + 1) / max(len(codes), 1)
        for codes in (real, fake)
    ]
    panels.bars(
        "length: share of reals (gray) and of generated ones (blue)",
        [str(length) for length in range(kind.length + 1)],
        *counts,
    )


def is_nucleotides(alphabet: str) -> bool:
    """Return whether an alphabet is the bases of DNA or RNA."""
    return set(alphabet) in ({*"ACGT"}, {*"ACGU"})


def share_letters(kind, codes: np.ndarray) -> np.ndarray:
    """Return the share of each letter among all letters, float64 (letters,)."""
    counts = np.bincount(codes.ravel(), minlength=kind.shape[1])[int(kind.ends) :].astype(np.float64)
    return counts / max(counts.sum(), 1)


def share_by_place(kind, codes: np.ndarray) -> np.ndarray:
    """Return the share of each letter at each place among all strings, float64 (length, letters)."""
    return np.stack(
        [np.mean(codes == code + kind.ends, axis=0) for code in range(len(kind.alphabet))], axis=1
    )


def gc_content(kind, codes: np.ndarray) -> np.ndarray:
    """Return the share of G and C among the letters of each sequence, float64 (n,); of none it is 0."""
    is_gc = np.array([False] * kind.ends + [letter in "GC" for letter in kind.alphabet])
    letters = (codes > 0).sum(axis=1) if kind.ends else np.full(len(codes), kind.length)
    return is_gc[codes].sum(axis=1) / np.maximum(letters, 1)
