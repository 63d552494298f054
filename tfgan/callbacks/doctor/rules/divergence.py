"""Recognize divergence: losses, logits, gradients, weights or examples leave their bounds."""

from __future__ import annotations

import math

from tfgan.callbacks.doctor.rules.rule import Diagnosis, Facts, Window

FLOAT_RANGE = 88.0
EXPLODED = 1000.0
FAR = 5.0
LARGE = 0.1

CALM = (
    "lower --g_lr and --d_lr, or add --penalty=r1 (for a Wasserstein loss --penalty=wgan_gp) or --clip_norm=1"
)


def not_finite(window: Window, facts: Facts) -> Diagnosis | None:
    """Return a diagnosis if a loss, a logit or a gradient norm is NaN or infinite.

    The diagnosis is `at_once`, since no step leads back.
    """
    now = window[-1]
    named = {"D's loss": now.d_loss, "G's loss": now.g_loss, "a logit": now.separation}
    named |= {"D's gradient": now.d_gradient, "G's gradient": now.g_gradient}
    if broken := [name for name, value in named.items() if value is not None and not math.isfinite(value)]:
        return Diagnosis("divergence", f"not finite: {', '.join(broken)}", CALM, at_once=True)
    return None


def logits_apart(window: Window, facts: Facts) -> Diagnosis | None:
    """Return a diagnosis if the mean logits of reals and fakes are further apart than any objective needs.

    The diagnosis is `at_once`, since large separations come in bursts. exp overflows float32 above
    `FLOAT_RANGE` = 88; a cross-entropy saturates at a separation of about 10, hinge and least squares at 2.
    Where the objective fixes no scale, the data give one: for a D with Lipschitz constant 1 the separation is
    at most W1, and W1 is at most the mean distance between reals and generated examples. The bound is then 88
    times this distance, but at least 88.
    """
    now = window[-1]
    bound = FLOAT_RANGE
    if not facts.scaled:
        bound *= max(
            1.0, next((past.between for past in reversed(window) if past.between is not None), math.inf)
        )
    if abs(now.separation) <= bound:
        return None
    return Diagnosis(
        "divergence", f"mean logits differ by {now.separation:.3g}, more than {bound:.3g}", CALM, at_once=True
    )


def examples_far(window: Window, facts: Facts) -> Diagnosis | None:
    """Return a diagnosis if fakes are more than `FAR` = 5 times as far from reals as reals from each other.

    In units of the mean distance between two reals, the examples of a new G are near the data's mean and
    about 1/sqrt(2) from the reals; the examples of a good G are about 1 away. Images in [-1, 1] cannot reach
    5 unless reals are almost alike.
    """
    now = window[-1]
    if not now.between > FAR * now.real_distance > 0:
        return None
    ratio = now.between / now.real_distance
    return Diagnosis(
        "divergence", f"fakes are {ratio:.3g} times as far from reals as reals from each other", CALM
    )


def gradients_exploded(window: Window, facts: Facts) -> Diagnosis | None:
    """Return a diagnosis if a gradient norm exceeds `EXPLODED` = 1000 times its median over the window.

    In healthy runs the largest norm was 7 times the median.
    """
    now = window[-1]
    for player, attribute in (("D", "d_gradient"), ("G", "g_gradient")):
        median = _median([getattr(past, attribute) for past in window])
        if 0 < EXPLODED * median < (norm := getattr(now, attribute)):
            return Diagnosis(
                "divergence", f"{player}'s gradient is {norm:.2g}, {norm / median:.0f} times its median", CALM
            )
    return None


def steps_too_large(window: Window, facts: Facts) -> Diagnosis | None:
    """Return a diagnosis if one update changes a network's weights by more than `LARGE` = .1 of their norm.

    The linearization behind the gradient does not hold over such an update, and ten such updates replace the
    network's weights completely. In healthy runs the relative change was at most .02 in the first 50 steps
    and .014 later.
    """
    now = window[-1]
    if (largest := max(now.d_update, now.g_update)) <= LARGE:
        return None
    player = "D" if largest == now.d_update else "G"
    return Diagnosis(
        "divergence", f"one update changes {player}'s weights by {largest:.2g} of their norm", CALM
    )


def _median(values) -> float:
    known = sorted(value for value in values if value is not None and math.isfinite(value))
    return known[len(known) // 2] if known else 0.0
