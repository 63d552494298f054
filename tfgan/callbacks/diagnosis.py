"""Rules that tell from a window of signals what goes wrong in a run. Pure: nothing here reads a model or a file.

A rule looks at the last interval of a window, the ones before it being what it compares with; whether a sign lasts is for
`tfgan.callbacks.ward` to see. It is asked only where all that it `needs` is known of the last interval.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tfgan.callbacks.signals import NEIGHBORS, Signals

ALIKE = 1e-3
LITTLE_VARIETY = 0.5
LITTLE_COVERAGE = 0.25
LEAST_DENSITY = 0.1
SURE = 0.9
LITTLE_PULL = 0.01
STILL = 1e-6
STILL_BESIDE = 1e-3
HALFWAY = 0.5
UNSEEN = 2.0
FLOAT_RANGE = 88.0
EXPLODED = 1000.0
FAR = 5.0
LARGE = 0.1
FLAT = 1e-5
AHEAD, BEHIND = 0.6, 0.4
SWING = 0.25
TURNS = 4
RECENT, LEAST_STEPS = 48, 25


class Facts(NamedTuple):
    """What the rules must know of an objective.

    Attributes:
        scaled: whether it fixes the scale of logits; a Wasserstein objective, whose loss is linear, does not.
    """

    scaled: bool = True


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """What goes wrong.

    Attributes:
        name: one of `NAMES`.
        evidence: what shows it, with its numbers.
        remedy: what helps, by flag.
        at_once: whether one sign is enough, whatever the step.
    """

    name: str
    evidence: str
    remedy: str
    at_once: bool = False

    def __str__(self) -> str:
        return f"{self.name.replace('_', ' ')}: {self.evidence}; {self.remedy}."


Window = Sequence[Signals]

CALM = "lower --g_lr and --d_lr, or add --penalty=r1 (for a Wasserstein loss --penalty=wgan_gp) or --clip_norm=1"
SPREAD = "take --loss=rpgan with --penalty=r1 and --penalty=r2, or --pack=2, or a lower --d_lr"
PULL = "take --loss=nonsat or --loss=rpgan, whose pull stays, a lower --d_lr or fewer --d_steps, or add --penalty=r1"


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
    """A step changes a network's weights by more than `LARGE` = a tenth of their size.

    Such a step leaves nothing of the linear picture that its gradient was taken in, and ten of them nothing of the network.
    Where it went well, those of the first 50 steps were .02 at most, later ones .014.
    """
    now = window[-1]
    if (largest := max(now.d_update, now.g_update)) <= LARGE:
        return None
    player = "D" if largest == now.d_update else "G"
    return Diagnosis("divergence", f"a step changes {player}'s weights by {largest:.2g} of their size", CALM)


def discriminator_still(window: Window, facts: Facts) -> Diagnosis | None:
    """D's weights stand still: as for G in `generator_still`."""
    now = window[-1]
    if not _still(now.d_update, now.g_update):
        return None
    text = f"a step changes D's weights by {now.d_update:.1g} of their size, G's by {now.g_update:.1g}"
    return Diagnosis("dead_discriminator", text, "raise --d_lr")


def says_the_same(window: Window, facts: Facts) -> Diagnosis | None:
    """D says the same of everything: the standard deviation of its logits is at most `FLAT` = 1e-5 of the largest.

    That is some bits above what float32 rounds (6e-8), and far below the 1e-2 of a critic clipped to |w| <= .01. A converged D,
    to which reals and fakes are one, still differs from example to example.
    """
    now = window[-1]
    if now.spread > FLAT:
        return None
    text = f"D's logits of real and generated examples spread by {now.spread:.1g} of their size"
    return Diagnosis("dead_discriminator", text, "start anew with a lower --d_lr or a weaker --penalty, since a dead D does not come back")


def generator_still(window: Window, facts: Facts) -> Diagnosis | None:
    """G's weights stand still, whatever its gradient.

    A step changes them by less than `STILL` = 1e-6 of their size, where float32 rounds at 6e-8, and by less than
    `STILL_BESIDE` = 1/1000 of what D's change by: the rates of published recipes differ by 10 at most, and a falling schedule
    slows both.
    """
    now = window[-1]
    if not _still(now.g_update, now.d_update):
        return None
    text = f"a step changes G's weights by {now.g_update:.1g} of their size, D's by {now.d_update:.1g}"
    return Diagnosis("vanishing_gradients", text, "raise --g_lr")


