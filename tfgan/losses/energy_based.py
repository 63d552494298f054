"""Energy-based objectives: D is an autoencoder, and the energy of an input is its reconstruction error."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import keras
from keras import ops

from tfgan.core import sizes
from tfgan.core.options import Fraction, NonNegative, Positive
from tfgan.losses.objective import Objective, add_halves, check_logits, per_example


@dataclasses.dataclass(frozen=True)
class _EnergyBased(Objective):
    """G minimizes the energy of its fakes. Logits are minus energies, so that high means real here too."""

    uses_reconstruction: ClassVar[bool] = True

    def logits_from(self, x, outputs):
        """Return minus the energy of each example, float32 (n, 1)."""
        error = ops.cast(x, "float32") - ops.cast(outputs["reconstruction"], "float32")
        return -ops.mean(ops.reshape(self.distance(error), sizes.flat_shape(x)), axis=1, keepdims=True)

    def distance(self, error):
        """Return the energy of each entry."""
        raise TypeError(f"{type(self).__name__} must define distance(error)")

    def generator(self, real_logits, fake_logits, *, sample_weight=None, state=None):
        """Return the energy of each fake, -f, shape (n,)."""
        _, fake, weight = check_logits(fake_logits, fake_logits, sample_weight)
        return per_example(-fake, weight)


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class EBGAN(_EnergyBased):
    """Raise the energy of fakes up to a margin: D pays E(x) + relu(margin - E(G(z))), G pays E(G(z)).

    E(x) is the mean squared error of D's reconstruction, over the entries of x. In logits, s = -E: -r +
    relu(margin + f), -f.

    Args:
        margin: m of the paper, in units of E.

    Reference: Zhao, Mathieu & LeCun 2017, "Energy-based Generative Adversarial Network", section 2.1.
    """

    margin: Positive = 1.0

    def distance(self, error):
        return ops.square(error)

    def discriminator(self, real_logits, fake_logits, *, sample_weight=None):
        """Return -r + relu(margin + f), shape (n,)."""
        real, fake, weight = check_logits(real_logits, fake_logits, sample_weight)
        return add_halves(-real, ops.relu(self.margin + fake), weight)

    def correct(self, real_logits, fake_logits):
        """Return where energies are on their side of margin / 2: at its best D has 0 on reals and margin on fakes."""
        return real_logits > -0.5 * self.margin, fake_logits < -0.5 * self.margin


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class BEGAN(_EnergyBased):
    """Balance both energies at E(G(z)) = gamma E(x): D pays E(x) - k E(G(z)), G pays E(G(z)).

    E(x) is the mean absolute error of D's reconstruction, over the entries of x. After each update of D k <-
    clip(k + k_rate (gamma E(x) - E(G(z))), 0, 1) of the batch means, from k = 0; k is part of the saved
    state. The convergence measure E(x) + |gamma E(x) - E(G(z))| is logged.

    Args:
        gamma: E(G(z)) / E(x) at the balance; less of it gives sharper, less varied fakes.
        k_rate: lambda_k of the paper.

    Reference: Berthelot, Schumm & Metz 2017, "BEGAN: Boundary Equilibrium Generative Adversarial Networks",
    sections 3.3 and 3.4.
    """

    initial_state: ClassVar = {"k": 0.0}
    extra_metrics: ClassVar[tuple[str, ...]] = ("began/k", "began/convergence")
    gamma: Fraction = 0.5
    k_rate: NonNegative = 1e-3

    def distance(self, error):
        return ops.abs(error)

    def discriminator(self, real_logits, fake_logits, *, sample_weight=None, state=None):
        """Return -r + k f, shape (n,); k is `state["k"]`, at the start of training 0."""
        real, fake, weight = check_logits(real_logits, fake_logits, sample_weight)
        return add_halves(-real, (state or self.initial_state)["k"] * fake, weight)

    def next_state(self, real_logits, fake_logits, state):
        """Return `{"k": ...}` for the next step."""
        return {"k": ops.clip(state["k"] + self.k_rate * self._imbalance(real_logits, fake_logits), 0.0, 1.0)}

    def measure(self, real_logits, fake_logits, state):
        """Return the scalars to log, by name."""
        imbalance = self._imbalance(real_logits, fake_logits)
        return dict(
            zip(self.extra_metrics, (state["k"], -ops.mean(real_logits) + ops.abs(imbalance)), strict=True)
        )

    def _imbalance(self, real_logits, fake_logits):
        """Return gamma E(x) - E(G(z))."""
        return ops.stop_gradient(ops.mean(fake_logits) - self.gamma * ops.mean(real_logits))
