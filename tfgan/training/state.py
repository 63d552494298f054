"""Hold the variables of a run besides weights and optimizers: step, saved scalars and means."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import keras
import tensorflow as tf
from tensorflow.python.framework import config  # `is_op_determinism_enabled` has no public name

from tfgan.core import power_ema
from tfgan.distributed import replicas

SPARE = 32  # further scalars that a subclass may log


@keras.saving.register_keras_serializable("tfgan")
class TrainingState(keras.layers.Layer):
    """Hold the small saved variables of a run.

    Attributes:
        step: int64 scalar, the number of finished steps; noise and data order are functions of it.
        finite: bool scalar, whether every loss and gradient norm so far was finite.
        attempt: int64 scalar, how often training returned to a checkpoint and continued with other noise.
    """

    def __init__(self, **kwargs):
        super().__init__(trainable=False, **kwargs)
        self.step = self.add_weight(shape=(), dtype="int64", initializer="zeros", name="step")
        self.finite = self.add_weight(shape=(), dtype="bool", initializer="ones", name="finite")
        self.attempt = self.add_weight(shape=(), dtype="int64", initializer="zeros", name="attempt")
        self.built = True


class RunningScalars(keras.layers.Layer):
    """Hold the saved scalars of a loss and of penalties.

    Args:
        initial: initial values, by owner and name.
    """

    def __init__(self, initial: dict[str, dict[str, float]], **kwargs):
        super().__init__(trainable=False, **kwargs)
        self._names = tuple((owner, name) for owner, scalars in initial.items() for name in scalars)
        start = [value for scalars in initial.values() for value in scalars.values()]
        if start:  # TensorBoard cannot show a weight without entries
            self.vector = self.add_weight(
                shape=(len(start),),
                dtype="float32",
                initializer=lambda shape, dtype: tf.constant(start, dtype, shape),
            )
        self.built = True

    def load_own_variables(self, store) -> None:
        """Read the scalars; older files hold an empty vector if there are none."""
        if self._names:
            super().load_own_variables(store)

    def values(self) -> dict[str, dict[str, tf.Tensor]]:
        """Return the scalars by owner and name."""
        return self._nested(tf.unstack(self.vector.value) if self._names else ())

    def packed(self, values: dict[str, dict[str, tf.Tensor]]) -> tf.Tensor:
        """Return the new value of `vector` from new values of all scalars."""
        return tf.stack([values[owner][name] for owner, name in self._names])

    def _nested(self, scalars):
        nested: dict[str, dict] = {}
        for (owner, name), scalar in zip(self._names, scalars, strict=True):
            nested.setdefault(owner, {})[name] = scalar
        return nested


class PowerAverages(keras.layers.Layer):
    """Hold the power-function averages of a network's weights, one of each length in `power_ema.TRACKED`.

    Each variable is float32 (lengths, *shape of a weight), in the order of the weights.

    Args:
        weights: of the network, batch statistics included.

    Reference: Karras et al. 2024, "Analyzing and Improving the Training Dynamics of Diffusion Models" (EDM2),
    section 3.1.
    """

    def __init__(self, weights: Iterable[keras.Variable], **kwargs):
        super().__init__(trainable=False, dtype="float32", **kwargs)
        for index, weight in enumerate(weights):
            shape = (len(power_ema.TRACKED), *weight.shape)
            self.add_weight(shape=shape, initializer="zeros", name=f"average_{index:03d}")
        self.built = True

    def moved(self, weights: Iterable[tf.Tensor], step: tf.Tensor) -> list[tf.Tensor]:
        """Return the averages after the update that follows `step` finished updates, t = step + 1.

        avg(t) = avg(t - 1) + (1 - beta) (theta(t) - avg(t - 1)) with beta = (1 - 1 / t)^(gamma + 1).
        """
        exponents = tf.constant([power_ema.gamma_of(sigma) + 1 for sigma in power_ema.TRACKED], tf.float32)
        # 1 - beta without cancellation: beta is 1 to seven digits after some 10^8 steps
        share = -tf.math.expm1(exponents * tf.math.log1p(-1.0 / tf.cast(step + 1, tf.float32)))
        return [
            average.value + tf.reshape(share, (-1, *[1] * weight.shape.rank)) * (weight - average.value)
            for average, weight in zip(self.weights, weights, strict=True)
        ]


class IntervalMeans(keras.metrics.Metric):
    """Average scalars from one reset to the next.

    Args:
        tags: the names under which `result` returns them. A subclass of the model may log up to `SPARE`
            others: their names are known when the step is first traced, after the variables are created.
        assign: function that writes values to variables, the same on every replica.
    """

    def __init__(self, tags: list[str], assign: Callable = replicas.assign, **kwargs):
        super().__init__(**kwargs)
        self.tags = list(tags)
        self._assign = assign
        # Not `add_variable`: Keras would sum these means over replicas when it reads them.
        self.total = keras.Variable(tf.zeros(len(tags) + SPARE), trainable=False, name="total")
        self.count = keras.Variable(0.0, trainable=False, name="count")

    def update_state(self, values: dict[str, tf.Tensor], weight: tf.Tensor | float = 1.0) -> None:
        """Add one step's scalars, keyed by tag; `weight`, float32, is their weight in the mean."""
        self.tags += [tag for tag in values if tag not in self.tags]
        room = self.total.shape[0] - len(self.tags)
        if room < 0:
            raise ValueError(
                f"a model may log {SPARE} scalars besides its losses, got {SPARE - room}: {', '.join(values)}"
            )
        scalars = tf.stack([*(tf.cast(values[tag], tf.float32) for tag in self.tags), *[tf.zeros(())] * room])
        self._assign(
            [self.total, self.count], [self.total.value + weight * scalars, self.count.value + weight]
        )

    def result(self) -> dict[str, tf.Tensor]:
        """Return the means since the last reset, keyed by tag."""
        means = tf.unstack(self.total.value / self.count.value)
        return dict(zip(self.tags, means[: len(self.tags)], strict=True))


class WaitingShare(keras.metrics.Metric):
    """The share of time from the end of one step to the end of the next in which the step waited for its data."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seconds = keras.Variable(
            tf.zeros(3, tf.float64), trainable=False, dtype="float64", name="seconds"
        )

    def update_state(self, began: tf.Tensor, ended: tf.Tensor) -> None:
        """Add a step that had its data at time `began` and finished at time `ended`, float64 seconds."""
        waited, whole, before = tf.unstack(self.seconds.value)
        before = tf.where(before > 0, before, began)
        self.seconds.assign(tf.stack([waited + began - before, whole + ended - before, ended]))

    def result(self) -> tf.Tensor:
        """Return the share since the last reset."""
        waited, whole, _ = tf.unstack(self.seconds.value)
        return tf.cast(tf.math.divide_no_nan(waited, whole), tf.float32)


def clock_is_readable() -> bool:
    """Tell whether graphs may read the clock: TensorFlow refuses `tf.timestamp` under op determinism."""
    return not config.is_op_determinism_enabled()


def time_after(values: Iterable[tf.Tensor]) -> tf.Tensor:
    """Return the time when these values are computed, float64 seconds."""
    with tf.control_dependencies(list(values)):
        return tf.timestamp()
