"""Discriminator overfitting: D tells training examples from held-out reals."""

from __future__ import annotations

from tfgan.callbacks.doctor.rules.rule import Diagnosis, Facts, Window

HALFWAY = 0.5
UNSEEN = 2.0


def tells_unseen(window: Window, facts: Facts) -> Diagnosis | None:
    """D tells training examples from held-out reals.

    (E D(training) - E D(held-out)) / (E D(training) - E D(generated)) is at least `HALFWAY` = .5: D takes unseen reals for fakes
    rather than for reals (Karras et al. 2020, "Training Generative Adversarial Networks with Limited Data", equation 1; their
    augmentation holds a like measure at .6). And held-out reals rank below training examples by `UNSEEN` = 2 standard deviations
    of Mann & Whitney's rank sum, as by chance in 2.3 % of looks; more would be out of reach of the five held-out reals of 50
    images, which all rank below at 3.6. Neither figure has a scale, so that both hold for Wasserstein objectives too.
    """
    now = window[-1]
    if now.overfitting < HALFWAY or now.unseen < UNSEEN:
        return None
    text = (
        f"held-out reals stand {now.overfitting:.0%} of the way from training examples to fakes in D's eyes ({now.unseen:.1f} deviations)"
    )
    remedy = "add --augment=ada or --augment=diffaugment for images, a larger --penalty=r1:gamma=..., or more data"
    return Diagnosis("discriminator_overfitting", text, remedy)
