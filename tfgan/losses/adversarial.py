"""The algebra of objectives: link x pairing x generator form."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, Literal

import keras
from keras import ops

from tfgan._options import Configurable
from tfgan.losses import check_pairing, links
from tfgan.losses.link import Link


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class Adversarial(Configurable):
    """Compare real with fake logits through a link.

    With a = `link.real`, b = `link.fake`, r real and f fake logits, E the mean over the global batch:

        pairing       D minimizes                    G minimizes, non-saturating
        independent   E a(r) + E b(f)                E fool(f)
        paired        E a(r_i - f_i)                 E a(f_i - r_i)
        average       E a(r - E f) + E b(f - E r)    E a(f - E r) + E b(r - E f)

    In the zero-sum form G minimizes minus D's loss (independent: its fake half, -E b(f)).

    Args:
        link: name of a link, with options if any ("hinge:margin=2"), or a `Link`.
        pairing: which difference of logits the link sees.
        generator_form: "nonsat" or "zero_sum".

    Raises:
        ValueError: the link has no meaning under the pairing.

    Example:
        >>> loss = tfgan.losses.Adversarial(link="hinge", pairing="paired")
        >>> loss.discriminator(real_logits, fake_logits)    # (n, 1) and (n, 1) -> (n,)

    Reference: Jolicoeur-Martineau 2019, "The relativistic discriminator", sections 3.3 and 4.
    """

    link: Any = "logistic"
    pairing: Literal["independent", "paired", "average"] = "independent"
    generator_form: Literal["nonsat", "zero_sum"] = "nonsat"

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.link, str):
            check_pairing(self.link, self.pairing)
        elif not isinstance(self.link, Link):
            raise TypeError(f"link: expected a name or a tfgan.losses.Link, got {self.link!r}")

    @functools.cached_property
    def scores(self) -> Link:
        """The link itself."""
        return links.get(self.link)

    @property
    def couples(self) -> bool:
        """Whether an example's loss depends on other examples, so that it must see the global batch."""
        return self.pairing == "average"

    @property
    def compares(self) -> bool:
        """Whether G's loss depends on the real logits."""
        return self.pairing != "independent"

    def discriminator(self, real_logits, fake_logits):
        """Return what D minimizes.

        Args:
            real_logits: floating-point tensor of shape (n, ...); maps are averaged per example.
            fake_logits: the same for fakes; as many as reals when `paired`.

        Returns:
            Tensor of shape (n,); a scalar when `couples`, or when the two batches differ in size.
        """
        real, fake = self._compared(real_logits, fake_logits)
        if self.pairing == "paired":
            return _per_example(self.scores.real(real))
        return self._halves(self.scores.real(real), self.scores.fake(fake))

    def generator(self, real_logits, fake_logits):
        """Return what G minimizes; arguments and result as in `discriminator`.

        `real_logits` may be None unless the loss `compares`.
        """
        if not self.compares:
            fake = _at_least_float32(fake_logits)
            return _per_example(-self.scores.fake(fake) if self.generator_form == "zero_sum" else self.scores.fool(fake))
        if self.generator_form == "zero_sum":
            return -self.discriminator(real_logits, fake_logits)
        real, fake = self._compared(real_logits, fake_logits)
        if self.pairing == "paired":
            return _per_example(self.scores.real(-real))
        return self._halves(self.scores.fake(real), self.scores.real(fake))

    def correct(self, real_logits, fake_logits):
        """Return, as two boolean tensors, where D tells real from fake."""
        real, fake = self._compared(real_logits, fake_logits)
        threshold = self.scores.threshold if self.pairing == "independent" else 0.0
        return real > threshold, fake < threshold

    def _compared(self, real_logits, fake_logits):
        """Return what the link sees on the real and on the fake side."""
        real, fake = _at_least_float32(real_logits), _at_least_float32(fake_logits)
        if tuple(real.shape[1:]) != tuple(fake.shape[1:]):
            raise ValueError(
                f"fake_logits: expected shape (n, *{tuple(real.shape[1:])}) as real_logits has, got {tuple(fake.shape)}"
            )
        if self.pairing == "paired":
            if real.shape[0] != fake.shape[0]:
                raise ValueError(f"fake_logits: pairing='paired' expected {real.shape[0]} examples, got {fake.shape[0]}")
            return real - fake, fake - real
        if self.pairing == "average":
            return real - ops.mean(fake), fake - ops.mean(real)
        return real, fake

    def _halves(self, real_half, fake_half):
        """Add the two halves: per example where that is meaningful, else as means."""
        if self.couples or real_half.shape[0] != fake_half.shape[0]:
            return ops.mean(real_half) + ops.mean(fake_half)
        return _per_example(real_half) + _per_example(fake_half)


def _at_least_float32(logits):
    """Return `logits` as a tensor, half-precision ones widened to float32."""
    logits = ops.convert_to_tensor(logits)
    return ops.cast(logits, "float32") if keras.backend.standardize_dtype(logits.dtype) in ("bfloat16", "float16") else logits


def _per_example(values):
    """Average a map of values over everything but the first axis."""
    return ops.mean(values, axis=tuple(range(1, len(values.shape)))) if len(values.shape) > 1 else values
