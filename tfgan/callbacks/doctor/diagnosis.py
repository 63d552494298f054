"""Apply the doctor's rules to a window of signals. Pure functions: they read no model and no file.

A rule judges the last interval of a window and may compare it with the earlier intervals. A rule runs only
where the last interval has all signals that the rule `needs`. `tfgan.callbacks.doctor.episodes` decides
whether a sign lasts.
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

NAMES = (
    "dead_discriminator",
    "divergence",
    "vanishing_gradients",
    "mode_collapse",
    "discriminator_overfitting",
    "oscillation",
)

# Failure -> its consequences. The doctor does not report a consequence while it sees signs of the cause:
# against a D that stands still, for example, G diverges.
FOLLOWS = {
    "dead_discriminator": frozenset(NAMES[1:]),
    "divergence": frozenset(NAMES[2:]),
    "vanishing_gradients": frozenset({"mode_collapse", "discriminator_overfitting"}),
}

# Training seldom recovers from these failures by itself.
FATAL = frozenset(NAMES[:4])


def signs(window: Window, facts: Facts) -> dict[str, Diagnosis | None]:
    """Return the diagnosis of each applicable rule for the last interval, or None, by the name of the rule.

    `divergence.not_finite` also runs on signals that are NaN or infinite; all other rules need finite
    signals.
    """
    known = {name for name, value in vars(window[-1]).items() if value is not None}
    finite = {name for name in known if math.isfinite(getattr(window[-1], name))}
    able = [
        rule.told
        for rule in RULES
        if (known if rule.told is divergence.not_finite else finite).issuperset(rule.needs)
    ]
    return {told.__name__: told(window, facts) for told in able}
