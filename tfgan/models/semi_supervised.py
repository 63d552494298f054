"""Train a classifier on few labels: the discriminator of a GAN."""

from __future__ import annotations

import keras
import tensorflow as tf

from tfgan.models.conditional import accuracy, cross_entropy
from tfgan.models.gan import GAN
from tfgan.training import discriminator
from tfgan.training.critic import LABELED


@keras.saving.register_keras_serializable("tfgan")
class SemiSupervisedGAN(GAN):
    """Train D to classify reals from few labels, and to tell reals from fakes.

    For K classes D has K outputs l_k; "fake" is one more class whose output is fixed at 0. So the probability
    of "real" is Z / (Z + 1) with Z = sum_k exp(l_k), and D's logit is log Z. Any objective of logits can be
    chosen; the paper uses `nonsat`. D's loss also has `class_weight` times the cross-entropy of labeled
    reals. In the paper G minimizes only feature matching, the penalty `feature_matching:alone=true`.

    The labeled reals reach D without augmentation or instance noise. Each batch has labeled examples besides
    the unlabeled ones, as `Source.dataset(..., labels_per_class=k)` yields them.

    Args:
        generator: latents (n, latent_dim) to examples (n, *shape).
        discriminator: examples (n, *shape) to {"logits": (n, 1), "classes": (n, K)}, such as networks with
            `task="classify"`.
        class_weight: weight of the cross-entropy.
        **kwargs: as for `GAN`.

    Reference: Salimans et al. 2016, "Improved Techniques for Training GANs", section 5.
    """

    discriminator_heads = ("classes",)
    batch_fields = ("labeled_x", "labeled_labels")

    def __init__(
        self, generator: keras.Model, discriminator: keras.Model, *, class_weight: float = 1.0, **kwargs
    ):
        if kwargs.get("pack", 1) != 1:
            raise ValueError(
                f"pack: SemiSupervisedGAN expected 1, since a pack has no single class, got {kwargs['pack']}"
            )
        super().__init__(generator, discriminator, **kwargs)
        self.class_weight = class_weight

    @property
    def num_classes(self) -> int:
        """Number of classes that D tells apart."""
        return self.discriminator.output["classes"].shape[-1]

    def classify(self, x) -> tf.Tensor:
        """Return the probability of each class for examples (n, *shape), float32 (n, num_classes).

        Raises:
            ValueError: examples of another shape or range.
        """
        return tf.nn.softmax(
            tf.cast(
                discriminator.inference(self.discriminator, self._examples.accept(x))["classes"], tf.float32
            )
        )

    def discriminator_loss(self, critic, batch):
        """Section 5: L_unsupervised + L_supervised."""
        supervised = cross_entropy(batch.noise["labeled_labels"], critic[LABELED].heads["classes"])
        return super().discriminator_loss(critic, batch) | {"class/labelled": self.class_weight * supervised}

    def extra_metrics(self, critic, batch):
        """Return the accuracy on the labeled reals."""
        return {
            "accuracy/class_labelled": accuracy(
                batch.noise["labeled_labels"], critic[LABELED].heads["classes"]
            )
        }

    def get_config(self):
        return {**super().get_config(), "class_weight": self.class_weight}
