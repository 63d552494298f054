"""Penalties of D and G by name: gradient penalties, and other terms and constraints beside the objective."""

from __future__ import annotations

from tfgan.core.registry import Registry
from tfgan.penalties._catalogue import PENALTIES

__all__ = ["get", "name_of", "names", "penalties", "register"]

penalties = Registry("penalty", PENALTIES, base="tfgan.penalties.penalty:Penalty")
names, get, register, name_of = penalties.names, penalties.get, penalties.register, penalties.name_of


def __getattr__(name: str):
    """Import a penalty class at its first use (`tfgan.penalties.R1`)."""
    if name == "Penalty":
        from tfgan.penalties.penalty import Penalty

        return Penalty
    for entry in PENALTIES:
        if PENALTIES[entry].target.endswith(f":{name}"):
            return penalties.load(entry)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
