"""Objectives that compare two batches of D's embeddings by a kernel."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Literal

import keras
from keras import ops

from tfgan.core import sizes
from tfgan.core.options import PositiveInt
from tfgan.losses.objective import Objective, convert_logits

SCALES = (0.2, 0.5, 1.0, 2.0, 5.0)  # alpha of the rational quadratics of Binkowski et al. 2018
DEVIATIONS = (1.0, 2.0, 4.0, 8.0, 16.0)  # sigma of the Gaussians, Li et al. 2017


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class KernelDistance(Objective):
    """Compare the embeddings h(x) that D returns: D maximizes and G minimizes

        MMD^2 = E k(h, h') + E k(g, g') - 2 E k(h, g),   h, h' of two reals, g, g' of two fakes,

    estimated without bias on the batch: no example is compared with itself. D's logit at x is the witness
    function E k(h(x), h) - E k(h(x), g), positive where reals are nearer; gradient penalties are on it.

    Args:
        kernel: k(a, b) is minus |a - b| ("distance"; MMD^2 is then the energy distance), the sum of (1 + |a -
            b|^2 / (2 alpha))^-alpha over alpha of .2, .5, 1, 2, 5 ("rational_quadratic"), or the sum of
            exp(-|a - b|^2 / (2 sigma^2)) over sigma of 1, 2, 4, 8, 16 ("gaussian").
        dimensions: of the embedding, for the networks that a command builds.

    Raises:
        ValueError: outputs that are no vectors, or fewer than two of a side.

    Reference: Binkowski et al. 2018, "Demystifying MMD GANs"; Bellemare et al. 2017, "The Cramer Distance as
    a Solution to Biased Wasserstein Gradients", whose surrogate leaves out the term of two reals that this
    has.
    """

    uses_whole_batch: ClassVar[bool] = True
    generator_uses_real: ClassVar[bool] = True
    uses_embeddings: ClassVar[bool] = True
    kernel: Literal["distance", "rational_quadratic", "gaussian"] = "rational_quadratic"
    dimensions: PositiveInt = 16

    def logits_from(self, x, outputs):
        """Return D's output as vectors, float32 (n, k)."""
        return ops.reshape(outputs["logits"], sizes.flat_shape(outputs["logits"]))

    def witness_logits(self, outputs, real, fake):
        """Return the logit of each of `outputs`, (n, 1), for embeddings (n, k) of reals and of fakes."""
        return ops.mean(self._gram(outputs, real), axis=1, keepdims=True) - ops.mean(
            self._gram(outputs, fake), axis=1, keepdims=True
        )

    def discriminator(self, real_logits, fake_logits):
        """Return -MMD^2, a scalar, of embeddings (n, k) and (m, k)."""
        return -self.generator(real_logits, fake_logits)

    def generator(self, real_logits, fake_logits):
        """Return MMD^2, a scalar, of embeddings (n, k) and (m, k)."""
        reals, fakes, across = self._average_kernels(real_logits, fake_logits)
        return ops.mean(reals) + ops.mean(fakes) - 2.0 * ops.mean(across)

    def correct(self, real_logits, fake_logits):
        """Return where the witness, computed without the example itself, has the right sign."""
        reals, fakes, across = self._average_kernels(real_logits, fake_logits)
        return reals > ops.mean(across, axis=1), fakes > ops.mean(across, axis=0)

    def _average_kernels(self, real, fake):
        """Return each real's mean kernel with the other reals, each fake's with the other fakes, and the kernel across."""
        real, fake = convert_logits(real, fake)
        real, fake = (
            _require_vectors(name, side) for name, side in (("real_logits", real), ("fake_logits", fake))
        )
        real, fake = sizes.require_equal([real, fake], sizes.REST, _describe_unlike)
        return self._average_over_others(real), self._average_over_others(fake), self._gram(real, fake)

    def _average_over_others(self, side):
        count = ops.shape(side)[0]
        gram = self._gram(side, side) * (1.0 - ops.eye(count, dtype=side.dtype))
        return ops.sum(gram, axis=1) / ops.cast(count - 1, side.dtype)

    def _gram(self, a, b):
        """Return k(a_i, b_j), (n, m)."""
        squared = ops.sum(ops.square(a[:, None] - b[None]), axis=2)
        if self.kernel == "distance":
            same = squared == 0
            return -ops.where(same, 0.0, ops.sqrt(ops.where(same, 1.0, squared)))  # gradient 0, not NaN, at 0
        if self.kernel == "gaussian":
            return sum(ops.exp(-squared / (2.0 * sigma**2)) for sigma in DEVIATIONS)
        return sum(ops.exp(-alpha * ops.log1p(squared / (2.0 * alpha))) for alpha in SCALES)


def _require_vectors(name: str, side):
    """Check that embeddings have shape (n, k) with n of at least 2; return them."""
    message = [f"{name}: expected embeddings of shape (n, k), n of at least 2, got ", sizes.shape_of(side)]
    if len(side.shape) != 2:
        raise ValueError("".join(map(str, message)))
    return sizes.require_rows(side, 2, message)


def _describe_unlike(reals, fakes):
    return ["fake_logits: expected shape (n, ", reals[0], ") as real_logits has, got (n, ", fakes[0], ")"]
