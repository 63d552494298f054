"""Build the residual networks of R3GAN."""

from __future__ import annotations

import dataclasses
import math

import keras
from keras import layers

from tfgan.core.options import PositiveInt
from tfgan.layers import (
    ClipAtInference,
    ConstantInput,
    Downsample,
    GroupedConv2D,
    LeakyReLU,
    LearnedPooling,
    Upsample,
)
from tfgan.networks.image import LAYOUT, ImageNetwork
from tfgan.networks.network import seeds

SLOPE = 0.2
GAIN = math.sqrt(2.0 / (1.0 + SLOPE**2))  # keeps the variance through LeakyReLU (He et al. 2015)
MOST_CHANNELS = 8  # times the width
EXPANSION = 2
GROUP = 16  # channels per group


@dataclasses.dataclass(frozen=True)
class R3GAN(ImageNetwork):
    """Make images by residual blocks without normalization; D mirrors G.

    A block: 1x1 convolution to twice the channels, LeakyReLU(0.2), 3x3 convolution in groups of 16 channels,
    LeakyReLU, 1x1 convolution back, added to its input; biases before the LeakyReLUs only. Each map has
    `blocks` blocks. Between maps: a 1x1 convolution where channels change, and `tfgan.layers.Upsample` or
    `Downsample`. G begins with a learned map, multiplied by a linear function of the latents. D ends with a
    sum over places, weighted by a learned map, and a linear layer. 1x1 convolutions lead from and to the
    image.

    Fix-up initialization: N(0, gain^2 / fan_in) with gain 1 outside blocks, sqrt(2 / 1.04) L^(-1/4) in
    blocks, for L blocks in the network, and 0 for the last convolution of each block: at the start every
    block is the identity.

    Channels double from `width` at the finest map up to 8 `width`; width 96 is the paper's network at 64x64
    and above.

    Departures that shapes require: maps are halved while 4 pixels are left, so the coarsest need not be 4x4;
    cropping makes odd sides; groups are smaller if 16 does not divide the channels. Departures by choice:
    resampling repeats edges, while the paper pads with zeros; the paper's 32x32 network is 768 wide at every
    map. G's output is linear in training, and clipped to [-1, 1] outside it.

    Under `condition=projection` the vectors of K classes start from N(0, 1 / (K d)) for d features, as in the
    paper's code; the logit of that code is <e(label), h> without W h.

    The paper trains with `--loss=rpgan --penalty=r1 --penalty=r2` and schedules, which are in
    `launch/r3gan.flags`.

    Args:
        blocks: residual blocks per map.

    Raises:
        ValueError: spectral normalization, which is undefined for the kernels of zeros at the start of
            training.

    Reference: Huang et al. 2024, "The GAN is dead; long live the GAN! A Modern Baseline GAN", section 4, and
        its code.
    """

    blocks: PositiveInt = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.spectral_norm:
            raise ValueError(
                "network: spectral_norm: expected false with R3GAN, whose blocks begin with kernels of zeros, got true; "
                "use --network=sn_resnet"
            )

    def _maps(self) -> list[tuple[tuple[int, int], int]]:
        """Return (size, channels) of each map, finest first."""
        return [(size, self.width * min(2**level, MOST_CHANNELS)) for level, size in enumerate(self.sizes())]

    def _initializers(self, role):
        return seeds(self.seed, role)

    def _next_initializer(self, draw):
        return _normal(draw)

    def _generate(self, x, draw, *, norm: bool = True, pack: int = 1):
        for number, (size, channels) in enumerate(reversed(self._maps())):
            if number == 0:
                x = layers.Dense(channels, use_bias=False, kernel_initializer=_normal(draw))(x)
                x = ConstantInput(
                    size, initializer=keras.initializers.RandomNormal(stddev=1.0, seed=next(draw))
                )(x)
            else:
                x = Upsample(size)(_project_channels(x, channels, draw))
            x = self._apply_stage(x, draw, "generator")
        last = {
            "use_bias": False,
            "data_format": LAYOUT,
            "kernel_initializer": _normal(draw),
            "dtype": "float32",
        }
        x = layers.Conv2D(pack * self.image_shape[2], 1, **last)(x)
        return ClipAtInference(dtype="float32")(x)

    def _features(self, x, draw):
        for number, (_, channels) in enumerate(self._maps()):
            x = Downsample()(x) if number else x
            x = self._apply_stage(_project_channels(x, channels, draw), draw, "discriminator")
        return LearnedPooling(seed=next(draw))(self._with_minibatch_stddev(x))

    def _linear(self, units: int, draw, *, use_bias: bool = False):
        return super()._linear(units, draw, use_bias=use_bias)

    def _embedding(self, units: int, draw):
        start = _normal(draw, gain=units**-0.5)  # as in the paper's code
        return layers.Dense(units, use_bias=False, kernel_initializer=start, dtype="float32")

    def _apply_stage(self, x, draw, role: str):
        for _ in range(self.blocks):
            x = self._apply_block(x, draw)
        return self._with_attention(x, role)

    def _apply_block(self, x, draw):
        channels = x.shape[-1]
        hidden = EXPANSION * channels
        groups = hidden // math.gcd(hidden, GROUP)
        gain = GAIN * (self.blocks * len(self.sizes())) ** -0.25
        y = LeakyReLU(SLOPE)(
            layers.Conv2D(hidden, 1, data_format=LAYOUT, kernel_initializer=_normal(draw, gain))(x)
        )
        y = LeakyReLU(SLOPE)(
            GroupedConv2D(hidden, 3, groups=groups, kernel_initializer=_normal(draw, gain))(y)
        )
        return layers.Add()(
            [x, layers.Conv2D(channels, 1, use_bias=False, data_format=LAYOUT, kernel_initializer="zeros")(y)]
        )


def _project_channels(x, channels: int, draw):
    """Return a map with `channels` channels, by a 1x1 convolution if x has another number."""
    if x.shape[-1] == channels:
        return x
    return layers.Conv2D(channels, 1, use_bias=False, data_format=LAYOUT, kernel_initializer=_normal(draw))(x)


def _normal(draw, gain: float = 1.0) -> keras.initializers.Initializer:
    """Return the initializer N(0, gain^2 / fan_in)."""
    return keras.initializers.VarianceScaling(
        gain**2, mode="fan_in", distribution="untruncated_normal", seed=next(draw)
    )
