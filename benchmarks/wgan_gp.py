"""WGAN-GP with five D steps, against Keras as users write it and PyTorch: `python benchmarks/wgan_gp.py`.

The same DCGAN (28x28, batch 64, width 64, no batch normalization in D), the same Adam, random images in
memory. Images a second count reals shown to D. Keras compiles `fit` with XLA by default where there is an
accelerator, and not on a CPU. `pip install torch` for the last contender; without it, it is left out.
"""

import pytorch as eager  # before TensorFlow

# isort: split
import keras
import numpy as np
import tensorflow as tf
from timing import alternate, report

import tfgan

STEPS, ROUNDS, BATCH, D_STEPS, LATENT, WIDTH, WEIGHT = 2, 7, 64, 5, 64, 64, 10.0
RATE, BETAS = 1e-4, (0.5, 0.9)


def adam():
    """Return Gulrajani's optimizer."""
    return keras.optimizers.Adam(RATE, beta_1=BETAS[0], beta_2=BETAS[1])


def ours(batches, jit_compile):
    """Return `STEPS` steps of this package."""
    network = tfgan.networks.get(
        "dcgan", image_shape=(28, 28, 1), latent_dim=LATENT, width=WIDTH, discriminator_norm=False
    )
    gan = tfgan.GAN(network.generator(), network.discriminator())
    gan.compile(
        loss="wgan",
        penalties=["wgan_gp"],
        g_optimizer=adam(),
        d_optimizer=adam(),
        d_steps=D_STEPS,
        jit_compile=jit_compile,
    )
    step = tf.function(gan.train_step, autograph=False)

    def steps():
        for _ in range(STEPS):
            step(next(batches))

    return steps


class PlainWGANGP(keras.Model):
    """WGAN-GP as one writes it for Keras by hand: a loop over D updates, one tape a player, a tape for the penalty."""

    def __init__(self):
        super().__init__()
        layers = keras.layers
        self.generator = keras.Sequential(
            [
                keras.Input((LATENT,)),
                layers.Dense(7 * 7 * 2 * WIDTH, use_bias=False),
                layers.Reshape((7, 7, 2 * WIDTH)),
                layers.BatchNormalization(),
                layers.ReLU(),
                layers.Conv2DTranspose(WIDTH, 4, 2, padding="same", use_bias=False),
                layers.BatchNormalization(),
                layers.ReLU(),
                layers.Conv2DTranspose(1, 4, 2, padding="same", activation="tanh"),
            ]
        )
        self.discriminator = keras.Sequential(
            [
                keras.Input((28, 28, 1)),
                layers.Conv2D(WIDTH, 4, 2, padding="same"),
                layers.LeakyReLU(0.2),
                layers.Conv2D(2 * WIDTH, 4, 2, padding="same"),
                layers.LeakyReLU(0.2),
                layers.Flatten(),
                layers.Dense(1),
            ]
        )

    def compile(self, **arguments):
        super().compile(**arguments)
        self.g_optimizer, self.d_optimizer = adam(), adam()

    def penalty(self, real, fake):
        share = tf.random.uniform((BATCH, 1, 1, 1))
        mixed = share * real + (1.0 - share) * fake
        with tf.GradientTape() as tape:
            tape.watch(mixed)
            logits = self.discriminator(mixed, training=True)
        norm = tf.sqrt(tf.reduce_sum(tf.square(tape.gradient(logits, mixed)), axis=[1, 2, 3]) + 1e-12)
        return tf.reduce_mean(tf.square(norm - 1.0))

    def train_step(self, real):
        for turn in range(D_STEPS):
            latents = tf.random.normal((BATCH, LATENT))
            with tf.GradientTape() as tape:
                fake = self.generator(latents, training=True)
                real_logits = self.discriminator(real[turn], training=True)
                fake_logits = self.discriminator(fake, training=True)
                d_loss = (
                    tf.reduce_mean(fake_logits)
                    - tf.reduce_mean(real_logits)
                    + WEIGHT * self.penalty(real[turn], fake)
                )
            gradients = tape.gradient(d_loss, self.discriminator.trainable_variables)
            self.d_optimizer.apply_gradients(
                zip(gradients, self.discriminator.trainable_variables, strict=True)
            )
        latents = tf.random.normal((BATCH, LATENT))
        with tf.GradientTape() as tape:
            g_loss = -tf.reduce_mean(
                self.discriminator(self.generator(latents, training=True), training=True)
            )
        gradients = tape.gradient(g_loss, self.generator.trainable_variables)
        self.g_optimizer.apply_gradients(zip(gradients, self.generator.trainable_variables, strict=True))
        return {"d_loss": d_loss, "g_loss": g_loss}


def plain_keras(dataset, jit_compile):
    """Return `STEPS` steps of `PlainWGANGP.fit`, its own overhead left out: the compiled train function alone."""
    model = PlainWGANGP()
    model.compile(jit_compile=jit_compile)
    step = tf.function(model.train_step, jit_compile=jit_compile)
    batches = iter(dataset)

    def steps():
        for _ in range(STEPS):
            step(next(batches))

    return steps


def pytorch(real):
    """Return `STEPS` steps in PyTorch, eager, on two threads."""
    torch = eager.imported()
    g, d = eager.networks(WIDTH, discriminator_norm=False)
    g_optimizer, d_optimizer = (eager.adam(network, RATE, BETAS) for network in (g, d))
    images = torch.from_numpy(np.moveaxis(real, -1, 2)).contiguous()

    def penalty(real, fake):
        share = torch.rand(BATCH, 1, 1, 1)
        mixed = (share * real + (1 - share) * fake).requires_grad_(True)
        (slope,) = torch.autograd.grad(d(mixed).sum(), mixed, create_graph=True)
        return ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()

    def steps():
        for index in range(STEPS):
            for turn in range(D_STEPS):
                batch = images[(index * D_STEPS + turn) % len(images)]
                with torch.no_grad():
                    fake = g(torch.randn(BATCH, LATENT))
                loss = d(fake).mean() - d(batch).mean() + WEIGHT * penalty(batch, fake)
                d_optimizer.zero_grad(set_to_none=True)
                loss.backward()
                d_optimizer.step()
            loss = -d(g(torch.randn(BATCH, LATENT))).mean()
            g_optimizer.zero_grad(set_to_none=True)
            loss.backward()
            g_optimizer.step()

    return steps


def main():
    """Print images a second of each, and their ratio to ours."""
    real = np.random.default_rng(0).uniform(-1, 1, (2 * D_STEPS, BATCH, 28, 28, 1)).astype(np.float32)
    dataset = tf.data.Dataset.from_tensor_slices(real).batch(D_STEPS, drop_remainder=True).repeat()
    contenders = {
        "tfgan": ours(iter(dataset), jit_compile=True),
        "tfgan, no XLA": ours(iter(dataset), jit_compile=False),
        "Keras by hand, XLA": plain_keras(dataset, jit_compile=True),
        "Keras by hand, no XLA": plain_keras(dataset, jit_compile=False),
    }
    try:
        contenders["PyTorch eager"] = pytorch(real)
    except ModuleNotFoundError:
        print("PyTorch is not installed: left out")
    report(alternate(contenders, ROUNDS), STEPS, against="tfgan", images=D_STEPS * BATCH)


if __name__ == "__main__":
    main()
