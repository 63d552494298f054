"""A batch and its noise, for the closed forms and for the code alike."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import penalty_reference as reference
import pytest
import tensorflow as tf

from tfgan import penalties
from tfgan.core import noise as noise_lib
from tfgan.penalties.inputs import FAKE, REAL, PerturbedLatents
from tfgan.training.critic import Critic


@pytest.fixture(scope="session")
def everything():
    """Every penalty by name, at the options of the reference."""
    return {name: penalties.get(name, **reference.OPTIONS.get(name, {})) for name in penalties.names()}


@pytest.fixture(scope="session")
def noise(everything):
    """What every penalty's points draw for a batch of six."""
    draws, latents = noise_lib.Draws(0, 0, 0), np.random.default_rng(3).normal(size=(6, 2)).astype("float32")
    points = {point for penalty in everything.values() for point in penalty.inputs}
    return {str(point): point.draw(draws, (6, 2), tf.constant(latents)) for point in points} | {
        "latents": tf.constant(latents)
    }


@pytest.fixture(scope="session")
def world(noise):
    rng = np.random.default_rng(1)
    batches = {
        key: rng.normal(size=(6, 2)).astype("float32").astype("float64") for key in ("real", "fake", "nearby")
    }
    drawn = {
        key: {k: np.float64(v) for k, v in value.items()}
        for key, value in noise.items()
        if isinstance(value, dict)
    }
    made = reference.World(**batches, latents=np.float64(noise["latents"]), noise=drawn)
    made.averages = (made.d(made.real).mean(), made.d(made.fake).mean())
    return made


@pytest.fixture(scope="session")
def places(everything, noise, world):
    """Build D's view of the batch for weights (a, b); each batch may be replaced."""

    def build(a, b, **batches):
        def forward(x, point, state):
            logits = 0.5 * tf.reduce_sum(x * (x @ a), axis=1, keepdims=True) + tf.linalg.matvec(x, b)[:, None]
            return {"outputs": logits, "features": x}, state

        given = {"real": REAL, "fake": FAKE, "nearby": PerturbedLatents(0.05)}
        given = {
            point: batches.get(key, tf.constant(getattr(world, key), tf.float32))
            for key, point in given.items()
        }
        watched = {point for penalty in everything.values() for point in penalty.gradient_inputs}
        return Critic(given, forward, noise=noise, gradient_inputs=watched)

    return build
