"""The objectives once more, in float64 NumPy and in the words of the papers: what the tests compare against.

A new link is one row of LINKS, and its frequency in the Dirac-GAN follows; an f-divergence is one row of
DIVERGENCES as well.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tfgan import losses

LOGITS = np.concatenate([-np.logspace(-4, 4, 33), [0.0], np.logspace(-4, 4, 33)])
LN2 = np.log(2.0)
POINTS_BY_NAME = [name for name in losses.names() if "link" in losses.objectives.entry(name).options]


class Link(NamedTuple):
    """What D pays on real and fake logits, what G pays, and D's logit at p = q."""

    real: Callable
    fake: Callable
    fool: Callable
    threshold: float = 0.0


class Divergence(NamedTuple):
    """D_f: f, its limits f(0) and lim f(u)/u, the table's T and f*, and h, whose D_h the non-saturating G descends."""

    f: Callable
    at_zero: float
    slope_at_infinity: float
    variational: Callable
    conjugate: Callable
    h: Callable | None


def softplus(s):
    return np.logaddexp(0.0, s)


def relu(s):
    return np.where(s > 0, s, 0.0)


def alpha_link(a: float) -> Link:
    return Link(
        lambda s: -np.expm1((a - 1) * s) / (a - 1),
        lambda s: np.expm1(a * s) / a,
        lambda s: -np.expm1((a - 1) * s) / (a - 1),
    )


def alpha_divergence(a: float) -> Divergence:
    def f(u, a=a):
        if a == 1:
            return u * np.log(u) - u + 1
        return (u**a - 1 - a * (u - 1)) / (a * (a - 1))

    return Divergence(
        f,
        1 / a if a > 0 else np.inf,
        1 / (1 - a) if a < 1 else np.inf,
        lambda s: np.expm1((a - 1) * s) / (a - 1),
        lambda t: ((1 + (a - 1) * t) ** (a / (a - 1)) - 1) / a,
        lambda u: f(u, a - 1),
    )


def js_f(u):
    return u * np.log(u) - (u + 1) * np.log((u + 1) / 2)


LINKS = {
    "logistic": Link(lambda s: softplus(-s), softplus, lambda s: softplus(-s)),
    "least_squares": Link(lambda s: (s - 1) ** 2 / 2, lambda s: s**2 / 2, lambda s: (s - 1) ** 2 / 2, 0.5),
    "least_squares_pm1": Link(lambda s: (s - 1) ** 2 / 2, lambda s: (s + 1) ** 2 / 2, lambda s: s**2 / 2),
    "linear": Link(lambda s: -s, lambda s: s, lambda s: -s),
    "hinge": Link(lambda s: relu(1 - s), lambda s: relu(1 + s), lambda s: -s),
    "softplus": Link(lambda s: softplus(-s), softplus, lambda s: -s),
    "kl": Link(lambda s: -s, lambda s: np.exp(s - 1), lambda s: -s, 1.0),
    "reverse_kl": Link(lambda s: np.exp(-s), lambda s: s - 1, lambda s: np.exp(-s)),
    "pearson": Link(lambda s: -s, lambda s: np.where(s < -2, -1.0, s**2 / 4 + s), lambda s: -s),
    "neyman": Link(lambda s: np.expm1(-s), lambda s: -2 * np.expm1(-s / 2), lambda s: np.expm1(-s)),
    "hellinger": Link(lambda s: np.expm1(-s), np.expm1, lambda s: np.expm1(-s)),
    "js": Link(lambda s: softplus(-s) - LN2, lambda s: softplus(s) - LN2, lambda s: softplus(-s) - LN2),
    "gan": Link(lambda s: softplus(-s), softplus, lambda s: softplus(-s)),
    "tv": Link(lambda s: -np.tanh(s) / 2, lambda s: np.tanh(s) / 2, lambda s: -np.tanh(s) / 2),
    "alpha": alpha_link(0.5),
}

