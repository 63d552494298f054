"""What a pair of networks is."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import Any, Literal

import keras
import numpy as np
from keras import layers, ops

from tfgan import kinds
from tfgan.core.options import Configurable, NonNegativeInt, PositiveInt
from tfgan.layers import LeakyReLU, MinibatchDeviation, SpectralNorm

UNITS_OF_CODES = 128  # Chen et al. 2016, appendix C.1


@dataclasses.dataclass(frozen=True)
class Network(Configurable):
    """Build a generator and a discriminator for one shape of data.

    A subclass says how weights start (`_draw`, `_initializer`), how an example is made from a vector (`_decoded`), and what
    features of an example D's last layer sees (`_features`). What G and D are given besides, and what D says of its features h,
    is the same for all:

    - G makes examples of `latents` (n, latent_dim), or of the list `[latents, labels]` or `[latents, codes]`: labels as one-hot
      rows, codes as they are, beside the latents.
    - D says logits = W h + b of examples `x`, or of the list `[x, labels]`.
    - `condition="concat"`: D sees labels as K further channels of x, 1 at every place in the label's and 0 in the others.
    - `condition="projection"`: logit = W h + b + <e(label), h>, with a vector e of each class.
    - `condition="acgan"`: D is given no labels, and says `classes`, K logits, of the same h.
    - `task="classify"`: D says `classes` l_1 .. l_K, and the logit log sum_k exp l_k. With it sigma(logit) = Z / (Z + 1) where
      Z = sum_k exp l_k: the probability that K + 1 classes give to x being real, the output of the class "fake" fixed at 0.
    - `info_*`: D says `codes` of h through one hidden layer of 128 units with LeakyReLU of slope 0.1 and no batch normalization.
    - `pack`: D sees m examples of one distribution as one of m times the channels; labels, and what D says, are those of the pack.

    With more to say than logits D returns a dict by name. Every output is float32, whatever the networks compute in.

    Args:
        image_shape: shape of one example, such as (28, 28, 1), or (2,) for points in the plane.
        latent_dim: entries of a latent vector, standard normal.
        width: channels (units) of the widest resolution (of each hidden layer).
        outputs: numbers that D returns for an example: 1 logit, or an embedding for objectives that compare batches.
        discriminator_norm: whether D may use batch normalization. Under a gradient penalty it must not: batch
            statistics would couple the examples whose gradients are taken one by one.
        seed: draws the weights.
        spectral_norm: whether every weighted layer of D is normalized by `tfgan.layers.SpectralNorm`, which takes the place of
            its batch normalization.
        minibatch_deviation: whether D sees how much its batch differs (`tfgan.layers.MinibatchDeviation`).
        num_classes: K. Labels are int32 (n,) in [0, K); a label outside is no class: its one-hot row is zeros.
        condition: how D is told of labels; G is given them under all but "none".
        task: "classify" makes D a classifier of K classes and "fake", G staying without labels.
        info_categorical: values of the categorical code, one-hot in the first entries of `codes`; D says their logits. 0 for none.
        info_continuous: continuous codes in [-1, 1], in the entries after; D says their means, then their raw scales.
        pack: examples that D judges as one.

    Raises:
        ValueError: the network cannot make data of this shape, minibatch deviation where examples must stand alone, or options
            that cannot be had together; the message says what can.

    Reference: Mirza & Osindero 2014, "Conditional Generative Adversarial Nets" (concat); Miyato & Koyama 2018, "cGANs with
    Projection Discriminator", section 3; Odena et al. 2017, "Conditional Image Synthesis with Auxiliary Classifier GANs",
    section 3; Salimans et al. 2016, "Improved Techniques for Training GANs", section 5; Chen et al. 2016, "InfoGAN", section 6;
    Lin et al. 2018, "PacGAN: The power of two samples in generative adversarial networks", section 2.
    """

    image_shape: Any
    latent_dim: PositiveInt
    width: PositiveInt = 64
    outputs: PositiveInt = 1
    discriminator_norm: bool = True
    seed: NonNegativeInt = 0
    spectral_norm: bool = False
    minibatch_deviation: bool = False
    num_classes: NonNegativeInt = 0
    condition: Literal["none", "concat", "projection", "acgan"] = "none"
    task: Literal["generate", "classify"] = "generate"
    info_categorical: NonNegativeInt = 0
    info_continuous: NonNegativeInt = 0
    pack: PositiveInt = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.minibatch_deviation and not self.discriminator_norm:
            raise ValueError(
                "network: minibatch_deviation makes examples depend on each other, where D must take them one by one: under a gradient "
                "penalty, --schedule=simultaneous, --micro_batch, --task=classify and objectives that reconstruct; leave one of the two out"
            )
        self._check_side_objectives()

    @property
    def kind(self) -> kinds.Kind:
        """The kind of the examples that G makes."""
        return kinds.of(self.image_shape)

    def _check_side_objectives(self) -> None:
        asked = self._side_objectives()
        if len(asked) > 1:
            raise ValueError(f"network: expected at most one of condition, task=classify and info codes, got {' and '.join(asked)}")
        if (self.condition != "none" or self.task == "classify") and self.num_classes < 2:
            raise ValueError(f"network: {asked[0]}: expected num_classes of at least 2, got {self.num_classes}; it takes data with labels")
        if (self.condition == "projection" or self.task == "classify") and self.outputs > 1:
            raise ValueError(f"network: {asked[0]}: expected outputs=1, one logit, got {self.outputs}; take an objective of single logits")
        if self.info_categorical == 1:
            raise ValueError("network: info_categorical: expected at least 2 values of the code, or 0 for none, got 1")

    def _side_objectives(self) -> list[str]:
        """Return what is asked of the networks besides examples and logits."""
        asked = [f"condition={self.condition}"] if self.condition != "none" else []
        asked += ["task=classify"] if self.task == "classify" else []
        codes = {"info_categorical": self.info_categorical, "info_continuous": self.info_continuous}
        return asked + [",".join(f"{name}={count}" for name, count in codes.items() if count)] * any(codes.values())

    def generator(self) -> keras.Model:
        """Return G: float32 latents (n, latent_dim), alone or listed with labels or codes, to examples (n, *image_shape)."""
        inputs = [keras.Input((self.latent_dim,), name="latents")]
        if self.condition != "none":
            inputs.append(keras.Input((), dtype="int32", name="labels"))
        if codes := self.info_categorical + self.info_continuous:
            inputs.append(keras.Input((codes,), name="codes"))
        return _model(inputs, self._made(*inputs, draw=self._draw("generator")), "generator")

    def discriminator(self) -> keras.Model:
        """Return D: examples (n, *image_shape), alone or listed with labels, to raw logits (n, outputs) or a dict with more."""
        *places, channels = self.image_shape
        x, labels = keras.Input((*places, self.pack * channels), name="x"), None
        if self.condition in ("concat", "projection"):
            labels = keras.Input((), dtype="int32", name="labels")
        draw = self._draw("discriminator")
        features = self._features(self._labelled(x, labels) if self.condition == "concat" else x, draw)
        return _model([x] if labels is None else [x, labels], self._said(features, labels, draw), "discriminator")

    def autoencoder(self) -> keras.Model:
        """Return D for energy-based objectives: examples (n, *image_shape), or packs of them, to `{"reconstruction": the same shape}`.

        It is D up to a code of `latent_dim` numbers, then another G, without batch normalization unless D may have it.

        Raises:
            ValueError: labels, codes or classes, of which it has nothing to say.
        """
        if asked := self._side_objectives():
            raise ValueError(f"network: {asked[0]}: expected an objective of logits, got one of reconstructions; leave one of the two out")
        *places, channels = self.image_shape
        source = keras.Input((*places, self.pack * channels), name="x")
        draw = self._draw("autoencoder")
        features = self._features(source, draw)
        code = self._linear(self.latent_dim, draw)(features)
        made = self._decoded(code, draw, norm=self.discriminator_norm, pack=self.pack)
        return _model([source], {"reconstruction": made}, "discriminator")

    # What a subclass says

    def _draw(self, role: str) -> Iterator[Any]:
        """Yield what starts the weights of one network, layer by layer: initializers, or seeds of them."""
        raise TypeError(f"{type(self).__name__} must define _draw(role)")

    def _initializer(self, draw) -> keras.initializers.Initializer:
        """Return what starts the kernel of D's next dense layer."""
        return next(draw)

    def _decoded(self, x, draw, *, norm: bool = True, pack: int = 1):
        """Return examples (n, *image_shape), or packs, made from vectors (n, d); without batch normalization unless `norm`."""
        raise TypeError(f"{type(self).__name__} must define _decoded(x, draw)")

    def _features(self, x, draw):
        """Return what D's last layer sees, (n, d), of examples (n, *image_shape), which may have further channels."""
        raise TypeError(f"{type(self).__name__} must define _features(x, draw)")

    # What all share

    def _made(self, latents, given=None, *, draw):
        """Return examples made from latents and from labels (n,) or codes (n, c), if any."""
        if given is None:
            return self._decoded(latents, draw)
        return self._decoded(layers.Concatenate()([latents, given if self.condition == "none" else self._one_hot(given)]), draw)

    def _said(self, features, labels, draw):
        """Return what D says of features (n, d), and of labels (n,) under projection: logits, or a dict with more."""
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
            hidden = self._normalized(layers.Dense(UNITS_OF_CODES, kernel_initializer=self._initializer(draw)))(features)
            codes = self._linear(self.info_categorical + 2 * self.info_continuous, draw)(LeakyReLU(0.1)(hidden))
            return {"logits": logits, "codes": codes}
        return logits

    def _one_hot(self, labels):
        """Return one-hot rows (n, num_classes) of labels (n,).

        A product with them takes the place of a lookup, whose gradient is sparse: neither exchanged nor clipped as others are.
        """
        return ops.one_hot(labels, self.num_classes, dtype="float32")

    def _labelled(self, x, labels):
        """Return examples (n, ..., c) with labels as further channels, the same at every place."""
        rows, places = self._one_hot(labels), x.shape[1:-1]
        if places:
            rows = layers.Reshape((*places, self.num_classes))(layers.RepeatVector(math.prod(places))(rows))
        return layers.Concatenate()([x, rows])

    def _linear(self, units: int, draw, *, use_bias: bool = True) -> keras.Layer:
        """Return a last layer of D: float32, and spectrally normalized as the others are."""
        return self._normalized(layers.Dense(units, use_bias=use_bias, kernel_initializer=self._initializer(draw), dtype="float32"))

    def _embedding(self, units: int, draw) -> keras.Layer:
        """Return the layer that makes vectors (n, units) of one-hot rows."""
        return self._linear(units, draw, use_bias=False)

    def _normalized(self, layer: keras.Layer) -> keras.Layer:
        """Return one of D's weighted layers, spectrally normalized where that is asked for."""
        return SpectralNorm(layer) if self.spectral_norm else layer

    def _deviated(self, x):
        """Return what D's last layers see, with the minibatch deviation where that is asked for."""
        return MinibatchDeviation()(x) if self.minibatch_deviation else x


def _model(inputs: list, outputs, name: str) -> keras.Model:
    """Return a model of one tensor, or of a list of several."""
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], outputs, name=name)


def initializers(make: Callable[..., keras.initializers.Initializer], seed: int, role: str) -> Iterator[keras.initializers.Initializer]:
    """Yield initializers without end, each with a seed of its own that depends on (seed, role, position)."""
    return (make(seed=own) for own in seeds(seed, role))


def seeds(seed: int, role: str) -> Iterator[int]:
    """Yield seeds without end, each a function of (seed, role, position)."""
    sequence = np.random.SeedSequence([seed, *role.encode()])
    while True:
        (child,) = sequence.spawn(1)
        yield int(child.generate_state(1)[0]) % 2**31


def halvings(side: int, count: int) -> list[int]:
    """Return `count` sides, each half of the one before, rounded up.

    >>> halvings(28, 3)
    [28, 14, 7]
    """
    sides = [side]
    while len(sides) < count:
        sides.append(math.ceil(sides[-1] / 2))
    return sides
