"""Mixtures of Gaussians in the plane, with modes one can count."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools

import numpy as np
import tensorflow as tf

from tfgan import kinds
from tfgan.core import noise as noise_lib
from tfgan.data.source import Mixture, Request, Source
from tfgan.kinds import Units

HELD_OUT_KEY = 1
HELD_OUT = 2500


@dataclasses.dataclass(frozen=True, kw_only=True)
class MixtureSource(Source):
    """Endless fresh samples of a mixture; batch number s is a function of (seed, s)."""

    mixture: Mixture

    def _batch(self, numbers, seed):
        def batch(step):
            drawn = self._draw(noise_lib.key(seed, "data", step), numbers.batch_size)
            return tuple(rows[numbers.first : numbers.first + numbers.count] for rows in drawn)

        return batch

    def _draw(self, key: tf.Tensor, count: int) -> tuple[tf.Tensor, tf.Tensor]:
        means = tf.constant(self.mixture.means, tf.float32)
        labels = tf.random.stateless_uniform(
            (count,), noise_lib.key(key[0], key[1], "component"), 0, len(means), tf.int32
        )
        noise = noise_lib.normal(noise_lib.key(key[0], key[1], "noise"), (count, means.shape[1]))
        return self.kind.encode(tf.gather(means, labels) + self.mixture.sigma * noise), labels

    def held_out(self, count=None):
        points, labels = self._draw(
            noise_lib.key(HELD_OUT_KEY, "held out"), HELD_OUT if count is None else count
        )
        return points.numpy(), labels.numpy()


def ring8(request: Request) -> MixtureSource:
    """Open 8 modes on the unit circle, sigma 0.01 (Lin et al. 2018, "PacGAN", section 4.1)."""
    angles = 2 * np.pi * np.arange(8) / 8
    return _open("ring8", np.stack([np.cos(angles), np.sin(angles)], axis=1), 0.01, request)


def grid25(request: Request) -> MixtureSource:
    """Open 25 modes on {-4, -2, 0, 2, 4}^2, sigma 0.05 (Lin et al. 2018, "PacGAN", section 4.1)."""
    return _open("grid25", _build_grid(np.arange(-4, 5, 2)), 0.05, request)


def grid100(request: Request) -> MixtureSource:
    """Open 100 modes on {-4.5, -3.5, ..., 4.5}^2, sigma 0.03 (the ParticleGAN repository)."""
    return _open("grid100", _build_grid(np.arange(10) - 4.5), 0.03, request)


def _build_grid(places: np.ndarray) -> np.ndarray:
    return np.array(list(itertools.product(places, places)), np.float64)


def _open(name: str, means: np.ndarray, sigma: float, request: Request) -> MixtureSource:
    if request.image_size is not None:
        raise ValueError(f"--image_size: expected images, got the points of {name}; leave it out")
    # One for both axes, so that gamma means the same on each mixture
    scale = float(np.sqrt(np.mean(means**2) + sigma**2))
    return MixtureSource(
        name=name,
        kind=kinds.of(means.shape[1:], Units(scale=scale)),
        num_examples=None,
        num_classes=len(means),
        fingerprint=hashlib.sha256(means.tobytes() + repr(sigma).encode()).hexdigest()[:16],
        mixture=Mixture(means, sigma),
    )
