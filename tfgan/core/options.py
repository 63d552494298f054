"""Check option values by their annotations; base class of the objects that a name configures.

An option is declared once, as an annotated dataclass field (`gamma: NonNegative = 1.0`). The annotation says
which values are legal to Python callers, to the command line and to `--help`, and it can be read from the
source text without importing the module that holds it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

Positive = float
NonNegative = float
Fraction = float
Probability = float
NotZeroOrOne = float
PositiveInt = int
NonNegativeInt = int
Seed = int
FilePath = str
Switch = bool | str


def _parse_number(text: str) -> float:
    return float(text)


def _parse_whole(text: str) -> int:
    with contextlib.suppress(ValueError):
        return int(text)  # exact beyond 2^53, where a float is not
    value = float(text)
    if value != int(value):
        raise ValueError
    return int(value)


def _parse_boolean(text: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[text.lower()]


def _parse_switch(text: str) -> bool | str:
    words = {"auto": "auto", "true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
    return words[text.lower()]


@dataclasses.dataclass(frozen=True)
class Kind:
    """A set of legal values: how to read one from text, and how to describe them to a user."""

    expected: str
    read: Callable[[str], Any]
    accepts: Callable[[Any], bool]

    def parse(self, argument: str, text: str) -> Any:
        """Read `text`; raise `ValueError` that names `argument` when it is not a legal value."""
        try:
            value = self.read(text)
        except (ValueError, KeyError, OverflowError):
            value = text
        return self.check(argument, value)

    def check(self, argument: str, value: Any) -> Any:
        """Return `value` if it is legal.

        Raises:
            ValueError: the value is not legal; the message has `argument`, the expected kind and the value.
        """
        if not self.accepts(value):
            raise ValueError(f"{argument}: expected {self.expected}, got {value!r}")
        return value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


KINDS: Mapping[str, Kind] = {
    "float": Kind("a number", _parse_number, _is_number),
    "Positive": Kind("a number above 0", _parse_number, lambda v: _is_number(v) and v > 0),
    "NonNegative": Kind("a number of at least 0", _parse_number, lambda v: _is_number(v) and v >= 0),
    "Fraction": Kind("a number in [0, 1)", _parse_number, lambda v: _is_number(v) and 0 <= v < 1),
    "Probability": Kind("a number in [0, 1]", _parse_number, lambda v: _is_number(v) and 0 <= v <= 1),
    "NotZeroOrOne": Kind(
        "a number other than 0 and 1", _parse_number, lambda v: _is_number(v) and v not in (0, 1)
    ),
    "int": Kind("a whole number", _parse_whole, _is_whole),
    "PositiveInt": Kind("a whole number above 0", _parse_whole, lambda v: _is_whole(v) and v > 0),
    "NonNegativeInt": Kind("a whole number of at least 0", _parse_whole, lambda v: _is_whole(v) and v >= 0),
    "Seed": Kind(
        "a whole number from 0 to 2^63 - 1", _parse_whole, lambda v: _is_whole(v) and 0 <= v < 2**63
    ),
    "bool": Kind("true or false", _parse_boolean, lambda v: isinstance(v, bool)),
    "Switch": Kind("auto, true or false", _parse_switch, lambda v: isinstance(v, bool) or v == "auto"),
    "FilePath": Kind("a path", os.path.expanduser, lambda v: isinstance(v, str)),
    "str": Kind("a text", str, lambda v: isinstance(v, str)),
}


def kind_of(annotation: str) -> Kind | None:
    """Return the kind that an annotation's source text names, or None when it names no kind.

    `X | None` also accepts None, `tuple[X, ...]` a sequence of X, and `Literal['a', 'b']` one of its values.
    """
    annotation = annotation.strip()
    if annotation.endswith("| None"):
        inner = kind_of(annotation.removesuffix("| None"))
        return inner and dataclasses.replace(inner, accepts=lambda v: v is None or inner.accepts(v))
    if match := re.fullmatch(r"tuple\[(.+), \.\.\.\]", annotation):
        inner = kind_of(match[1])
        return inner and dataclasses.replace(inner, accepts=lambda v: all(map(inner.accepts, v)))
    if annotation.startswith("Literal["):
        choices = get_args(eval(annotation, {"Literal": Literal, "__builtins__": {}}))
        return Kind(f"one of {', '.join(choices)}", str, lambda v: v in choices)
    return KINDS.get(annotation)


def annotation_of(field: dataclasses.Field) -> str:
    """Return the annotation of a dataclass field as text, also where the module does not postpone its annotations."""
    if isinstance(field.type, str):
        return field.type
    return field.type.__name__ if isinstance(field.type, type) else str(field.type).replace("typing.", "")


def option(default: Any, help: str, group: str, *, free: bool = False, hidden: bool = False) -> Any:
    """Declare a field that is also a flag.

    Args:
        default: its value when the flag is not given.
        help: one line for `--help`.
        group: the heading it stands under in `--help`.
        free: whether it may differ when a run is resumed.
        hidden: whether only `--helpfull` lists it, because another flag replaces it.
    """
    return dataclasses.field(
        default=default, metadata={"help": help, "group": group, "free": free, "hidden": hidden}
    )


class Configurable:
    """Base of dataclasses whose fields are options: checks them, and serializes as Keras objects do."""

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if kind := kind_of(annotation_of(field)):
                kind.check(f"{type(self).__name__}.{field.name}", getattr(self, field.name))

    def get_config(self) -> dict[str, Any]:
        """Return the options by name, as plain values."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.init}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]):
        """Build the object that `get_config` described."""
        return cls(**config)
