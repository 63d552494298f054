"""Features drawn from a seed, the same in every installation of NumPy: what the reference values are of."""

import numpy as np

SEED = 20181001
FEW, MANY = 600, 1500
DIMENSIONS, CLASSES = 48, 10


def mixed(count: int, dimensions: int, seed: int, shift: float = 0.0, scale: float = 1.0) -> np.ndarray:
    """Return correlated, skewed, positive features (count, dimensions), as an extractor's last layer has them."""
    normal = np.random.RandomState(seed).standard_normal((count, dimensions))
    mixing = np.random.RandomState(SEED).standard_normal((dimensions, dimensions)) / np.sqrt(dimensions)
    return np.maximum(scale * (normal @ mixing) + shift, 0) + 0.1 * np.random.RandomState(
        seed + 1
    ).standard_normal((count, dimensions))


def pair(real_count: int = MANY, fake_count: int = MANY) -> tuple[np.ndarray, np.ndarray]:
    """Return real and fake features that differ a little in mean and in spread."""
    return mixed(real_count, DIMENSIONS, 1), mixed(fake_count, DIMENSIONS, 11, shift=0.15, scale=0.9)


def logits(count: int = MANY) -> np.ndarray:
    """Return class logits (count, classes)."""
    return 2 * np.random.RandomState(21).standard_normal((count, CLASSES))
