"""What networks, and choices inside them, cost: `python benchmarks/networks.py [each | kernels | grouped]`.

each: the compiled step of every network, of 28x28 images at width 16, of points at width 128, of 64 places of 4 letters at width 32, batch 64, under
`rpgan` without penalties: time, alternating in one process; operations an example (multiply-adds of
convolutions and products, doubled) in the program that XLA makes of it; and the highest resident memory of a
process that does nothing else (Linux). kernels: a 28x28 DCGAN with 4x4 and 5x5 kernels.
grouped: a 16x16 R3GAN (width 32, one block a map, r1 and r2) with the grouped convolution of `tfgan.layers`
and with Keras's.
"""

import re
import subprocess
import sys
from pathlib import Path
from unittest import mock

import keras
import tensorflow as tf
from operations import compiled_operations
from timing import alternate, report

import tfgan

STEPS, ROUNDS, BATCH = 2, 7, 64
IMAGES = {"image_shape": (28, 28, 1), "width": 16}
OTHERS = {"mlp": {"image_shape": (2,), "width": 128}, "conv1d": {"image_shape": (64, 4), "width": 32}}


def gan_of(spec, **options):
    """Return a compiled GAN of these networks."""
    penalties = options.pop("penalties", ())
    network = tfgan.networks.get(spec, latent_dim=64, discriminator_norm=not penalties, **options)
    gan = tfgan.GAN(network.generator(), network.discriminator())
    gan.compile(loss="rpgan", penalties=penalties)
    return gan


def stepper(gan):
    """Return a function that takes `STEPS` steps."""
    step = tf.function(gan.train_step, autograph=False)
    real = tf.random.stateless_uniform((BATCH, *gan.example_shape), (0, 1), -1.0, 1.0)

    def steps():
        for _ in range(STEPS):
            step(real)

    return steps


def keras_convolution(filters, kernel_size, **options):
    """Return the grouped convolution of Keras."""
    return keras.layers.Conv2D(filters, kernel_size, padding="same", **options)


def small(name):
    """Return a compiled GAN of a network, small, for what it is for."""
    return gan_of(name, **OTHERS.get(name, IMAGES))


def each():
    """Print what every network costs."""
    gans = {name: small(name) for name in tfgan.networks.names()}
    report(
        alternate({name: stepper(gan) for name, gan in gans.items()}, ROUNDS),
        STEPS,
        against="dcgan",
        images=BATCH,
    )
    for name, gan in gans.items():
        alone = subprocess.run(
            [sys.executable, __file__, f"--one={name}"], capture_output=True, text=True, check=True
        )
        print(
            f"{name:<12}{compiled_operations(gan, BATCH) / 1e6:8.1f} MFLOP an example{float(alone.stdout):8.0f} MiB at most",
            flush=True,
        )


def one(name):
    """Take steps, and print this process's highest resident memory, MiB: getrusage would count what its parent had before."""
    stepper(small(name))()
    print(int(re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024)


def kernels():
    """Print what larger kernels cost."""
    sides = {
        f"dcgan:kernel={side}": stepper(gan_of(f"dcgan:kernel={side}", image_shape=(28, 28, 1)))
        for side in (4, 5)
    }
    report(alternate(sides, ROUNDS), STEPS, against="dcgan:kernel=4", images=BATCH)


def grouped():
    """Print what Keras's grouped convolution costs."""

    def r3gan():
        return stepper(gan_of("r3gan:blocks=1", image_shape=(16, 16, 3), width=32, penalties=("r1", "r2")))

    with mock.patch("tfgan.networks.r3gan.GroupedConv2D", keras_convolution):
        theirs = r3gan()
    report(
        alternate({"GroupedConv2D": r3gan(), "keras": theirs}, ROUNDS),
        STEPS,
        against="GroupedConv2D",
        images=BATCH,
    )


def main(arguments):
    """Print the comparisons that are asked for, by default all."""
    if arguments and arguments[0].startswith("--one="):
        return one(arguments[0].removeprefix("--one="))
    for name in arguments or ("each", "kernels", "grouped"):
        {"each": each, "kernels": kernels, "grouped": grouped}[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
