"""Networks written in any of Keras's ways train, or are refused by a line that holds the way out."""

import keras
import numpy as np
import pytest
import tensorflow as tf

import tfgan

Dense = keras.layers.Dense


def generator():
    return keras.Sequential([keras.Input((3,)), Dense(2)])


class Subclass(keras.Model):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.inner = Dense(units)

    def call(self, x):
        return self.inner(x)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class Forgetful(keras.Model):
    def __init__(self, units):
        super().__init__()
        self.inner = Dense(units)

    def call(self, x):
        return self.inner(x)


def trains(gan):
    gan.compile(jit_compile=False)
    before = gan.discriminator.get_weights()[0]
    gan.train_step(tf.ones((4, 2)))
    return (before != gan.discriminator.get_weights()[0]).any()


def test_a_sequential_discriminator_without_input_is_built_for_what_g_makes():
    assert trains(tfgan.GAN(generator(), keras.Sequential([Dense(4, activation="relu"), Dense(1)])))
    packs = tfgan.GAN(generator(), keras.Sequential([Dense(1)]), pack=2)
    assert packs.discriminator.input_shape == (None, 4)


def test_networks_that_were_built_by_a_call_are_taken():
    built = keras.Sequential([Dense(2)])
    built(tf.zeros((1, 5)))
    gan = tfgan.GAN(built, keras.Sequential([Dense(1)]))
    assert gan.latent_dim == 5
    assert trains(gan)


def test_a_wrapped_subclass_trains_and_its_average_starts_at_its_weights():
    """As the message says: inputs = keras.Input((latent_dim,)); generator = keras.Model(inputs, generator(inputs))."""
    latents, examples = keras.Input((3,)), keras.Input((2,))
    gan = tfgan.GAN(keras.Model(latents, Subclass(2)(latents)), keras.Model(examples, Forgetful(1)(examples)))
    np.testing.assert_array_equal(gan.ema_generator.get_weights()[0], gan.generator.get_weights()[0])
    assert trains(gan)


def test_a_generator_with_a_lambda_is_copied():
    source = keras.Input((3,))
    gan = tfgan.GAN(
        keras.Model(source, keras.layers.Lambda(lambda x: 2 * x)(Dense(2)(source))),
        keras.Sequential([Dense(1)]),
    )
    assert trains(gan)


@pytest.mark.parametrize(
    ("networks", "error", "message"),
    [
        (
            lambda: (keras.Sequential([Dense(2)]), keras.Sequential([Dense(1)])),
            ValueError,
            r"generator: expected a network of known inputs, got a Sequential without; let it begin with keras.Input\(\(latent_dim,\)\)$",
        ),
        (
            lambda: (Subclass(2), keras.Sequential([Dense(1)])),
            ValueError,
            r"generator: .* got the subclass Subclass, whose inputs show only in calls; wrap it: inputs = keras.Input\(\(latent_dim,\)\); "
            r"generator = keras.Model\(inputs, generator\(inputs\)\)$",
        ),
        (
            lambda: (generator(), Subclass(1)),
            ValueError,
            r"discriminator: .* wrap it: inputs = keras.Input\(\(2,\)\); discriminator =",
        ),
        (
            lambda: (generator(), lambda x: x),
            TypeError,
            "discriminator: expected a keras.Model, got function",
        ),
        (
            lambda: (keras.Model(x := keras.Input((3,)), Forgetful(2)(x)), keras.Sequential([Dense(1)])),
            ValueError,
            r"generator: expected layers that their get_config\(\) rebuilds, .*, got Forgetful: let __init__",
        ),
    ],
)
def test_networks_of_another_kind_are_named(networks, error, message):
    with pytest.raises(error, match=f"^{message}"):
        tfgan.GAN(*networks())


def test_a_conditional_discriminator_without_input_is_named():
    inputs = [keras.Input((3,)), keras.Input((), dtype="int32")]
    by_class = keras.Model(inputs, Dense(2)(inputs[0]) + 0.0 * keras.ops.cast(inputs[1], "float32")[:, None])
    with pytest.raises(
        ValueError, match=r"^discriminator: expected a network of known inputs, got a Sequential without"
    ):
        tfgan.ConditionalGAN(by_class, keras.Sequential([Dense(1)]), num_classes=2)
