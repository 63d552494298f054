"""Recognize oscillation: D is ahead of G and behind it by turns."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tfgan.callbacks.doctor.rules.rule import Diagnosis, Facts, Window
from tfgan.callbacks.doctor.signals import Signals

AHEAD, BEHIND = 0.6, 0.4
APART = 0.5
TURNS = 4
RECENT, LEAST_STEPS = 48, 25

REMEDY = "add --penalty=r1, which damps the oscillation, lower --g_lr and --d_lr, or use --beta_1=0"


def takes_turns(window: Window, facts: Facts) -> Diagnosis | None:
    """Return a diagnosis if D is ahead of G and behind it by turns.

    If the game rotates around its equilibrium, D's lead crosses zero in both directions, twice per rotation
    (in the Dirac-GAN the lead is -psi theta; Mescheder et al. 2018, section 2). If the game converges, D is
    never behind for long: behind means worse than chance on new batches. D is behind at a mean accuracy of at
    most `BEHIND` = .4, and ahead at `AHEAD` = .6 or more, where the mean covers `LEAST_STEPS` = 25 steps or
    one interval, whichever is longer. With 8 reals and 8 fakes per step this is 4 standard deviations (.5 /
    sqrt(400)) from chance. The rule needs `TURNS` = 4 changes of side, two rotations, in the last `RECENT` =
    48 means, and the last of them in the later half.

    If the objective fixes no scale, it fixes no threshold for the accuracy either. The lead is then the
    separation of the mean logits in standard deviations of the logits, and the bounds are -+ `APART` = .5:
    with a threshold in the middle, Gaussian logits have the accuracies above there (Phi(.25) = .6). For a
    converged critic, which cannot separate reals from fakes, the separation over 200 reals and 200 fakes is
    about .1 by chance. An objective that compares embeddings (`cramer`, `mmd`) has no logits of single
    examples. Its distance separates the batch from which it is computed by 0 or more, so D is never behind
    and the rule never reports it.
    """
    low, high = (BEHIND, AHEAD) if facts.scaled else (-APART, APART)
    leads = _leads(window, facts)[-RECENT:]
    turns = _turns(leads, low, high)
    if len(turns) < TURNS or turns[-1] < len(leads) // 2:
        return None
    measure = (
        "its accuracy" if facts.scaled else "the separation of its logits, in their standard deviations,"
    )
    text = (
        f"D was ahead and behind by turns and changed sides {len(turns)} times recently;"
        f" {measure} ranged from {min(leads):.2g} to {max(leads):.2g}"
    )
    return Diagnosis("oscillation", text, REMEDY)


def _leads(window: Window, facts: Facts) -> list[float]:
    """Return D's lead as means over `LEAST_STEPS` steps or one interval, whichever is longer.

    The intervals after the last complete mean are dropped.
    """
    means, gathered, since, unit = [], [], window[0].step, None
    for past in window:
        unit = past.deviation or unit
        lead = (
            _accuracy(past)
            if facts.scaled
            else None
            if unit is None or past.separation is None
            else past.separation / unit
        )
        if lead is not None and math.isfinite(lead):
            gathered.append(lead)
        if gathered and past.step - since >= LEAST_STEPS:
            means.append(sum(gathered) / len(gathered))
            gathered, since = [], past.step
    return means


def _accuracy(past: Signals) -> float | None:
    return (
        None
        if past.real_accuracy is None or past.fake_accuracy is None
        else (past.real_accuracy + past.fake_accuracy) / 2
    )


def _turns(values: Sequence[float], low: float, high: float) -> list[int]:
    """Return the indices where values pass from at least `high` to at most `low`, or back."""
    turns, side = [], 0
    for index, value in enumerate(values):
        now = 1 if value >= high else -1 if value <= low else side
        if side and now != side:
            turns.append(index)
        side = now
    return turns
