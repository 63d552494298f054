"""Build the last layers of D: logits, classes and codes, for one example or for a pack."""

from __future__ import annotations

import math

import keras
from keras import layers, ops

from tfgan.layers import LeakyReLU, SpectralNorm

UNITS_OF_CODES = 128  # Chen et al. 2016, appendix C.1


class DiscriminatorHeads:
    """Map features h (n, d) to D's outputs, as the options of a `Network` ask; `Network` documents the formulas."""

    def _check_side_objectives(self) -> None:
        asked = self._side_objectives()
        if len(asked) > 1:
            raise ValueError(
                f"network: expected at most one of condition, task=classify and info codes, got {' and '.join(asked)}"
            )
        if (self.condition != "none" or self.task == "classify") and self.num_classes < 2:
            raise ValueError(
                f"network: {asked[0]}: expected num_classes of at least 2, got {self.num_classes}; it takes data with labels"
            )
        if (self.condition == "projection" or self.task == "classify") and self.outputs > 1:
            raise ValueError(
                f"network: {asked[0]}: expected outputs=1, one logit, got {self.outputs}; take an objective of single logits"
            )
        if self.info_categorical == 1:
            raise ValueError(
                "network: info_categorical: expected at least 2 values of the code, or 0 for none, got 1"
            )

    def _side_objectives(self) -> list[str]:
        """Return the options that are set among condition, task=classify and info codes, as text."""
        asked = [f"condition={self.condition}"] if self.condition != "none" else []
        asked += ["task=classify"] if self.task == "classify" else []
        codes = {"info_categorical": self.info_categorical, "info_continuous": self.info_continuous}
        return asked + [",".join(f"{name}={count}" for name, count in codes.items() if count)] * any(
            codes.values()
        )

    def _discriminator_heads(self, features, labels, draw):
        """Return D's outputs from features (n, d) and, under projection, labels (n,)."""
        if self.task == "classify":
            classes = self._linear(self.num_classes, draw)(features)
            return {"logits": ops.logsumexp(classes, axis=-1, keepdims=True), "classes": classes}
        logits = self._linear(self.outputs, draw)(features)
        if self.condition == "projection":
            own = self._embedding(features.shape[-1], draw)(self._one_hot(labels))
            return logits + layers.Dot(axes=-1, dtype="float32")([own, features])
        if self.condition == "acgan":
            return {"logits": logits, "classes": self._linear(self.num_classes, draw)(features)}
        if self.info_categorical or self.info_continuous:
            hidden = self._with_spectral_norm(
                layers.Dense(UNITS_OF_CODES, kernel_initializer=self._next_initializer(draw))
            )(features)
            codes = self._linear(self.info_categorical + 2 * self.info_continuous, draw)(
                LeakyReLU(0.1)(hidden)
            )
            return {"logits": logits, "codes": codes}
        return logits

    def _one_hot(self, labels):
        """Return one-hot rows (n, num_classes) of labels (n,).

        A product with them replaces a lookup, since the sparse gradient of a lookup cannot be exchanged
        between replicas or clipped like other gradients.
        """
        return ops.one_hot(labels, self.num_classes, dtype="float32")

    def _concat_labels(self, x, labels):
        """Append the labels to examples (n, ..., c) as further channels, the same at every place."""
        rows, places = self._one_hot(labels), x.shape[1:-1]
        if places:
            rows = layers.Reshape((*places, self.num_classes))(layers.RepeatVector(math.prod(places))(rows))
        return layers.Concatenate()([x, rows])

    def _linear(self, units: int, draw, *, use_bias: bool = True) -> keras.Layer:
        """Return a last layer of D: float32, and spectrally normalized like the other layers."""
        return self._with_spectral_norm(
            layers.Dense(
                units, use_bias=use_bias, kernel_initializer=self._next_initializer(draw), dtype="float32"
            )
        )

    def _embedding(self, units: int, draw) -> keras.Layer:
        """Return the layer that maps one-hot rows to vectors (n, units)."""
        return self._linear(units, draw, use_bias=False)

    def _with_spectral_norm(self, layer: keras.Layer) -> keras.Layer:
        """Wrap a weighted layer of D in spectral normalization if `spectral_norm` is true."""
        return SpectralNorm(layer) if self.spectral_norm else layer
