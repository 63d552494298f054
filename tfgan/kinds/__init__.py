"""Kinds of data: the form of one example, and its conversions into a model and out of it.

Only this folder tells images from points. Other modules use an instance of `Kind`: `source.kind` of an open
data set, `sampler.kind` of a model's samples, or `kinds.of(shape)` where only a shape is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfgan.core.registry import Registry
from tfgan.kinds._catalogue import KINDS
from tfgan.kinds.kind import ENCODED, Input, Kind, Output, Signature
from tfgan.kinds.own_features import OWN, OwnFeatures
from tfgan.kinds.span import Span
from tfgan.kinds.units import Units

__all__ = [
    "ENCODED",
    "OWN",
    "Input",
    "Kind",
    "Output",
    "OwnFeatures",
    "Signature",
    "Span",
    "Units",
    "fitted",
    "from_json",
    "get",
    "kinds",
    "names",
    "of",
    "register",
    "suffixes",
    "to_json",
]

kinds = Registry("kind", KINDS)
names, register = kinds.names, kinds.register


def of(shape: Sequence[int], units: Units | None = None, name: str | None = None) -> Kind:
    """Return the kind of examples of a shape.

    Args:
        shape: of one example, such as (28, 28, 1) or (2,).
        units: between the user's data and training; None for the same numbers in both.
        name: of the kind, where the data say it; None to tell it by the shape.

    Raises:
        ValueError: an unknown name, or units that the kind does not have.

    Example:
        >>> kinds.of((28, 28, 1)).default_network
        'dcgan'
    """
    shape = tuple(shape)
    return _class_of(shape, name)(shape, units or Units())


def get(identifier: Kind | Mapping[str, Any] | None, shape: Sequence[int]) -> Kind:
    """Return a kind for a kind, for a record of `to_json`, or, for None, the kind of examples of `shape`.

    Raises:
        ValueError: a kind of another shape.
    """
    if identifier is None:
        return of(shape)
    kind = identifier if isinstance(identifier, Kind) else from_json(identifier)
    if kind.shape != tuple(shape):
        raise ValueError(
            f"kind: expected one of shape {tuple(shape)}, as the generator returns, got {kind.shape}"
        )
    return kind


def fitted(examples: np.ndarray, rows: np.ndarray, name: str | None = None) -> Kind:
    """Return the kind of `examples` (n, *shape), with the units that suit the training examples among them.

    Args:
        examples: training examples and others.
        rows: int (m,), the numbers of the training examples.
        name: of the kind; None to tell it by the shape.
    """
    return _class_of(examples.shape[1:], name).fit(examples, rows)


def to_json(kind: Kind) -> dict[str, Any]:
    """Return a kind as plain JSON values: "shape" and "units", "kind", its name, where the shape does not tell it, and
    "learned", its other fields, where it has some.
    """
    told, learned = _class_of(kind.shape, None) is type(kind), kind.to_json()
    record = {"shape": list(kind.shape), "units": kind.units.to_json()} | (
        {} if told else {"kind": kind.name}
    )
    return record | ({"learned": learned} if learned else {})


def from_json(record: Mapping[str, Any]) -> Kind:
    """Return the kind that `to_json` described; a record of an earlier version may hold one "scale", or neither."""
    units = Units.from_json(record["units"]) if "units" in record else Units(0.0, record.get("scale", 1.0))
    shape = tuple(record["shape"])
    return _class_of(shape, record.get("kind")).from_json(shape, units, record.get("learned", {}))


def suffixes() -> list[str]:
    """Return the endings of the files that some kind is written to, such as ".png"."""
    return list(dict.fromkeys(suffix for name in names() for suffix in kinds.load(name).writers))


def _class_of(shape: Sequence[int], name: str | None) -> type[Kind]:
    if name is not None:
        return kinds.load(name)
    first, *others = [kinds.load(each) for each in names()]
    return next((cls for cls in reversed(others) if cls.takes(shape)), first)
