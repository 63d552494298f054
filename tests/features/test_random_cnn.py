"""The untrained network: the same weights everywhere, and distances that grow with what is done to images."""

import hashlib

import numpy as np
import pytest
from scipy.signal import correlate

from tfgan import data, features, metrics
from tfgan.features import random_cnn

# Of the weights of version 1, by the shape of the images: others are another version.
SHA256 = {
    (8, 8, 1): "e521d9d85555113fd846746a65ca0bc609f8ba1812d69b47be69a532ed335c2e",
    (28, 28, 1): "96a626ec71c065272be22daf433da7a6fc7c17f8f8741a4e98c6e0da324b0448",
    (64, 48, 3): "7b20900c2fb0b445d4fa0cd7aa29c78e204998f75522d70c2ae3cab0354e80db",
}
BIAS_SHA256 = "ccea3f5cd0c33f7c943caab4155dc85bf6bee651fb8813e3363f61d6c26f31a5"


@pytest.mark.parametrize("shape", SHA256)
def test_weights_are_the_same_on_every_machine(shape):
    content = b"".join(kernel.astype("<f4").tobytes() for kernel in random_cnn.draw_kernels(shape))
    assert hashlib.sha256(content).hexdigest() == SHA256[shape]


def test_biases_are_the_same_on_every_machine():
    found = random_cnn.draw_weights("bias_0", (32,), 0.5)
    assert hashlib.sha256(found.astype("<f4").tobytes()).hexdigest() == BIAS_SHA256


def test_draws_are_uniform():
    """Variance bound^2 / 3, mean 0, of 100,000: four standard errors are 4 bound / sqrt(3 n) and 4 bound^2 sqrt(4/45 / n)."""
    drawn = random_cnn.draw_weights("any", (100_000,), 2.0).astype(np.float64)
    assert abs(drawn.mean()) < 8 / np.sqrt(3e5)
    assert abs(drawn.var() - 4 / 3) < 16 * np.sqrt(4 / 45 / 1e5)
    assert np.abs(drawn).max() < 2


def test_purposes_have_their_own_draws():
    assert not np.isin(
        random_cnn.draw_weights("a", (50,), 1.0), random_cnn.draw_weights("b", (50,), 1.0)
    ).any()


@pytest.mark.parametrize(
    ("side", "blocks"), [(1, 1), (4, 1), (8, 1), (15, 1), (16, 2), (28, 2), (32, 3), (64, 4), (256, 6)]
)
def test_blocks_halve_down_to_four_pixels(side, blocks):
    assert len(random_cnn.draw_kernels((side, 2 * side, 3))) == blocks + 1


def test_averaging_splits_pixels_at_the_seams():
    """7 pixels in four parts of 1.75: the first holds pixel 0 and .75 of pixel 1."""
    expected = (
        np.array(
            [
                [1, 0.75, 0, 0, 0, 0, 0],
                [0, 0.25, 1, 0.5, 0, 0, 0],
                [0, 0, 0, 0.5, 1, 0.25, 0],
                [0, 0, 0, 0, 0, 0.75, 1],
            ]
        )
        / 1.75
    )
    np.testing.assert_allclose(random_cnn.averaging_matrix(7), expected, atol=1e-7)


def by_numpy(image):
    """Return features of one 28x28 image in float64: correlation, bias, ReLU, means of 2x2, means of a 4x4 grid, projection."""
    x = image.astype(np.float64)
    *kernels, projection = random_cnn.draw_kernels(image.shape)
    for i, kernel in enumerate(kernels):
        padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
        bias = random_cnn.draw_weights(f"bias_{i}", (kernel.shape[-1],), 0.5)
        maps = [
            correlate(padded, kernel[..., k].astype(np.float64), "valid")[..., 0] + bias[k]
            for k in range(kernel.shape[-1])
        ]
        x = np.maximum(np.stack(maps, axis=-1), 0)
        x = x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2, -1).mean(axis=(1, 3))
    four_times = np.repeat(np.repeat(x, 4, axis=0), 4, axis=1)  # 7 pixels as 28, of which each part holds 7
    return four_times.reshape(4, 7, 4, 7, -1).mean(axis=(1, 3)).ravel() @ projection.astype(np.float64)


@pytest.mark.parametrize("channels", [1, 3])
def test_outputs_are_those_of_the_layers(channels):
    """float32 sums of up to 1,024 products against float64: 1e-5 of the largest feature."""
    image = np.random.default_rng(0).uniform(-1, 1, (28, 28, channels)).astype(np.float32)
    expected = by_numpy(image)
    found = features.get("random_cnn").features(image[None])[0]
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())


@pytest.fixture(scope="module")
def digits():
    source = data.open_source("digits")
    examples, labels = source.examples(np.random.default_rng(0).permutation(source.num_examples)[:1200])
    return examples[:600], examples[600:], labels[600:]


def kid(real, fake):
    see = features.get("random_cnn").features
    return metrics.get("kid:subsets=20")(metrics.Samples(see(real)), metrics.Samples(see(fake)))["kid"]


def test_kid_grows_with_noise(digits):
    first, second, _ = digits
    noise = np.random.default_rng(1).standard_normal(second.shape)
    found = [
        kid(first, np.clip(second + sigma * noise, -1, 1).astype(np.float32)) for sigma in (0, 0.1, 0.3, 0.6)
    ]
    assert found == sorted(found)
    assert found[-1] > 10 * found[1]


def test_kid_sees_that_half_of_the_classes_are_lost(digits):
    """.010 against .0006 of other digits."""
    first, second, labels = digits
    assert kid(first, second[labels < 5]) > 5 * kid(first, second)


def test_a_shift_by_a_pixel_is_farther_than_noise(digits):
    """As the docstring warns: .36 against .07."""
    first, second, _ = digits
    noisy = np.clip(second + 0.6 * np.random.default_rng(1).standard_normal(second.shape), -1, 1).astype(
        np.float32
    )
    assert kid(first, np.roll(second, 1, axis=2)) > 2 * kid(first, noisy)
