"""Batch normalization with gains and shifts for each class."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable("tfgan")
class ConditionalBatchNorm(keras.layers.Layer):
    """Normalize over the batch and all places, then scale and shift by learned numbers of each class.

        y = gamma[label] (x - mean) / sqrt(var + epsilon) + beta[label]

    Mean and variance cover all classes: in training they are taken over the batch, outside training they are
    moving averages. Every class starts with gamma = 1 and beta = 0.

    Args:
        num_classes: number of rows of gamma and beta.
        momentum: momentum of the moving averages.
        epsilon: as in the formula.

    Args of the call: a pair of x (n, ..., c) and int labels (n,) in [0, num_classes); for a label outside
    this range gamma = beta = 0.

    Reference: Dumoulin et al. 2017, "A Learned Representation for Artistic Style", section 2.2; de Vries et
    al. 2017, "Modulating early visual processing by language"; for GANs Miyato & Koyama 2018, "cGANs with
    Projection Discriminator".
    """

    def __init__(self, num_classes: int, *, momentum: float = 0.9, epsilon: float = 1e-5, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(num_classes, int) or num_classes < 1:
            raise ValueError(f"num_classes: expected a whole number above 0, got {num_classes!r}")
        self.num_classes, self.momentum, self.epsilon = num_classes, momentum, epsilon
        policy = self.dtype_policy
        self.norm = keras.layers.BatchNormalization(
            momentum=momentum, epsilon=epsilon, center=False, scale=False, dtype=policy
        )

    def build(self, input_shape):
        shape = input_shape[0]
        self.norm.build(shape)
        self.gamma = self.add_weight(shape=(self.num_classes, shape[-1]), initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=(self.num_classes, shape[-1]), initializer="zeros", name="beta")

    def call(self, inputs, training=False):
        x, labels = inputs
        # A product with one-hot rows, since the sparse gradient of a lookup cannot be exchanged or clipped.
        rows = ops.one_hot(ops.cast(labels, "int32"), self.num_classes, dtype=self.compute_dtype)
        gamma, beta = (
            ops.reshape(
                ops.matmul(rows, ops.cast(table, self.compute_dtype)),
                (-1, *[1] * (len(x.shape) - 2), x.shape[-1]),
            )
            for table in (self.gamma, self.beta)
        )
        return gamma * self.norm(x, training=training) + beta

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
        }
