"""Vanishing gradients: G does not learn, for want of a pull or of steps."""

from __future__ import annotations

from tfgan.callbacks.doctor.rules.dead_discriminator import still
from tfgan.callbacks.doctor.rules.rule import Diagnosis, Facts, Window
from tfgan.callbacks.doctor.signals import Signals

SURE = 0.9
LITTLE_PULL = 0.01

PULL = "take --loss=nonsat or --loss=rpgan, whose pull stays, a lower --d_lr or fewer --d_steps, or add --penalty=r1"


def generator_still(window: Window, facts: Facts) -> Diagnosis | None:
    """G's weights stand still, whatever its gradient.

    An update changes them by less than `STILL` = 1e-6 of their size, where float32 rounds at 6e-8, and by less than
    `STILL_BESIDE` = 1/1000 of what D's change by: the rates of published recipes differ by 10 at most, and a falling schedule
    slows both.
    """
    now = window[-1]
    if not still(now.g_update, now.d_update):
        return None
    text = f"an update changes G's weights by {now.g_update:.1g} of their size, D's by {now.d_update:.1g}"
    return Diagnosis("vanishing_gradients", text, "raise --g_lr", returns=False)


def pull_lost(window: Window, facts: Facts) -> Diagnosis | None:
    """D is sure of both sides, and there the objective no longer pulls fakes.

    Sure: D tells `SURE` = 90 % of reals and of fakes. The slope of G's loss in the logits is for half of the fakes below
    `LITTLE_PULL` = 1 % of that where D is undecided, all logits 0; for `minimax`, whose slope is sigmoid(f), that is a median
    fake logit below -5.3. An objective whose pull stays (`nonsat`, `hinge`, `wgan`, `rpgan`) is never told of this.
    """
    now = window[-1]
    if min(now.real_accuracy, now.fake_accuracy) < SURE or now.slope >= LITTLE_PULL:
        return None
    sure = f"D tells {now.real_accuracy:.0%} of reals and {now.fake_accuracy:.0%} of fakes"
    text = f"{sure}, and of half of the fakes G's loss has at most {now.slope:.1g} of its slope near the border{_norms(now)}"
    return Diagnosis("vanishing_gradients", text, PULL)


def _norms(now: Signals) -> str:
    return f" (gradient norms of G and D {now.g_gradient:.1g} and {now.d_gradient:.1g})" if now.g_gradient and now.d_gradient else ""
