"""The rules: each failure is told by its signature and by no other, and good runs are left in peace."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from tfgan.callbacks import signals, ward
from tfgan.callbacks.diagnosis import FATAL, FOLLOWS, NAMES, RULES, Facts, signs
from tfgan.callbacks.signals import Signals
from tfgan.callbacks.ward import Ward
from tfgan.losses import dirac

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
    "slope": 0.7,
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
    "tells_unseen": ("discriminator_overfitting", {"overfitting": 0.9, "unseen": 3.0}),
}


def run(changes=None, first=400, last=2000, healthy=None):
    """Return the signals of a run that goes well up to step `first`, from where `changes` hold, up to `last`."""
    window = []
    for index, step in enumerate(range(EVERY, last + 1, EVERY), start=1):
        values = {**GOOD, **(GOOD_LOOK if index % LOOK == 0 else {}), **(healthy or {})}
        bad = {name: value for name, value in (changes or {}).items() if name in values} if step > first else {}
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
    seen = {name for end in range(1, len(window) + 1) for name, sign in signs(window[:end], Facts()).items() if sign}
    assert seen == {rule}


def test_every_rule_has_a_signature_here():
    """The gradient that falls and the turns have runs of their own below."""
    assert {rule.told.__name__ for rule in RULES} == {*SIGNATURES, "gradient_fallen", "takes_turns"}


@pytest.mark.parametrize("scaled", [True, False])
def test_a_run_that_goes_well_is_left_in_peace(scaled):
    assert told(run(), Facts(scaled)) == []


def test_signs_are_told_after_three_in_a_row():
    assert told(run({"fake_distance": 0.6}, first=400)) == [(1000, "mode_collapse")]  # looks at 600, 800, 1000


def test_signs_of_short_intervals_must_span_a_hundred_steps():
    window = [Signals(step=step, **{**GOOD, "g_update": 1e-12 if step > 400 else 2e-3}) for step in range(300, 600)]
    assert told(window) == [(501, "vanishing_gradients")]


def test_nothing_but_the_urgent_is_told_before_the_warm_up():
    assert told(run({"g_update": 1e-12}, first=0)) == [(ward.WARM_UP, "vanishing_gradients")]
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


CHAINS = [(cause, effect) for cause, effects in FOLLOWS.items() for effect in sorted(effects - {"oscillation"})]


@pytest.mark.parametrize(("cause", "effect"), CHAINS)
def test_what_follows_from_a_failure_is_not_told_beside_it(cause, effect):
    """All of these are signs of looks, so that none comes before the other."""
    seen = ("examples_far", "says_the_same", "pull_lost", "crowded", "tells_unseen")
    changes = dict(SIGNATURES[rule] for rule in seen)
    assert {said for _, said in told(run({**changes[effect], **changes[cause]}))} == {cause}


def test_fatal_diagnoses_have_names():
    assert set(NAMES) > FATAL > {"mode_collapse"}


@pytest.mark.parametrize(("facts", "expected"), [(Facts(scaled=True), {"divergence"}), (Facts(scaled=False), set())])
def test_a_separation_means_something_where_the_objective_fixes_a_scale(facts, expected):
    """100 units are beyond 88; with reals 6 from fakes, a critic of slope 1 may reach 6, and 88 times that is the bound."""
    assert {said for _, said in told(run({"real": 60.0, "fake": -40.0}), facts)} == expected


def test_the_level_of_logits_means_nothing():
    assert told(run({"real": 5e4, "fake": 5e4 - 1}), Facts(scaled=False)) == []


def test_data_of_one_example_are_told_at_the_first_look():
    window = run({"real_distance": 0.0, "fake_distance": 1.2, "between": 0.9}, first=0)
    (first, *_) = told([dataclasses.replace(each, coverage=None, density=None) for each in window])
    assert first == (EVERY * LOOK, "mode_collapse")


def test_a_gradient_that_falls_is_told_where_there_is_no_slope():
    """Packs of embeddings have no slope to take; 5e-4 is below a hundredth of the .3 before."""
    sure = {"real_accuracy": 0.99, "fake_accuracy": 0.99, "g_gradient": 5e-4}
    blind = [dataclasses.replace(each, slope=None) for each in run(sure)]
    assert {said for _, said in told(blind)} == {"vanishing_gradients"}
    assert told(run(sure)) == []


def test_fakes_that_fool_are_not_a_lost_pull():
    """Least squares pull nothing where fakes reach their target; D is then unsure."""
    assert told(run({"slope": 1e-4})) == []


def dirac_run(objective, scaled, **how):
    """Return the signals of a Dirac-GAN whose fakes are at theta and whose D is psi x: real logit 0, fake psi theta, 30 steps a mean."""
    path = dirac.simulate(objective, num_steps=3000, **how)
    window = []
    for index, part in enumerate(np.split(path[:-1], 100), start=1):
        fake = part[:, 0] * part[:, 1]
        accuracy = 0.25 + 0.5 * np.mean(fake < 0)  # D cannot tell a real at 0; of fakes it tells those below
        parts = {"real": 0.0, "fake": float(fake.mean()), "real_accuracy": accuracy, "fake_accuracy": accuracy}
        window.append(Signals(step=30 * index, **{**GOOD, **parts}))
    return told(window, Facts(scaled))


@pytest.mark.parametrize(("objective", "scaled"), [("minimax", True), ("nonsat", True), ("wgan", False)])
def test_a_dirac_gan_without_penalty_turns(objective, scaled):
    """Its eigenvalues are +-i w (Mescheder et al. 2018, lemma 2.3): no damping."""
    assert {said for _, said in dirac_run(objective, scaled, step=0.05)} == {"oscillation"}


@pytest.mark.parametrize(("objective", "scaled"), [("minimax", True), ("nonsat", True), ("wgan", False)])
def test_a_dirac_gan_with_r1_does_not(objective, scaled):
    """At gamma = 2 w = 2 or above, both eigenvalues are real: no turning at all (section 4.1)."""
    assert dirac_run(objective, scaled, step=0.05, damping=2.0) == []


def test_noise_about_chance_is_no_oscillation():
    """Accuracies of 25 steps of 16 logits each: a standard deviation of .025, four of them from either border."""
    draws = np.random.default_rng(0).binomial(16, 0.5, size=2000) / 16
    window = [
        Signals(step=step, **{**GOOD, "real_accuracy": share, "fake_accuracy": share}) for step, share in enumerate(draws.tolist(), start=1)
    ]
    assert told(window) == []


def test_coverage_and_density_of_a_perfect_generator():
    """E coverage = 1 - prod (n - i)/(2n - i), i = 1..5, all but 1 - 2^-5, and E density = 1 (Naeem et al. 2020, appendix).

    Over 20 draws of 256 the standard error of the mean coverage is about .003, of the density about .02.
    """
    generator = np.random.default_rng(0)
    found = [signals.of_examples(*generator.normal(size=(2, 256, 8))) for _ in range(20)]
    expected = 1 - math.prod((256 - i) / (512 - i) for i in range(1, 6))
    assert np.mean([each["coverage"] for each in found]) == pytest.approx(expected, abs=0.012)
    assert np.mean([each["density"] for each in found]) == pytest.approx(1.0, abs=0.08)


@pytest.mark.parametrize(("modes", "crowds"), [(1, True), (8, False)])
def test_crowding_is_seen_on_a_ring(modes, crowds):
    """256 points of 8 modes against as many on the first modes alone: an eighth of the data, or all of it."""
    generator = np.random.default_rng(0)
    angles = [2 * np.pi * generator.integers(0, count, 256) / 8 for count in (8, modes)]
    real, fake = (np.stack([np.cos(angle), np.sin(angle)], 1) + 0.01 * generator.normal(size=(256, 2)) for angle in angles)
    now = Signals(step=1, **signals.of_examples(real, fake))
    assert (signs([now], Facts())["crowded"] is not None) == crowds


def test_distances_are_euclidean():
    """A 3-4-5 triangle, far from the origin."""
    corners = np.array([[1000.0, 0.0], [1003.0, 0.0], [1000.0, 4.0]], np.float32)
    np.testing.assert_allclose(signals.distances(corners, corners), [[0, 3, 4], [3, 0, 5], [4, 5, 0]], atol=1e-6)


def test_equal_examples_have_no_distance():
    same = np.tile(np.float32(np.random.default_rng(0).uniform(-1, 1, (1, 64))), (128, 1))
    assert signals.of_examples(same, same + 1)["real_distance"] <= 1e-6


def test_unseen_is_the_rank_sum_of_mann_and_whitney():
    """The normal deviate of scipy's asymptotic one-sided p-value, without continuity correction."""
    generator = np.random.default_rng(0)
    training, held_out, fake = generator.normal(1, 1, 45), generator.normal(0.5, 1, 5), generator.normal(-1, 1, 45)
    p = stats.mannwhitneyu(training, held_out, alternative="greater", use_continuity=False, method="asymptotic").pvalue
    assert signals.of_logits(training, held_out, fake)["unseen"] == pytest.approx(stats.norm.isf(p), rel=1e-9)


def test_overfitting_is_where_held_out_reals_stand():
    found = signals.of_logits(np.array([3.0, 1.0]), np.array([0.0, 1.0]), np.array([0.0, -2.0]))
    assert found["overfitting"] == pytest.approx((2 - 0.5) / (2 + 1))


def test_a_record_gives_back_its_signals():
    record = {"step": 50, "seconds": 1.0, "loss/generator": None, "logits/real": 0.25, "doctor/coverage": 0.5, "lr/generator": 1e-3}
    found = signals.from_record(record)
    assert (found.step, found.real, found.coverage, found.fake) == (50, 0.25, 0.5, None)
    assert math.isnan(found.g_loss)


@pytest.mark.parametrize("missing", GOOD_LOOK)
def test_what_is_not_known_is_not_judged(missing):
    window = [dataclasses.replace(each, **{missing: None}) for each in run()]
    assert told(window) == []


def test_the_page_explains_every_diagnosis():
    page = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text(encoding="utf-8")
    assert [line[4:].replace(" ", "_") for line in page.splitlines() if line.startswith("### ")] == list(NAMES)
