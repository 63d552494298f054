"""The f-divergence links: D's loss bounds the divergence between real and fake that the link is named after.

For a convex f with conjugate f*, E_p T - E_q f*(T) is at most D_f(p || q) = E_q f(p / q), p real and q fake,
with equality at T = f'(p / q). Each link maps a logit s to a T(s) that the conjugate accepts, increasing in
s:

    real(s) = -T(s),  fake(s) = f*(T(s)),  fool(s) = -T(s)

so that minus D's least loss is the divergence. `fake` is written as a function of s: composing f* with T
would overflow where the result does not.

Reference: Nowozin, Cseke & Tomioka 2016, "f-GAN: Training Generative Neural Samplers using Variational
Divergence Minimization".
"""

from __future__ import annotations

import dataclasses
import math
from typing import ClassVar

import keras
from keras import ops

from tfgan.core.options import NotZeroOrOne
from tfgan.losses.link import Link, LinkFacts

_KL_LESS_JSD = "KL(q || p) - 2 JSD(p, q) (Arjovsky & Bottou 2017, theorem 2.5)"


@dataclasses.dataclass(frozen=True)
class FDivergence(Link):
    """Pay -T(s) on real and f*(T(s)) on fake."""

    def variational(self, logits):
        """Return T(s)."""
        raise TypeError(f"{type(self).__name__} must define variational(logits)")

    def real(self, logits):
        return -self.variational(logits)

    def fool(self, logits):
        return -self.variational(logits)


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class KL(FDivergence):
    """f(u) = u ln u: T(s) = s, f*(T(s)) = exp(s - 1). D_f = KL(p || q)."""

    facts: ClassVar[LinkFacts] = LinkFacts(
        real="-s",
        fake="exp(s - 1)",
        fool="-s",
        best="1 + ln(p / q)",
        least="-KL(p || q)",
        zero_sum="KL(p || q), which covers modes",
        nonsat="KL(q || p), which seeks modes",
    )

    threshold: ClassVar[float] = 1.0

    def variational(self, logits):
        return logits

    def fake(self, logits):
        return _evaluate_or_inf(ops.exp, logits - 1.0)


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class ReverseKL(FDivergence):
    """f(u) = -ln u: T(s) = -exp(-s), f*(T(s)) = s - 1. D_f = KL(q || p)."""

    facts: ClassVar[LinkFacts] = LinkFacts(
        real="exp(-s)",
        fake="s - 1",
        fool="exp(-s)",
        best="ln(p / q)",
        least="-KL(q || p)",
        zero_sum="KL(q || p), which seeks modes",
        nonsat="Neyman chi-square(p || q) / 2",
    )

    def variational(self, logits):
        return -_evaluate_or_inf(ops.exp, -logits)

    def fake(self, logits):
        return logits - 1.0


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class Pearson(FDivergence):
    """f(u) = (u - 1)^2: T(s) = s, f*(T(s)) = relu(s + 2)^2 / 4 - 1. D_f = sum (p - q)^2 / q.

    The cut at s = -2, where u = 0, costs D nothing and keeps `fake` from falling as s rises.
    """

    facts: ClassVar[LinkFacts] = LinkFacts(
        real="-s",
        fake="relu(s + 2)**2 / 4 - 1",
        fool="-s",
        best="2 (p / q - 1)",
        least="-sum (p - q)^2 / q",
        zero_sum="Pearson's chi-square, sum (p - q)^2 / q",
        nonsat="2 KL(p || q)",
    )

    def variational(self, logits):
        return logits

    def fake(self, logits):
        cut = ops.maximum(logits, -2.0)
        return cut * (1.0 + 0.25 * cut)


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class Neyman(FDivergence):
    """f(u) = (1 - u)^2 / u: T(s) = 1 - exp(-s), f*(T(s)) = 2 - 2 exp(-s/2). D_f = sum (p - q)^2 / p."""

    facts: ClassVar[LinkFacts] = LinkFacts(
        real="expm1(-s)",
        fake="-2 * expm1(-s / 2)",
        fool="expm1(-s)",
        best="2 ln(p / q)",
        least="-sum (p - q)^2 / p",
        zero_sum="Neyman's chi-square, sum (p - q)^2 / p",
        nonsat="the alpha = -2 divergence, twice",
    )

    def variational(self, logits):
        return -_evaluate_or_inf(ops.expm1, -logits)

    def fake(self, logits):
        return -2.0 * _evaluate_or_inf(ops.expm1, -0.5 * logits)


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class Hellinger(FDivergence):
    """f(u) = (sqrt(u) - 1)^2: T(s) = 1 - exp(-s), f*(T(s)) = exp(s) - 1. D_f = sum (sqrt(p) - sqrt(q))^2."""

    facts: ClassVar[LinkFacts] = LinkFacts(
        real="expm1(-s)",
        fake="expm1(s)",
        fool="expm1(-s)",
        best="ln(p / q) / 2",
        least="-sum (sqrt(p) - sqrt(q))^2",
        zero_sum="the squared Hellinger distance, sum (sqrt(p) - sqrt(q))^2",
        nonsat="the alpha = -1/2 divergence, halved",
    )

    def variational(self, logits):
        return -_evaluate_or_inf(ops.expm1, -logits)

    def fake(self, logits):
        return _evaluate_or_inf(ops.expm1, logits)


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class JensenShannon(FDivergence):
    """f(u) = u ln u - (u + 1) ln((u + 1) / 2): T(s) = ln 2 - softplus(-s), f*(T(s)) = softplus(s) - ln 2.

    D_f = 2 JSD(p, q), at most 2 ln 2.
    """

    facts: ClassVar[LinkFacts] = LinkFacts(
        real="softplus(-s) - ln2",
        fake="softplus(s) - ln2",
        fool="softplus(-s) - ln2",
        best="ln(p / q)",
        least="-2 JSD(p, q)",
        zero_sum="2 JSD(p, q)",
        nonsat=_KL_LESS_JSD,
    )

    def variational(self, logits):
        return -_log_mean_exp(-logits)

    def fake(self, logits):
        return _log_mean_exp(logits)


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class Goodfellow(FDivergence):
    """f(u) = u ln u - (u + 1) ln(u + 1): T(s) = -softplus(-s), f*(T(s)) = softplus(s).

    The logistic link by another way: D_f = 2 JSD(p, q) - 2 ln 2, which is -2 ln 2 and not 0 at p = q.
    """

    facts: ClassVar[LinkFacts] = LinkFacts(
        real="softplus(-s)",
        fake="softplus(s)",
        fool="softplus(-s)",
        best="ln(p / q)",
        least="2 ln 2 - 2 JSD(p, q)",
        zero_sum="2 JSD(p, q)",
        nonsat=_KL_LESS_JSD,
    )

    def variational(self, logits):
        return -ops.softplus(-logits)

    def fake(self, logits):
        return ops.softplus(logits)


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class TotalVariation(FDivergence):
    """f(u) = |u - 1| / 2: T(s) = tanh(s) / 2, f*(T(s)) = tanh(s) / 2. D_f = sum |p - q| / 2, "
    "approached as |s| grows."""

    facts: ClassVar[LinkFacts] = LinkFacts(
        real="-tanh(s) / 2",
        fake="tanh(s) / 2",
        fool="-tanh(s) / 2",
        best="+inf where p > q, -inf where p < q",
        least="-TV(p, q), never reached",
        zero_sum="TV(p, q); its gradient vanishes as D nears its best",
        nonsat="TV(p, q); the two forms are one",
    )

    def variational(self, logits):
        return 0.5 * ops.tanh(logits)

    def fake(self, logits):
        return 0.5 * ops.tanh(logits)


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class Alpha(FDivergence):
    """f(u) = (u^a - 1 - a (u - 1)) / (a (a - 1)), any a but 0 and 1, where it tends to reverse KL and KL.

        T(s) = f'(exp(s)) = (exp((a - 1) s) - 1) / (a - 1),  f*(T(s)) = (exp(a s) - 1) / a

    D's best logit is ln(p / q) for every a. a = 2 is half of Pearson, -1 half of Neyman, 1/2 twice Hellinger.
    The paper's T differs; its threshold is not 0 and it overflows near a = 1.

    Args:
        alpha: a.
    """

    facts: ClassVar[LinkFacts] = LinkFacts(
        real="-expm1((alpha - 1) * s) / (alpha - 1)",
        fake="expm1(alpha * s) / alpha",
        fool="-expm1((alpha - 1) * s) / (alpha - 1)",
        best="ln(p / q)",
        least="-D_alpha(p || q) = (1 - sum p^alpha q^(1 - alpha)) / (alpha (alpha - 1))",
        zero_sum="D_alpha(p || q)",
        nonsat="D_(alpha - 1)(p || q), of the same family (KL at 1, reverse KL at 0)",
    )

    alpha: NotZeroOrOne = 0.5

    def variational(self, logits):
        return _evaluate_or_inf(ops.expm1, (self.alpha - 1.0) * logits) / (self.alpha - 1.0)

    def fake(self, logits):
        return _evaluate_or_inf(ops.expm1, self.alpha * logits) / self.alpha


def _evaluate_or_inf(function, x):
    """Return `function(x)`, with gradient 0 where it overflows to inf.

    The slope there would be inf, which a weight of 0 on its way back turns into NaN.
    """
    overflows = ops.isinf(function(x))
    return ops.where(overflows, math.inf, function(ops.where(overflows, 0.0, x)))


def _log_mean_exp(x):
    """Return ln((1 + exp(x)) / 2), to full relative precision near 0 too, as is its gradient."""
    negative = x < 0
    below = ops.log1p(0.5 * ops.expm1(ops.where(negative, x, -x)))
    return ops.where(negative, below, x + below)
