"""Batches of tiny images, what is drawn for them, and the derivatives through each augmentation, compiled and not."""

import dataclasses
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import augment_reference as reference
import numpy as np
import pytest
import tensorflow as tf

from tfgan import augment
from tfgan.augment import ada, diffaugment
from tfgan.core import noise

PROBABILITY = 0.6


@dataclasses.dataclass
class Case:
    """A batch of images for one augmentation."""

    augmentation: augment.Augmentation
    x: tf.Tensor
    drawn: dict
    state: dict

    def __call__(self, x=None, drawn=None, **state):
        return self.augmentation(self.x if x is None else x, drawn or self.drawn, self.state | state)

    def expected(self, x=None, **parts):
        """Return what the reference makes of each image in float64."""
        x = np.float64(self.x if x is None else x)
        return np.stack([self._row(image, i, parts) for i, image in enumerate(x)])

    def _row(self, image, i, parts):
        drawn = {key: np.float64(value)[i] for key, value in self.drawn.items()}
        if isinstance(self.augmentation, augment.DiffAugment):
            return reference.diffaugment(
                image, dict(zip(diffaugment.DRAWN, drawn["uniform"], strict=True)), **parts
            )
        columns = {"gates": ada.GATES, "uniform": ada.UNIFORM, "normal": ada.NORMAL}
        named = [dict(zip(names, drawn[key], strict=True)) for key, names in columns.items()]
        return reference.ada(image, *named, PROBABILITY, **parts)


@pytest.fixture(scope="session")
def make_case():
    def make(spec, shape, seed=0):
        augmentation = augment.get(spec)
        x = tf.random.stateless_uniform(shape, (seed, 1), -1.0, 1.0)
        state = {name: tf.constant(value) for name, value in augmentation.initial_state.items()}
        if "p" in state:
            state["p"] = tf.constant(PROBABILITY)
        return Case(augmentation, x, augmentation.draw(noise.Draws(seed, 0, 0), "real", shape), state)

    return make


@pytest.fixture(scope="session")
def derivatives(make_case):
    """For each augmentation of gray and color images and D(y) = sum w y^3 / 3: y, the R1-like cost sum |dD/dx|^2, its derivatives."""

    def of(case, weights):
        def everything(x, weights, drawn, state):
            with tf.GradientTape() as outer:
                outer.watch([x, weights])
                with tf.GradientTape() as inner:
                    inner.watch(x)
                    y = case.augmentation(x, drawn, state)
                    logits = tf.reduce_sum(weights * y**3) / 3.0
                cost = tf.reduce_sum(tf.square(inner.gradient(logits, x)))
            by_x, by_weights = outer.gradient(cost, [x, weights])
            return {"y": y, "cost": cost, "by_x": by_x, "by_weights": by_weights}

        arguments = case.x, weights, case.drawn, case.state
        return {
            "compiled": tf.function(everything, jit_compile=True)(*arguments),
            "eager": everything(*arguments),
        }

    found = {}
    for name in augment.names():
        for channels in (1, 3):
            case = make_case(name, (3, 9, 8, channels), seed=5)
            weights = tf.random.stateless_normal(case.x.shape, (3, 4))
            found[name, channels] = case, weights, of(case, weights)
    return found
