"""Train class-conditional GANs: `ConditionalGAN` and `ACGAN`."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan.models.conditions import Labels
from tfgan.models.gan import GAN
from tfgan.penalties.inputs import FAKE, REAL


@keras.saving.register_keras_serializable("tfgan")
class ConditionalGAN(GAN):
    """Train G and D on examples and their classes: both take labels as input.

    The fakes of a batch have the labels of its reals. D takes these labels at each of its inputs, and a
    paired objective compares examples of one class.

    Args:
        generator: [latents (n, latent_dim), labels int32 (n,)] to examples (n, *shape).
        discriminator: [examples (n, *shape), labels int32 (n,)] to logits.
        num_classes: labels are in [0, num_classes).
        **kwargs: as for `GAN`.

    Example:
        >>> network = tfgan.networks.get("dcgan", image_shape=(8, 8, 1), latent_dim=32, num_classes=10, condition="projection")
        >>> gan = tfgan.models.ConditionalGAN(network.generator(), network.discriminator(), num_classes=10)
        >>> gan.compile(loss="hinge")
        >>> gan.fit(tfgan.data.load("digits", 64), epochs=10, steps_per_epoch=100)
        >>> sevens = gan.generate(tf.random.normal((16, 32)), [7] * 16)

    Raises:
        ValueError: networks without an input of labels, or packs: a pack has no single class.

    Reference: Mirza & Osindero 2014, "Conditional Generative Adversarial Nets", equation 2; with a projection
    discriminator Miyato & Koyama 2018, "cGANs with Projection Discriminator", equation 3.
    """

    batch_fields = ("labels",)
    generator_inputs = ("labels",)
    discriminator_inputs = ("labels",)

    def __init__(self, generator: keras.Model, discriminator: keras.Model, *, num_classes: int, **kwargs):
        if kwargs.get("pack", 1) != 1:
            raise ValueError(
                f"pack: {type(self).__name__} expected 1, since a pack has no single class, got {kwargs['pack']}"
            )
        self._num_classes = num_classes
        super().__init__(generator, discriminator, **kwargs)

    @property
    def num_classes(self) -> int:
        """Number of classes; build both networks for it. A network that takes labels does not show it."""
        return self._num_classes

    @property
    def condition(self) -> Labels:
        return Labels(self.num_classes)

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}


@keras.saving.register_keras_serializable("tfgan")
class ACGAN(ConditionalGAN):
    """Train a class-conditional G against a D that takes no labels and classifies its input.

    D returns {"logits", "classes"}. C(x) is the cross-entropy between D's classes at x and the label, a mean
    over the batch. The model adds

        to D's loss   class_weight (C(real) + C(fake))
        to G's loss   class_weight C(fake).

    If `class_on_fakes` is false, D's loss lacks C(fake); G's loss keeps it.

    Args:
        generator: [latents (n, latent_dim), labels int32 (n,)] to examples (n, *shape).
        discriminator: examples (n, *shape) to {"logits": (n, 1), "classes": (n, num_classes)}.
        num_classes: labels are in [0, num_classes).
        class_weight: weight of the class terms; 1 in the paper.
        class_on_fakes: whether D learns the classes of fakes too, as in the paper.
        **kwargs: as for `GAN`.

    Reference: Odena et al. 2017, "Conditional Image Synthesis with Auxiliary Classifier GANs", equations 2
        and 3.
    """

    discriminator_heads = ("classes",)
    discriminator_inputs = ()

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        num_classes: int,
        class_weight: float = 1.0,
        class_on_fakes: bool = True,
        **kwargs,
    ):
        super().__init__(generator, discriminator, num_classes=num_classes, **kwargs)
        self.class_weight = class_weight
        self.class_on_fakes = class_on_fakes

    def head_widths(self):
        return {"classes": self.num_classes}

    def discriminator_loss(self, critic, batch):
        """Eq. 2 and 3: D maximizes L_S + L_C, the log-likelihoods of the source and of the class."""
        losses, labels = super().discriminator_loss(critic, batch), batch.noise["labels"]
        losses["class/real"] = self.class_weight * cross_entropy(labels, critic[REAL].heads["classes"])
        if self.class_on_fakes:
            losses["class/fake"] = self.class_weight * cross_entropy(labels, critic[FAKE].heads["classes"])
        return losses

    def generator_loss(self, critic, batch):
        """G maximizes L_C - L_S."""
        named = cross_entropy(batch.noise["labels"], critic[FAKE].heads["classes"])
        return super().generator_loss(critic, batch) | {"class/generator": self.class_weight * named}

    def extra_metrics(self, critic, batch):
        """Return the accuracies of D's classes on reals and on fakes."""
        sides = (("real", REAL), ("fake", FAKE))
        return {
            f"accuracy/class_{side}": accuracy(batch.noise["labels"], critic[at].heads["classes"])
            for side, at in sides
        }

    def get_config(self):
        return {
            **super().get_config(),
            "class_weight": self.class_weight,
            "class_on_fakes": self.class_on_fakes,
        }


def cross_entropy(labels, logits) -> tf.Tensor:
    """Return the mean cross-entropy, in nats, between labels int (n,) and class logits (n, num_classes)."""
    rows = tf.one_hot(labels, logits.shape[-1])  # XLA on a CPU compiles it faster than a gather
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(rows, logits))


def accuracy(labels, logits) -> tf.Tensor:
    """Return the share of examples whose most likely class is their label."""
    return tf.reduce_mean(
        tf.cast(
            tf.equal(tf.argmax(logits, axis=-1, output_type=tf.int32), tf.cast(labels, tf.int32)), tf.float32
        )
    )
