"""Define the base class of image networks: sizes of maps, self-attention and cropping."""

from __future__ import annotations

import dataclasses
import math

from keras import layers

from tfgan.core.options import NonNegativeInt
from tfgan.layers import SelfAttention
from tfgan.networks.network import Network, halvings, seeds

LAYOUT = "channels_last"  # of images, whatever keras.json says
SMALLEST_SIDE = 8
LARGEST_SIDE = 256
SMALLEST_MAP = 4


@dataclasses.dataclass(frozen=True)
class ImageNetwork(Network):
    """Make images of any height and width from 8 to 256, square or not, odd or even, with 1 or 3 channels.

    Args:
        attention: both networks get self-attention at the maps whose shorter side has this length; 0 for no
            attention.
    """

    attention: NonNegativeInt = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        shape = tuple(self.image_shape)
        fits = all(SMALLEST_SIDE <= side <= LARGEST_SIDE for side in shape[:2])
        if len(shape) != 3 or shape[2] not in (1, 3) or not fits:
            way_out = (
                "" if fits else f"; --image_size={SMALLEST_SIDE} to {LARGEST_SIDE} crops and resizes images"
            )
            if not self.kind.has_pixels:
                way_out = f"; use --network={self.kind.default_network}"
            raise ValueError(
                f"network: {type(self).__name__} makes images of {SMALLEST_SIDE}x{SMALLEST_SIDE} to {LARGEST_SIDE}x{LARGEST_SIDE} "
                f"with 1 or 3 channels, got shape {shape}{way_out}"
            )
        sides = sorted({min(size) for size in self.sizes()[1:]})
        if self.attention and self.attention not in sides:
            known = ", ".join(map(str, sides))
            raise ValueError(
                f"network: attention: expected a side of G's maps, one of {known}, or 0, got {self.attention}"
            )

    def sizes(self, smallest: int = SMALLEST_MAP) -> list[tuple[int, int]]:
        """Return (height, width) of the image and its halvings with `smallest` pixels a side or more."""
        height, width = self.image_shape[:2]
        count = 1 + int(math.log2(min(height, width) / smallest))
        return list(zip(halvings(height, count), halvings(width, count), strict=True))

    def _with_attention(self, x, role: str):
        """Apply self-attention if the shorter side of the map is `attention`."""
        if min(x.shape[1:3]) != self.attention:
            return x
        normalized = self.spectral_norm and role == "discriminator"
        return SelfAttention(spectral_norm=normalized, seed=next(seeds(self.seed, f"{role} attention")))(x)

    def _crop(self, x, size: tuple[int, int]):
        """Crop the last rows and columns of a map to a size."""
        if x.shape[1:3] == tuple(size):
            return x
        return layers.Cropping2D(((0, x.shape[1] - size[0]), (0, x.shape[2] - size[1])), data_format=LAYOUT)(
            x
        )
