"""The Dirac-GAN: the smallest GAN there is, in which one sees whether an objective converges. Imports no TensorFlow.

Data are all at 0, the generator puts all fakes at theta, and D(x) = psi x. With x = psi theta, the fake logit, and 0 the
real one, each player's loss depends on x alone, and simultaneous gradient descent follows the field

    v(theta, psi) = (-psi g(x), -theta d(x) - c gamma psi),  d = dL_D/dx,  g = dL_G/dx

where c gamma psi is the slope of a penalty c gamma/2 |grad_x D|^2 (c = 1 for r1 or r2, 2 for both). Its Jacobian at the
equilibrium (0, 0) has eigenvalues -c gamma/2 +- sqrt((c gamma)^2/4 - w^2), w^2 = -g(0) d(0).

Reference: Mescheder, Geiger & Nowozin 2018, "Which Training Methods for GANs do actually Converge?".
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tfgan.losses import _facts, links, objectives

STEP, NUM_STEPS = 0.2, 500  # of the paper's figures

_FUNCTIONS = {
    "exp": np.exp,
    "expm1": np.expm1,
    "tanh": np.tanh,
    "softplus": lambda s: np.logaddexp(0.0, s),
    "relu": lambda s: np.maximum(s, 0.0),
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
        """Return G's loss for one real and one fake logit, up to what does not depend on the fake."""
        if self.generator_form == "zero_sum":
            return -self.discriminator(real, fake)
        if self.pairing == "paired":
            return self.real(fake - real)
        if self.pairing == "average":
            return self.real(fake - real) + self.fake(real - fake)
        return self.fool(fake)


def formulas(objective: str) -> Formulas:
    """Return the formulas of an objective ("nonsat", "hinge:margin=2,generator_form=zero_sum")."""
    name, options = objectives.parse(objective)
    point = {**objectives.entry(name).options, **options}
    link = point.pop("link")
    facts = _facts.LINKS[link]
    names = _FUNCTIONS | links_defaults(link) | point
    sides = [_evaluator(getattr(facts, side), names) for side in ("real", "fake", "fool")]
    return Formulas(*sides, point["pairing"], point["generator_form"])


def links_defaults(link: str) -> dict[str, float]:
    """Return the options of a link at their defaults, which only its class knows; smoothing is not in the formulas."""
    return {"hinge": {"margin": 1.0}, "alpha": {"alpha": 0.5}}.get(link, {})


def _evaluator(formula: str, names: dict) -> Callable:
    code = compile(formula, formula, "eval")
    return lambda s: eval(code, {"__builtins__": {}}, {**names, "s": s})
