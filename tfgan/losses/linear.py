"""The linear link: the Wasserstein critic."""

import dataclasses

import keras

from tfgan.losses.link import Link


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class Linear(Link):
    """Pay the logit itself.

        real(s) = -s,  fake(s) = s,  fool(s) = -s

    Under a 1-Lipschitz D, minus D's least loss is the Wasserstein-1 distance; nothing here makes D Lipschitz.

    Reference: Arjovsky et al. 2017, "Wasserstein GAN", eq. 2 and 3.
    """

    def real(self, logits):
        return -logits

    def fake(self, logits):
        return logits

    fool = real
