"""The rules: each failure is told by its signature and by no other, and good runs are left in peace."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tfgan import data
from tfgan.callbacks.doctor import episodes, signals
from tfgan.callbacks.doctor.diagnosis import FATAL, FOLLOWS, NAMES, RULES, Facts, signs
from tfgan.callbacks.doctor.episodes import Ward
from tfgan.callbacks.doctor.rules import oscillation
from tfgan.callbacks.doctor.signals import Signals
from tfgan.theory import dirac

EVERY, LOOK = 50, 4  # steps an interval, intervals a look

GOOD = {
    "d_loss": 1.2,
    "g_loss": 0.8,
    "real": 0.4,
    "fake": -0.3,
    "real_accuracy": 0.7,
    "fake_accuracy": 0.65,
    "d_gradient": 0.5,
    "g_gradient": 0.3,
    "d_update": 3e-3,
    "g_update": 2e-3,
}
GOOD_LOOK = {
    "real_distance": 6.0,
    "fake_distance": 5.5,
    "between": 6.1,
    "coverage": 0.7,
    "density": 0.6,
    "label_share": 0.8,
    "slope": 0.7,
    "deviation": 1.0,
    "spread": 0.2,
    "overfitting": 0.1,
    "unseen": 1.0,
}

# What is wrong in each, beside a good run; the first is told at once, the others when they last.
SIGNATURES = {
    "not_finite": ("divergence", {"g_loss": math.nan}),
    "logits_apart": ("divergence", {"real": 60.0, "fake": -40.0}),
    "examples_far": ("divergence", {"between": 40.0, "fake_distance": 50.0}),
    "gradients_exploded": ("divergence", {"g_gradient": 3000.0}),
    "steps_too_large": ("divergence", {"d_update": 0.15}),
    "discriminator_still": ("dead_discriminator", {"d_update": 1e-9}),
    "says_the_same": ("dead_discriminator", {"spread": 1e-7}),
    "generator_still": ("vanishing_gradients", {"g_update": 1e-12}),
    "pull_lost": ("vanishing_gradients", {"real_accuracy": 1.0, "fake_accuracy": 0.99, "slope": 1e-4}),
    "alike": ("mode_collapse", {"fake_distance": 0.6}),
    "crowded": ("mode_collapse", {"coverage": 0.15, "density": 1.0}),
    "labels_missed": ("mode_collapse", {"label_share": 0.1}),
    "tells_unseen": ("discriminator_overfitting", {"overfitting": 0.9, "unseen": 3.0}),
}


def run(changes=None, first=400, last=2000, healthy=None):
    """Return the signals of a run that goes well up to step `first`, from where `changes` hold, up to `last`."""
    window = []
    for index, step in enumerate(range(EVERY, last + 1, EVERY), start=1):
        values = {**GOOD, **(GOOD_LOOK if index % LOOK == 0 else {}), **(healthy or {})}
        bad = (
            {name: value for name, value in (changes or {}).items() if name in values} if step > first else {}
        )
        window.append(Signals(step=step, **{**values, **bad}))
    return window


def told(window, facts=None):
    """Return (step, name) of what a ward tells of a run."""
    own = Ward(facts or Facts())
    return [(each.step, diagnosis.name) for each in window for diagnosis in own.admit(each)]


@pytest.mark.parametrize("rule", SIGNATURES)
def test_each_signature_raises_its_diagnosis_and_no_other(rule):
    name, changes = SIGNATURES[rule]
    assert {said for _, said in told(run(changes))} == {name}


@pytest.mark.parametrize("rule", SIGNATURES)
def test_each_signature_is_seen_by_its_own_rule_alone(rule):
    window = run(SIGNATURES[rule][1])
    seen = {
        name
        for end in range(1, len(window) + 1)
        for name, sign in signs(window[:end], Facts()).items()
        if sign
    }
    assert seen == {rule}


def test_every_rule_has_a_signature_here():
    """The turns and the one example have runs of their own below."""
    assert {rule.told.__name__ for rule in RULES} == {*SIGNATURES, "one_example", "takes_turns"}


@pytest.mark.parametrize("scaled", [True, False])
def test_a_run_that_goes_well_is_left_in_peace(scaled):
    assert told(run(), Facts(scaled)) == []


def test_signs_are_told_after_three_in_a_row():
    # Looks at 600, 800, 1000
    assert told(run({"fake_distance": 0.6}, first=400)) == [(1000, "mode_collapse")]


def test_signs_of_short_intervals_must_span_a_hundred_steps():
    window = [
        Signals(step=step, **{**GOOD, "g_update": 1e-12 if step > 400 else 2e-3}) for step in range(300, 600)
    ]
    assert told(window) == [(501, "vanishing_gradients")]


def test_nothing_but_the_urgent_is_told_before_the_warm_up():
    assert told(run({"g_update": 1e-12}, first=0)) == [(episodes.WARM_UP, "vanishing_gradients")]
    assert told(run({"d_loss": math.inf}, first=0)) == [(EVERY, "divergence")]


def test_an_episode_is_told_once_and_the_next_one_again():
    bad, good = Signals(step=0, **{**GOOD, "g_update": 1e-12}), Signals(step=0, **GOOD)
    course = [bad] * 20 + [good] * 5 + [bad] * 20
    window = [dataclasses.replace(each, step=1000 + EVERY * index) for index, each in enumerate(course)]
    assert [step for step, _ in told(window)] == [1000 + EVERY * 2, 1000 + EVERY * 27]


def test_a_gap_of_two_intervals_does_not_end_an_episode():
    bad, good = {**GOOD, "g_update": 1e-12}, GOOD
    course = [bad] * 10 + [good] * 2 + [bad] * 10
    assert len(told([Signals(step=1000 + EVERY * index, **each) for index, each in enumerate(course)])) == 1


CHAINS = [
    (cause, effect) for cause, effects in FOLLOWS.items() for effect in sorted(effects - {"oscillation"})
]


@pytest.mark.parametrize(("cause", "effect"), CHAINS)
def test_what_follows_from_a_failure_is_not_told_beside_it(cause, effect):
    """All of these are signs of looks, so that none comes before the other."""
    seen = ("examples_far", "says_the_same", "pull_lost", "crowded", "tells_unseen")
    changes = dict(SIGNATURES[rule] for rule in seen)
    assert {said for _, said in told(run({**changes[effect], **changes[cause]}))} == {cause}


def test_fatal_diagnoses_have_names():
    assert set(NAMES) > FATAL > {"mode_collapse"}


@pytest.mark.parametrize(
    ("facts", "expected"), [(Facts(scaled=True), {"divergence"}), (Facts(scaled=False), set())]
)
def test_a_separation_means_something_where_the_objective_fixes_a_scale(facts, expected):
    """100 units are beyond 88; with reals 6 from fakes, a critic of slope 1 may reach 6, and 88 times that is the bound."""
    assert {said for _, said in told(run({"real": 60.0, "fake": -40.0}), facts)} == expected


def test_the_level_of_logits_means_nothing():
    assert told(run({"real": 5e4, "fake": 5e4 - 1}), Facts(scaled=False)) == []


def test_data_of_one_example_are_told_at_the_first_look():
    window = run({"real_distance": 0.0, "fake_distance": 1.2, "between": 0.9}, first=0)
    (first, *_) = told([dataclasses.replace(each, coverage=None, density=None) for each in window])
    assert first == (EVERY * LOOK, "mode_collapse")


def test_one_example_is_told_at_once():
    """Of a bank of one there is the distance to generated examples alone."""
    distances = ("real_distance", "fake_distance", "coverage", "density", "label_share")
    window = [dataclasses.replace(each, **dict.fromkeys(distances)) for each in run()]
    assert told(window, Facts(single=True)) == [(EVERY * LOOK, "mode_collapse")]


@pytest.mark.parametrize("rule", ["discriminator_still", "generator_still"])
def test_what_stands_still_is_not_helped_by_lower_rates(rule):
    last = run(SIGNATURES[rule][1])
    assert not signs(last, Facts())[rule].returns


def test_data_that_are_alike_are_not_helped_by_other_noise():
    now = dataclasses.replace(run()[-1], real_distance=0.0, fake_distance=1.0, between=1.0)
    assert not signs([now], Facts())["alike"].returns
    assert signs([dataclasses.replace(now, real_distance=6.0)], Facts())["alike"].returns


def test_fakes_that_fool_are_not_a_lost_pull():
    """Least squares pull nothing where fakes reach their target; D is then unsure."""
    assert told(run({"slope": 1e-4})) == []


def dirac_run(objective, scaled, **how):
    """Return the signals of a Dirac-GAN whose fakes are at theta and whose D is psi x: real logit 0, fake psi theta, 30 steps a mean.

    The lead turns twice as often as the players do: at steps of .01 and w = 1 once in 314 steps, ten such
    means.
    """
    path = dirac.simulate(objective, num_steps=3000, **how)
    window = []
    for index, part in enumerate(np.split(path[:-1], 100), start=1):
        fake = part[:, 0] * part[:, 1]
        accuracy = 0.25 + 0.5 * np.mean(fake < 0)  # D cannot tell a real at 0; of fakes it tells those below
        parts = {
            "real": 0.0,
            "fake": float(fake.mean()),
            "real_accuracy": accuracy,
            "fake_accuracy": accuracy,
        }
        parts["deviation"] = float(np.sqrt(np.mean(fake**2)) / 2)  # of as many reals at 0 as fakes
        window.append(Signals(step=30 * index, **{**GOOD, **parts}))
    return told(window, Facts(scaled))


@pytest.mark.parametrize(
    ("objective", "scaled", "step"), [("minimax", True, 0.02), ("nonsat", True, 0.02), ("wgan", False, 0.01)]
)
def test_a_dirac_gan_without_penalty_turns(objective, scaled, step):
    """Its eigenvalues are +-i w (Mescheder et al. 2018, lemma 2.3): no damping."""
    assert {said for _, said in dirac_run(objective, scaled, step=step)} == {"oscillation"}


@pytest.mark.parametrize(
    ("objective", "scaled", "step"), [("minimax", True, 0.02), ("nonsat", True, 0.02), ("wgan", False, 0.01)]
)
def test_a_dirac_gan_with_r1_does_not(objective, scaled, step):
    """At gamma = 2 w = 2 or above, both eigenvalues are real: no turning at all (section 4.1)."""
    assert dirac_run(objective, scaled, step=step, damping=2.0) == []


def test_noise_about_chance_is_no_oscillation():
    """Accuracies of 25 steps of 16 logits each: a standard deviation of .025, four of them from either border."""
    draws = np.random.default_rng(0).binomial(16, 0.5, size=2000) / 16
    window = [
        Signals(step=step, **{**GOOD, "real_accuracy": share, "fake_accuracy": share})
        for step, share in enumerate(draws.tolist(), start=1)
    ]
    assert told(window) == []


def separations(values, every=50):
    """Return the signals of a run of a Wasserstein objective with these separations, of logits with a deviation of 1."""
    parts = [{**GOOD, "real": value, "fake": 0.0, "deviation": 1.0} for value in values]
    return [Signals(step=every * index, **each) for index, each in enumerate(parts, start=1)]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("memory", [0.0, 0.8])
def test_noise_about_a_converged_critic_is_no_oscillation(memory, seed):
    """Means of 200 reals and as many fakes: a deviation of .1, white or slow (AR(1) of .8), five of which are asked for."""
    slow = [0.0]
    for draw in np.random.default_rng(seed).normal(size=800):
        slow.append(memory * slow[-1] + math.sqrt(1 - memory**2) * draw)
    assert told(separations([0.1 * value for value in slow]), Facts(scaled=False)) == []


def test_turns_in_noise_are_an_oscillation():
    """A turn of 12 means, by a deviation of the logits either way."""
    noise = np.random.default_rng(0).normal(size=100)
    turning = np.sin(2 * np.pi * np.arange(100) / 12) + 0.1 * noise
    assert [said for _, said in told(separations(turning.tolist()), Facts(scaled=False))] == ["oscillation"]


def test_without_logits_of_examples_separations_have_no_unit():
    turning = separations((10 * np.sin(2 * np.pi * np.arange(100) / 12)).tolist())
    assert told([dataclasses.replace(each, deviation=None) for each in turning], Facts(scaled=False)) == []


def test_intervals_that_are_left_over_are_no_lead():
    """One interval of 10 steps after three of 25: its accuracy of .1 is no mean of 25 steps."""
    steps, shares = [25, 50, 75, 85], [0.7, 0.7, 0.7, 0.1]
    window = [
        Signals(step=step, **{**GOOD, "real_accuracy": share, "fake_accuracy": share})
        for step, share in zip(steps, shares, strict=True)
    ]
    assert min(oscillation._leads(window, Facts())) == 0.7


def test_a_ward_that_takes_over_counts_signs_on():
    """Of intervals of one step each, with a look each 200: two signs were seen before, and the third is told."""
    window = []
    for step in range(1, 2001):
        look = {**GOOD_LOOK, "fake_distance": 0.6 if step > 1500 else 5.5} if step % 200 == 0 else {}
        window.append(Signals(step=step, **GOOD, **look))
    own = Ward(Facts())
    own.resume(window[:1900])
    assert [(each.step, said.name) for each in window[1900:] for said in own.admit(each)] == [
        (2000, "mode_collapse")
    ]
    assert own.first_sign("mode_collapse") == 1600


def test_coverage_and_density_of_a_perfect_generator():
    """E coverage = 1 - prod (n - i)/(2n - i), i = 1..5, all but 1 - 2^-5, and E density = 1 (Naeem et al. 2020, appendix).

    Over 20 draws of 256 the standard error of the mean coverage is about .003, of the density about .02.
    """
    generator = np.random.default_rng(0)
    pairs = [generator.normal(size=(2, 256, 8)) for _ in range(20)]
    found = [signals.of_examples(signals.Reference(real), fake) for real, fake in pairs]
    expected = 1 - math.prod((256 - i) / (512 - i) for i in range(1, 6))
    assert np.mean([each["coverage"] for each in found]) == pytest.approx(expected, abs=0.012)
    assert np.mean([each["density"] for each in found]) == pytest.approx(1.0, abs=0.08)


@pytest.mark.parametrize(("modes", "crowds"), [(1, True), (8, False)])
def test_crowding_is_seen_on_a_ring(modes, crowds):
    """256 points of 8 modes against as many on the first modes alone: an eighth of the data, or all of it."""
    generator = np.random.default_rng(0)
    angles = [2 * np.pi * generator.integers(0, count, 256) / 8 for count in (8, modes)]
    real, fake = (
        np.stack([np.cos(angle), np.sin(angle)], 1) + 0.01 * generator.normal(size=(256, 2))
        for angle in angles
    )
    now = Signals(step=1, **signals.of_examples(signals.Reference(real), fake))
    assert (signs([now], Facts())["crowded"] is not None) == crowds


@pytest.fixture(scope="module")
def real_data():
    """Rows and labels to compare with, and others to draw from, by data set."""
    opened = {name: data.open_source(name) for name in ("digits", "ring8")}
    banks, pools = {}, {}
    for name, source in opened.items():
        if source.num_examples is None:
            x, labels = source.held_out(20000)
            order = np.arange(20000)
        else:
            x, labels = source.examples(np.arange(source.num_examples))
            order = np.random.default_rng(0).permutation(len(x))
        rows = x.reshape(len(x), -1)[order]
        banks[name], pools[name] = (rows[:256], labels[order][:256]), (rows[256:], labels[order][256:])
    return banks, pools


def missed(real_data, name, kept, seed):
    """Return whether labels are told to be missed where generated examples are others of the data, of `kept` labels alone."""
    (bank, pool), generator = (part[name] for part in real_data), np.random.default_rng(seed)
    chosen = np.flatnonzero(np.isin(pool[1], generator.permutation(np.unique(pool[1]))[:kept]))
    fake = pool[0][generator.choice(chosen, 256, replace=len(chosen) < 256)]
    now = Signals(step=1, **signals.of_examples(signals.Reference(*bank), fake))
    return signs([now], Facts())["labels_missed"] is not None


@pytest.mark.parametrize(
    ("name", "kept"), [("digits", 1), ("digits", 2), ("digits", 3), ("ring8", 1), ("ring8", 2), ("ring8", 4)]
)
def test_most_labels_that_are_missed_are_told(real_data, name, kept):
    assert sum(missed(real_data, name, kept, seed) for seed in range(10)) == 10


@pytest.mark.parametrize("name", ["digits", "ring8"])
def test_real_data_of_all_labels_miss_none(real_data, name):
    assert not any(missed(real_data, name, 10, seed) for seed in range(50))


def test_label_share_is_the_lower_median():
    """Eight reals of each of four labels at the corners of a square; fakes at two corners, 3 to 1: shares 0, 0, 1 and 3."""
    corners = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])
    noise = np.random.default_rng(0).normal(size=(64, 2)) * 0.1
    labels = np.repeat(np.arange(4), 16)
    found = signals.of_examples(
        signals.Reference(corners[labels] + noise, labels), corners[np.repeat([0, 1], [48, 16])] + noise
    )
    assert found["label_share"] == 0.0
    three = signals.of_examples(
        signals.Reference(corners[labels] + noise, labels), corners[np.repeat([0, 1, 2], [48, 8, 8])] + noise
    )
    assert three["label_share"] == pytest.approx(8 / 16)


@pytest.mark.parametrize("labels", [None, np.zeros(64, np.int32), np.arange(64), np.arange(64) < 10])
def test_without_labels_of_several_reals_each_there_is_no_label_share(labels):
    rows = np.random.default_rng(0).normal(size=(64, 2))
    assert "label_share" not in signals.of_examples(signals.Reference(rows, labels), rows)


def test_of_one_real_there_is_its_distance_alone(recwarn):
    assert signals.of_examples(signals.Reference(np.zeros((1, 2))), np.array([[3.0, 4.0]])) == {
        "between": 5.0
    }
    assert not recwarn.list


def test_distances_are_euclidean():
    """A 3-4-5 triangle, far from the origin."""
    corners = np.array([[1000.0, 0.0], [1003.0, 0.0], [1000.0, 4.0]], np.float32)
    np.testing.assert_allclose(
        signals.distances(corners, corners), [[0, 3, 4], [3, 0, 5], [4, 5, 0]], atol=1e-6
    )


def test_equal_examples_have_no_distance():
    same = np.tile(np.float32(np.random.default_rng(0).uniform(-1, 1, (1, 64))), (128, 1))
    assert signals.of_examples(signals.Reference(same), same + 1)["real_distance"] <= 1e-6


def test_unseen_is_the_rank_sum_of_mann_and_whitney():
    """The normal deviate of scipy's asymptotic one-sided p-value, without continuity correction."""
    generator = np.random.default_rng(0)
    training = generator.normal(1, 1, 45)
    held_out = generator.normal(0.5, 1, 5)
    fake = generator.normal(-1, 1, 45)
    p = stats.mannwhitneyu(
        training, held_out, alternative="greater", use_continuity=False, method="asymptotic"
    ).pvalue
    assert signals.of_logits(training, held_out, fake)["unseen"] == pytest.approx(stats.norm.isf(p), rel=1e-9)


