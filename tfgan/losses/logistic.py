"""The logistic link: cross-entropy."""

import dataclasses

import keras
from keras import ops

from tfgan.losses.link import Link


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class Logistic(Link):
    """Take the logit for ln(p / (1 - p)), p being D's probability of real, and pay the cross-entropy in nats.

        real(s) = softplus(-s) = -ln sigmoid(s),  fake(s) = softplus(s) = -ln(1 - sigmoid(s)),  fool(s) = softplus(-s)

    Reference: Goodfellow et al. 2014, "Generative Adversarial Nets", eq. 1 and the end of section 3.
    """

    def real(self, logits):
        return ops.softplus(-logits)

    def fake(self, logits):
        return ops.softplus(logits)

    fool = real