DIVERGENCES = {
    "kl": Divergence(
        lambda u: u * np.log(u), 0.0, np.inf, lambda s: s, lambda t: np.exp(t - 1), lambda u: -np.log(u)
    ),
    "reverse_kl": Divergence(
        lambda u: -np.log(u),
        np.inf,
        0.0,
        lambda s: -np.exp(-s),
        lambda t: -1 - np.log(-t),
        lambda u: 1 / (2 * u),
    ),
    "pearson": Divergence(
        lambda u: (u - 1) ** 2,
        1.0,
        np.inf,
        lambda s: s,
        lambda t: np.where(t >= -2, t**2 / 4 + t, -1.0),
        lambda u: 2 * u * np.log(u),
    ),
    "neyman": Divergence(
        lambda u: (1 - u) ** 2 / u,
        np.inf,
        1.0,
        lambda s: 1 - np.exp(-s),
        lambda t: 2 - 2 * np.sqrt(1 - t),
        lambda u: 1 / (3 * u**2),
    ),
    "hellinger": Divergence(
        lambda u: (np.sqrt(u) - 1) ** 2,
        1.0,
        1.0,
        lambda s: 1 - np.exp(-s),
        lambda t: t / (1 - t),
        lambda u: 2 / (3 * np.sqrt(u)),
    ),
    "js": Divergence(
        js_f,
        LN2,
        LN2,
        lambda s: LN2 - softplus(-s),
        lambda t: -np.log(2 - np.exp(t)),
        lambda u: -np.log(u) - js_f(u),
    ),
    "gan": Divergence(
        lambda u: u * np.log(u) - (u + 1) * np.log(u + 1),
        0.0,
        0.0,
        lambda s: -softplus(-s),
        lambda t: -np.log(1 - np.exp(t)),
        lambda u: -np.log(u) - js_f(u),
    ),
    "tv": Divergence(lambda u: abs(u - 1) / 2, 0.5, 0.5, lambda s: np.tanh(s) / 2, lambda t: t, None),
    **{
        f"alpha:alpha={a}" if a != 0.5 else "alpha": alpha_divergence(a)
        for a in (0.5, 2.0, -1.0, 1.5, 0.3, -0.4)
    },
}


def f_divergence(name: str, p, q) -> float:
    """Return D_f(p || q) = sum q f(p / q), with q f(p / q) = p lim f(u)/u where q = 0, and q f(0) where p = 0."""
    row, total = DIVERGENCES[name], 0.0
    for a, b in zip(p, q, strict=True):
        if a > 0 and b > 0:
            total += b * row.f(a / b)
        elif a > 0:
            total += a * row.slope_at_infinity
        elif b > 0:
            total += b * row.at_zero
    return total


def points():
    """Yield every meaningful (link, pairing, generator form)."""
    for link, pairing, form in itertools.product(
        losses.links.names(), losses.PAIRINGS, losses.GENERATOR_FORMS
    ):
        try:
            losses.check_pairing(link, pairing)
        except ValueError:
            continue
        yield link, pairing, form


def frequency(link: str, pairing: str, form: str) -> float:
    """Return w of the Dirac-GAN, sqrt(-g d) of the slopes d, g of D's and G's loss in the fake logit at 0; 0 where they agree in sign.

    Independent: d = b'(0), and g = fool'(0) or -b'(0). Paired: d = -a'(0), average: d = b'(0) - a'(0); g = -d
    in both forms.
    """
    a, b, fool = (derivative(side) for side in LINKS[link][:3])
    d = {"independent": b, "paired": -a, "average": b - a}[pairing]
    g = fool if (pairing, form) == ("independent", "nonsat") else -d
    return np.sqrt(max(-g * d, 0.0))


def derivative(function) -> float:
    """Return the slope at 0, by central differences: 1e-10 where the function is smooth."""
    return float(function(np.float64(1e-6)) - function(np.float64(-1e-6))) / 2e-6


def discriminator(link: str, pairing: str, real, fake):
    """Return D's loss: an array, or a scalar under `average`."""
    a, b = LINKS[link].real, LINKS[link].fake
    if pairing == "paired":
        return a(real - fake)
    if pairing == "average":
        return np.mean(a(real - np.mean(fake))) + np.mean(b(fake - np.mean(real)))
    return a(real) + b(fake)


def generator(link: str, pairing: str, form: str, real, fake):
    """Return G's loss: an array, or a scalar under `average`."""
    a, b, fool, _ = LINKS[link]
    if pairing == "independent":
        return -b(fake) if form == "zero_sum" else fool(fake)
    if form == "zero_sum":
        return -discriminator(link, pairing, real, fake)
    if pairing == "paired":
        return a(fake - real)
    return np.mean(a(fake - np.mean(real))) + np.mean(b(real - np.mean(fake)))
