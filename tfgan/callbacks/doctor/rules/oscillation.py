"""Oscillation: D is ahead and behind by turns."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tfgan.callbacks.doctor.rules.rule import Diagnosis, Facts, Window
from tfgan.callbacks.doctor.signals import Signals

AHEAD, BEHIND = 0.6, 0.4
APART = 0.5
TURNS = 4
RECENT, LEAST_STEPS = 48, 25

REMEDY = "add --penalty=r1, which damps the turning, lower --g_lr and --d_lr, or take --beta_1=0"


def takes_turns(window: Window, facts: Facts) -> Diagnosis | None:
    """D is ahead and behind by turns.

    In a game that turns about its equilibrium, D's lead crosses zero in both directions, twice a turn (the Dirac-GAN's is
    -psi theta; Mescheder et al. 2018, section 2); where it converges, D is never long behind: worse than chance on fresh batches.
    Behind is a mean accuracy of at most `BEHIND` = .4, ahead at least `AHEAD` = .6, over `LEAST_STEPS` = 25 steps or an interval: of
    8 reals and 8 fakes a step that is 4 standard deviations (.5 / sqrt(400)) from chance. `TURNS` = 4, two rounds, are asked for
    in the last `RECENT` = 48 such means, and one in their later half.

    Where no scale is fixed, accuracy depends on a level that nothing fixes either: there the lead is the separation of mean logits in
    standard deviations of logits, and the borders are -+ `APART` = .5, from where a level in the middle would give Gaussian logits
    those accuracies (Phi(.25) = .6). Of a critic that has converged, to which reals and fakes are one, 200 of each differ by .1
    of it by chance. An objective that compares embeddings (`cramer`, `mmd`) has no logits of single examples, and its distance
    separates the batch that it is taken from by 0 or more, so that D is never behind: nothing is told of it.
    """
    low, high = (BEHIND, AHEAD) if facts.scaled else (-APART, APART)
    leads = _leads(window, facts)[-RECENT:]
    turns = _turns(leads, low, high)
    if len(turns) < TURNS or turns[-1] < len(leads) // 2:
        return None
    measure = "its accuracy" if facts.scaled else "the separation of its logits in deviations of theirs"
    text = f"D was ahead and behind by turns, {len(turns)} times of late, {measure} going from {min(leads):.2g} to {max(leads):.2g}"
    return Diagnosis("oscillation", text, REMEDY)


def _leads(window: Window, facts: Facts) -> list[float]:
    """Return D's lead, means of `LEAST_STEPS` steps or of an interval, whichever is longer; what is left over is dropped."""
    means, gathered, since, unit = [], [], window[0].step, None
    for past in window:
        unit = past.deviation or unit
        lead = _accuracy(past) if facts.scaled else None if unit is None or past.separation is None else past.separation / unit
        if lead is not None and math.isfinite(lead):
            gathered.append(lead)
        if gathered and past.step - since >= LEAST_STEPS:
            means.append(sum(gathered) / len(gathered))
            gathered, since = [], past.step
    return means


def _accuracy(past: Signals) -> float | None:
    return None if past.real_accuracy is None or past.fake_accuracy is None else (past.real_accuracy + past.fake_accuracy) / 2


def _turns(values: Sequence[float], low: float, high: float) -> list[int]:
    """Return where values pass from at least `high` to at most `low`, or back."""
    turns, side = [], 0
    for index, value in enumerate(values):
        now = 1 if value >= high else -1 if value <= low else side
        if side and now != side:
            turns.append(index)
        side = now
    return turns
