"""Adversarial objectives: pure functions of logits, by name.

`tfgan.losses.get("rpgan").discriminator(real_logits, fake_logits)` works in any loop. Real stands before
fake, and a high logit means real, everywhere.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from tfgan.core.registry import Entry, Registry
from tfgan.losses._catalogue import (
    ABSENT_OPTIONS,
    ALIASES,
    DOUBTFUL_FORMS,
    FORMER,
    GENERATOR_FORMS,
    LINKS,
    OBJECTIVES,
    PAIRINGS,
    check_pairing,
)

__all__ = [
    "DOUBTFUL_FORMS",
    "GENERATOR_FORMS",
    "PAIRINGS",
    "check_pairing",
    "get",
    "links",
    "names",
    "objectives",
    "register",
]


class _Links(Registry):
    """Links by name; an error tells why a link lacks an option that others have."""

    def parse_options(self, name: str, text: str, declared: Mapping[str, str]) -> dict[str, Any]:
        for key in (item.partition("=")[0].strip() for item in text.split(",")):
            if key in ABSENT_OPTIONS and key not in declared:
                raise ValueError(f"{self.kind} {name!r} has no option {key!r}: {ABSENT_OPTIONS[key]}")
        return super().parse_options(name, text, declared)


class _Objectives(_Links):
    """Objectives by name; options that the objective does not have go to its link (`hinge:margin=2`).

    A link that no row uses is an objective under its own name, with independent pairing and the
    non-saturating form.
    """

    def names(self) -> list[str]:
        return [*super().names(), *self._unnamed_links()]

    def entry(self, name: str) -> Entry:
        if name not in self._unnamed_links():
            return super().entry(name)
        row = links.entry(name)
        point = {"link": name, "pairing": "independent", "generator_form": "nonsat"}
        return Entry(
            "tfgan.losses.adversarial:Adversarial", row.help, point, when=row.when, source=row.source
        )

    def _unnamed_links(self) -> list[str]:
        taken = {row.options.get("link") for row in self._entries.values()} | set(self._entries)
        return [link for link in links.names() if link not in taken]

    def options(self, name: str) -> dict[str, str]:
        own = super().options(name)
        if link := self.entry(name).options.get("link"):
            return own | links.options(link.partition(":")[0])
        return own

    def parse(self, spec: str) -> tuple[str, dict[str, Any]]:
        name, options = super().parse(spec)
        point = {**self.entry(name).options, **options}
        if "link" in point:
            check_pairing(point["link"], point["pairing"], options)
        return name, options

    def get(self, identifier: Any, **options: Any) -> Any:
        if isinstance(identifier, str):
            identifier, parsed = self.parse(identifier)
            own = super().options(identifier)
            options = parsed | options
            inner = {key: options.pop(key) for key in list(options) if key not in own}
            if inner:
                link = options.get("link", self.entry(identifier).options.get("link"))
                if link is None:
                    raise ValueError(
                        f"{self.kind} {identifier!r} has no option {next(iter(inner))!r}; it does not compare single logits"
                    )
                options["link"] = link + ":" + ",".join(f"{key}={value}" for key, value in inner.items())
        return super().get(identifier, **options)


links = _Links("link", LINKS, base="tfgan.losses.link:Link")
objectives = _Objectives(
    "loss", OBJECTIVES, base="tfgan.losses.objective:Objective", aliases=ALIASES, former=FORMER
)
names, get, register = objectives.names, objectives.get, objectives.register


def __getattr__(name: str):
    """Import the classes that users extend, on first access."""
    modules = {"Adversarial": "adversarial", "Link": "link", "Objective": "objective"}
    if name in modules:
        return getattr(importlib.import_module(f"tfgan.losses.{modules[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
