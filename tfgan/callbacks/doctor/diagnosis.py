"""What the doctor may say, and the rules that tell it from a window of signals. Pure: nothing here reads a model or a file.

A rule looks at the last interval of a window, the ones before it being what it compares with; whether a sign lasts is for
`tfgan.callbacks.doctor.episodes` to see. It is asked only where all that it `needs` is known of the last interval.
"""

from __future__ import annotations

import math

from tfgan.callbacks.doctor.rules import (
    dead_discriminator,
    discriminator_overfitting,
    divergence,
    mode_collapse,
    oscillation,
    vanishing_gradients,
)
from tfgan.callbacks.doctor.rules.rule import Diagnosis, Facts, Rule, Window

RULES = (
    Rule(divergence.not_finite, ("d_gradient", "g_gradient")),
    Rule(divergence.logits_apart, ("real", "fake")),
    Rule(divergence.examples_far, ("between", "real_distance")),
    Rule(divergence.gradients_exploded, ("d_gradient", "g_gradient")),
    Rule(divergence.steps_too_large, ("d_update", "g_update")),
    Rule(dead_discriminator.discriminator_still, ("d_update", "g_update")),
    Rule(dead_discriminator.says_the_same, ("spread",)),
    Rule(vanishing_gradients.generator_still, ("d_update", "g_update")),
    Rule(vanishing_gradients.pull_lost, ("slope", "real_accuracy", "fake_accuracy")),
    Rule(mode_collapse.one_example, ("between",)),
    Rule(mode_collapse.alike, ("real_distance", "fake_distance", "between")),
    Rule(mode_collapse.crowded, ("coverage", "density")),
    Rule(mode_collapse.labels_missed, ("label_share", "density")),
    Rule(discriminator_overfitting.tells_unseen, ("overfitting", "unseen")),
    Rule(oscillation.takes_turns, ("real", "fake", "real_accuracy", "fake_accuracy")),
)

NAMES = ("dead_discriminator", "divergence", "vanishing_gradients", "mode_collapse", "discriminator_overfitting", "oscillation")

# What follows from a failure, and is not told while there are signs of that: before a D that stands still G runs away.
FOLLOWS = {
    "dead_discriminator": frozenset(NAMES[1:]),
    "divergence": frozenset(NAMES[2:]),
    "vanishing_gradients": frozenset({"mode_collapse", "discriminator_overfitting"}),
}

# What training does not get out of by itself, as a rule.
FATAL = frozenset(NAMES[:4])


def signs(window: Window, facts: Facts) -> dict[str, Diagnosis | None]:
    """Return by its name what each rule that can tell says of the last interval: a diagnosis, or None."""
    known = {name for name, value in vars(window[-1]).items() if value is not None}
    finite = {name for name in known if math.isfinite(getattr(window[-1], name))}
    able = [rule.told for rule in RULES if (known if rule.told is divergence.not_finite else finite).issuperset(rule.needs)]
    return {told.__name__: told(window, facts) for told in able}
