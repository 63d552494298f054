"""A dead discriminator: D says the same of everything, or does not move."""

from __future__ import annotations

from tfgan.callbacks.doctor.rules.rule import Diagnosis, Facts, Window

STILL = 1e-6
STILL_BESIDE = 1e-3
FLAT = 1e-5


def discriminator_still(window: Window, facts: Facts) -> Diagnosis | None:
    """D's weights stand still: as for G in `generator_still`."""
    now = window[-1]
    if not still(now.d_update, now.g_update):
        return None
    text = f"an update changes D's weights by {now.d_update:.1g} of their size, G's by {now.g_update:.1g}"
    return Diagnosis("dead_discriminator", text, "raise --d_lr", returns=False)


def says_the_same(window: Window, facts: Facts) -> Diagnosis | None:
    """D says the same of everything: the standard deviation of its logits is at most `FLAT` = 1e-5 of the largest.

    That is some bits above what float32 rounds (6e-8), and far below the 1e-2 of a critic clipped to |w| <= .01. A converged D,
    to which reals and fakes are one, still differs from example to example.
    """
    now = window[-1]
    if now.spread > FLAT:
        return None
    text = f"D's logits of real and generated examples spread by {now.spread:.1g} of their size"
    return Diagnosis("dead_discriminator", text, "start anew with a lower --d_lr or a weaker --penalty, since a dead D does not come back")


def still(own: float, other: float) -> bool:
    """Return whether a network's own relative change an update is nothing, and nothing beside the other's."""
    return own < STILL and own < STILL_BESIDE * other
