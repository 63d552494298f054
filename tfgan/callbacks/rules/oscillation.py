"""Oscillation: D is ahead and behind by turns."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from tfgan.callbacks.rules.rule import Diagnosis, Facts, Window

AHEAD, BEHIND = 0.6, 0.4
SWING = 0.25
SMOOTH = 0.8
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

    Where no scale is fixed, accuracy depends on a level that nothing fixes either: there the lead is the separation of mean
    logits, and the borders are -+ `SWING` = .25 of the largest of the whole run, so that the noise that is left where a critic
    has converged is none. Noise alone, as where a run starts from a converged one, is told by how rough it is: mean squared
    successive differences are 2 variances of white noise with a standard deviation of .28 for 48 means (von Neumann 1941), and
    2 (1 - cos(2 pi / P)) of turns of P means; `SMOOTH` = .8 lets turns of some 7 means and more pass. A distance of embeddings
    (`cramer`, `mmd`) separates the batch that it is taken from by 0 or more, so that D is never behind and nothing is told.
    """
    leads = _leads(window, facts)
    low, high = BEHIND, AHEAD
    if not facts.scaled:
        high = SWING * max([facts.largest, *map(abs, leads)])
        low = -high
    recent = leads[-RECENT:]
    turns = _turns(recent, low, high)
    if len(turns) < TURNS or turns[-1] < len(recent) // 2 or not (facts.scaled or _roughness(recent) < SMOOTH):
        return None
    measure = "its accuracy" if facts.scaled else "logits' separation"
    text = f"D was ahead and behind by turns, {len(turns)} times of late, {measure} going from {min(recent):.2g} to {max(recent):.2g}"
    return Diagnosis("oscillation", text, REMEDY)


def _leads(window: Window, facts: Facts) -> list[float]:
    """Return D's lead, means of `LEAST_STEPS` steps or of an interval, whichever is longer; what is left over is dropped."""
    means, gathered, since = [], [], None
    for past in window:
        accuracy = None if past.real_accuracy is None or past.fake_accuracy is None else (past.real_accuracy + past.fake_accuracy) / 2
        lead = accuracy if facts.scaled else past.separation
        since = past.step if since is None else since
        if lead is not None and math.isfinite(lead):
            gathered.append(lead)
        if gathered and past.step - since >= LEAST_STEPS:
            means.append(sum(gathered) / len(gathered))
            gathered, since = [], past.step
    return means


def _turns(values: Sequence[float], low: float, high: float) -> list[int]:
    """Return where values pass from at least `high` to at most `low`, or back."""
    turns, side = [], 0
    for index, value in enumerate(values):
        now = 1 if value >= high else -1 if value <= low else side
        if side and now != side:
            turns.append(index)
        side = now
    return turns


def _roughness(values: Sequence[float]) -> float:
    """Return the mean squared successive difference over the variance of two values or more that are not all equal."""
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / len(values)
    return sum((after - before) ** 2 for before, after in itertools.pairwise(values)) / (len(values) - 1) / variance
