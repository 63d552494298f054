"""Train an InfoGAN: G takes codes, and D recovers them from the examples."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from tfgan.models.conditions import Codes
from tfgan.models.gan import GAN
from tfgan.penalties.inputs import FAKE
from tfgan.training import discriminator

LEAST_DEVIATION = 0.1  # of a recovered continuous code; it bounds the loss and its gradient


@keras.saving.register_keras_serializable("tfgan")
class InfoGAN(GAN):
    """Train G on latents and codes, and maximize the information about the codes in its examples.

    D has a head Q that predicts the codes c of a fake. Q gives a lower bound of their mutual information, in
    nats:

        I(c; G(z, c)) >= L_I = H(c) + E log Q(c | G(z, c)).

    Both players maximize it: the losses of D (with Q) and of G include -`categorical_weight` L_I of the
    categorical code and -`continuous_weight` L_I of the continuous codes. Q is a softmax over categories, and
    for each continuous code a Gaussian with its own mean and deviation (at least 0.1). H is ln(categorical),
    plus ln 2 for each continuous code.

    The logs contain the bounds, `information/categorical` and `information/continuous`, and both players'
    terms.

    Args:
        generator: [latents (n, latent_dim), codes (n, categorical + continuous)] to examples (n, *shape).
        discriminator: examples (n, *shape) to {"logits": (n, 1), "codes": (n, categorical + 2 continuous)}:
            logits of the categories, means, and raw deviations (0.1 + softplus of them is the deviation).
        categorical: categories of the categorical code, 0 for none.
        continuous: number of continuous codes.
        categorical_weight: lambda of the paper, for the categorical code.
        continuous_weight: the same for the continuous codes; their information has no upper bound.
        **kwargs: as for `GAN`.

    Raises:
        ValueError: no codes, or networks of other widths.

    Reference: Chen et al. 2016, "InfoGAN: Interpretable Representation Learning by Information Maximizing
    Generative Adversarial Nets", equations 5 and 6; section 6 for Q's form.
    """

    discriminator_heads = ("codes",)
    generator_inputs = ("codes",)

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        categorical: int = 0,
        continuous: int = 0,
        categorical_weight: float = 1.0,
        continuous_weight: float = 0.1,
        **kwargs,
    ):
        self._codes = Codes(categorical, continuous)
        if kwargs.get("pack", 1) != 1:
            raise ValueError(
                f"pack: InfoGAN expected 1, since a pack has no single code, got {kwargs['pack']}"
            )
        if not self._codes.width:
            raise ValueError("categorical, continuous: expected at least one code, got none of either")
        if len(generator.inputs) > 1 and (width := generator.inputs[1].shape[-1]) != self._codes.width:
            raise ValueError(f"generator: expected codes of width {self._codes.width}, got {width}")
        super().__init__(generator, discriminator, **kwargs)
        self.weights_of_codes = {"categorical": categorical_weight, "continuous": continuous_weight}

    @property
    def codes(self) -> Codes:
        """The codes that G takes as input."""
        return self._codes

    @property
    def condition(self) -> Codes:
        return self._codes

    def head_widths(self):
        return {"codes": self.codes.categorical + 2 * self.codes.continuous}

    def sample_condition(self, draws, count):
        return {"codes": self.codes.sample(draws, count)}

    def information(self, codes, guess) -> dict[str, tf.Tensor]:
        """Return the bound L_I of each kind of code, float32 (n,), in nats, summed over continuous codes.

        Args:
            codes: float32 (n, categorical + continuous).
            guess: D's head `codes` at the examples with these codes.
        """
        categorical, continuous = self.codes.categorical, self.codes.continuous
        logits, mean, scale = tf.split(guess, [categorical, continuous, continuous], axis=1)
        category, values = tf.split(codes, [categorical, continuous], axis=1)
        bounds = {}
        if categorical:
            bounds["categorical"] = math.log(categorical) - tf.nn.softmax_cross_entropy_with_logits(
                category, logits
            )
        if continuous:
            deviation = LEAST_DEVIATION + tf.nn.softplus(scale)
            likelihood = (
                -0.5 * tf.square((values - mean) / deviation)
                - tf.math.log(deviation)
                - 0.5 * math.log(2 * math.pi)
            )
            bounds["continuous"] = tf.reduce_sum(math.log(2.0) + likelihood, axis=1)
        return bounds

    def recover(self, x) -> tf.Tensor:
        """Return D's prediction of the codes of examples (n, *shape).

        The first entries are category probabilities, the next ones are means of the continuous codes.

        Raises:
            ValueError: examples of another shape or range.
        """
        guess = tf.cast(
            discriminator.inference(self.discriminator, self._examples.accept(x))["codes"], tf.float32
        )
        logits, mean, _ = tf.split(
            guess, [self.codes.categorical, self.codes.continuous, self.codes.continuous], axis=1
        )
        return tf.concat([tf.nn.softmax(logits), mean], axis=1)

    def discriminator_loss(self, critic, batch):
        return super().discriminator_loss(critic, batch) | self._information_loss(
            critic, batch, "discriminator"
        )

    def generator_loss(self, critic, batch):
        return super().generator_loss(critic, batch) | self._information_loss(critic, batch, "generator")

    def extra_metrics(self, critic, batch):
        """Return the bounds L_I, in nats."""
        bounds = self.information(batch.noise["codes"], critic[FAKE].heads["codes"])
        return {f"information/{kind}": tf.reduce_mean(bound) for kind, bound in bounds.items()}

    def _information_loss(self, critic, batch, player):
        """Eq. 6: both players minimize -lambda L_I of the fakes."""
        bounds = self.information(batch.noise["codes"], critic[FAKE].heads["codes"])
        return {
            f"information/{kind}_{player}": -self.weights_of_codes[kind] * tf.reduce_mean(bound)
            for kind, bound in bounds.items()
        }

    def get_config(self):
        weights = {f"{kind}_weight": weight for kind, weight in self.weights_of_codes.items()}
        return {**super().get_config(), **self.codes.get_config(), **weights}