def test_overfitting_is_where_held_out_reals_stand():
    found = signals.of_logits(np.array([3.0, 1.0]), np.array([0.0, 1.0]), np.array([0.0, -2.0]))
    assert found["overfitting"] == pytest.approx((2 - 0.5) / (2 + 1))


def test_a_record_gives_back_its_signals():
    record = {
        "step": 50,
        "seconds": 1.0,
        "loss/generator": None,
        "logits/real": 0.25,
        "doctor/coverage": 0.5,
        "lr/generator": 1e-3,
    }
    found = signals.from_record(record)
    assert (found.step, found.real, found.coverage, found.fake) == (50, 0.25, 0.5, None)
    assert math.isnan(found.g_loss)


UNKNOWN = [
    (rule.told.__name__, missing)
    for rule in RULES
    for missing in rule.needs
    if rule.told.__name__ in SIGNATURES
]


@pytest.mark.parametrize(("rule", "missing"), UNKNOWN)
def test_what_is_not_known_is_not_judged(rule, missing):
    """Of a run that fails, what its rule needs is taken away."""
    window = [dataclasses.replace(each, **{missing: None}) for each in run(SIGNATURES[rule][1])]
    assert rule not in {name for end in range(1, len(window) + 1) for name in signs(window[:end], Facts())}
    assert told(window) == []


def test_the_page_explains_every_diagnosis():
    page = (Path(__file__).parents[3] / "docs" / "doctor.md").read_text(encoding="utf-8")
    assert [line[4:].replace(" ", "_") for line in page.splitlines() if line.startswith("### ")] == list(
        NAMES
    )
