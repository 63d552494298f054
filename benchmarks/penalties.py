"""What penalties cost: `python benchmarks/penalties.py`.

The step of a 28x28 DCGAN without batch normalization in D, batch 64, `rpgan`, under one set of penalties after another,
alternating in one process. "unshared" evaluates D anew at the points of r1 and r2 (jittered by nothing, so that the
compiler cannot see that they are the same) instead of using the passes of the loss. Then the bias of the finite-difference
estimate of |grad D|^2, on a discriminator trained for `TRAINED` steps, against its step h.
"""

import dataclasses

import numpy as np
import tensorflow as tf
from timing import alternate, report

import tfgan
from tfgan import penalties
from tfgan.penalties.inputs import FAKE, REAL, Jittered
from tfgan.penalties.zero_centered import R1, R2
from tfgan.training.gradients import Weights

STEPS, ROUNDS, BATCH, TRAINED, DRAWS = 8, 7, 64, 100, 200
SHAPE = (28, 28, 1)


@dataclasses.dataclass(frozen=True)
class UnsharedR1(R1):
    """r1 on a pass of its own."""

    place = Jittered(REAL, 0.0)


@dataclasses.dataclass(frozen=True)
class UnsharedR2(R2):
    """r2 on a pass of its own."""

    place = Jittered(FAKE, 0.0)


SETS = {
    "no penalty": (),
    "r1": ("r1",),
    "r1 + r2": ("r1", "r2"),
    "r1 + r2, unshared": (UnsharedR1(), UnsharedR2()),
    "r1 + r2, finite_difference": ("r1:finite_difference=0.01", "r2:finite_difference=0.01"),
    "r1 + r2, every=16": ("r1:every=16", "r2:every=16"),
    **{name: (name,) for name in penalties.names() if name not in ("r1", "r2", "gp0", "wgan_lp")},
}


def make_gan(chosen):
    """Return a compiled 28x28 GAN under these penalties."""
    network = tfgan.networks.get("dcgan", image_shape=SHAPE, latent_dim=64, discriminator_norm=False)
    gan = tfgan.GAN(network.generator(), network.discriminator())
    gan.compile(loss="rpgan", penalties=chosen)
    return gan


def stepper(gan, batches):
    """Return a function that takes `STEPS` steps."""
    step = tf.function(gan.train_step, autograph=False)

    def steps():
        for _ in range(STEPS):
            step(next(batches))

    return steps


def bias(gan, real):
    """Print the mean of the estimate over `DRAWS` directions an image, over the exact mean of |grad D|^2."""
    d = Weights.of(gan.discriminator)
    noise = gan.draw(len(real), 0)
    fakes, _ = gan.sides.fakes(Weights.of(gan.generator), noise)

    exact = penalties.get("r1:gamma=2").discriminator(gan.sides.places(d, real, fakes, noise), {})
    print(f"mean |grad D|^2 after {TRAINED} steps: {float(tf.reduce_mean(exact)):.4g}")
    for h in (0.3, 0.1, 0.03, 0.01, 0.003, 0.001):
        estimate = penalties.get(f"r1:gamma=2,finite_difference={h}")
        point = str(Jittered(REAL, h))
        means = []
        for draw in range(DRAWS):
            noise[point] = {"normal": tf.random.stateless_normal(real.shape, (draw, 7))}
            means.append(float(tf.reduce_mean(estimate.discriminator(gan.sides.places(d, real, fakes, noise), {}))))
        ratio, error = (value / float(tf.reduce_mean(exact)) for value in (np.mean(means), np.std(means) / np.sqrt(DRAWS)))
        print(f"  h = {h:<6} estimate / exact = {ratio:.3f} +- {error:.3f} (standard error)", flush=True)


def main():
    """Print both tables."""
    images = tfgan.data.load("digits", BATCH, image_size=28)
    gans = {name: make_gan(chosen) for name, chosen in SETS.items()}
    report(alternate({name: stepper(gan, iter(images)) for name, gan in gans.items()}, ROUNDS), STEPS, against="no penalty", images=BATCH)
    trained, batches = gans["r1"], iter(images)
    step = tf.function(trained.train_step, autograph=False)
    for _ in range(TRAINED):
        step(next(batches))
    bias(trained, next(batches)[0])


if __name__ == "__main__":
    main()
