"""A discriminator's network as a classifier by few labels alone: `python benchmarks/supervised.py --task=classify ...`.

Takes the flags of `tfgan.train` and writes evaluation.json into --run_dir, as that does: the same network
from the same seed, on the same labelled examples in the same order, by the same optimizer, for as many
updates, with the cross-entropy as its only cost. `accuracy` is that at the end, `best_accuracy` the best on
the test set itself of twenty looks on the way, which no one could know.
"""

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
from absl import flags

from tfgan.cli import flags as flags_lib
from tfgan.cli import recipes
from tfgan.core import files
from tfgan.models.conditional import cross_entropy
from tfgan.runs import build
from tfgan.runs import config as config_lib
from tfgan.runs.config import Config

LOOKS = 20


def main(arguments):
    """Train the classifier that the flags describe, and write its score."""
    values = flags.FlagValues()
    flags_lib.define_flags(Config, values)
    flags.DEFINE_string("flagfile", None, "", flag_values=values)
    values(["supervised", *recipes.expand_recipes(arguments)])
    config = config_lib.resolve(flags_lib.from_flags(Config, values))
    source = build.open_source(config)
    gan = build.build_gan(config := build.fill_network(config, source), source)
    network, optimizer = gan.discriminator, gan.d_optimizer

    @tf.function(jit_compile=True)
    def gradients(weights, state, x, labels):
        with tf.GradientTape() as tape:
            tape.watch(weights)
            said, new_state = network.stateless_call(weights, state, x, training=True)
            cost = cross_entropy(labels, said["classes"])
        return tape.gradient(cost, weights), new_state

    @tf.function
    def step(rows):
        values = (
            [tf.convert_to_tensor(v.value) for v in part]
            for part in (network.trainable_variables, network.non_trainable_variables)
        )
        slopes, state = gradients(*values, rows["labeled_x"], rows["labeled_labels"])
        optimizer.apply(slopes, network.trainable_variables)
        for variable, value in zip(network.non_trainable_variables, state, strict=True):
            variable.assign(value)

    held_out, labels = source.held_out()

    def accuracy():
        named = [
            gan.classify(held_out[start : start + 256]).numpy().argmax(axis=1)
            for start in range(0, len(held_out), 256)
        ]
        return float(np.mean(np.concatenate(named) == labels))

    batches, seen = build.batches(config, source, tf.distribute.get_strategy(), 0), []
    for number, (_, rows) in enumerate(batches.take(config.steps), start=1):
        step(rows)
        if number % max(1, config.steps // LOOKS) == 0 or number == config.steps:
            seen.append(accuracy())
    scores = {"accuracy": seen[-1], "best_accuracy": max(seen), "accuracy_of": len(labels)}
    files.write_json(Path(config.run_dir) / "evaluation.json", {"step": config.steps, "scores": scores})


if __name__ == "__main__":
    main([argument for argument in sys.argv[1:] if argument != "--noexport"])
