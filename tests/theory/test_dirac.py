"""The Dirac-GAN: eigenvalues, simulation and the published figures agree."""

import loss_reference as reference
import numpy as np
import pytest

from tfgan import losses
from tfgan.theory import dirac

# w of each objective: sqrt(-fool'(0) fake'(0)), |a'(0)| for paired, |a'(0) - b'(0)| for average.
FREQUENCIES = {
    **dict.fromkeys(["nonsat", "minimax", "rpgan", "fgan_js", "fgan_gan", "fgan_tv"], 0.5),
    **dict.fromkeys(["wgan", "hinge", "rplsgan", "rphinge", "ragan"], 1.0),
    **dict.fromkeys(["fgan_reverse_kl", "fgan_pearson", "fgan_neyman", "fgan_hellinger", "fgan_alpha"], 1.0),
    **dict.fromkeys(["ralsgan", "rahinge"], 2.0),
    **dict.fromkeys(["lsgan", "lsgan_pm1"], 0.0),
    "fgan_kl": np.exp(-0.5),
    "softplus_wasserstein": np.sqrt(0.5),
}
POINTS = {name: tuple(losses.objectives.entry(name).options.values()) for name in reference.POINTS_BY_NAME}
NAMES = [name for name, (link, *_) in POINTS.items() if losses.links.facts(link)]
COMPUTED = {name: reference.frequency(*point) for name, point in POINTS.items()}


@pytest.mark.parametrize("name", NAMES)
def test_printed_formulas_are_the_code(name):
    """In float64, on logits up to 30: 1e-12. What the page shows, NumPy evaluates."""
    printed, loss = dirac.build_formulas(name), losses.get(name)
    real, fake = np.random.default_rng(0).uniform(-30, 30, (2, 100))
    if loss.uses_whole_batch:  # a batch of one is its own mean
        d, g = zip(
            *(
                (loss.discriminator(r, f), loss.generator(r, f))
                for r, f in zip(real[:, None], fake[:, None], strict=True)
            ),
            strict=True,
        )
    else:
        d, g = loss.discriminator(real, fake), loss.generator(real, fake)
    np.testing.assert_allclose(printed.discriminator(real, fake), np.array(d), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(printed.generator(real, fake), np.array(g), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", losses.links.names())
def test_facts_and_defaults_read_from_the_text_are_those_of_the_class(name):
    assert losses.links.facts(name) == losses.links.load(name).facts
    assert losses.links.option_defaults(name) == losses.links.get(name).get_config()


def test_derived_frequencies_are_those_of_the_reference():
    """What is derived by hand, against the slopes of the reference's formulas."""
    assert {name: COMPUTED[name] for name in FREQUENCIES} == pytest.approx(FREQUENCIES, abs=1e-8)
    assert dirac.frequency("lsgan:generator_form=zero_sum") == 0
    assert dirac.frequency("lsgan_pm1:generator_form=zero_sum") == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_frequency(name):
    """1e-4, below which w^2 is lost in the 1e-9 of the slopes."""
    assert dirac.frequency(name) == pytest.approx(COMPUTED[name], abs=1e-4)


@pytest.mark.parametrize("damping", [0.0, 0.3, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("name", NAMES)
def test_eigenvalues_solve_the_quadratic(name, damping):
    """-c/2 +- sqrt(c^2/4 - w^2); a double root is known to the square root of the slopes' error."""
    w = COMPUTED[name]
    root = np.sqrt(complex(damping**2 / 4 - w**2))
    expected = np.array([-damping / 2 + root, -damping / 2 - root])
    got = dirac.eigenvalues(name, damping)
    assert min(np.abs(got - order).max() for order in (expected, expected[::-1])) < 1e-4
    assert dirac.converges(name, damping) is (None if w == 0 else damping > 0)


@pytest.mark.parametrize("damping", [0.0, 0.3, 3.0])
@pytest.mark.parametrize("name", NAMES)
def test_simulated_steps_have_these_eigenvalues(name, damping):
    """Near 0 a step multiplies by I + h J, which 20 simulated steps determine; from 1e-5 the field is linear to 1e-4."""
    path = dirac.simulate(name, theta=1e-5, psi=1e-5, step=0.05, num_steps=20, damping=damping)
    step = np.linalg.lstsq(path[:-1], path[1:], rcond=None)[0]
    got = (np.linalg.eigvals(step.astype(complex)) - 1) / 0.05
    # Their sum and product
    np.testing.assert_allclose(np.poly(got), np.poly(dirac.eigenvalues(name, damping)), atol=2e-3)


@pytest.mark.parametrize("name", [name for name in NAMES if COMPUTED[name] > 0])
def test_simulation_converges_with_a_penalty_and_not_without(name):
    """From 0.01, 2,000 steps of 0.05: with no penalty the distance has grown; with gamma = w it is below a thousandth.

    The predicted factor is |1 - h w/2 + i h w sqrt(3)/2|^2000 = e^-45 at w = 1, and e^-24 at w = 1/2.
    """
    start = {"theta": 0.01, "psi": 0.01, "step": 0.05, "num_steps": 2000}
    free, damped = (
        np.hypot(*dirac.simulate(name, damping=damping, **start).T) for damping in (0.0, COMPUTED[name])
    )
    assert free[-200:].mean() > free[:200].mean()
    assert damped[-1] < 1e-5


@pytest.mark.parametrize(
    ("name", "pull"),
    [
        ("nonsat", "stays, at 1"),
        ("minimax", "vanishes"),
        ("ragan", "stays, at 2"),
        ("hinge:generator_form=zero_sum", "vanishes"),
        ("lsgan", "grows linearly"),
        ("lsgan:generator_form=zero_sum", "points the wrong way"),
        ("fgan_reverse_kl", "grows exponentially"),
        ("fgan_reverse_kl:generator_form=zero_sum", "stays, at 1"),
        ("fgan_tv", "vanishes"),
        ("fgan_alpha:alpha=2", "vanishes"),
    ],
)
def test_pull_where_d_wins(name, pull):
    """The limit of -fool'(s), or -a'(f - r), far below; alpha = 2 has T = expm1(s), whose slope vanishes there."""
    assert dirac.pull_where_d_wins(name) == pull


@pytest.mark.parametrize("point", list(reference.points()))
def test_the_forms_that_are_warned_of_are_those_that_push_fakes_down_where_d_wins(point):
    link, pairing, form = point
    name = next(name for name, (other, *_) in POINTS.items() if other == link)
    pull = dirac.pull_where_d_wins(f"{name}:pairing={pairing},generator_form={form}")
    assert (pull == "points the wrong way") == ((link, form) in losses.DOUBTFUL_FORMS)


def test_what_it_refuses():
    with pytest.raises(ValueError, match="expected hard labels"):
        dirac.build_formulas("nonsat:label_smoothing=0.1")
    with pytest.raises(ValueError, match=r"unknown loss 'nonsta' \(did you mean 'nonsat'"):
        dirac.frequency("nonsta")
    with pytest.raises(ValueError, match="instance_noise: expected an objective that compares single logits"):
        dirac.simulate("ragan", instance_noise=0.1)
    with pytest.raises(
        ValueError, match="expected one whose link's class has an attribute `facts`, got 'mmd'"
    ):
        dirac.build_formulas("mmd")
