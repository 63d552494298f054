"""Recognize a dead discriminator: D gives the same logit to all examples, or its weights stand still."""

from __future__ import annotations

from tfgan.callbacks.doctor.rules.rule import Diagnosis, Facts, Window

STILL = 1e-6
STILL_BESIDE = 1e-3
FLAT = 1e-5


def discriminator_still(window: Window, facts: Facts) -> Diagnosis | None:
    """Return a diagnosis if D's weights stand still; the bounds are as for G in `generator_still`."""
    now = window[-1]
    if not still(now.d_update, now.g_update):
        return None
    text = f"one update changes D's weights by {now.d_update:.1g} of their norm, G's by {now.g_update:.1g}"
    return Diagnosis("dead_discriminator", text, "raise --d_lr", returns=False)


def says_the_same(window: Window, facts: Facts) -> Diagnosis | None:
    """Return a diagnosis if D gives nearly the same logit to all examples.

    The standard deviation of the logits is then at most `FLAT` = 1e-5 of the largest logit. The bound is some
    bits above the rounding error of float32 (6e-8), and far below the 1e-2 of a critic clipped to |w| <= .01.
    A converged D cannot separate reals from fakes, but its logits still differ from example to example.
    """
    now = window[-1]
    if now.spread > FLAT:
        return None
    text = (
        f"the standard deviation of D's logits over reals and fakes is {now.spread:.1g} of the largest logit"
    )
    return Diagnosis(
        "dead_discriminator",
        text,
        "restart with a lower --d_lr or a weaker --penalty: a dead D does not recover",
    )


def still(own: float, other: float) -> bool:
    """Return whether a network's relative change is negligible by itself and beside the other network's."""
    return own < STILL and own < STILL_BESIDE * other
