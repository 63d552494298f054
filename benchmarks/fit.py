"""What `fit` with all callbacks costs over the bare compiled step: `python benchmarks/fit.py`.

Both train the same DCGAN on random 28x28 images, batch 64, alternating in one process; medians of `ROUNDS`. Each round of
`fit` makes one iterator, one record every `LOG_EVERY` steps, and one checkpoint and one sample grid.
"""

import tempfile

import numpy as np
import tensorflow as tf
from timing import alternate, report

import tfgan
from tfgan import callbacks

STEPS, LOG_EVERY, ROUNDS, BATCH = 250, 50, 7, 64


def make_gan():
    """Return a compiled 28x28 DCGAN."""
    network = tfgan.networks.get("dcgan", image_shape=(28, 28, 1), latent_dim=64)
    gan = tfgan.GAN(network.generator(), network.discriminator())
    gan.compile(loss="nonsat", ema_half_life=10_000.0)
    return gan


def main():
    """Print the medians and their ratio."""
    gan = make_gan()
    step = tf.function(gan.train_step, autograph=False)

    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/images.npz", images=np.random.default_rng(0).integers(0, 256, (BATCH * 32, 28, 28, 1), np.uint8))
        dataset = tfgan.data.load(f"npz:{folder}/images.npz", BATCH)
        batches = iter(dataset)

        def bare():
            for _ in range(STEPS):
                step(next(batches))

        events = callbacks.EventLog(f"{folder}/tensorboard")
        watchers = [
            callbacks.Records(f"{folder}/metrics.jsonl", events, images_per_step=BATCH),
            callbacks.SampleGrid(folder, every_steps=STEPS, events=events),
            callbacks.Checkpoint(lambda gan: gan.save(f"{folder}/gan.keras"), every_steps=STEPS),
            callbacks.StopOnNonFinite(),
            callbacks.Progress(STEPS),
            callbacks.StopAfter(None),
            callbacks.StopOnSignal(),
        ]

        def fit():
            gan.fit(dataset, epochs=STEPS // LOG_EVERY, steps_per_epoch=LOG_EVERY, callbacks=watchers, verbose=0)

        report(alternate({"bare step": bare, "fit with callbacks": fit}, ROUNDS), STEPS, against="bare step", images=BATCH)


if __name__ == "__main__":
    main()
