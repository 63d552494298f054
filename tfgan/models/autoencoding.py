"""Train a generator against an autoencoder."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan import kinds
from tfgan.models.arguments import Examples
from tfgan.models.gan import GAN
from tfgan.penalties.inputs import FAKE, REAL
from tfgan.training import discriminator


@keras.saving.register_keras_serializable("tfgan")
class AutoencodingGAN(GAN):
    """Train G against an autoencoder: an example is as real as D can reconstruct it.

    The objectives `ebgan` and `began` use the reconstruction error as the energy of an example.

    Args:
        generator: latents (n, latent_dim) to examples (n, *shape).
        discriminator: examples (n, *shape), or packs of them, to {"reconstruction": the same shape}, such as
            `network.autoencoder()`.
        **kwargs: as for `GAN`.

    Reference: Zhao et al. 2017, "Energy-based Generative Adversarial Network", section 2.
    """

    discriminator_heads = ("reconstruction",)

    def compile(self, loss="began", **kwargs):
        """Choose the objective, `began` by default; all other arguments are as for `GAN.compile`."""
        super().compile(loss, **kwargs)

    def reconstruct(self, x) -> tf.Tensor:
        """Return D's reconstruction of examples (n, *shape), or of packs, float32, in inference mode.

        Raises:
            ValueError: examples of another shape or range.
        """
        x = Examples(kinds.of(self.discriminator.inputs[0].shape[1:]), "x").accept(x)
        return tf.cast(discriminator.inference(self.discriminator, x)["reconstruction"], tf.float32)

    def extra_metrics(self, critic, batch):
        """Return the root mean square error of reconstruction, over all entries, of reals and of fakes."""
        return {
            f"reconstruction/{side}": _reconstruction_rms(critic[at])
            for side, at in (("real", REAL), ("fake", FAKE))
        }


def _reconstruction_rms(at) -> tf.Tensor:
    return tf.sqrt(tf.reduce_mean(tf.square(at.heads["reconstruction"] - at.heads["input"])))
