"""A layer that XLA cannot compile costs the compilation of the step, not the run."""

import warnings

import keras
import pytest
import tensorflow as tf

import tfgan
from tfgan.models import xla


def gan_with(layer):
    """Return an uncompiled GAN of 8x8 images whose D begins with this layer."""
    source = keras.Input((8, 8, 1))
    dense = keras.layers.Dense
    generator = keras.Sequential(
        [keras.Input((2,)), dense(64, activation="tanh"), keras.layers.Reshape((8, 8, 1))]
    )
    return tfgan.GAN(generator, keras.Model(source, dense(1)(keras.layers.Flatten()(layer(source)))))


UNSUPPORTED = {
    "itself": lambda: keras.layers.RandomRotation(0.1, name="turn"),
    "nested": lambda: keras.Sequential([keras.Input((8, 8, 1)), keras.layers.RandomZoom(0.1, name="turn")]),
    "in a pipeline": lambda: keras.layers.Pipeline([keras.layers.RandomTranslation(0.1, 0.1, name="turn")]),
}


@pytest.mark.parametrize("make", UNSUPPORTED.values(), ids=UNSUPPORTED)
def test_a_layer_without_xla_is_warned_of_once_and_trains(make):
    """Under the default, which crashed: No registered 'ImageProjectiveTransformV3' OpKernel for XLA_CPU_JIT."""
    gan = gan_with(make())
    with pytest.warns(
        UserWarning, match="jit_compile: XLA cannot compile 'turn', so that the step runs without it"
    ) as caught:
        gan.compile()
    assert len(caught) == 1
    before = gan.discriminator.get_weights()[0]
    gan.train_step(tf.fill((4, 8, 8, 1), 0.5))
    assert (before != gan.discriminator.get_weights()[0]).any()


@pytest.mark.parametrize(
    "arguments", [{"jit_compile": "auto"}, {"jit_compile": False}, {"run_eagerly": True}], ids=str
)
def test_who_did_not_ask_for_xla_is_not_warned(arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gan_with(UNSUPPORTED["itself"]()).compile(**arguments)


def test_auto_compiles_what_can_be_and_survives_the_file(make_gan, tmp_path):
    gan = make_gan(jit_compile="auto")
    assert gan._compiled_update._jit_compile
    gan.save(tmp_path / "gan.keras")
    assert tfgan.load(tmp_path / "gan.keras").get_compile_config()["jit_compile"] == "auto"


def test_another_word_is_refused(make_gan):
    with pytest.raises(ValueError, match="jit_compile: expected True, False or 'auto', got 'yes'"):
        make_gan(jit_compile="yes")


def test_an_operation_that_xla_lacks_is_named_with_the_way_out():
    """Keras's bicubic Resizing says that it supports XLA, and does not."""
    gan = gan_with(keras.layers.Resizing(8, 8, interpolation="bicubic"))
    gan.compile()
    with pytest.raises(
        ValueError,
        match=r"jit_compile: XLA cannot compile the operation ResizeBicubic\b.*; compile with jit_compile=False",
    ):
        gan.fit(tf.data.Dataset.from_tensors(tf.fill((4, 8, 8, 1), 0.5)), verbose=0)


def test_other_errors_stay_as_they_are():
    with pytest.raises(tf.errors.InvalidArgumentError, match="mine"), xla.naming_operations():
        raise tf.errors.InvalidArgumentError(None, None, "mine")
