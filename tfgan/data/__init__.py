"""Training data by name: batches whose order is a function of (seed, epoch, index)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from tfgan.core import files
from tfgan.core.options import KINDS
from tfgan.core.registry import Registry
from tfgan.data._catalogue import DATASETS

if TYPE_CHECKING:
    import tensorflow as tf

    from tfgan.data.source import Source

__all__ = ["datasets", "from_frame", "get", "load", "names", "open_source", "register"]

BY_PATH = ("folder", "npz", "csv", "series", "text", "fasta")  # their content tells them apart, not the path
FORM = (  # options of one kind of data; `tfgan.data.source.Request` describes them
    *("schema", "target", "categorical", "drop", "group", "max_categories", "length", "stride", "columns"),
    *("transform", "alphabet", "both_strands"),
)
datasets = Registry("dataset", DATASETS, takes_path=("tfds", *BY_PATH))
names, register = datasets.names, datasets.register


def open_source(
    spec: str,
    *,
    data_dir: str | None = None,
    image_size: int | None = None,
    memory_budget_mib: int = 2048,
    background: str = "white",
    skip_unreadable: bool = False,
    **form: Any,
) -> Source:
    """Open a data set.

    Args:
        spec: a name, or `tfds:NAME`, `folder:PATH`, `npz:PATH`, `csv:PATH`, `series:PATH`, `text:PATH`, `fasta:PATH`.
        data_dir: where its files are, if not in the usual place.
        image_size: crop images to a square and resize them to this side.
        memory_budget_mib: larger data are streamed from disk; 0 streams all data that can be streamed.
        background: "white", "black" or "gray", on which transparent pixels of pictures are laid.
        skip_unreadable: let other pictures of a folder take the place of those that cannot be decoded, with a
            warning.
        **form: options of tables, series, texts and sequences, such as `target`; `tfgan.data.source.Request`
            describes them.

    Returns:
        A source. Its `note`, which is logged too, counts the files of a folder that were found, passed over
        and changed.

    Raises:
        ValueError: an unknown name, or data that cannot be used; the message names the culprit and the way
            out.
    """
    from tfgan.data.images import BACKGROUNDS
    from tfgan.data.source import Request

    if unknown := [key for key in form if key not in FORM]:
        raise TypeError(f"open_source has no argument {unknown[0]!r}; expected one of: {', '.join(FORM)}")
    name, options = datasets.parse(spec)
    readable = datasets.entry(name).reads
    if ignored := [key for key in form if key not in readable and form[key] != Request._field_defaults[key]]:
        known = (
            f"{name} has only {', '.join(f'--{key}' for key in readable)}"
            if readable
            else f"{name} has no such option"
        )
        raise ValueError(f"--{ignored[0]}: {known}; leave it out")
    if options.get("path") == "":
        raise ValueError(f"--dataset: expected {name}:{'NAME' if name == 'tfds' else 'PATH'}, got {spec!r}")
    if image_size is not None:
        KINDS["PositiveInt"].check("--image_size", image_size)
    KINDS["NonNegativeInt"].check("--memory_budget_mib", memory_budget_mib)
    if background not in BACKGROUNDS:
        raise ValueError(f"--background: expected one of {', '.join(BACKGROUNDS)}, got {background!r}")
    data_dir = data_dir and str(files.expand_home(data_dir))
    request = Request(
        options.get("path"),
        data_dir,
        image_size,
        memory_budget_mib * 2**20,
        background,
        skip_unreadable,
        **form,
    )
    opened = datasets.load(name)(request)
    if image_size is not None and not opened.kind.has_pixels:
        raise ValueError(
            f"--image_size: expected images, got the {opened.kind.name} of {opened.name}; leave it out"
        )
    if opened.note:
        logging.info("%s: %s", opened.name, opened.note)
    return opened


def from_frame(frame: Any, **options: Any) -> Source:
    """Open a frame, such as one of pandas or polars, or a dict of columns, as a table; see `tfgan.data.tables.from_frame`."""
    from tfgan.data import tables

    return tables.from_frame(frame, **options)


def strip_path(spec: str) -> str:
    """Return a data set's name without the path of the user's files, which does not identify the data.

    >>> strip_path("npz:/home/me/points.npz"), strip_path("tfds:mnist")
    ('npz:', 'tfds:mnist')
    """
    name, colon, _ = spec.partition(":")
    return name + colon if name in BY_PATH else spec


def get(identifier: Any, **options: Any) -> Source:
    """Return a source for a text, opened with `options` as by `open_source`; an open source is returned as it is."""
    return open_source(identifier, **options) if isinstance(identifier, str) else identifier


def load(spec: str, batch_size: int, *, seed: int = 0, start: int = 0, **options) -> tf.data.Dataset:
    """Return endless training batches, from step `start` on.

    Args:
        spec: as for `open_source`.
        batch_size: examples in a batch.
        seed: of the order.
        start: number of batches to leave out, at no cost.
        **options: as for `open_source`.

    Returns:
        `tf.data.Dataset` of (float32 (batch_size, *shape), images in [-1, 1], points centered and scaled;
        int32 labels (batch_size,), 0 without). `open_source(spec, ...).units` maps points back to their own
        units.

    Example:
        >>> images = tfgan.data.load("digits", 64)
    """
    return open_source(spec, **options).dataset(batch_size, seed=seed, start=start)
