"""Adversarial objectives: pure functions of logits, by name.

`tfgan.losses.get("rpgan").discriminator(real_logits, fake_logits)` works in any loop. Real stands before fake, and
a high logit means real, everywhere.
"""

from __future__ import annotations

from typing import Any

from tfgan._registry import Registry
from tfgan.losses._catalogue import GENERATOR_FORMS, LINKS, OBJECTIVES, PAIRINGS, check_pairing

__all__ = ["GENERATOR_FORMS", "PAIRINGS", "check_pairing", "get", "links", "names", "objectives", "register"]


class _Objectives(Registry):
    """Objectives by name; options that are not the objective's own are its link's (`hinge:margin=2`)."""

    def options(self, name: str) -> dict[str, str]:
        own = super().options(name)
        if link := self.entry(name).options.get("link"):
            return own | links.options(link.partition(":")[0])
        return own

    def get(self, identifier: Any, **options: Any) -> Any:
        if isinstance(identifier, str):
            name, parsed = self.parse(identifier)
            own = super().options(name)
            inner = {key: parsed.pop(key) for key in list(parsed) if key not in own}
            options = parsed | options
            if inner:
                link = options.get("link", self.entry(name).options["link"])
                options["link"] = link + ":" + ",".join(f"{key}={value}" for key, value in inner.items())
            identifier = name
        return super().get(identifier, **options)


links = Registry("link", LINKS)
objectives = _Objectives("loss", OBJECTIVES)
names, get, register = objectives.names, objectives.get, objectives.register


def __getattr__(name: str):
    """Import `Adversarial` and `Link` when they are asked for."""
    if name == "Adversarial":
        from tfgan.losses.adversarial import Adversarial

        return Adversarial
    if name == "Link":
        from tfgan.losses.link import Link

        return Link
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
