"""Spectral normalization of a layer's kernel."""

from __future__ import annotations

import keras
from keras import ops

TINY = 1e-12


@keras.saving.register_keras_serializable("tfgan")
class SpectralNorm(keras.layers.Wrapper):
    """Run a layer with W / sigma(W) in place of its kernel W.

    The kernel is read as a matrix [.., outputs], and one step of the power method estimates its largest
    singular value:

        v = W u / |W u|,  u' = W^T v / |W^T v|,  sigma = v^T W u'

    u and v count as constants; the gradient in W also passes through sigma, so it is orthogonal to W. The
    optimizer updates W itself, and files store W (`keras.layers.SpectralNormalization` overwrites W by W /
    sigma at each training call). A kernel of zeros is not scaled.

    A call in training mode stores u' for the next call; every call divides by the sigma of the stored u. u
    has the attribute `once_a_step`: within a step of `tfgan.GAN` every pass of D starts from the u at the
    beginning of the step. So D has the same weights in its passes over real, fake and penalized examples, and
    u takes one power step per update of D.

    These computations are float32 under any dtype policy of the layer.

    Args:
        layer: any layer with a `kernel`.

    Raises:
        ValueError: a layer without a kernel.

    Reference: Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks", eqs. 8, 12,
        algorithm 1.
    """

    def __init__(self, layer: keras.Layer, **kwargs):
        # The wrapper is float32, so that no scope of a mixed policy casts W or u; the layer in it keeps its own policy.
        super().__init__(layer, **{**kwargs, "dtype": "float32", "autocast": False})

    def build(self, input_shape=None):
        super().build(input_shape)
        if not hasattr(self.layer, "kernel"):
            raise ValueError(f"layer: expected one with a kernel, got {type(self.layer).__name__}")
        outputs = self.layer.kernel.shape[-1]
        # Any u works that is not orthogonal to the first singular vector: a fixed draw needs no seed.
        self.u = self.add_weight(
            shape=(outputs,),
            initializer=keras.initializers.RandomNormal(1.0, seed=0),
            trainable=False,
            name="u",
        )
        self.u.once_a_step = True

    def call(self, x, training=False):
        kernel, u = self.layer.kernel, self.u.value
        matrix = ops.reshape(kernel.value, (-1, kernel.shape[-1]))
        fixed = ops.stop_gradient(matrix)
        v = _normalize(ops.matmul(fixed, u))
        u = _normalize(ops.matmul(v, fixed))
        if training:
            self.u.assign(u)
        sigma = ops.sum(ops.matmul(v, matrix) * u)
        sigma = ops.where(sigma > TINY, sigma, 1.0)
        weights = [
            (weight, kernel.value / sigma if weight is kernel else weight.value)
            for weight in self.layer.weights
        ]
        with keras.StatelessScope(weights):
            return self.layer(x)

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)

    def get_config(self):
        return {key: value for key, value in super().get_config().items() if key != "dtype"}


def _normalize(x):
    """Scale x to length 1; a vector of zeros stays zero."""
    return x * ops.rsqrt(ops.maximum(ops.sum(ops.square(x)), TINY**2))