def pull_lost(window: Window, facts: Facts) -> Diagnosis | None:
    """D is sure of both sides, and there the objective no longer pulls fakes.

    Sure: D tells `SURE` = 90 % of reals and of fakes. The slope of G's loss in the logits is for half of the fakes below
    `LITTLE_PULL` = 1 % of that where D is one unit from undecided; for `minimax`, whose slope is sigmoid(f), that is a median
    fake logit below -5.9. An objective whose pull stays (`nonsat`, `hinge`, `wgan`, `rpgan`) is never told of this.
    """
    now = window[-1]
    if min(now.real_accuracy, now.fake_accuracy) < SURE or now.slope >= LITTLE_PULL:
        return None
    text = f"{_sure(now)}, and of half of the fakes G's loss has at most {now.slope:.1g} of its slope near the border{_norms(now)}"
    return Diagnosis("vanishing_gradients", text, PULL)


def gradient_fallen(window: Window, facts: Facts) -> Diagnosis | None:
    """The same, where D has no logits to take a slope at: G's gradient norm is below 1 % of its largest of the window.

    Not asked of objectives that fix no scale: their pull is the same everywhere, and their norms follow D's.
    """
    now = window[-1]
    if not facts.scaled or any(past.slope is not None for past in window) or min(now.real_accuracy, now.fake_accuracy) < SURE:
        return None
    largest = max((past.g_gradient for past in window if past.g_gradient is not None), default=0.0)
    if now.g_gradient >= LITTLE_PULL * largest:
        return None
    return Diagnosis("vanishing_gradients", f"{_sure(now)}, and G's gradient fell from {largest:.2g} to {now.g_gradient:.2g}", PULL)


def alike(window: Window, facts: Facts) -> Diagnosis | None:
    """Generated examples are alike: their mean distance is below `LITTLE_VARIETY` = .5 of the reals'.

    Of K modes at equal distances with nothing in between, m that are left have (1 - 1/m) / (1 - 1/K) of it: 0 for m = 1, and
    above .5 for any more. Where reals are alike themselves (a mean distance of at most `ALIKE` = 1e-3 of theirs to generated
    ones), no G can do better, and that is said at once.
    """
    now = window[-1]
    if now.real_distance <= ALIKE * now.between:
        text = f"the training examples are alike, {now.real_distance:.2g} apart where generated ones are {now.between:.2g} from them"
        return Diagnosis("mode_collapse", text, "look at --dataset, which asks for one example", at_once=True)
    if (variety := now.fake_distance / now.real_distance) >= LITTLE_VARIETY:
        return None
    return Diagnosis("mode_collapse", f"generated examples are alike, {variety:.2g} as far apart as real ones", SPREAD)


def crowded(window: Window, facts: Facts) -> Diagnosis | None:
    """Those generated examples that look like reals look like few of them.

    Around a real, the ball to its k-th neighbor (k = 5) of n reals holds a mass that is distributed as Gamma(k) / n. Were n
    generated examples spread as the data are, with a share d, the density, of them this good, none would be in a ball with
    probability (1 + d)^-k, so that coverage would be 1 - (1 + d)^-k; those that are in balls of a share of the data alone reach
    about that share of it. Healthy digits reach .34 to .6, since some balls of images are large and catch many; ring8 reaches .9;
    below `LITTLE_COVERAGE` = .25 the most of the data is missed. With a density below `LEAST_DENSITY` = .1 too few are in balls
    to tell.
    """
    now = window[-1]
    if now.density < LEAST_DENSITY:
        return None
    if (reached := now.coverage / (1 - (1 + now.density) ** -NEIGHBORS)) >= LITTLE_COVERAGE:
        return None
    text = f"generated examples come near {now.coverage:.0%} of the real ones, {reached:.0%} of what as good ones would if they spread"
    return Diagnosis("mode_collapse", text, SPREAD)


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


