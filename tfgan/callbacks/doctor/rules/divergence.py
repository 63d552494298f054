"""Divergence: losses, logits, gradients, weights or examples leave all bounds."""

from __future__ import annotations

import math

from tfgan.callbacks.doctor.rules.rule import Diagnosis, Facts, Window

FLOAT_RANGE = 88.0
EXPLODED = 1000.0
FAR = 5.0
LARGE = 0.1

CALM = "lower --g_lr and --d_lr, or add --penalty=r1 (for a Wasserstein loss --penalty=wgan_gp) or --clip_norm=1"


def not_finite(window: Window, facts: Facts) -> Diagnosis | None:
    """A loss, a logit or a gradient norm is NaN or infinite: no step leads back, and it is said at once."""
    now = window[-1]
    named = {"D's loss": now.d_loss, "G's loss": now.g_loss, "a logit": now.separation}
    named |= {"D's gradient": now.d_gradient, "G's gradient": now.g_gradient}
    if broken := [name for name, value in named.items() if value is not None and not math.isfinite(value)]:
        return Diagnosis("divergence", f"not finite: {', '.join(broken)}", CALM, at_once=True)
    return None


def logits_apart(window: Window, facts: Facts) -> Diagnosis | None:
    """Mean logits of reals and fakes are further apart than any objective asks for; said at once, since it comes in bursts.

    `FLOAT_RANGE` = 88 is where exp leaves float32; a cross-entropy is satisfied at some 10, hinge and least squares at 2. An
    objective that fixes no scale has the data's: under a D of slope 1 the separation is at most W1, and that at most the mean
    distance of reals to generated examples; the bound is 88 times that, or 88 if that is more.
    """
    now = window[-1]
    bound = FLOAT_RANGE
    if not facts.scaled:
        bound *= max(1.0, next((past.between for past in reversed(window) if past.between is not None), math.inf))
    if abs(now.separation) <= bound:
        return None
    return Diagnosis("divergence", f"logits of reals and fakes are {now.separation:.3g} apart, beyond {bound:.3g}", CALM, at_once=True)


def examples_far(window: Window, facts: Facts) -> Diagnosis | None:
    """Generated examples left the data: they are `FAR` = 5 times as far from reals as these from each other.

    A fresh G's, near the data's mean, are about 1/sqrt(2) of the reals' distance away, a good one's as far as reals are, and
    images in [-1, 1] cannot get there unless reals are all but alike.
    """
    now = window[-1]
    if not now.between > FAR * now.real_distance > 0:
        return None
    ratio = now.between / now.real_distance
    return Diagnosis("divergence", f"generated examples are {ratio:.3g} times as far from real ones as these from each other", CALM)


def gradients_exploded(window: Window, facts: Facts) -> Diagnosis | None:
    """A gradient norm is `EXPLODED` = 1000 times its median of the window; in runs that went well the largest was 7 times it."""
    now = window[-1]
    for player, attribute in (("D", "d_gradient"), ("G", "g_gradient")):
        median = _median([getattr(past, attribute) for past in window])
        if 0 < EXPLODED * median < (norm := getattr(now, attribute)):
            return Diagnosis("divergence", f"{player}'s gradient is {norm:.2g}, {norm / median:.0f} times its median", CALM)
    return None


def steps_too_large(window: Window, facts: Facts) -> Diagnosis | None:
    """An update changes a network's weights by more than `LARGE` = a tenth of their size.

    Such an update leaves nothing of the linear picture that its gradient was taken in, and ten of them nothing of the network.
    Where it went well, those of the first 50 steps were .02 at most, later ones .014.
    """
    now = window[-1]
    if (largest := max(now.d_update, now.g_update)) <= LARGE:
        return None
    player = "D" if largest == now.d_update else "G"
    return Diagnosis("divergence", f"an update changes {player}'s weights by {largest:.2g} of their size", CALM)


def _median(values) -> float:
    known = sorted(value for value in values if value is not None and math.isfinite(value))
    return known[len(known) // 2] if known else 0.0
