"""Mode collapse: generated examples are alike, or the good ones are like a few reals."""

from __future__ import annotations

from tfgan.callbacks.doctor.rules.rule import Diagnosis, Facts, Window
from tfgan.callbacks.doctor.signals import NEIGHBORS

ALIKE = 1e-3
LITTLE_VARIETY = 0.5
LITTLE_COVERAGE = 0.25
LEAST_DENSITY = 0.1
LITTLE_SHARE = 0.25

SPREAD = "take --loss=rpgan with --penalty=r1 and --penalty=r2, or --pack=2, or a lower --d_lr"
ONE_ASKED = "look at --dataset, which asks for one example"


def one_example(window: Window, facts: Facts) -> Diagnosis | None:
    """There is one training example: no G can do better than to repeat it, and that is said at once."""
    if not facts.single:
        return None
    return Diagnosis("mode_collapse", "there is one training example", ONE_ASKED, at_once=True, returns=False)


def alike(window: Window, facts: Facts) -> Diagnosis | None:
    """Generated examples are alike: their mean distance is below `LITTLE_VARIETY` = .5 of the reals'.

    Of K modes at equal distances with nothing in between, m that are left have (1 - 1/m) / (1 - 1/K) of it: 0 for m = 1, and
    above .5 for any more. Where reals are alike themselves (a mean distance of at most `ALIKE` = 1e-3 of theirs to generated
    ones), no G can do better, and that is said at once.
    """
    now = window[-1]
    if now.real_distance <= ALIKE * now.between:
        text = f"the training examples are alike, {now.real_distance:.2g} apart where generated ones are {now.between:.2g} from them"
        return Diagnosis("mode_collapse", text, ONE_ASKED, at_once=True, returns=False)
    if (variety := now.fake_distance / now.real_distance) >= LITTLE_VARIETY:
        return None
    return Diagnosis("mode_collapse", f"generated examples are alike, {variety:.2g} as far apart as real ones", SPREAD)


def crowded(window: Window, facts: Facts) -> Diagnosis | None:
    """Those generated examples that look like reals look like very few of them.

    Around a real, the ball to its k-th neighbor (k = 5) of n reals holds a mass that is distributed as Gamma(k) / n. Were n
    generated examples spread as the data are, with a share d, the density, of them this good, none would be in a ball with
    probability (1 + d)^-k, so that coverage would be 1 - (1 + d)^-k. Of well separated modes, as ring8's, those that are left
    reach their share of that; of images more, since large balls overlap and catch what is of another kind: of 128, reals of one
    digit alone reach .13 to .44, of one garment .19 to .73. Healthy digits reach .61 to .85 from step 400 on, of 256 .34 and more;
    the border is below both: `LITTLE_COVERAGE` = .25. With a density below `LEAST_DENSITY` = .1 too few are in balls to tell.
    """
    now = window[-1]
    if now.density < LEAST_DENSITY:
        return None
    if (reached := now.coverage / (1 - (1 + now.density) ** -NEIGHBORS)) >= LITTLE_COVERAGE:
        return None
    text = f"generated examples come near {now.coverage:.0%} of the real ones, {reached:.0%} of what as good ones would if they spread"
    return Diagnosis("mode_collapse", text, SPREAD)


def labels_missed(window: Window, facts: Facts) -> Diagnosis | None:
    """Good generated examples leave out half of the labels, or of a mixture's components, or more.

    Each is told by the nearest of the reals, and such a label has less than `LITTLE_SHARE` = .25 of its share. Of 128 reals against as
    many others of one class alone, half of the labels get less in 59 of 60 draws on digits and in 35 of 40 on Fashion-MNIST, and
    0 on ring8 with any four of its modes; against others of all classes .78 and more, and digits that went well had .75 and more
    from step 400 on. Half are asked for, since two labels may be too alike for their nearest reals to tell them apart. Below a density
    of `LEAST_DENSITY` = .1 examples are not good enough to tell by their neighbors; digits that went well had .31 to .68.
    """
    now = window[-1]
    if now.density < LEAST_DENSITY or now.label_share >= LITTLE_SHARE:
        return None
    text = f"half of the labels or more get at most {now.label_share:.0%} of their share of generated examples"
    return Diagnosis("mode_collapse", text, SPREAD)
