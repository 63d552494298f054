"""The Dirac-GAN under every penalty: analysis, simulation, the code of the penalties and the published figures agree."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from tfgan import losses, penalties
from tfgan.penalties.inputs import FAKE, REAL, PerturbedLatents
from tfgan.theory import dirac, dirac_penalties
from tfgan.training.critic import Critic

LINKS = {name: losses.objectives.entry(name).options.get("link") for name in losses.names()}
OBJECTIVES = [name for name, link in LINKS.items() if link and losses.links.facts(link)]
FACTS = {name: facts for name in penalties.names() if (facts := penalties.penalties.facts(name))}
PENALTIES = list(FACTS)

# Distance from the equilibrium after 500 steps of 0.2, from psi = -1 and +1: the games of Mescheder et al. 2018 in our signs.
DISTANCES = {
    "minimax": ("3.097", "3.353"),
    "nonsat": ("0.6402", "0.6402"),
    "wgan, clip 1": ("1.002", "1.170"),
    "wgan, wgan_gp weight 0.35": ("1.802", "1.758"),
    "minimax, instance noise 0.7": ("5.7e-05", "9.5e-05"),
    "minimax, r1 gamma 0.3": ("2.643e-06", "4.778e-06"),
    "minimax, r1 gamma 1 (critical)": ("9.53e-22", "8.47e-21"),
}


@pytest.mark.parametrize("game", dirac_penalties.GAMES)
def test_published_games(game):
    """To the digits of the published table."""
    for psi, expected in zip((-1.0, 1.0), DISTANCES[game], strict=True):
        digits = len(expected.partition("e")[0].replace(".", "").lstrip("0"))
        got = dirac_penalties.final_distance(*dirac_penalties.GAMES[game], psi=psi)
        assert float(f"{got:.{digits - 1}e}") == float(expected)


@pytest.mark.parametrize("name", penalties.names())
def test_facts_and_defaults_read_from_the_text_are_those_of_the_class(name):
    assert penalties.penalties.facts(name) == penalties.penalties.load(name).facts
    assert penalties.penalties.option_defaults(name) == penalties.get(name).get_config()


@pytest.mark.parametrize("name", PENALTIES)
def test_slopes_in_the_game_are_those_of_the_code(name):
    """D(x) = psi x, reals at 0, fakes at theta, two examples each; noise is +1 and -1, whose mean is 0 and mean square 1.

    The slope of what D pays in psi, and of what G pays in theta. mode_seeking divides by its fakes' distance,
    here 0.
    """
    penalty = penalties.get(name)
    for theta, psi in ((0.7, 1.3), (0.4, -0.6), (-0.5, 0.2)):
        weights = tf.constant([theta, psi])
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(weights)
            fake = tf.ones((2, 1)) * weights[0]
            given = {REAL: tf.zeros((2, 1)), FAKE: fake, PerturbedLatents(0.05): fake}
            noise = {str(point): {"normal": tf.constant([[1.0], [-1.0]])} for point in penalty.inputs}
            noise |= {"Interpolated()": {"fractions": tf.constant([0.3, 0.6])}}
            noise |= {"PerturbedReal(deviation=None)": {"fractions": tf.ones(2), "entries": tf.ones((2, 1))}}
            forward = lambda x, point, state: ({"outputs": weights[1] * x, "features": x}, state)  # noqa: B023, E731
            critic = Critic(given, forward, noise=noise, gradient_inputs=penalty.gradient_inputs)
            d = g = 0.0 * weights[0]
            if penalty.overrides("discriminator"):
                d = tf.reduce_mean(
                    penalty.discriminator(
                        critic, {k: tf.constant(v) for k, v in penalty.initial_state.items()}
                    )
                )
            if penalty.overrides("generator") and name != "mode_seeking":
                g = tf.reduce_mean(penalty.generator(critic, tf.constant([[1.0], [-1.0]])))
        slopes = [
            tape.gradient(cost, weights, unconnected_gradients="zero")[index]
            for index, cost in ((1, d), (0, g))
        ]
        h = 1e-5
        costs = [
            [
                dirac_penalties.cost(name, theta + i * sign * h, psi + (1 - i) * sign * h)[i]
                for sign in (1, -1)
            ]
            for i in (0, 1)
        ]
        expected = [(up - down) / (2 * h) for up, down in costs]
        np.testing.assert_allclose(slopes, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", [name for name in PENALTIES if FACTS[name].damping is not None])
def test_dampings_are_second_derivatives(name):
    """Of the printed costs, by central differences at 0, where the kinks of relu are flat.

    A fourth power leaves 2 h^2 = 2e-8, the rounding of a cost of 10 1e-7.
    """
    facts, h = FACTS[name], 1e-4
    for side, (theta, psi), text in ((0, (0.0, h), facts.damping), (1, (h, 0.0), facts.g_damping)):
        second = (
            dirac_penalties.cost(name, theta, psi)[side]
            - 2 * dirac_penalties.cost(name, 0, 0)[side]
            + dirac_penalties.cost(name, -theta, -psi)[side]
        ) / h**2
        assert second == pytest.approx(
            dirac.compile_formula(text, penalties.penalties.option_defaults(name))(0.0), abs=1e-6
        )


def is_simulated(objective, penalty):
    """Noise on means of batches is not; its Jacobian is tested by Monte Carlo below."""
    return penalty != "instance_noise" or dirac.build_formulas(objective).pairing != "average"


@pytest.mark.parametrize(
    ("objective", "penalty"),
    [pair for pair in itertools.product(OBJECTIVES, PENALTIES) if is_simulated(*pair)],
)
def test_simulation_agrees_with_the_eigenvalues(objective, penalty):
    """100 steps of .05 from (1e-3, -1e-3) end where (I + h J)^100 takes them, to 1 % (the field bends by 1e-3), or where D does
    not rest at 0, far away."""
    start = np.array([1e-3, -1e-3])
    path = dirac_penalties.simulate(
        objective, penalty, theta=start[0], psi=start[1], step=0.05, num_steps=100
    )
    matrix = dirac_penalties.jacobian(objective, penalty)
    if matrix is None:
        assert np.hypot(*path.T).max() > 0.3
        assert dirac_penalties.describe_convergence(objective, penalty) == "leaves"
        return
    predicted = np.linalg.matrix_power(np.eye(2) + 0.05 * matrix, 100) @ start
    assert np.hypot(*(path[-1] - predicted)) <= 0.01 * np.hypot(*start) + 1e-2 * np.hypot(*predicted)


@pytest.mark.parametrize("objective", ["ragan", "ralsgan", "rahinge"])
def test_noise_under_means_by_monte_carlo(objective):
    """dL_D/dpsi at theta = 0, psi = 1e-2 over 400,000 pairs of noise: damping psi, to 5 standard errors of about 1e-5."""
    loss, sigma, psi = losses.get(objective), 0.5, 1e-2
    n = 400_000
    noise = sigma * np.random.default_rng(0).normal(size=(2, n))
    d = lambda psi: float(loss.discriminator(psi * noise[0], psi * noise[1]))  # noqa: E731
    slope = (d(psi + 1e-4) - d(psi - 1e-4)) / 2e-4
    damping = -dirac_penalties.jacobian(objective, f"instance_noise:sigma={sigma}")[1, 1]
    assert slope == pytest.approx(damping * psi, abs=5 * 2 * sigma / np.sqrt(n))


def test_verdicts():
    assert dirac_penalties.describe_convergence("nonsat") == "turns"
    assert dirac_penalties.describe_convergence("nonsat", "r1:gamma=1") == "converges, 0.5"
    assert dirac_penalties.describe_convergence("wgan", "wgan_gp") == "leaves"
    assert dirac_penalties.describe_convergence("lsgan", "r1") == "no verdict"
    assert dirac_penalties.describe_convergence("hinge", "instance_noise") == "turns"
