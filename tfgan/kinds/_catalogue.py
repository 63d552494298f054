"""Kinds of data by name. A shape is offered to the last row first; the first row takes the shapes that no other row takes."""

from __future__ import annotations

from tfgan.core.registry import Entry

KINDS = {
    "points": Entry("tfgan.kinds.points:Points", "vectors of numbers, centered and scaled for training"),
    "text": Entry(
        "tfgan.kinds.text:Text", "short texts, such as words and names, a letter one of an alphabet"
    ),
    "sequences": Entry(
        "tfgan.kinds.sequences:Sequences", "DNA, RNA and proteins, as windows or whole sequences"
    ),
    "images": Entry("tfgan.kinds.images:Images", "pixels on a grid of rows and columns, in [-1, 1]"),
    "series": Entry(
        "tfgan.kinds.series:Series",
        "windows of numbers through time, several channels, heavy tails made normal",
    ),
    "table": Entry("tfgan.kinds.table:Table", "rows of numbers, dates and categories"),
}
