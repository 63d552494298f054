"""Build generators and discriminators by name.

`tfgan.networks.get("dcgan", image_shape=(28, 28, 1), latent_dim=64)` returns a pair of builders:
`.generator()` and `.discriminator()`, each a functional Keras model whose weights are a function of `seed`.
`discriminators.get("projected", image_shape=(28, 28, 1))` has `.discriminator()` alone, for another network's G.
"""

from __future__ import annotations

from tfgan.core.registry import Registry
from tfgan.networks._catalogue import DISCRIMINATORS, NETWORKS

__all__ = ["discriminators", "get", "names", "networks", "register"]

networks = Registry("network", NETWORKS)
discriminators = Registry("discriminator", DISCRIMINATORS)
names, get, register = networks.names, networks.get, networks.register
