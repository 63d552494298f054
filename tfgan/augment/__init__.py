"""Augmentations by name: random changes of D's images, real and fake alike."""

from __future__ import annotations

from tfgan.augment._catalogue import AUGMENTATIONS
from tfgan.core.registry import Registry

__all__ = ["augmentations", "get", "name_of", "names", "register"]

augmentations = Registry("augment", AUGMENTATIONS, base="tfgan.augment.augmentation:Augmentation")
names = augmentations.names
get = augmentations.get
register = augmentations.register
name_of = augmentations.name_of


def __getattr__(name: str):
    """Import an augmentation's class on first use (`tfgan.augment.ADA`)."""
    if name == "Augmentation":
        from tfgan.augment.augmentation import Augmentation

        return Augmentation
    for entry in AUGMENTATIONS:
        if AUGMENTATIONS[entry].target.endswith(f":{name}"):
            return augmentations.load(entry)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
