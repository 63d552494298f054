"""Weights and images that are drawn alike wherever NumPy is: the stream of RandomState never changes."""

import zlib

import numpy as np


def generator(name):
    """Return the generator of one array."""
    return np.random.RandomState(zlib.crc32(name.encode()))


def weights(name, shape):
    """Return one array of a network: kernels that keep the variance under ReLU, and a batch normalization near the identity."""
    if len(shape) == 4:
        return (generator(name).standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))).astype(np.float32)
    if name.endswith(("bn.weight", "running_var")):
        return generator(name).uniform(0.8, 1.2, shape).astype(np.float32)
    return (0.05 * generator(name).standard_normal(shape)).astype(np.float32)


def state(shapes):
    """Return all arrays of a network, by name."""
    return {name: weights(name, shape) for name, shape in shapes.items()}


def photos(count, side):
    """Return smooth uint8 images (count, side, side, 3) with some noise."""
    draw = generator(f"photos of {side}")
    places = np.arange(side) / side
    waves = [
        np.sin(2 * np.pi * (f * places[:, None, None] + g * places[None, :, None]) + phase)
        for f, g, phase in zip(
            draw.uniform(0, 3, count), draw.uniform(0, 3, count), draw.uniform(0, 6, (count, 3)), strict=True
        )
    ]
    return np.clip(
        127.5 + 90 * np.stack(waves) + 20 * draw.standard_normal((count, side, side, 3)), 0, 255
    ).astype(np.uint8)


def scaled_photos(count, side):
    """Return `photos` as extractors take them, float32 in [-1, 1]."""
    return photos(count, side).astype(np.float32) / np.float32(127.5) - 1
