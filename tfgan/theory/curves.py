"""The terms of an objective as functions of one logit, for plots. Imports no TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tfgan.losses import objectives
from tfgan.theory import dirac, loss_facts

AXES = {
    "independent": "s = D's logit",
    "paired": "s = real minus fake logit",
    "average": "s = logit minus the other side's mean",
}


def build_curves(objective: str) -> tuple[str, Mapping[str, Callable[[np.ndarray], np.ndarray]]]:
    """Return the label of the axis s, and the terms of both players as functions of s, by label.

    Args:
        objective: a name, options allowed.

    Raises:
        ValueError: an unknown name, or an objective without facts.
    """
    name, _ = objectives.parse(objective)
    if own := loss_facts.OBJECTIVES.get(name):
        return own.axis, {label: dirac.compile_formula(formula, {}) for label, formula in own.curves.items()}
    loss = dirac.build_formulas(objective)
    return AXES[loss.pairing], _build_terms(loss)


def _build_terms(loss: dirac.Formulas) -> dict[str, Callable]:
    zero_sum = loss.generator_form == "zero_sum"
    if loss.pairing == "paired":
        g = (lambda s: -loss.real(s)) if zero_sum else (lambda s: loss.real(-s))
        return {"D on a pair": loss.real, "G on a pair": g}
    terms = {"D on real": loss.real, "D on fake": loss.fake}
    if loss.pairing == "independent":
        return terms | {"G on fake": (lambda s: -loss.fake(s)) if zero_sum else loss.fool}
    if zero_sum:
        return terms | {"G on real": lambda s: -loss.real(s), "G on fake": lambda s: -loss.fake(s)}
    return terms | {"G on real": loss.fake, "G on fake": loss.real}


def differentiate(curve: Callable, s: np.ndarray) -> np.ndarray:
    """Return the derivative of a curve at s, by central differences."""
    step = 1e-5
    return (curve(s + step) - curve(s - step)) / (2 * step)
