"""A GAN as the Keras guides have their readers write one: a model whose `train_step` is the whole step.

It follows the recipe of "Customizing what happens in `fit()` with TensorFlow" (keras.io): D learns from one
batch of fakes and reals together, under labels with noise; G is then run anew for its own update; one binary
cross-entropy serves both. The networks are those of this package, with Keras's own LeakyReLU. They have batch
normalization, which the guide's do not, so training mode is asked for.
"""

import keras
import tensorflow as tf
from keras import ops

from tfgan.layers.leaky_relu import LeakyReLU

LABEL_NOISE = 0.05


def plain(model):
    """Return a copy made of Keras's own layers."""

    def copied(layer):
        return (
            keras.layers.LeakyReLU(layer.slope)
            if isinstance(layer, LeakyReLU)
            else layer.__class__.from_config(layer.get_config())
        )

    return keras.models.clone_model(model, clone_function=copied)


class GuideGAN(keras.Model):
    """A GAN of two networks; `latent_dim` is the generator's."""

    def __init__(self, generator, discriminator):
        super().__init__()
        self.generator, self.discriminator = plain(generator), plain(discriminator)
        self.latent_dim = generator.input_shape[-1]
        self.seeds = keras.random.SeedGenerator(1)
        self.d_mean, self.g_mean = keras.metrics.Mean(name="d_loss"), keras.metrics.Mean(name="g_loss")
        self.built = True

    @property
    def metrics(self):
        return [self.d_mean, self.g_mean]

    def compile(self, d_optimizer, g_optimizer, loss_fn, **keywords):
        super().compile(**keywords)
        self.d_optimizer, self.g_optimizer, self.loss_fn = d_optimizer, g_optimizer, loss_fn

    def train_step(self, real_images):
        count = ops.shape(real_images)[0]
        d_loss = self.update_discriminator(real_images, count)
        g_loss = self.update_generator(count)
        self.d_mean.update_state(d_loss)
        self.g_mean.update_state(g_loss)
        return {metric.name: metric.result() for metric in self.metrics}

    def update_discriminator(self, real_images, count):
        fakes = self.generator(self.latents(count), training=True)
        images = ops.concatenate([fakes, real_images], axis=0)
        # The guide's fakes are the ones
        labels = ops.concatenate([ops.ones((count, 1)), ops.zeros((count, 1))], axis=0)
        labels += LABEL_NOISE * keras.random.uniform(ops.shape(labels), seed=self.seeds)
        with tf.GradientTape() as tape:
            loss = self.loss_fn(labels, self.discriminator(images, training=True))
        gradients = tape.gradient(loss, self.discriminator.trainable_weights)
        self.d_optimizer.apply(gradients, self.discriminator.trainable_weights)
        return loss

    def update_generator(self, count):
        latents = self.latents(count)
        with tf.GradientTape() as tape:
            said = self.discriminator(self.generator(latents, training=True), training=True)
            loss = self.loss_fn(ops.zeros((count, 1)), said)
        gradients = tape.gradient(loss, self.generator.trainable_weights)
        self.g_optimizer.apply(gradients, self.generator.trainable_weights)
        return loss

    def latents(self, count):
        """Draw latents (count, latent_dim)."""
        return keras.random.normal((count, self.latent_dim), seed=self.seeds)


def make_gan(network, **compile_arguments):
    """Return a compiled GAN with the networks of `network`; keyword arguments go to `compile`."""
    gan = GuideGAN(network.generator(), network.discriminator())
    d_optimizer, g_optimizer = (keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(2))
    gan.compile(
        d_optimizer, g_optimizer, keras.losses.BinaryCrossentropy(from_logits=True), **compile_arguments
    )
    return gan
