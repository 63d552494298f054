"""Recognize discriminator overfitting: D distinguishes training examples from held-out reals."""

from __future__ import annotations

from tfgan.callbacks.doctor.rules.rule import Diagnosis, Facts, Window

HALFWAY = 0.5
UNSEEN = 2.0


def tells_unseen(window: Window, facts: Facts) -> Diagnosis | None:
    """Return a diagnosis if D distinguishes training examples from held-out reals. Two conditions hold then.

    1. (E D(training) - E D(held-out)) / (E D(training) - E D(generated)) is at least `HALFWAY` = .5: D places
       unseen reals nearer to fakes than to training examples (Karras et al. 2020, "Training Generative
       Adversarial Networks with Limited Data", equation 1; their augmentation holds a similar measure at .6).
    2. Held-out reals rank below training examples by at least `UNSEEN` = 2 standard deviations of Mann &
       Whitney's rank sum; chance alone reaches this in 2.3 % of looks. A much higher bound would be out of
       reach for 50 images: if all of their five held-out reals rank below, the figure is 3.6.

    Neither figure has a scale, so both also hold for Wasserstein objectives.
    """
    now = window[-1]
    if now.overfitting < HALFWAY or now.unseen < UNSEEN:
        return None
    text = (
        f"the mean logit of held-out reals is {now.overfitting:.0%} of the way from training examples to fakes"
        f" (rank sum: {now.unseen:.1f} standard deviations)"
    )
    remedy = (
        "add --augment=ada or --augment=diffaugment for images, a larger --penalty=r1:gamma=..., or more data"
    )
    return Diagnosis("discriminator_overfitting", text, remedy)
