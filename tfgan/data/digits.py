"""Load scikit-learn's handwritten digits."""

from __future__ import annotations

import numpy as np

from tfgan.data.images import resize
from tfgan.data.source import FiniteSource, Request, in_memory

LEVELS = 16


def digits(request: Request) -> FiniteSource:
    """Open 1,797 digits of 8x8 pixels and 17 gray levels, a tenth held out.

    Reference: Alpaydin & Kaynak 1998, "Optical Recognition of Handwritten Digits", UCI Machine Learning
        Repository.
    """
    from sklearn.datasets import load_digits

    data = load_digits()
    images = np.rint(data.images * (255 / LEVELS)).astype(np.uint8)[..., None]
    return in_memory(
        "digits",
        resize(images, request.image_size),
        data.target,
        class_names=[str(digit) for digit in range(10)],
    )
