"""Local convergence of the Dirac-GAN of an objective under a penalty. Imports no TensorFlow.

With the objective's field of `tfgan.theory.dirac` and a penalty whose second derivatives at (0, 0) are c in
psi and e in theta, the Jacobian there is [[-e, -g(0)], [-d(0), -c]].
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tfgan import penalties
from tfgan.theory import dirac

_STEP = 1e-4  # step of the central differences, relative to the player's weight


def jacobian(objective: str, penalty: str | None = None) -> np.ndarray | None:
    """Return the Jacobian of both players' field at (0, 0), 2 x 2; None where D does not rest there.

    Args:
        objective: a name of link x pairing x form, options allowed.
        penalty: a name, options allowed ("r1:gamma=0.5"), or None.
    """
    facts, options = _look_up(penalty)
    if facts and facts.damping is None:
        return None
    _, d, g = dirac.loss_derivatives(objective)
    damping, g_damping = (
        (dirac.compile_formula(text, options)(0.0) for text in (facts.damping, facts.g_damping))
        if facts
        else (0.0, 0.0)
    )
    if penalty and penalty.startswith("instance_noise"):
        damping = options["sigma"] ** 2 * dirac.curvature(objective)
    return np.array([[-g_damping, -g(0.0, 0.0)], [-d(0.0, 0.0), -damping]], float)


def describe_convergence(objective: str, penalty: str | None = None) -> str:
    """Return in a word or two whether small gradient steps near (0, 0) converge.

    "converges, x" (the distance falls as exp(-x t)), "turns" (eigenvalues on the imaginary axis), "leaves" (D
    does not rest there), or "no verdict" (one player's field has no linear part).
    """
    matrix = jacobian(objective, penalty)
    if matrix is None:
        return "leaves"
    if dirac.frequency(objective) == 0:
        return "no verdict"
    rate = -np.linalg.eigvals(matrix.astype(complex)).real.max()
    return f"converges, {rate:.3g}" if rate > 1e-6 else "turns"


def simulate(objective: str, penalty: str | None = None, **start: Any) -> np.ndarray:
    """Take simultaneous gradient steps under a penalty; arguments and result as for `tfgan.theory.dirac.simulate`."""
    facts, options = _look_up(penalty)
    if not facts:
        return dirac.simulate(objective, **start)
    return dirac.simulate(
        objective,
        terms=_differentiate_costs(*(_compile_cost(text, options) for text in (facts.game_g, facts.game_d))),
        clip=options.get("limit"),
        instance_noise=options["sigma"] if penalty.startswith("instance_noise") else 0.0,
        **start,
    )


def final_distance(objective: str, penalty: str | None = None, **start: Any) -> float:
    """Return the distance from (0, 0) at which `simulate` ends."""
    return float(np.hypot(*simulate(objective, penalty, **start)[-1]))


def cost(penalty: str, theta: float, psi: float) -> tuple[float, float]:
    """Return the terms that a penalty adds to the losses of D and of G in the Dirac-GAN."""
    facts, options = _look_up(penalty)
    return tuple(_compile_cost(text, options)(theta, psi) for text in (facts.game_d, facts.game_g))


# The games of the paper's figures (objective, penalty). Its WGAN-GP weight of 0.7 has a half that ours lacks.
GAMES = {
    "minimax": ("minimax", None),
    "nonsat": ("nonsat", None),
    "wgan, clip 1": ("wgan", "clip:limit=1"),
    "wgan, wgan_gp weight 0.35": ("wgan", "wgan_gp:weight=0.35"),
    "minimax, instance noise 0.7": ("minimax", "instance_noise:sigma=0.7"),
    "minimax, r1 gamma 0.3": ("minimax", "r1:gamma=0.3"),
    "minimax, r1 gamma 1 (critical)": ("minimax", "r1:gamma=1"),
}


def _look_up(penalty: str | None):
    """Return the facts of a penalty and the values of its options."""
    if penalty is None:
        return None, {}
    name, options = penalties.penalties.parse(penalty)
    facts = penalties.penalties.facts(name)
    if facts is None:
        raise ValueError(f"penalty: expected one whose class has an attribute `facts`, got {penalty!r}")
    return facts, {**penalties.penalties.option_defaults(name), **options}


def _compile_cost(text: str, options) -> Callable[[float, float], float]:
    return lambda theta, psi: dirac.compile_formula(text, {**options, "theta": theta, "psi": psi})(0.0)


def _differentiate_costs(g_cost, d_cost):
    """Return the derivatives of G's cost in theta and of D's cost in psi."""
    return lambda theta, psi: (
        _differentiate(lambda x: g_cost(x, psi), theta),
        _differentiate(lambda x: d_cost(theta, x), psi),
    )


def _differentiate(function, x):
    step = _STEP * abs(x)
    return (function(x + step) - function(x - step)) / (2 * step) if step else 0.0
