"""What choices inside the networks cost: `python benchmarks/networks.py`.

The compiled step at batch 64 of a 28x28 DCGAN with 4x4 and 5x5 kernels, and of a 16x16 R3GAN (width 32, one block a map, r1
and r2) with the grouped convolution of `tfgan.layers` and with that of Keras; the two of a pair alternate in one process.
"""

from unittest import mock

import keras
import tensorflow as tf
from timing import alternate, report

import tfgan

STEPS, ROUNDS, BATCH = 2, 7, 64


def stepper(spec, shape, **options):
    """Return a function that takes `STEPS` steps of a new GAN."""
    penalties = options.pop("penalties", ())
    network = tfgan.networks.get(spec, image_shape=shape, latent_dim=64, discriminator_norm=not penalties, **options)
    gan = tfgan.GAN(network.generator(), network.discriminator())
    gan.compile(loss="rpgan", penalties=penalties)
    step = tf.function(gan.train_step, autograph=False)
    real = tf.random.stateless_uniform((BATCH, *shape), (0, 1), -1.0, 1.0)

    def steps():
        for _ in range(STEPS):
            step(real)

    return steps


def keras_convolution(filters, kernel_size, **options):
    """Return the grouped convolution of Keras."""
    return keras.layers.Conv2D(filters, kernel_size, padding="same", **options)


def main():
    """Print both comparisons."""
    kernels = {f"dcgan:kernel={side}": stepper(f"dcgan:kernel={side}", (28, 28, 1)) for side in (4, 5)}
    report(alternate(kernels, ROUNDS), STEPS, against="dcgan:kernel=4", images=BATCH)

    def r3gan():
        return stepper("r3gan:blocks=1", (16, 16, 3), width=32, penalties=("r1", "r2"))

    with mock.patch("tfgan.networks.r3gan.GroupedConv2D", keras_convolution):
        theirs = r3gan()
    report(alternate({"GroupedConv2D": r3gan(), "keras": theirs}, ROUNDS), STEPS, against="GroupedConv2D", images=BATCH)


if __name__ == "__main__":
    main()
