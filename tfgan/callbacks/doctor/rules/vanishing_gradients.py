"""Recognize vanishing gradients: G does not learn, because its loss is flat or its updates are too small."""

from __future__ import annotations

from tfgan.callbacks.doctor.rules.dead_discriminator import still
from tfgan.callbacks.doctor.rules.rule import Diagnosis, Facts, Window
from tfgan.callbacks.doctor.signals import Signals

SURE = 0.9
LITTLE_PULL = 0.01

PULL = "use --loss=nonsat or --loss=rpgan, a lower --d_lr or fewer --d_steps, or add --penalty=r1"


def generator_still(window: Window, facts: Facts) -> Diagnosis | None:
    """Return a diagnosis if G's weights stand still, whatever its gradient.

    One update changes them by less than `STILL` = 1e-6 of their norm (float32 rounds at 6e-8), and by less
    than `STILL_BESIDE` = 1/1000 of D's relative change. The learning rates of published recipes differ by a
    factor of at most 10, and a falling schedule slows both networks.
    """
    now = window[-1]
    if not still(now.g_update, now.d_update):
        return None
    text = f"one update changes G's weights by {now.g_update:.1g} of their norm, D's by {now.d_update:.1g}"
    return Diagnosis("vanishing_gradients", text, "raise --g_lr", returns=False)


def pull_lost(window: Window, facts: Facts) -> Diagnosis | None:
    """Return a diagnosis if D separates reals from fakes and G's loss is flat at the logits of fakes.

    D classifies at least `SURE` = 90 % of reals and of fakes correctly. For half of the fakes, the slope of
    G's loss in the logits is below `LITTLE_PULL` = 1 % of its slope where all logits are 0. For `minimax`,
    whose slope is sigmoid(f), the median fake logit is then below -5.3. The rule never applies to an
    objective whose slope does not vanish there (`nonsat`, `hinge`, `wgan`, `rpgan`).
    """
    now = window[-1]
    if min(now.real_accuracy, now.fake_accuracy) < SURE or now.slope >= LITTLE_PULL:
        return None
    sure = f"D classifies {now.real_accuracy:.0%} of reals and {now.fake_accuracy:.0%} of fakes correctly"
    text = f"{sure}; for half of the fakes, the slope of G's loss is at most {now.slope:.1g} of its slope at logit 0{_norms(now)}"
    return Diagnosis("vanishing_gradients", text, PULL)


def _norms(now: Signals) -> str:
    return (
        f" (gradient norms: G {now.g_gradient:.1g}, D {now.d_gradient:.1g})"
        if now.g_gradient and now.d_gradient
        else ""
    )
