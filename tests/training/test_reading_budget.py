"""How much a reader must open to follow one update of D and G: files, functions and depth of calls.

The budget holds `update`, on networks of Keras's own layers. The whole `train_step` of a `dcgan` also checks
its data, samples noise, logs and calls this package's layers; it is above the budget, and a second bound
keeps it from growing.
"""

import sys
from pathlib import Path

import keras
import pytest
import tensorflow as tf

import tfgan

ROOT = Path(tfgan.__file__).parent
FILES, FUNCTIONS, DEPTH = 8, 45, 8
WHOLE_FILES, WHOLE_FUNCTIONS, WHOLE_DEPTH = 14, 67, 8
PARTS_OF_A_FUNCTION = ("<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>")


@pytest.fixture(scope="module")
def traced():
    """Trace one warm eager update under `nonsat` and `r1`, from latents to new weights: files, functions, greatest depth.

    The networks are a DCGAN of 8x8 images in Keras's own layers: layers are not part of the algorithm.
    """
    z, x = keras.Input((8,)), keras.Input((8, 8, 1))
    seed = keras.layers.Reshape((4, 4, 8))(keras.layers.Dense(128, "relu")(z))
    images = keras.layers.Conv2DTranspose(1, 4, 2, padding="same", activation="tanh")(seed)
    features = keras.layers.Flatten()(
        keras.layers.LeakyReLU()(keras.layers.Conv2D(8, 4, 2, padding="same")(x))
    )
    gan = tfgan.GAN(keras.Model(z, images), keras.Model(x, keras.layers.Dense(1)(features)))
    gan.compile("nonsat", penalties=["r1"], run_eagerly=True)
    real, noise = tf.zeros((4, 8, 8, 1)), gan.sample_noise(4, 0)
    gan.update(real, noise)

    return trace(lambda: gan.update(real, noise))


def trace(run):
    """Return the named functions of the package that a call enters, as (file, name), and the greatest depth."""
    calls, stack, depths = set(), [], []

    def profile(frame, event, _):
        code = frame.f_code
        if not code.co_filename.startswith(str(ROOT)) or code.co_name in PARTS_OF_A_FUNCTION:
            return
        if event == "call":
            stack.append(code)
            calls.add((str(Path(code.co_filename).relative_to(ROOT)), code.co_qualname))
            depths.append(len(stack))
        elif event == "return" and stack:
            stack.pop()

    sys.setprofile(profile)
    try:
        run()
    finally:
        sys.setprofile(None)
    return calls, max(depths)


def test_the_whole_step_does_not_grow():
    network = tfgan.networks.get(
        "dcgan", image_shape=(8, 8, 1), latent_dim=8, width=4, discriminator_norm=False
    )
    gan = tfgan.GAN(network.generator(), network.discriminator())
    gan.compile("nonsat", penalties=["r1"], run_eagerly=True)
    real = tf.zeros((4, 8, 8, 1))
    gan.train_step(real)
    calls, depth = trace(lambda: gan.train_step(real))
    assert len({file for file, _ in calls}) <= WHOLE_FILES, sorted({file for file, _ in calls})
    assert len(calls) <= WHOLE_FUNCTIONS, len(calls)
    assert depth <= WHOLE_DEPTH


def test_an_update_is_read_in_few_files(traced):
    files = sorted({file for file, _ in traced[0]})
    assert 3 <= len(files) <= FILES, files


def test_an_update_is_read_in_few_functions(traced):
    functions = sorted(traced[0])
    assert 10 <= len(functions) <= FUNCTIONS, "\n".join(f"{file}: {name}" for file, name in functions)


def test_an_update_is_not_nested_deeply(traced):
    assert 3 <= traced[1] <= DEPTH
