"""Define the base class of networks: a generator, a discriminator and their options."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Callable, Iterator
from typing import Any, Literal

import keras
import numpy as np
from keras import layers

from tfgan import kinds
from tfgan.core.options import Configurable, NonNegativeInt, Positive, PositiveInt
from tfgan.layers import LearnedPrior, MinibatchStdDev, Spans
from tfgan.networks.heads import DiscriminatorHeads


@dataclasses.dataclass(frozen=True)
class Network(DiscriminatorHeads, Configurable):
    """Build a generator and a discriminator for one shape of data.

    A subclass defines how weights start (`_initializers`, `_next_initializer`), how a vector becomes an
    example (`_generate`), and how an example becomes features h, the input of D's last layer (`_features`).
    This class defines the inputs and outputs:

    - G maps `latents` (n, latent_dim), or the list `[latents, labels]` or `[latents, codes]`, to examples.
      One-hot rows of the labels, or the codes themselves, are concatenated to the latents.
    - D maps examples `x`, or the list `[x, labels]`, to logits = W h + b.
    - `condition="concat"`: labels are K further channels of D's input x: the label's channel is 1 everywhere,
      the others 0.
    - `condition="projection"`: logit = W h + b + <e(label), h>, with a vector e for each class.
    - `condition="acgan"`: D takes no labels, and returns `classes`, K logits, from the same h.
    - `task="classify"`: D returns `classes` l_1 .. l_K, and the logit log sum_k exp l_k. With
      Z = sum_k exp l_k, sigma(logit) = Z / (Z + 1) is the probability that x is real under K + 1 classes, if
      the logit of the class "fake" is 0.
    - `info_*`: D returns `codes` from h, through one hidden layer of 128 units with LeakyReLU of slope 0.1
      and without batch normalization.
    - `pack`: D takes m examples of one distribution, concatenated in the channels, and returns one output for
      the pack.

    If D has other outputs than logits, it returns a dict by name. Every output is float32 under any dtype
    policy.

    Args:
        image_shape: shape of one example, such as (28, 28, 1), or (2,) for points in the plane.
        latent_dim: entries of a latent vector, standard normal.
        width: channels (units) of the widest resolution (of each hidden layer).
        outputs: numbers that D returns for an example: 1 logit, or an embedding for objectives that compare
            batches.
        discriminator_norm: whether D may use batch normalization. Under a gradient penalty it must not: batch
            statistics would couple the examples, but the penalty needs the gradient of each example alone.
        seed: seed of the initial weights.
        spectral_norm: whether `tfgan.layers.SpectralNorm` normalizes every weighted layer of D; it replaces
            D's batch normalization.
        minibatch_deviation: whether D's features include the deviation of its batch
            (`tfgan.layers.MinibatchStdDev`).
        num_classes: K. Labels are int32 (n,) in [0, K); the one-hot row of a label outside this range is
            zero.
        condition: how D uses labels. G takes labels as input unless this is "none".
        task: "classify" makes D a classifier of K classes and "fake"; G takes no labels.
        info_categorical: number of values of the categorical code, one-hot in the first entries of `codes`; D
            returns their logits. 0 for none.
        info_continuous: number of continuous codes in [-1, 1], in the next entries; D returns their means,
            then their raw scales.
        pack: number of examples that D judges as one.
        prior: "particles" or "gaussians" put `tfgan.layers.LearnedPrior` before G: its latents follow a mixture
            whose components training moves.
        prior_size: number of these components.
        kind: kind of the data (`source.kind`); None for the kind that the shape tells. G takes `kind.noise`
            further entries of standard normal noise behind its latents, for the choices in an example.
        tau: temperature of these choices (`tfgan.layers.Spans`); None for the kind's own.

    Raises:
        ValueError: the network cannot make data of this shape, minibatch deviation where examples must stand
            alone, or options that exclude each other; the message names an alternative.

    Reference: Mirza & Osindero 2014, "Conditional Generative Adversarial Nets" (concat); Miyato & Koyama
    2018, "cGANs with Projection Discriminator", section 3; Odena et al. 2017, "Conditional Image Synthesis
    with Auxiliary Classifier GANs", section 3; Salimans et al. 2016, "Improved Techniques for Training GANs",
    section 5; Chen et al. 2016, "InfoGAN", section 6; Lin et al. 2018, "PacGAN: The power of two samples in
    generative adversarial networks", section 2.
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
    prior: Literal["none", "particles", "gaussians"] = "none"
    prior_size: PositiveInt = 1024
    kind: Any = None
    tau: Positive | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", kinds.get(self.kind, tuple(self.image_shape)))
        super().__post_init__()
        if self.minibatch_deviation and not self.discriminator_norm:
            raise ValueError(
                "network: minibatch_deviation makes examples depend on each other, where D must take them one by one: under a gradient "
                "penalty, --schedule=simultaneous, --micro_batch, --task=classify and objectives that reconstruct; leave one of the two out"
            )
        self._check_side_objectives()
        self._check_prior()

    def _check_prior(self) -> None:
        """Refuse a prior whose weights, average, gradient and Adam's two slots need more than the machine's memory."""
        tables = {"none": 0, "particles": 1, "gaussians": 2}[self.prior]
        needed = 5 * 4 * tables * self.prior_size * self.latent_dim
        if tables and needed > (memory := _physical_memory()):
            raise ValueError(
                f"network: prior_size: expected components that fit in {memory >> 30} GiB of memory, got "
                f"{self.prior_size} of {self.latent_dim} entries, which need {needed >> 30} GiB in training"
            )

    def generator(self) -> keras.Model:
        """Build G: latents float32 (n, latent_dim), or [latents, labels or codes], to examples."""
        inputs = [keras.Input((self.latent_dim + self.kind.noise,), name="latents")]
        latents, choices = self._split_latents(inputs[0])
        if self.prior != "none":
            start = next(seeds(self.seed, "prior"))
            latents = LearnedPrior(self.prior, self.prior_size, seed=start, dtype="float32", name="prior")(
                latents
            )
        if self.condition != "none":
            inputs.append(keras.Input((), dtype="int32", name="labels"))
        if codes := self.info_categorical + self.info_continuous:
            inputs.append(keras.Input((codes,), name="codes"))
        made = self._build_generator(latents, *inputs[1:], draw=self._initializers("generator"))
        return _model(inputs, self._with_spans(made, choices), "generator")

    def discriminator(self) -> keras.Model:
        """Build D: examples (n, *image_shape), or [examples, labels], to logits (n, outputs) or a dict."""
        *places, channels = self.image_shape
        x, labels = keras.Input((*places, self.pack * channels), name="x"), None
        if self.condition in ("concat", "projection"):
            labels = keras.Input((), dtype="int32", name="labels")
        draw = self._initializers("discriminator")
        features = self._features(self._concat_labels(x, labels) if self.condition == "concat" else x, draw)
        return _model(
            [x] if labels is None else [x, labels],
            self._discriminator_heads(features, labels, draw),
            "discriminator",
        )

    def autoencoder(self) -> keras.Model:
        """Build an autoencoder as D: examples (n, *image_shape), or packs, to {"reconstruction": same shape}.

        D's layers encode an example as `latent_dim` numbers, and layers like G's decode them. The decoder has
        no batch normalization unless `discriminator_norm` is true.

        Raises:
            ValueError: options with labels, codes or classes: an autoencoder has no output for them.
        """
        if asked := self._side_objectives():
            raise ValueError(
                f"network: {asked[0]}: expected an objective of logits, got one of reconstructions; leave one of the two out"
            )
        *places, channels = self.image_shape
        source = keras.Input((*places, self.pack * channels), name="x")
        draw = self._initializers("autoencoder")
        features = self._features(source, draw)
        code = self._linear(self.latent_dim, draw)(features)
        made = self._generate(code, draw, norm=self.discriminator_norm, pack=self.pack)
        return _model([source], {"reconstruction": made}, "discriminator")

    # Methods that a subclass defines

    def _initializers(self, role: str) -> Iterator[Any]:
        """Yield initializers of the weights of one network, layer by layer, or seeds for them."""
        raise TypeError(f"{type(self).__name__} must define _initializers(role)")

    def _next_initializer(self, draw) -> keras.initializers.Initializer:
        """Return the initializer for the kernel of D's next dense layer."""
        return next(draw)

    def _generate(self, x, draw, *, norm: bool = True, pack: int = 1):
        """Map vectors (n, d) to examples (n, *image_shape), or packs; `norm` allows batch normalization."""
        raise TypeError(f"{type(self).__name__} must define _generate(x, draw)")

    def _features(self, x, draw):
        """Return features (n, d), the input of D's last layer; x may have further channels."""
        raise TypeError(f"{type(self).__name__} must define _features(x, draw)")

    # Shared methods

    def _build_generator(self, latents, given=None, *, draw):
        """Return examples from latents and from labels (n,) or codes (n, c), if any."""
        if given is None:
            return self._generate(latents, draw)
        return self._generate(
            layers.Concatenate()([latents, given if self.condition == "none" else self._one_hot(given)]), draw
        )

    def _split_latents(self, latents):
        """Return the latents (n, latent_dim), and the noise of the choices (n, *places, choices) or None."""
        *places, _ = self.kind.shape
        if not self.kind.noise:
            return latents, None
        choices = layers.Reshape((*places, self.kind.noise // math.prod(places)))(
            latents[:, self.latent_dim :]
        )
        return latents[:, : self.latent_dim], choices

    def _with_spans(self, x, choices):
        """Make G's output legal span by span, if the kind has spans."""
        if not self.kind.spans:
            return x
        spans = Spans(self.kind.spans, self.tau or self.kind.tau, dtype="float32", name="spans")
        return spans(x) if choices is None else spans(x, choices)

    def _with_minibatch_stddev(self, x):
        """Append the minibatch deviation to D's last map or features if `minibatch_deviation` is true."""
        return MinibatchStdDev()(x) if self.minibatch_deviation else x


def _model(inputs: list, outputs, name: str) -> keras.Model:
    """Return a model whose input is one tensor, or a list of several."""
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], outputs, name=name)


def initializers(
    make: Callable[..., keras.initializers.Initializer], seed: int, role: str
) -> Iterator[keras.initializers.Initializer]:
    """Yield initializers without end, each with its own seed, which depends on (seed, role, position)."""
    return (make(seed=own) for own in seeds(seed, role))


def seeds(seed: int, role: str) -> Iterator[int]:
    """Yield seeds without end, each a function of (seed, role, position)."""
    sequence = np.random.SeedSequence([seed, *role.encode()])
    while True:
        (child,) = sequence.spawn(1)
        yield int(child.generate_state(1)[0]) % 2**31


def _physical_memory() -> int:
    """Return the machine's memory in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def halvings(side: int, count: int) -> list[int]:
    """Return `count` sides, each half of the one before, rounded up.

    >>> halvings(28, 3)
    [28, 14, 7]
    """
    sides = [side]
    while len(sides) < count:
        sides.append(math.ceil(sides[-1] / 2))
    return sides
