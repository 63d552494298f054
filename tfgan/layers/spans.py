"""Make G's output legal, span by span, with choices sampled by noise that is a part of the latents."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import ops

SMALLEST = 2.0**-24  # of a probability in float32: keeps both logarithms finite


@keras.saving.register_keras_serializable("tfgan")
class Spans(keras.layers.Layer):
    """Apply each span's activation to its entries of the last axis.

    A softmax span is a relaxed sample of a choice (Gumbel-softmax): softmax((h + g) / tau) with
    g = -log(-log(Phi(n))), where Phi is the distribution function of N(0, 1). The noise n ~ N(0, 1) is the tail
    of the latent vector, so that G stays a function of its latents: a row of its output depends on one seed.
    Without noise a softmax span is softmax(h / tau).

    Args:
        spans: in the order of the last axis; tuples (activation, width).
        tau: temperature of the choices; the lower, the nearer to one-hot rows.

    Call arguments:
        x: float (n, ..., width), the sum of the spans' widths.
        noise: float (n, ..., choices), the widths of the softmax spans; or None.

    Raises:
        ValueError: spans that do not fill the last axis.

    Example:
        >>> Spans([("tanh", 1), ("softmax", 3)], tau=0.2)(ops.zeros((2, 4)), keras.random.normal((2, 3)))

    Reference: Jang et al. 2017, "Categorical Reparameterization with Gumbel-Softmax", equation 2; Maddison et
    al. 2017, "The Concrete Distribution", section 3.
    """

    def __init__(self, spans: Sequence[Sequence], tau: float = 1.0, **kwargs):
        super().__init__(**kwargs)
        self.spans = [(activation, int(width)) for activation, width in spans]
        self.tau = tau

    def build(self, x_shape, noise_shape=None):
        width, wanted = x_shape[-1], sum(width for _, width in self.spans)
        if width != wanted:
            raise ValueError(f"spans: expected widths whose sum is {width}, the last axis of x, got {wanted}")
        self.built = True

    def call(self, x, noise=None):
        start, used, parts = 0, 0, []
        gumbel = None if noise is None else _to_gumbel(ops.cast(noise, x.dtype))
        for activation, width in self.spans:
            part = x[..., start : start + width]
            if activation == "softmax" and gumbel is not None:
                part = part + gumbel[..., used : used + width]
                used += width
            if activation != "linear":
                part = ops.tanh(part) if activation == "tanh" else ops.softmax(part / self.tau, axis=-1)
            parts.append(part)
            start += width
        return ops.concatenate(parts, axis=-1) if len(parts) > 1 else parts[0]

    def compute_output_shape(self, x_shape, noise_shape=None):
        return x_shape

    def get_config(self):
        return {**super().get_config(), "spans": [list(span) for span in self.spans], "tau": self.tau}


def _to_gumbel(normal):
    """Return Gumbel noise from standard normal noise: -log(-log(Phi(n)))."""
    uniform = 0.5 * (1.0 + ops.erf(normal * 0.5**0.5))
    return -ops.log(-ops.log(ops.clip(uniform, SMALLEST, 1.0 - SMALLEST)))
