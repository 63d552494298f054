"""What `fit` with all callbacks costs over the bare compiled step: `python benchmarks/fit.py`.

Both train the same DCGAN on random 28x28 images, batch 64, alternating in one process; medians of `ROUNDS`.
Each round of `fit` makes one iterator, one record every `LOG_EVERY` steps, and one checkpoint and one sample
grid.
"""

import tempfile

import numpy as np
import tensorflow as tf
from timing import alternate, report

import tfgan
from tfgan import callbacks

STEPS, LOG_EVERY, ROUNDS, BATCH, WIDTH = 250, 50, 7, 64, 64
BARE, FIT = "bare step", "fit with callbacks"


def make_gan(width=WIDTH):
    """Return a compiled 28x28 DCGAN."""
    network = tfgan.networks.get("dcgan", image_shape=(28, 28, 1), latent_dim=64, width=width)
    gan = tfgan.GAN(network.generator(), network.discriminator())
    gan.compile(loss="nonsat", ema_half_life=10_000.0)
    return gan


def random_images(folder, batch):
    """Return the data set of 32 batches of random pixels, kept in `folder`."""
    np.savez(
        f"{folder}/images.npz",
        images=np.random.default_rng(0).integers(0, 256, (batch * 32, 28, 28, 1), np.uint8),
    )
    return tfgan.data.load(f"npz:{folder}/images.npz", batch)


def watchers(folder, steps, every_steps, batch):
    """Return the callbacks of the train command; a sample grid and a checkpoint every `every_steps`."""
    events = callbacks.EventLog(f"{folder}/tensorboard")
    return [
        callbacks.Records(f"{folder}/metrics.jsonl", events, images_per_step=batch),
        callbacks.SampleGrid(folder, every_steps=every_steps, events=events),
        callbacks.Checkpoint(lambda gan: gan.save(f"{folder}/gan.keras"), every_steps=every_steps),
        callbacks.StopOnNonFinite(),
        callbacks.Progress(steps),
        callbacks.StopAfter(None),
        callbacks.StopOnSignal(),
    ]


def contenders(folder, steps=STEPS, log_every=LOG_EVERY, batch=BATCH, width=WIDTH):
    """Return both ways to take `steps` steps of one GAN, by name; files go to `folder`."""
    gan = make_gan(width)
    step = tf.function(gan.train_step, autograph=False)
    dataset = random_images(folder, batch)
    batches = iter(dataset)
    watching = watchers(folder, steps, steps, batch)

    def bare():
        for _ in range(steps):
            step(next(batches))

    def fit():
        gan.fit(dataset, epochs=steps // log_every, steps_per_epoch=log_every, callbacks=watching, verbose=0)

    return {BARE: bare, FIT: fit}


def main():
    """Print the medians and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        report(alternate(contenders(folder), ROUNDS), STEPS, against=BARE, images=BATCH)


if __name__ == "__main__":
    main()
