"""Train the velocity of a flow from noise to data; G follows it in a few steps."""

from __future__ import annotations

import dataclasses
import math

import keras
import tensorflow as tf
from keras import layers, ops

from tfgan import networks
from tfgan.core.options import PositiveInt
from tfgan.layers import ClipAtInference
from tfgan.methods.method import Method, flatten

DEPTH = 3  # hidden layers of the network for images


@keras.saving.register_keras_serializable("tfgan")
@dataclasses.dataclass(frozen=True)
class Flow(Method):
    """Learn v(x, t) on straight paths from noise x_0 ~ N(0, I) to reals x_1, and follow it from t = 0 to 1:

        loss = E |v(x_t, t) - (x_1 - x_0)|^2,   x_t = (1 - t) x_0 + t x_1,   t uniform on [0, 1]
        G(x_0) = x after `steps` Euler steps x <- x + v(x, k / steps) / steps, k = 0 .. steps - 1

    Latents have the dimension d of an example. For points v is the G of the run's network with t as a further input.
    For images v is an `mlp` of the flattened pixels and t, as many weights as the run's G: honest for images
    as small as 8x8, too little for large ones.

    Args:
        steps: network passes a sample; any number samples from the same v, fewer bend its paths more coarsely.

    Reference: Lipman et al. 2023, "Flow Matching for Generative Modeling", eqs. 22 and 23 with sigma_min = 0; Liu,
    Gong & Liu 2023, "Flow Straight and Fast: Learning to Generate and Transfer Data with Rectified Flow", eq. 1,
    without its second stage (reflow).
    """

    steps: PositiveInt = 4

    def latent_dim(self, given, shape):
        return math.prod(shape)

    def build_generator(self, network):
        shape, size = tuple(network.image_shape), math.prod(network.image_shape)
        latents = keras.Input((size,), name="latents")
        x = EulerSteps(build_velocity(network), self.steps, name="flow", dtype="float32")(latents)
        if network.kind.has_pixels:
            x = ClipAtInference(dtype="float32")(layers.Reshape(shape)(x))
        return keras.Model(latents, x, name="generator")

    def sample_noise(self, draws, latents_shape):
        return {
            **super().sample_noise(draws, latents_shape),
            "times": draws.uniform("times", (latents_shape[0], 1)),
        }

    def loss(self, generator, real, noise):
        start, end, time = noise["latents"], flatten(real), noise["times"]
        between = (1.0 - time) * start + time * end
        velocity = generator.get_layer("flow").velocity(tf.concat([between, time], axis=1), training=True)
        return tf.reduce_mean(tf.square(velocity - (end - start)))


@keras.saving.register_keras_serializable("tfgan")
class EulerSteps(layers.Layer):
    """Move points x (n, d) along a velocity from t = 0 to 1 in equal Euler steps.

    Args:
        velocity: network from x and t, (n, d + 1), to velocities (n, d).
        steps: number of steps.
    """

    def __init__(self, velocity: keras.Model, steps: int, **kwargs):
        super().__init__(**kwargs)
        self.velocity = velocity
        self.steps = steps
        self.built = True

    def call(self, x, training=False):
        for k in range(self.steps):
            time = ops.full_like(x[:, :1], k / self.steps)
            x = x + self.velocity(ops.concatenate([x, time], axis=1), training=training) / self.steps
        return x

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        velocity = keras.saving.serialize_keras_object(self.velocity)
        return {**super().get_config(), "velocity": velocity, "steps": self.steps}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "velocity": keras.saving.deserialize_keras_object(config["velocity"])})


def build_velocity(network) -> keras.Model:
    """Return v: x and t, (n, d + 1), to (n, d); for images an `mlp` with at least as many weights as the network's G."""
    size = math.prod(network.image_shape)
    if not network.kind.has_pixels:
        return dataclasses.replace(network, latent_dim=size + 1).generator()
    wanted = network.generator().count_params()
    width = next(width for width in range(1, wanted + 1) if count_weights(size, width) >= wanted)
    options = {"depth": DEPTH, "width": width, "seed": network.seed}
    return networks.get("mlp", image_shape=(size,), latent_dim=size + 1, **options).generator()


def count_weights(size: int, width: int) -> int:
    """Return the weights of an `mlp` from size + 1 to size numbers through `DEPTH` layers of `width` units."""
    return (size + 2) * width + (DEPTH - 1) * (width + 1) * width + (width + 1) * size
