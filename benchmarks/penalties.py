"""What penalties cost: `python benchmarks/penalties.py`.

The step of a 28x28 DCGAN without batch normalization in D, batch 64, `rpgan`, under one set of penalties
after another, alternating in one process. "unshared" evaluates D anew at the inputs of r1 and r2 (plus 0
times noise, so that the compiler cannot see that they are the same) instead of using the passes of the loss.
"""

import dataclasses
from typing import ClassVar

import tensorflow as tf
from timing import alternate, report

import tfgan
from tfgan import penalties
from tfgan.penalties.inputs import FAKE, REAL, CriticInput
from tfgan.penalties.zero_centered import R1, R2

STEPS, ROUNDS, BATCH = 8, 7, 64
SHAPE = (28, 28, 1)


@dataclasses.dataclass(frozen=True)
class Copied(CriticInput):
    """The batch at another input, as one that the compiler takes for a new one."""

    key: ClassVar[str] = "Copied"
    of: CriticInput

    def draw(self, draws, shape, latents):
        return {"normal": draws.normal(self.purpose, shape)}

    def at(self, x_of, drawn):
        return x_of(self.of) + 0.0 * drawn["normal"]


@dataclasses.dataclass(frozen=True)
class UnsharedR1(R1):
    """r1 on a pass of its own."""

    critic_input: ClassVar[CriticInput] = Copied(REAL)


@dataclasses.dataclass(frozen=True)
class UnsharedR2(R2):
    """r2 on a pass of its own."""

    critic_input: ClassVar[CriticInput] = Copied(FAKE)


SETS = {
    "no penalty": (),
    "r1": ("r1",),
    "r1 + r2": ("r1", "r2"),
    "r1 + r2, unshared": (UnsharedR1(), UnsharedR2()),
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


def main():
    """Print the table."""
    images = tfgan.data.load("digits", BATCH, image_size=28)
    gans = {name: make_gan(chosen) for name, chosen in SETS.items()}
    report(
        alternate({name: stepper(gan, iter(images)) for name, gan in gans.items()}, ROUNDS),
        STEPS,
        against="no penalty",
        images=BATCH,
    )


if __name__ == "__main__":
    main()
