"""Build fully connected networks, for points, rows of tables, and short series and texts."""

from __future__ import annotations

import dataclasses
import math

import keras
from keras import layers

from tfgan.core.options import Fraction, NonNegativeInt, Positive, PositiveInt
from tfgan.layers import FourierFeatures, LeakyReLU, Maxout
from tfgan.networks.network import Network, initializers, seeds


@dataclasses.dataclass(frozen=True)
class MLP(Network):
    """Stack `depth` dense layers with LeakyReLU of slope 0.2 in G and in D; no normalization, linear output.

    Weights start as in Glorot & Bengio 2010: with the larger weights of He et al. 2015 modes become blurred.

    The options also give the networks of published benchmarks on mixtures: PacGAN's networks on ring8 and
    grid25 are `mlp:depth=4,batch_norm=true,d_depth=3,d_width=200,maxout=5,stddev=0.02` with `--width=400`, by
    Adam(1e-4, 0.8).

    Args:
        depth: hidden layers.
        d_depth: hidden layers of D; None for `depth`.
        d_width: units of D's hidden layers; None for `width`.
        batch_norm: whether G's hidden layers are dense without bias, then batch normalization and ReLU.
        maxout: number of linear pieces of a hidden unit of D, whose output is their maximum; 0 for LeakyReLU.
        stddev: weights start from N(0, stddev^2) instead. A deep G needs 1.1 to 1.3 / sqrt(width): with
            Glorot's weights each layer of LeakyReLU scales its input by .72, so the output of many layers is
            too flat to learn.
        fourier: standard deviation of the frequencies of Fourier features (`tfgan.layers.FourierFeatures`),
            which replace the latents as G's input, as many features as a layer has units; None keeps the
            latents.
        d_fourier: the same for D's input, the points; for modes whose distances are small relative to the
            data's extent.
        residual: whether each hidden layer of G is concatenated to its input, as in CTGAN.
        dropout: share of the units of D's hidden layers that each step leaves out.

    Examples of more than one axis are flattened for D and reshaped behind G.

    Reference for `fourier` and `d_fourier`: Tancik et al. 2020, "Fourier Features Let Networks Learn High
    Frequency Functions in Low Dimensional Domains". For the others: the experiments 2DRing_GAN&PacGAN and
    2DGrid_GAN&PacGAN in the code of Lin et al. 2018, "PacGAN: The power of two samples in generative
    adversarial networks"; for `residual` and `dropout`: Xu et al. 2019, "Modeling Tabular data using Conditional
    GAN", section 4.4; momentum and epsilon are the defaults of Blocks, which this code uses.
    """

    width: PositiveInt = 128
    depth: PositiveInt = 3
    d_depth: PositiveInt | None = None
    d_width: PositiveInt | None = None
    batch_norm: bool = False
    maxout: NonNegativeInt = 0
    stddev: Positive | None = None
    fourier: Positive | None = None
    d_fourier: Positive | None = None
    residual: bool = False
    dropout: Fraction = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kind.has_pixels:
            raise ValueError(
                f"network: 'mlp' makes points of shape (d,), got shape {self.image_shape}; use --network={self.kind.default_network}"
            )

    def _initializers(self, role: str):
        if self.stddev is None:
            return initializers(keras.initializers.GlorotUniform, self.seed, role)
        return initializers(
            lambda seed: keras.initializers.RandomNormal(stddev=self.stddev, seed=seed), self.seed, role
        )

    def _fourier_features(self, x, units: int, scale: float | None, role: str):
        """Return Fourier features of x, about `units` of them; return x itself if `scale` is None."""
        if scale is None:
            return x
        return FourierFeatures(
            max(units // 2, 1), scale=scale, seed=next(seeds(self.seed, role)), dtype="float32"
        )(x)

    def _generate(self, x, draw, *, norm: bool = True, pack: int = 1):
        norm = norm and self.batch_norm
        x = self._fourier_features(x, self.width, self.fourier, "generator frequencies")
        for _ in range(self.depth):
            hidden = layers.Dense(self.width, use_bias=not norm, kernel_initializer=next(draw))(x)
            hidden = (
                layers.ReLU()(layers.BatchNormalization(momentum=0.95, epsilon=1e-4)(hidden))
                if norm
                else LeakyReLU(0.2)(hidden)
            )
            x = layers.Concatenate()([hidden, x]) if self.residual else hidden
        *places, channels = self.image_shape
        size = math.prod(places) * pack * channels
        x = layers.Dense(size, kernel_initializer=next(draw), dtype="float32")(x)
        return layers.Reshape((*places, pack * channels))(x) if places else x

    def _features(self, x, draw):
        units = self.d_width or self.width
        x = layers.Flatten()(x) if x.shape[2:] else x
        x = self._fourier_features(x, units, self.d_fourier, "discriminator frequencies")
        dropped = seeds(self.seed, "discriminator dropout")
        for _ in range(self.d_depth or self.depth):
            x = self._with_spectral_norm(
                layers.Dense(units * (self.maxout or 1), kernel_initializer=next(draw))
            )(x)
            x = Maxout(self.maxout)(x) if self.maxout else LeakyReLU(0.2)(x)
            if self.dropout:
                x = layers.Dropout(self.dropout, seed=next(dropped))(x)
        return self._with_minibatch_stddev(x)
