"""The dual contrastive objective: it compares each example with all examples of the other side."""

from __future__ import annotations

import dataclasses
from typing import ClassVar, Literal

import keras
from keras import ops

from tfgan.losses.objective import Objective, add_halves, check_logits, per_example, require_same_shape


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class DualContrastive(Objective):
    """Pick each real among all fakes, and each fake among all reals: with r and f logits, D minimizes

        E_i ln(1 + sum_j exp(f_j - r_i)) + E_j ln(1 + sum_i exp(f_j - r_i))

    and G maximizes it. Maps of logits are averaged first: an example has one logit.

    Args:
        generator_form: "zero_sum" as above, the paper's game; in "nonsat" G minimizes the same with real and
            fake exchanged, whose gradient does not vanish where D wins.

    Reference: Yu et al. 2021, "Dual Contrastive Loss and Attention for GANs".
    """

    uses_whole_batch: ClassVar[bool] = True
    generator_uses_real: ClassVar[bool] = True
    generator_form: Literal["zero_sum", "nonsat"] = "zero_sum"

    def discriminator(self, real_logits, fake_logits):
        """Return D's loss, a scalar, of logits (n, ...) and (m, ...)."""
        real, fake, _ = check_logits(real_logits, fake_logits)
        difference = per_example(fake)[None, :] - per_example(real)[:, None]
        return add_halves(
            _log_one_plus_sum(difference, axis=1), _log_one_plus_sum(difference, axis=0), separate=True
        )

    def generator(self, real_logits, fake_logits):
        """Return minus D's loss, or D's loss with the sides exchanged, a scalar."""
        if self.generator_form == "nonsat":
            # Before they change places: a message names the right one
            real, fake = require_same_shape(real_logits, fake_logits)
            return self.discriminator(fake, real)
        return -self.discriminator(real_logits, fake_logits)


def _log_one_plus_sum(differences, axis):
    """Return ln(1 + sum exp) along an axis, without overflow."""
    padding = [(0, 0), (0, 0)]
    padding[axis] = (1, 0)
    return ops.logsumexp(ops.pad(differences, padding), axis=axis)
