"""Time a step of the projected discriminator against the `sngan` recipe: `python benchmarks/projected.py [--shape=28,28,1]`.

Processor seconds of a step of batch 64, G a DCGAN of `--width`, after a step that is not counted. Give the
process one thread (TF_NUM_INTRAOP_THREADS=1) to compare processor seconds with seconds. `--parts` times the
parts of one step at `--side` instead: D's update runs the frozen network forward on reals and on fakes, G's
update runs it forward and backward.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow as tf

CASES = {
    "sngan": {"network": "dcgan:spectral_norm=true"},
    **{f"side {side}": {"discriminator": f"projected:side={side}"} for side in (32, 64, 96)},
    "side 64, channels 64": {"discriminator": "projected:side=64,channels=64"},
}
BATCH = 64


def measure(shape, steps, **flags):
    """Return processor seconds of a step."""
    gan, batch = make(shape, steps, **flags)
    data = tf.data.Dataset.from_tensors(batch).repeat()
    gan.fit(data, steps_per_epoch=1, verbose=0)
    return seconds(lambda: gan.fit(data, steps_per_epoch=steps, verbose=0), 1) / steps


def make(shape, steps, **flags):
    """Return a compiled GAN as the run of these flags trains it, and a batch."""
    from tfgan import kinds
    from tfgan.data.source import Source
    from tfgan.runs import build, config

    chosen = config.resolve(config.Config(dataset="fashion_mnist", loss="hinge", steps=steps, **flags))
    source = Source(
        name="noise", kind=kinds.of(shape), num_examples=None, num_classes=0, class_names=None, fingerprint=""
    )
    gan = build.build_gan(build.fill_network(chosen, source), source)
    return gan, tf.random.stateless_uniform((BATCH, *shape), (0, 1), -1.0, 1.0)


def seconds(work, times):
    """Return the processor seconds of one call of `work`, the mean of `times`."""
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times


def parts(shape, steps, side, width):
    """Return the processor seconds of the parts of a step by name, each a compiled function without XLA."""
    import keras

    gan, batch = make(shape, steps, discriminator=f"projected:side={side}", width=width)
    judge = gan.discriminator
    resize = next(layer for layer in judge.layers if "resize" in layer.name)
    frozen, mixing = judge.get_layer("frozen"), judge.get_layer("mixing")
    resized = resize(batch)
    maps = frozen(resized)
    mixtures = mixing(maps)
    heads = keras.Model(mixing.output, judge.output)
    noise = tf.zeros((BATCH, gan.latent_dim))

    def gradient(model, inputs, sources):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            loss = sum(tf.reduce_sum(x) for x in tf.nest.flatten(model(inputs)))
        return tape.gradient(loss, sources)

    works = {
        "resizing": lambda: resize(batch),
        "frozen network, forward": lambda: frozen(resized),
        "frozen network, forward and backward": lambda: gradient(frozen, resized, resized),
        "mixing, forward": lambda: mixing(maps),
        "mixing, forward and backward": lambda: gradient(mixing, maps, maps),
        "heads, forward and backward to their weights": lambda: gradient(
            heads, mixtures, heads.trainable_variables
        ),
        "heads, forward and backward to their input": lambda: gradient(heads, mixtures, mixtures),
        "G, forward and backward to its weights": lambda: gradient(
            gan.generator, noise, gan.generator.trainable_variables
        ),
    }
    compiled = {name: tf.function(work) for name, work in works.items()}
    for work in compiled.values():
        work()
    return {name: seconds(work, steps) for name, work in compiled.items()}


def main():
    """Print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}; by default all")
    parser.add_argument("--shape", default="28,28,1", help="height, width and channels of the images")
    parser.add_argument("--width", type=int, default=32, help="of G, and of the D of sngan")
    parser.add_argument("--steps", type=int, default=10, help="steps to time")
    parser.add_argument("--parts", action="store_true", help="time the parts of a step")
    parser.add_argument(
        "--side", type=int, default=64, help="of the images before the frozen network, with --parts"
    )
    asked = parser.parse_args()
    shape = tuple(map(int, asked.shape.split(",")))
    if asked.parts:
        for name, cost in parts(shape, asked.steps, asked.side, asked.width).items():
            print(f"{name:<46} {cost:.3f} processor seconds", flush=True)
        return
    for name in asked.names or CASES:
        cost = measure(shape, asked.steps, width=asked.width, **CASES[name])
        print(f"{name:<22} {cost:.3f} processor seconds a step", flush=True)


if __name__ == "__main__":
    main()
