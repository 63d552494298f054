"""Kinds of option values: what they read from text, what they accept, and what they say."""

import dataclasses

import numpy as np
import pytest

from tfgan.core import options
from tfgan.core.options import KINDS, kind_of


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("float", "-1e-3", -0.001),
        ("Positive", "2", 2.0),
        ("NonNegative", "0", 0.0),
        ("Fraction", "0", 0.0),
        ("NotZeroOrOne", "-1", -1.0),
        ("int", "-4", -4),
        ("PositiveInt", "2e3", 2000),
        ("NonNegativeInt", "0", 0),
        ("bool", "True", True),
        ("bool", "0", False),
        ("str", "a,b", "a,b"),
    ],
)
def test_reads(kind, text, value):
    got = KINDS[kind].parse("x", text)
    assert (got, type(got)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("float", "x"),
        ("float", "inf"),
        ("Positive", "0"),
        ("Positive", "nan"),
        ("NonNegative", "-1e-9"),
        ("Fraction", "1"),
        ("Fraction", "-0.1"),
        ("NotZeroOrOne", "0"),
        ("NotZeroOrOne", "1"),
        ("int", "1.5"),
        ("int", ""),
        ("PositiveInt", "0"),
        ("PositiveInt", "1e400"),
        ("NonNegativeInt", "-1"),
        ("bool", "yes"),
    ],
)
def test_refuses_text(kind, text):
    with pytest.raises(
        ValueError, match=f"^x: expected {KINDS[kind].expected}, got ".replace("[", r"\[").replace(")", r"\)")
    ):
        KINDS[kind].parse("x", text)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("float", True), ("float", "1"), ("float", None), ("int", 1.0), ("int", True), ("bool", 1), ("str", 1)],
)
def test_refuses_values_of_another_type(kind, value):
    with pytest.raises(ValueError, match=r"x: expected"):
        KINDS[kind].check("x", value)


@pytest.mark.parametrize("value", [1, 1.5, np.float64(2)])
def test_numbers_of_python_and_numpy_are_numbers(value):
    assert KINDS["Positive"].check("x", value) == value


def test_whole_numbers_are_exact_beyond_2_to_53():
    assert KINDS["int"].parse("x", str(2**53 + 1)) == 2**53 + 1


def test_literal_lists_its_choices():
    with pytest.raises(ValueError, match=r"--p: expected one of a, b, got 'c'"):
        kind_of("Literal['a', 'b']").parse("--p", "c")


def test_literal_accepts_its_choices_only():
    kind = kind_of('Literal["a", "b"]')
    assert [kind.accepts(value) for value in ("a", "b", "ab", 1, None)] == [True, True, False, False, False]


@pytest.mark.parametrize("annotation", ["Positive | None", "Literal['a'] | None", "PositiveInt | None"])
def test_optional_accepts_none(annotation):
    assert kind_of(annotation).check("x", None) is None


def test_optional_still_checks_values():
    with pytest.raises(ValueError, match="a number above 0"):
        kind_of("Positive | None").check("x", -1)


def test_tuple_checks_each_entry():
    kind = kind_of("tuple[PositiveInt, ...]")
    assert kind.check("x", (1, 2)) == (1, 2)
    with pytest.raises(ValueError, match="a whole number above 0"):
        kind.check("x", (1, 0))


@pytest.mark.parametrize("annotation", ["Any", "dict[str, int]", "", "tuple[Any, ...]", "Any | None"])
def test_other_annotations_name_no_kind(annotation):
    assert kind_of(annotation) is None


@dataclasses.dataclass(frozen=True)
class _Sized(options.Configurable):
    size: "PositiveInt" = 1  # noqa: F821 (kinds are read as text)
    name: "str | None" = None
    anything: "Any" = None  # noqa: F821


def test_configurable_checks_its_fields_and_names_them():
    with pytest.raises(ValueError, match=r"_Sized.size: expected a whole number above 0, got 0"):
        _Sized(size=0)


def test_configurable_leaves_other_fields_alone():
    assert _Sized(anything=[1]).anything == [1]


def test_config_round_trips():
    made = _Sized(size=3, name="x")
    assert made.get_config() == {"size": 3, "name": "x", "anything": None}
    assert _Sized.from_config(made.get_config()) == made
