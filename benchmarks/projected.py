"""Time a step of the projected discriminator against the `sngan` recipe: `python benchmarks/projected.py [--shape=28,28,1]`.

Processor seconds of a step of batch 64, G a DCGAN of width 32, after a step that is not counted. Give the
process one thread (TF_NUM_INTRAOP_THREADS=1) to compare processor seconds with seconds.
"""

import argparse
import time

CASES = {
    "sngan": {"network": "dcgan:spectral_norm=true"},
    **{f"side {side}": {"discriminator": f"projected:side={side}"} for side in (32, 64, 96)},
    "side 64, channels 64": {"discriminator": "projected:side=64,channels=64"},
}


def measure(shape, steps, **flags):
    """Return processor seconds of a step."""
    import tensorflow as tf

    from tfgan import kinds
    from tfgan.data.source import Source
    from tfgan.runs import build, config

    chosen = config.resolve(
        config.Config(dataset="fashion_mnist", width=32, loss="hinge", steps=steps, **flags)
    )
    source = Source(
        name="noise", kind=kinds.of(shape), num_examples=None, num_classes=0, class_names=None, fingerprint=""
    )
    gan = build.build_gan(build.fill_network(chosen, source), source)
    batch = tf.random.stateless_uniform((64, *shape), (0, 1), -1.0, 1.0)
    data = tf.data.Dataset.from_tensors(batch).repeat()
    gan.fit(data, steps_per_epoch=1, verbose=0)
    began = time.process_time()
    gan.fit(data, steps_per_epoch=steps, verbose=0)
    return (time.process_time() - began) / steps


def main():
    """Print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shape", default="28,28,1", help="height, width and channels of the images")
    parser.add_argument("--steps", type=int, default=10, help="steps to time")
    asked = parser.parse_args()
    for name, flags in CASES.items():
        seconds = measure(tuple(map(int, asked.shape.split(","))), asked.steps, **flags)
        print(f"{name:<22} {seconds:.3f} processor seconds a step", flush=True)


if __name__ == "__main__":
    main()