def takes_turns(window: Window, facts: Facts) -> Diagnosis | None:
    """D is ahead and behind by turns.

    In a game that turns about its equilibrium, D's lead crosses zero in both directions, twice a turn (the Dirac-GAN's is
    -psi theta; Mescheder et al. 2018, section 2); where it converges, D is never long behind: worse than chance on fresh batches.
    Behind is a mean accuracy of at most `BEHIND` = .4, ahead at least `AHEAD` = .6, over `LEAST_STEPS` = 25 steps or an interval: of
    8 reals and 8 fakes a step that is 4 standard deviations (.5 / sqrt(400)) from chance. Where no scale is fixed, accuracy
    depends on a level that nothing fixes either: there the lead is the separation, and the borders are -+ `SWING` = .25 of the
    largest of the window. `TURNS` = 4, two rounds, are asked for in the last `RECENT` = 48 such means, and one in their later half.
    """
    leads, largest = _leads(window, facts)[-RECENT:], max(map(abs, _leads(window, facts)), default=0.0)
    low, high = (BEHIND, AHEAD) if facts.scaled else (-SWING * largest, SWING * largest)
    turns = _turns(leads, low, high)
    if len(turns) < TURNS or turns[-1] < len(leads) // 2:
        return None
    measure = "its accuracy" if facts.scaled else "logits' separation"
    text = f"D was ahead and behind by turns, {len(turns)} times of late, {measure} going from {min(leads):.2g} to {max(leads):.2g}"
    return Diagnosis("oscillation", text, "add --penalty=r1, which damps the turning, lower --g_lr and --d_lr, or take --beta_1=0")


class Rule(NamedTuple):
    """A rule, and what it must know of the last interval."""

    told: Callable[[Window, Facts], Diagnosis | None]
    needs: tuple[str, ...]


RULES = (
    Rule(not_finite, ("d_gradient", "g_gradient")),
    Rule(logits_apart, ("real", "fake")),
    Rule(examples_far, ("between", "real_distance")),
    Rule(gradients_exploded, ("d_gradient", "g_gradient")),
    Rule(steps_too_large, ("d_update", "g_update")),
    Rule(discriminator_still, ("d_update", "g_update")),
    Rule(says_the_same, ("spread",)),
    Rule(generator_still, ("d_update", "g_update")),
    Rule(pull_lost, ("slope", "real_accuracy", "fake_accuracy")),
    Rule(gradient_fallen, ("g_gradient", "real_accuracy", "fake_accuracy")),
    Rule(alike, ("real_distance", "fake_distance", "between")),
    Rule(crowded, ("coverage", "density")),
    Rule(tells_unseen, ("overfitting", "unseen")),
    Rule(takes_turns, ("real", "fake", "real_accuracy", "fake_accuracy")),
)

NAMES = ("dead_discriminator", "divergence", "vanishing_gradients", "mode_collapse", "discriminator_overfitting", "oscillation")

# What follows from a failure, and is not told while there are signs of that: before a D that stands still G runs away.
FOLLOWS = {
    "dead_discriminator": frozenset(NAMES[1:]),
    "divergence": frozenset(NAMES[2:]),
    "vanishing_gradients": frozenset({"mode_collapse", "discriminator_overfitting"}),
}

# What training does not get out of by itself, as a rule.
FATAL = frozenset(NAMES[:4])


def signs(window: Window, facts: Facts) -> dict[str, Diagnosis | None]:
    """Return by its name what each rule that can tell says of the last interval: a diagnosis, or None."""
    known = {name for name, value in vars(window[-1]).items() if value is not None}
    finite = {name for name in known if math.isfinite(getattr(window[-1], name))}
    able = [rule.told for rule in RULES if (known if rule.told is not_finite else finite).issuperset(rule.needs)]
    return {told.__name__: told(window, facts) for told in able}


def _still(own: float, other: float) -> bool:
    return own < STILL and own < STILL_BESIDE * other


def _sure(now: Signals) -> str:
    return f"D tells {now.real_accuracy:.0%} of reals and {now.fake_accuracy:.0%} of fakes"


def _norms(now: Signals) -> str:
    return f" (gradient norms of G and D {now.g_gradient:.1g} and {now.d_gradient:.1g})" if now.g_gradient and now.d_gradient else ""


def _median(values) -> float:
    known = sorted(value for value in values if value is not None and math.isfinite(value))
    return known[len(known) // 2] if known else 0.0


def _leads(window: Window, facts: Facts) -> list[float]:
    """Return D's lead, the mean of `LEAST_STEPS` steps or of an interval, whichever is longer."""
    means, gathered, since = [], [], None
    for past in window:
        accuracy = None if past.real_accuracy is None or past.fake_accuracy is None else (past.real_accuracy + past.fake_accuracy) / 2
        lead = accuracy if facts.scaled else past.separation
        since = past.step if since is None else since
        if lead is not None and math.isfinite(lead):
            gathered.append(lead)
        if gathered and (past.step - since >= LEAST_STEPS or past is window[-1]):
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
