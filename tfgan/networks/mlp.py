"""Fully connected networks, for points."""

from __future__ import annotations

import dataclasses

import keras
from keras import layers

from tfgan.core.options import NonNegativeInt, Positive, PositiveInt
from tfgan.layers import FourierFeatures, LeakyReLU, Maxout
from tfgan.networks.network import Network, initializers, seeds


@dataclasses.dataclass(frozen=True)
class MLP(Network):
    """Stack `depth` dense layers with LeakyReLU of slope 0.2 on either side; no normalization, linear output.

    Weights are drawn as Glorot & Bengio 2010 do: with the larger ones of He et al. 2015 modes come out blurred.

    The options make the networks that mixtures are benchmarked with: PacGAN's on ring8 and grid25 are
    `mlp:depth=4,batch_norm=true,d_depth=3,d_width=200,maxout=5,stddev=0.02` with `--width=400`, by Adam(1e-4, 0.8).

    Args:
        depth: hidden layers.
        d_depth: hidden layers of D, where it has others than G.
        d_width: units of D's hidden layers, where it has others than G.
        batch_norm: whether G's hidden layers are dense without bias, batch normalization, ReLU.
        maxout: linear pieces that a hidden unit of D is the largest of; 0 for LeakyReLU.
        stddev: weights start from N(0, stddev^2) instead. A deep G wants 1.1 to 1.3 / sqrt(width): under Glorot's each layer of
            LeakyReLU shrinks its input to .72, and many start too flat to learn.
        fourier: G's first layer sees Fourier features (`tfgan.layers.FourierFeatures`) of the latents, of frequencies with this
            standard deviation, as many features as a layer has units; None shows it the latents.
        d_fourier: D's first layer sees those of the points; for modes that lie close together against the data's extent.

    Reference for `fourier` and `d_fourier`: Tancik et al. 2020, "Fourier Features Let Networks Learn High Frequency Functions in Low
    Dimensional Domains". For the others: the experiments 2DRing_GAN&PacGAN and 2DGrid_GAN&PacGAN in the code of Lin et al. 2018, "PacGAN:
    The power of two samples in generative adversarial networks"; momentum and epsilon are those of Blocks, which it uses.
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

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.image_shape) != 1:
            suited = self.kind.default_network
            way_out = f"; use --network={suited}" if suited != "mlp" else ""
            raise ValueError(f"network: 'mlp' makes points of shape (d,), got shape {self.image_shape}{way_out}")

    def _draw(self, role: str):
        if self.stddev is None:
            return initializers(keras.initializers.GlorotUniform, self.seed, role)
        return initializers(lambda seed: keras.initializers.RandomNormal(stddev=self.stddev, seed=seed), self.seed, role)

    def _waves(self, x, units: int, scale: float | None, role: str):
        """Return Fourier features of x, as many as a hidden layer has units, where they are asked for."""
        if scale is None:
            return x
        return FourierFeatures(max(units // 2, 1), scale=scale, seed=next(seeds(self.seed, role)), dtype="float32")(x)

    def _decoded(self, x, draw, *, norm: bool = True, pack: int = 1):
        norm = norm and self.batch_norm
        x = self._waves(x, self.width, self.fourier, "generator frequencies")
        for _ in range(self.depth):
            x = layers.Dense(self.width, use_bias=not norm, kernel_initializer=next(draw))(x)
            x = layers.ReLU()(layers.BatchNormalization(momentum=0.95, epsilon=1e-4)(x)) if norm else LeakyReLU(0.2)(x)
        return layers.Dense(pack * self.image_shape[0], kernel_initializer=next(draw), dtype="float32")(x)

    def _features(self, x, draw):
        units = self.d_width or self.width
        x = self._waves(x, units, self.d_fourier, "discriminator frequencies")
        for _ in range(self.d_depth or self.depth):
            x = self._normalized(layers.Dense(units * (self.maxout or 1), kernel_initializer=next(draw)))(x)
            x = Maxout(self.maxout)(x) if self.maxout else LeakyReLU(0.2)(x)
        return self._deviated(x)
