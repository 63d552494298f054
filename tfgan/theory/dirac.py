"""The Dirac-GAN, the smallest GAN: it shows whether an objective converges locally. Imports no TensorFlow.

All data are at 0, the generator puts all fakes at theta, and D(x) = psi x. The fake logit is x = psi theta,
the real logit is 0. Each player's loss depends on x only, and simultaneous gradient descent follows the field

    v(theta, psi) = (-psi g(x), -theta d(x) - c gamma psi),  d = dL_D/dx,  g = dL_G/dx

where c gamma psi is the derivative of a penalty c gamma/2 |grad_x D|^2 (c = 1 for r1 or r2, 2 for both). Its
Jacobian at the equilibrium (0, 0) has eigenvalues -c gamma/2 +- sqrt((c gamma)^2/4 - w^2), w^2 = -g(0) d(0).

Reference: Mescheder, Geiger & Nowozin 2018, "Which Training Methods for GANs do actually Converge?".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from tfgan.losses import links, objectives

STEP, NUM_STEPS = 0.2, 500  # of the paper's figures

_FUNCTIONS = {
    "abs": abs,
    "exp": np.exp,
    "expm1": np.expm1,
    "tanh": np.tanh,
    "softplus": lambda s: np.logaddexp(0.0, s),
    "relu": lambda s: np.maximum(s, 0.0),
    "rational_quadratics": lambda s: sum(
        (1 + s**2 / (2 * alpha)) ** -alpha for alpha in (0.2, 0.5, 1.0, 2.0, 5.0)
    ),
    "ln2": math.log(2.0),
}


class Formulas(NamedTuple):
    """An objective as float64 NumPy functions of logits, made from the printed formulas."""

    real: Callable
    fake: Callable
    fool: Callable
    pairing: str
    generator_form: str

    def discriminator(self, real, fake):
        """Return D's loss for one real and one fake logit."""
        if self.pairing == "paired":
            return self.real(real - fake)
        if self.pairing == "average":
            return self.real(real - fake) + self.fake(fake - real)
        return self.real(real) + self.fake(fake)

    def generator(self, real, fake):
        """Return G's loss for one real and one fake logit."""
        if self.pairing == "independent":
            return self.fool(fake) if self.generator_form == "nonsat" else -self.fake(fake)
        if self.generator_form == "zero_sum":
            return -self.discriminator(real, fake)
        return self.discriminator(fake, real)  # the sides change places


def build_formulas(objective: str) -> Formulas:
    """Return the formulas of an objective, options allowed ("hinge:margin=2,generator_form=zero_sum").

    Raises:
        ValueError: an unknown name, or an objective that does not compare single logits.
    """
    name, options = objectives.parse(objective)
    point = {**objectives.entry(name).options, **options}
    facts = links.facts(point["link"]) if "link" in point else None
    if facts is None:
        raise ValueError(
            f"objective: expected one whose link's class has an attribute `facts`, got {objective!r}"
        )
    if point.pop("label_smoothing", 0):
        raise ValueError(f"objective: expected hard labels, got {objective!r}")
    names = {**links.option_defaults(point["link"]), **options}
    sides = [compile_formula(getattr(facts, side), names) for side in ("real", "fake", "fool")]
    return Formulas(*sides, point["pairing"], point["generator_form"])


class LossDerivatives(NamedTuple):
    """Derivatives of the losses, as functions of (real logit, fake logit)."""

    d_real: Callable
    d_fake: Callable
    g_fake: Callable


def loss_derivatives(objective: str) -> LossDerivatives:
    """Return the slopes of both losses: central differences, exact to about 1e-9 where the loss is smooth."""
    loss, h = build_formulas(objective), 1e-6
    return LossDerivatives(
        lambda r, f: (loss.discriminator(r + h, f) - loss.discriminator(r - h, f)) / (2 * h),
        lambda r, f: (loss.discriminator(r, f + h) - loss.discriminator(r, f - h)) / (2 * h),
        lambda r, f: (loss.generator(r, f + h) - loss.generator(r, f - h)) / (2 * h),
    )


def frequency(objective: str) -> float:
    """Return w, the frequency of rotation about the equilibrium.

    It is 0 if the linear part of one player's field vanishes.
    """
    _, d, g = loss_derivatives(objective)
    squared = -g(0.0, 0.0) * d(0.0, 0.0)
    return math.sqrt(squared) if squared > 1e-12 else 0.0


