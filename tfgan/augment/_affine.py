"""Affine maps of the plane, one an image, and images seen through them.

A map ((a, b, c), (d, e, f)) takes (x, y) to (a x + b y + c, d x + e y + f); each entry is a number or a
tensor of shape (n,). Entries are multiplied one by one: a matrix product may round its factors to fewer bits
on an accelerator.
"""

from __future__ import annotations

import functools

import tensorflow as tf

IDENTITY = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


def translation(x, y):
    return ((1.0, 0.0, x), (0.0, 1.0, y))


def scaling(x, y):
    return ((x, 0.0, 0.0), (0.0, y, 0.0))


def rotation(cos, sin):
    return ((cos, -sin, 0.0), (sin, cos, 0.0))


def compose(*maps):
    """Return the map that applies the last of `maps` first."""
    return functools.reduce(_compose_two, maps)


def _compose_two(outer, inner):
    (u, v, w), (x, y, z) = inner
    return tuple((a * u + b * x, a * v + b * y, a * w + b * z + c) for a, b, c in outer)


def resample(images, inverse):
    """Return images whose pixel at q is the pixel at `inverse`(q) of x, by bilinear interpolation.

    Coordinates are pixels from the middle of the image, x to the right and y down. Beyond its borders an
    image goes on as its reflection, without repeating the border itself, as often as it takes. Where
    `inverse` leads from pixel to pixel, the result is exact.

    Args:
        images: float32 (n, H, W, C).
        inverse: an affine map.
    """
    height, width, channels = images.shape[1:]
    x = (tf.range(width, dtype=tf.float32) - (width - 1) / 2)[None, None, :]
    y = (tf.range(height, dtype=tf.float32) - (height - 1) / 2)[None, :, None]
    (a, b, c), (d, e, f) = (tuple(tf.reshape(entry, (-1, 1, 1)) for entry in row) for row in inverse)
    column, row = a * x + b * y + c + (width - 1) / 2, d * x + e * y + f + (height - 1) / 2
    left, top = tf.floor(column), tf.floor(row)
    rightward, downward = (column - left)[..., None], (row - top)[..., None]
    pixels = tf.reshape(images, (-1, height * width, channels))

    def pixel_at(row, column):
        index = tf.reshape(_reflect(row, height) * width + _reflect(column, width), (-1, height * width))
        return tf.reshape(tf.gather(pixels, index, axis=1, batch_dims=1), (-1, height, width, channels))

    upper = pixel_at(top, left) * (1.0 - rightward) + pixel_at(top, left + 1.0) * rightward
    lower = pixel_at(top + 1.0, left) * (1.0 - rightward) + pixel_at(top + 1.0, left + 1.0) * rightward
    return upper * (1.0 - downward) + lower * downward


def _reflect(place, side):
    """Return the pixel, 0 to side - 1, that a whole number shows: 0 1 2 1 0 1 2 ... for three."""
    period = max(2 * (side - 1), 1)
    place = tf.math.floormod(tf.cast(place, tf.int32), period)
    return tf.minimum(place, period - place) if side > 1 else place
