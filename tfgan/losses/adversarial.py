"""Build an objective from a link, a pairing and a generator form."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any, Literal

import keras
from keras import ops

from tfgan.core import sizes
from tfgan.losses import check_pairing, links
from tfgan.losses.link import Link
from tfgan.losses.objective import Objective, add_halves, check_logits, per_example


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class Adversarial(Objective):
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
        ValueError: an unknown link or option, or a link that has no meaning under the pairing.

    Example:
        >>> loss = tfgan.losses.Adversarial(link="hinge", pairing="paired")
        >>> loss.discriminator(real_logits, fake_logits)    # (n, 1) and (n, 1) -> (n,)

    Reference: Jolicoeur-Martineau 2019, "The relativistic discriminator", section 4.
    """

    link: Any = "logistic"
    pairing: Literal["independent", "paired", "average"] = "independent"
    generator_form: Literal["nonsat", "zero_sum"] = "nonsat"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.link, (str, Link)):
            raise TypeError(f"link: expected a name or a tfgan.losses.Link, got {self.link!r}")
        check_pairing(links.name_of(self.link_fn), self.pairing, self.link_fn.get_config())

    @classmethod
    def from_config(cls, config):
        """Build the object that `get_config` described; its link may be a name, a `Link` or a Keras config."""
        return cls(
            **{
                **config,
                "link": links.get(config["link"]) if isinstance(config["link"], Mapping) else config["link"],
            }
        )

    @functools.cached_property
    def link_fn(self) -> Link:
        """The link itself."""
        return links.get(self.link)

    @property
    def uses_whole_batch(self) -> bool:
        """Whether an example's loss depends on other examples, so that it must see the global batch."""
        return self.pairing == "average"

    @property
    def generator_uses_real(self) -> bool:
        """Whether G's loss depends on the real logits."""
        return self.pairing != "independent"

    def discriminator(self, real_logits, fake_logits, *, sample_weight=None):
        """Return D's loss.

        Args:
            real_logits: floating-point tensor of shape (n, ...); maps are averaged per example.
            fake_logits: the same for fakes; as many as reals when `paired`.
            sample_weight: tensor of shape (n,) that multiplies each example's value, or None; needs as many
                fakes as reals. Under `average` the means that logits are compared with are weighted too.

        Returns:
            Tensor of shape (n,), float32 or wider; a scalar when `uses_whole_batch`, or when the two batches
            differ in size.

        Raises:
            ValueError: shapes that do not fit each other.
            tf.errors.InvalidArgumentError: the same for sizes that are known only when a graph runs.
        """
        real, fake, weight = check_logits(real_logits, fake_logits, sample_weight)
        real, fake = self._compare_logits(real, fake, weight)
        if self.pairing == "paired":
            return per_example(self.link_fn.real(real), weight)
        return add_halves(
            self.link_fn.real(real), self.link_fn.fake(fake), weight, separate=self.pairing == "average"
        )

    def generator(self, real_logits, fake_logits, *, sample_weight=None):
        """Return G's loss; arguments and result as in `discriminator`.

        `real_logits` may be None unless the loss `generator_uses_real`.
        """
        if self.pairing == "independent":
            _, fake, weight = check_logits(fake_logits, fake_logits, sample_weight)
            return per_example(
                -self.link_fn.fake(fake) if self.generator_form == "zero_sum" else self.link_fn.fool(fake),
                weight,
            )
        if self.generator_form == "zero_sum":
            return -self.discriminator(real_logits, fake_logits, sample_weight=sample_weight)
        real, fake, weight = check_logits(real_logits, fake_logits, sample_weight)
        real, fake = self._compare_logits(real, fake, weight)
        if self.pairing == "paired":
            return per_example(self.link_fn.real(fake), weight)
        return add_halves(
            self.link_fn.fake(real), self.link_fn.real(fake), weight, separate=self.pairing == "average"
        )

    def correct(self, real_logits, fake_logits):
        """Return, as two boolean tensors, where D tells real from fake."""
        real, fake = self._compare_logits(*check_logits(real_logits, fake_logits))
        threshold = self.link_fn.threshold if self.pairing == "independent" else 0.0
        return real > threshold, fake < threshold

    def _compare_logits(self, real, fake, weight):
        """Return the two inputs of the link, real and fake: logits or their differences, by pairing."""
        if self.pairing == "paired":
            real, fake = sizes.require_equal([real, fake], sizes.ROWS, _describe_unpaired)
            return real - fake, fake - real
        if self.pairing == "average":
            return real - _average(fake, weight), fake - _average(real, weight)
        return real, fake


def _describe_unpaired(reals, fakes) -> list[Any]:
    return ["fake_logits: pairing='paired' expected ", reals, " examples, got ", fakes]


def _average(values, weight):
    """Return the mean over all examples, or the weighted one; 0 where no example counts."""
    if weight is None:
        return ops.mean(values)
    total = ops.sum(weight)
    return ops.sum(per_example(values, weight)) / ops.where(total == 0, 1.0, total)