def eigenvalues(objective: str, damping: float = 0.0) -> np.ndarray:
    """Return the eigenvalues of the Jacobian of the field at (0, 0).

    Args:
        objective: a name, options allowed.
        damping: c gamma: gamma of r1 or of r2, or the sum of both.
    """
    _, d, g = loss_derivatives(objective)
    return np.linalg.eigvals(np.array([[0.0, -g(0.0, 0.0)], [-d(0.0, 0.0), -damping]], complex))


def converges(objective: str, damping: float = 0.0) -> bool | None:
    """Return whether small gradient steps converge locally: all eigenvalues left of 0; None, no verdict, if w = 0."""
    if frequency(objective) == 0:
        return None
    return bool(eigenvalues(objective, damping).real.max() < -1e-9)


def simulate(
    objective: str,
    *,
    theta: float = 1.0,
    psi: float = -1.0,
    step: float = STEP,
    num_steps: int = NUM_STEPS,
    damping: float = 0.0,
    terms: Callable[[float, float], tuple[float, float]] | None = None,
    clip: float | None = None,
    instance_noise: float = 0.0,
) -> np.ndarray:
    """Take simultaneous gradient steps.

    Args:
        objective: a name, options allowed.
        theta, psi: where G and D start; psi below 0 is a D that is high on the data when theta is above 0.
        step: of both players.
        num_steps: how many.
        damping: as for `eigenvalues`.
        terms: slopes of further terms, of G's loss in theta and of D's in psi, as a function of (theta, psi).
        clip: D's weight is clipped to [-clip, clip] after each step.
        instance_noise: standard deviation of Gaussian noise on every input of D, averaged exactly
            (quadrature).

    Returns:
        float64 array of shape (num_steps + 1, 2), theta and psi from start to end.
    """
    if instance_noise and build_formulas(objective).pairing == "average":
        raise ValueError(
            f"instance_noise: expected an objective that compares single logits, got {objective!r}, which compares means"
        )
    slope = loss_derivatives(objective)
    real_noise, fake_noise, weight = _noise_nodes(instance_noise)
    path = [(theta, psi)]
    for _ in range(num_steps):
        fake_at = theta + fake_noise
        real, fake = psi * real_noise, psi * fake_at
        psi_slope = np.sum(
            weight * (slope.d_real(real, fake) * real_noise + slope.d_fake(real, fake) * fake_at)
        )
        theta_slope = psi * np.sum(weight * slope.g_fake(real, fake))
        further = terms(theta, psi) if terms else (0.0, 0.0)
        theta_slope, psi_slope = theta_slope + further[0], psi_slope + damping * psi + further[1]
        theta, psi = theta - step * theta_slope, psi - step * psi_slope
        if clip is not None:
            psi = float(np.clip(psi, -clip, clip))
        path.append((theta, psi))
    return np.array(path)


def curvature(objective: str) -> float:
    """Return the sum of the second derivatives at 0 of D's losses on a real and on a fake logit.

    Relativistic pairings compare the logit with 0.
    """
    loss, h = build_formulas(objective), 1e-4
    sides = (loss.real, loss.real if loss.pairing == "paired" else loss.fake)
    return sum((side(h) - 2 * side(0.0) + side(-h)) / h**2 for side in sides)


def pull_where_d_wins(objective: str) -> str:
    """Describe G's gradient as D wins: how strongly it raises a fake logit far below the real logit."""
    pull = loss_derivatives(objective).g_fake
    near, far = -pull(0.0, -20.0), -pull(0.0, -40.0)
    if abs(far) < 1e-6:
        return "vanishes"
    if far < 0:
        return "points the wrong way"
    if far > 10 * near:
        return "grows exponentially"
    if far > 1.2 * near:
        return "grows linearly"
    return f"stays, at {far:.3g}"


def _noise_nodes(deviation: float, num_nodes: int = 24):
    """Return real noise, fake noise and their probability: the nodes of a quadrature, or one at 0 without noise."""
    if deviation == 0:
        return np.zeros(1), np.zeros(1), np.ones(1)
    nodes, weights = np.polynomial.hermite_e.hermegauss(num_nodes)
    real, fake = np.meshgrid(deviation * nodes, deviation * nodes)
    return real.ravel(), fake.ravel(), np.outer(weights, weights).ravel() / weights.sum() ** 2


def compile_formula(formula: str, names: Mapping[str, float]) -> Callable:
    """Compile a formula of the facts, in s and in the options `names`, as a function of s."""
    code = compile(formula, formula, "eval")
    return lambda s: eval(code, {"__builtins__": {}}, {**_FUNCTIONS, **names, "s": s})
