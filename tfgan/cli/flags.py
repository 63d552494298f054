"""Command-line flags made from a config class."""

from __future__ import annotations

import dataclasses
from typing import Any

from absl import flags

from tfgan.core import options as options_lib
from tfgan.runs.config import Config

# Flags that "none" clears, because a recipe may set them: optional fields that a resumed run must share.
_CLEARED = {
    field.name
    for field in dataclasses.fields(Config)
    if str(field.type).endswith("| None") and not field.metadata["free"]
}


def define_flags(config_class: type, flag_values: flags.FlagValues) -> None:
    """Define one flag for each field of `config_class`."""
    for field in dataclasses.fields(config_class):
        if field.type == "Switch":
            flags.DEFINE_flag(_build_switch(field), flag_values)
            continue
        define = flags.DEFINE_string
        if field.type == "bool":
            define = flags.DEFINE_bool
        elif str(field.type).startswith("tuple"):
            define = flags.DEFINE_multi_string
        default = field.default if field.type == "bool" else None
        define(field.name, default, field.metadata["help"], flag_values=flag_values)


def _build_switch(field: dataclasses.Field) -> flags.Flag:
    """Return a flag that takes a third value besides `--name` and `--noname`: `--name=auto`."""
    switch = flags.Flag(flags.ArgumentParser(), None, field.name, None, field.metadata["help"])
    switch.boolean = True  # absl then reads `--name` as "true" and `--noname` as "false"
    return switch


def from_flags(config_class: type, flag_values: flags.FlagValues) -> Any:
    """Return the config that the given flags describe.

    Raises:
        ValueError: a value of the wrong kind, naming its flag.
    """
    given = {}
    for field in dataclasses.fields(config_class):
        value = flag_values[field.name].value
        if value is None:
            continue
        kind = options_lib.kind_of(str(field.type))
        if isinstance(value, list):
            given[field.name] = tuple(value)
        elif value == "none" and field.name in _CLEARED:
            given[field.name] = None
        else:
            given[field.name] = (
                kind.parse(f"--{field.name}", value) if isinstance(value, str) and kind else value
            )
    return config_class(**given)
