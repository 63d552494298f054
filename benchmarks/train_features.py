"""How the classifiers of `tfgan.features` were trained: `python benchmarks/train_features.py fashion_cnn --version=2`.

Cross-entropy with batch normalization, dropout and small shifts (and mirror images, of garments), Adam at a
rate that falls along a cosine. The batch normalization is folded into the layers before it, the weights are
rounded to float16, and the accuracy on held-out images is that of the file as it is read back. A version that
is there is not overwritten. The order and the shifts are functions of the seed.
"""

import argparse
import time
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tfgan import data
from tfgan.features.small_cnn import SmallCNN, find_weights


class Recipe(NamedTuple):
    """What a classifier is trained on, its layers, and how long it takes."""

    dataset: str
    filters: tuple[int, ...]
    hidden: int
    epochs: int
    batch_size: int
    shift: int
    mirror: bool


RECIPES = {
    "digits_cnn": Recipe("digits", (32, 64), 64, epochs=100, batch_size=64, shift=1, mirror=False),
    "fashion_cnn": Recipe(
        "fashion_mnist", (32, 48, 96), 128, epochs=12, batch_size=200, shift=1, mirror=True
    ),
}
RATE, DROPOUT, SEED = 2e-3, 0.3, 0


def trainable(recipe, image_shape, num_classes):
    """Return the network with batch normalization behind every layer but the last."""
    layers = [keras.Input(image_shape)]
    for filters in recipe.filters:
        layers += [
            keras.layers.Conv2D(filters, 3, padding="same", use_bias=False),
            *normalized(),
            keras.layers.MaxPooling2D(),
        ]
    layers += [keras.layers.Flatten(), keras.layers.Dense(recipe.hidden, use_bias=False), *normalized()]
    return keras.Sequential(
        [*layers, keras.layers.Dropout(DROPOUT, seed=SEED), keras.layers.Dense(num_classes)]
    )


def normalized():
    """Return batch normalization and the activation behind it."""
    return [keras.layers.BatchNormalization(momentum=0.95), keras.layers.ReLU()]


def altered(recipe):
    """Return a function from (step, batch) to the batch, shifted and mirrored."""
    reach = recipe.shift

    def alter(step, batch):
        images, labels = batch
        shape = images.shape
        padded = tf.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)), constant_values=-1.0)
        images = tf.image.stateless_random_crop(padded, shape, seed=(step, 0))  # one shift a batch
        return tf.image.stateless_random_flip_left_right(
            images, seed=(step, 1)
        ) if recipe.mirror else images, labels

    return alter


def trained(recipe, source):
    """Return the trained network."""
    keras.utils.set_random_seed(SEED)
    model = trainable(recipe, source.shape, source.num_classes)
    steps = source.num_examples // recipe.batch_size
    schedule = keras.optimizers.schedules.CosineDecay(RATE, recipe.epochs * steps)
    model.compile(
        keras.optimizers.Adam(schedule),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=True,
    )
    batches = source.dataset(recipe.batch_size, seed=SEED).enumerate().map(altered(recipe))
    model.fit(batches, epochs=recipe.epochs, steps_per_epoch=steps, verbose=2)
    return model


def folded(model):
    """Return float16 kernels and biases by name: W gamma / sqrt(var + eps) and beta - mean gamma / sqrt(var + eps)."""
    linear = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense)]
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    pairs = []
    for layer, norm in zip(linear[:-1], norms, strict=True):
        gamma, beta, mean, variance = norm.get_weights()
        scale = gamma / np.sqrt(variance + norm.epsilon)
        pairs.append((layer.get_weights()[0] * scale, beta - mean * scale))
    pairs.append(linear[-1].get_weights())
    return {
        f"{kind}_{i}": array.astype(np.float16)
        for i, pair in enumerate(pairs)
        for kind, array in zip(("kernel", "bias"), pair, strict=True)
    }


def main():
    """Train one classifier, write its weights and print its accuracy."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("--version", type=int, required=True)
    arguments = parser.parse_args()
    file = find_weights(arguments.name, arguments.version)
    if file.exists():
        parser.error(f"--version: expected a new one, got {arguments.version}, which is {file}")
    recipe = RECIPES[arguments.name]
    source = data.open_source(recipe.dataset)
    started = time.perf_counter()
    weights = folded(trained(recipe, source))
    seconds = time.perf_counter() - started
    np.savez_compressed(file, **weights)
    with np.load(file) as stored:
        classifier = SmallCNN(arguments.name, arguments.version, source.shape, dict(stored))
    images, labels = source.held_out()
    accuracy = np.mean(classifier.probabilities(images).argmax(axis=1) == labels)
    print(
        f"{file.name}: {file.stat().st_size} bytes, accuracy {accuracy:.4f} on {len(labels)} held-out images, {seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
