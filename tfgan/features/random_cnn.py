"""A fixed network that nobody trained: features of any images, without a file of weights."""

from __future__ import annotations

import functools
import math
import zlib
from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from tfgan.features.extractor import Extractor, compile_function

VERSION = 1  # of the draws and of the layers: other ones get another number
WIDTHS = (32, 64, 128)  # channels after each block; the last for all that follow
GRID = 4  # side of the last map
DIM = 512


def draw_weights(purpose: str, shape: Sequence[int], bound: float) -> np.ndarray:
    """Return weights uniform on (-bound, bound), the same on every machine.

    They are the upper 24 bits of the words that Philox makes of (`VERSION`, CRC-32 of the purpose), scaled:
    whole numbers and correctly rounded operations only, hence no library's logarithm or table.

    Args:
        purpose: tells this array from the others.
        shape: of the array.
        bound: above 0.

    Returns:
        float32 array.
    """
    words = np.random.Philox(key=np.array([VERSION, zlib.crc32(purpose.encode())], np.uint64)).random_raw(
        math.prod(shape)
    )
    centered = (words >> np.uint64(40)).astype(np.float64) + (0.5 - 2**23)
    return (centered * (bound / 2**23)).astype(np.float32).reshape(shape)


class RandomCNN(Extractor):
    """Convolutions of 3x3 with biases, ReLU and 2x2 mean pooling, down to a 4x4 map, then one random projection to 512 features.

    Kernels are uniform with variance 2 / fan-in (He et al. 2015, equation 10), biases uniform on (-1/2, 1/2),
    the projection uniform with variance 1 / fan-in. There are max(1, floor(log2(side / 4))) blocks of 32, 64,
    128, 128, ... channels for the shorter side of the image, which halve it as long as 4 pixels are left, and
    the last map is averaged to 4x4. Kernels of the first block are drawn for the number of channels, so that
    any number will do: a gray image and the same in color have different features.

    Such features see noise and lost classes, but know nothing of objects and mind where things stand: 8x8
    digits shifted by a pixel are farther from digits than noisy ones. Good for comparisons within a project,
    on one data set; no figure of the literature. (Naeem et al. 2020 use an untrained network too.)
    """

    name = "random_cnn"
    identity = f"random_cnn.v{VERSION}"
    dim = DIM
    batch = 100

    def __init__(self):
        self._of_shape = functools.cache(self._network)

    def _outputs(self, images: tf.Tensor) -> tuple[tf.Tensor]:
        return self._of_shape(tuple(images.shape[1:]))(images)

    def _network(self, shape: tuple[int, int, int]):
        """Return the function of images of this shape."""
        *kernels, projection = map(tf.constant, draw_kernels(shape))
        biases = [
            tf.constant(draw_weights(f"bias_{i}", kernel.shape[-1:], 0.5)) for i, kernel in enumerate(kernels)
        ]
        rows, columns = (tf.constant(averaging_matrix(-(-side // 2 ** len(kernels)))) for side in shape[:2])

        def layers(x: tf.Tensor) -> tuple[tf.Tensor]:
            for kernel, bias in zip(kernels, biases, strict=True):
                x = tf.nn.avg_pool2d(tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME") + bias), 2, 2, "SAME")
            x = tf.einsum("ih,nhwc,jw->nijc", rows, x, columns)
            return (tf.reshape(x, (-1, projection.shape[0])) @ projection,)

        return compile_function(layers, shape)


def draw_kernels(shape: Sequence[int]) -> list[np.ndarray]:
    """Return the kernels of the convolutions for images of this shape, (height, width, channels), and the projection."""
    height, width, channels = shape
    kernels = []
    for i in range(max(1, int(math.log2(max(1, min(height, width) // GRID))))):
        fan_in = 9 * channels
        kernels.append(
            draw_weights(
                f"kernel_{i}", (3, 3, channels, WIDTHS[min(i, len(WIDTHS) - 1)]), math.sqrt(6 / fan_in)
            )
        )
        channels = kernels[-1].shape[-1]
    inputs = GRID * GRID * channels
    return [*kernels, draw_weights("projection", (inputs, DIM), math.sqrt(3 / inputs))]


def averaging_matrix(size: int) -> np.ndarray:
    """Return the (GRID, size) matrix of means over GRID equal parts of `size` pixels, those at the seams in part."""
    edges = np.arange(GRID + 1) * (size / GRID)
    pixels = np.arange(size)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return (np.maximum(overlap, 0) * (GRID / size)).astype(np.float32)


@functools.cache
def random_cnn() -> RandomCNN:
    """Draw the network."""
    return RandomCNN()
