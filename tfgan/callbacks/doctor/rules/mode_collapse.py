"""Recognize mode collapse: generated examples are alike, or the good ones resemble only a few reals."""

from __future__ import annotations

from tfgan.callbacks.doctor.rules.rule import Diagnosis, Facts, Window
from tfgan.callbacks.doctor.signals import NEIGHBORS

ALIKE = 1e-3
LITTLE_VARIETY = 0.5
LITTLE_COVERAGE = 0.25
LEAST_DENSITY = 0.1
LITTLE_SHARE = 0.25

SPREAD = "take --loss=rpgan with --penalty=r1 and --penalty=r2, or --pack=2, or a lower --d_lr"
ONE_ASKED = "check --dataset, which provides only one distinct example"


def one_example(window: Window, facts: Facts) -> Diagnosis | None:
    """Return a diagnosis at once if there is one training example: a perfect G can only repeat it."""
    if not facts.single:
        return None
    return Diagnosis("mode_collapse", "there is one training example", ONE_ASKED, at_once=True, returns=False)


def alike(window: Window, facts: Facts) -> Diagnosis | None:
    """Return a diagnosis if generated examples are alike.

    Their mean distance is then below `LITTLE_VARIETY` = .5 of the reals' mean distance. If m of K separate
    modes at equal distances remain, the ratio is (1 - 1/m) / (1 - 1/K): 0 for m = 1, and above .5 for m > 1.
    The diagnosis is `at_once` if the reals are alike themselves (their mean distance is at most `ALIKE` =
    1e-3 of their distance to generated examples), since no G can then do better.
    """
    now = window[-1]
    if now.real_distance <= ALIKE * now.between:
        text = (
            f"the training examples are alike: their mean distance is {now.real_distance:.2g},"
            f" and generated examples are {now.between:.2g} from them"
        )
        return Diagnosis("mode_collapse", text, ONE_ASKED, at_once=True, returns=False)
    if (variety := now.fake_distance / now.real_distance) >= LITTLE_VARIETY:
        return None
    return Diagnosis(
        "mode_collapse", f"generated examples are alike, {variety:.2g} as far apart as reals", SPREAD
    )


def crowded(window: Window, facts: Facts) -> Diagnosis | None:
    """Return a diagnosis if the generated examples that resemble reals resemble very few of them.

    The ball around a real that reaches to its k-th nearest of n reals (k = 5) has a probability mass
    distributed as Gamma(k) / n. If n generated examples spread as the data do, and a share d of them (the
    density) is good enough, a ball is empty with probability (1 + d)^-k, so the expected coverage is
    `1 - (1 + d)^-k`. The rule compares the ratio of the coverage to this expectation with `LITTLE_COVERAGE` =
    .25.

    For well separated modes, as in ring8, the ratio is the share of the modes that remain. For images it is
    higher, since large balls overlap and also contain images of other classes: among 128 reals, the reals of
    a single digit reach .13 to .44, and the reals of a single garment .19 to .73. Healthy digits reach .61 to
    .85 from step 400 on with 128 reals, and at least .34 with 256; the bound is below both. If the density is
    below `LEAST_DENSITY` = .1, too few generated examples are in balls for a diagnosis.
    """
    now = window[-1]
    if now.density < LEAST_DENSITY:
        return None
    if (reached := now.coverage / (1 - (1 + now.density) ** -NEIGHBORS)) >= LITTLE_COVERAGE:
        return None
    text = (
        f"only {now.coverage:.0%} of the reals have a generated example near them,"
        f" {reached:.0%} of the coverage of equally good examples without collapse"
    )
    return Diagnosis("mode_collapse", text, SPREAD)


def labels_missed(window: Window, facts: Facts) -> Diagnosis | None:
    """Return a diagnosis if good generated examples miss at least half of the labels.

    For a mixture, the components are the labels. A generated example counts for the label of its nearest
    real. A label is missed if it gets less than `LITTLE_SHARE` = .25 of its share among the reals. To choose
    the bound, 128 reals were compared with 128 other reals of a single class: half of the labels got less in
    59 of 60 draws on digits and in 35 of 40 draws on Fashion-MNIST, and 0 on ring8 with any four of its
    modes. Compared with other reals of all classes, the lower median was .78 or more; healthy runs on digits
    had .75 or more from step 400 on. The rule needs half of the labels, since the nearest reals cannot
    distinguish two labels that are too alike. If the density is below `LEAST_DENSITY` = .1, the examples are
    not good enough to classify them by their neighbors; healthy digits had .31 to .68.
    """
    now = window[-1]
    if now.density < LEAST_DENSITY or now.label_share >= LITTLE_SHARE:
        return None
    text = (
        f"at least half of the labels get at most {now.label_share:.0%} of their share of generated examples"
    )
    return Diagnosis("mode_collapse", text, SPREAD)
