"""Multi-scale structural similarity of pairs of images."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

import numpy as np

from tfgan.metrics import _checks, _resampling
from tfgan.metrics.metric import Metric, Scores
from tfgan.metrics.samples import Samples

POWERS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
WINDOW, SIGMA = 11, 1.5
RANGE = 2.0  # L of images in [-1, 1], which SSIM sees in [0, 2]
C1, C2 = (0.01 * RANGE) ** 2, (0.03 * RANGE) ** 2
BLOCK_BYTES = 2**25


@dataclasses.dataclass(frozen=True)
class MsSsim(Metric):
    """Mean multi-scale structural similarity of pairs of fakes: how alike they are, 1 when all are one image.

    SSIM is defined for pixels from 0 to L, so that images in [-1, 1] are moved to [0, 2] (L = 2), which gives
    the figure of 0 ... 255 with L = 255: around 0 its luminance term (2 m_x m_y + C1) / (m_x^2 + m_y^2 + C1)
    would change sign.

    The product over scales, each half as large as the one before, of contrast-structure^w_j, at the last
    scale of SSIM^w_j, w = .0448, .2856, .3001, .2363, .1333 in 11 x 11 Gaussian windows (sigma 1.5); means
    over places, then over channels. Images are paired as first with second half. Of images smaller than 161
    pixels only as many scales are taken as hold a window, and below 11 pixels the window is the largest odd
    one that fits: both are stated (`scales`, `window`). w is made to sum to 1, where TensorFlow's five sum to
    1.0001: ours is theirs to the power of 1 / 1.0001. Read it beside the figure of reals.

    Reference: Wang et al. 2004, "Image quality assessment: from error visibility to structural similarity",
    section III.B; Wang, Simoncelli & Bovik 2003, "Multi-scale structural similarity for image quality
    assessment"; Odena et al. 2017, "Conditional image synthesis with auxiliary classifier GANs", section 4.3.
    """

    reads: ClassVar = ("images",)
    values: ClassVar = {"ms_ssim": "real"}
    default_samples: ClassVar = 2_000
    of_fake_alone: ClassVar = True
    bias: ClassVar = "none for random pairs"

    def sides(self, real: Samples, fake: Samples) -> np.ndarray:
        images = _checks.check_images("ms_ssim", real, fake)[1]
        if len(images) < 2:
            raise ValueError("metric 'ms_ssim': fake: expected at least 2 images, got 1")
        return images

    def measure(self, real: Samples, fake: Samples) -> Scores:
        images = self.sides(real, fake)
        pairs = len(images) // 2
        scales, window = choose_scales_and_window(*images.shape[1:3])
        found = ms_ssim(images[:pairs], images[pairs : 2 * pairs])
        return {
            **_resampling.with_interval("ms_ssim", found),
            "num_pairs": pairs,
            "scales": scales,
            "window": window,
        }


def choose_scales_and_window(height: int, width: int) -> tuple[int, int]:
    """Return how many scales hold a window, at most 5, and the window's side."""
    side = min(height, width)
    window = min(WINDOW, side - 1 + side % 2)
    scales = 1
    while scales < len(POWERS) and -(-side // 2) >= window == WINDOW:
        side, scales = -(-side // 2), scales + 1
    return scales, window


def ms_ssim(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the similarity of each pair of images in [-1, 1], both (n, height, width, channels): shape (n,)."""
    rows = max(1, BLOCK_BYTES // (8 * int(np.prod(x.shape[1:]))))
    return np.concatenate(
        [_score_block(x[start : start + rows], y[start : start + rows]) for start in range(0, len(x), rows)]
    )


def _score_block(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    x, y = (np.asarray(side, np.float64) + 1.0 for side in (x, y))  # to [0, RANGE]
    scales, window = choose_scales_and_window(*x.shape[1:3])
    powers = np.array(POWERS[:scales]) / sum(POWERS[:scales])
    product = 1.0
    for scale, power in enumerate(powers):
        if scale:
            x, y = _halve(x), _halve(y)
        similarity, structure = _compute_ssim(x, y, window)
        product = product * np.maximum(similarity if scale == scales - 1 else structure, 0) ** power
    return product.mean(axis=-1)


def _compute_ssim(x: np.ndarray, y: np.ndarray, window: int) -> tuple[np.ndarray, np.ndarray]:
    """Return SSIM and its contrast-structure term, means over places: both (n, channels)."""
    mean_x, mean_y = _blur(x, window), _blur(y, window)
    products, squares = mean_x * mean_y, mean_x**2 + mean_y**2
    covariance = _blur(x * y, window) - products
    variances = _blur(x * x + y * y, window) - squares
    structure = (2 * covariance + C2) / (variances + C2)
    luminance = (2 * products + C1) / (squares + C1)
    return (luminance * structure).mean(axis=(1, 2)), structure.mean(axis=(1, 2))


def _blur(x: np.ndarray, window: int) -> np.ndarray:
    """Return the Gaussian mean around each place whose window lies in the image."""
    down, across = (_build_band(side, window) for side in x.shape[1:3])
    return np.einsum("ih,nhwc,jw->nijc", down, x, across, optimize=True)


def _build_band(side: int, window: int) -> np.ndarray:
    """Return the matrix (places, side) of Gaussian weights."""
    weights = np.exp(-np.square(np.arange(window) - (window - 1) / 2) / (2 * SIGMA**2))
    band = np.zeros((side - window + 1, side))
    for place in range(len(band)):
        band[place, place : place + window] = weights / weights.sum()
    return band


def _halve(x: np.ndarray) -> np.ndarray:
    """Return means of 2 x 2 pixels; an odd side is first made even by repeating its last row."""
    x = np.pad(x, [(0, 0), (0, x.shape[1] % 2), (0, x.shape[2] % 2), (0, 0)], mode="edge")
    count, height, width, channels = x.shape
    return x.reshape(count, height // 2, 2, width // 2, 2, channels).mean(axis=(2, 4))
