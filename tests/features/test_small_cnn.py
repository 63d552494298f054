"""The classifiers that come with the package: what they compute, how well they know their data, and that they stay the same."""

import hashlib

import numpy as np
import pytest
from scipy.signal import correlate

from tfgan import data, features
from tfgan.data import fashion_mnist as fashion
from tfgan.features import small_cnn

MIB = 2**20
# Of the weights that scores were published with: other weights are another version, in another file.
SHA256 = {
    "digits_cnn.v1.npz": "fd30cf42e048d9a76aeed297de615e985a422aaad4e87158a2909ff5986bf450",
    "fashion_cnn.v1.npz": "b09307f63d4542fedb81f5cb29df45305dde76907756e6a9819a9fa7ca73bc96",
}
DATA = {"digits_cnn": "digits", "fashion_cnn": "fashion_mnist"}


@pytest.fixture(scope="module", params=DATA)
def extractor(request):
    return features.get(request.param)


@pytest.fixture(scope="module")
def images(extractor):
    return (
        np.random.default_rng(0)
        .uniform(-1, 1, (small_cnn.BATCH + 7, *extractor.image_shape))
        .astype(np.float32)
    )


def held_out(name, count=None):
    if name == "fashion_cnn" and not fashion.DEBIAN.exists():
        pytest.skip(f"{fashion.DEBIAN} is not there: apt-get install dataset-fashion-mnist")
    return data.open_source(DATA[name]).held_out(count)


def accuracy(name, count=None):
    images, labels = held_out(name, count)
    return np.mean(features.get(name).probabilities(images).argmax(axis=1) == labels)


def by_numpy(weights, image):
    """Return features and probabilities of one image in float64: correlation, ReLU, maximum of 2x2, dense layers, softmax."""
    x = image.astype(np.float64)
    *convolutions, hidden, last = [
        (weights[f"kernel_{i}"].astype(np.float64), weights[f"bias_{i}"]) for i in range(len(weights) // 2)
    ]
    for kernel, bias in convolutions:
        padded = np.pad(x, ((1, 1), (1, 1), (0, 0)))
        maps = [correlate(padded, kernel[..., k], "valid")[..., 0] + bias[k] for k in range(kernel.shape[-1])]
        x = np.maximum(np.stack(maps, axis=-1), 0)
        height, width = x.shape[0] // 2, x.shape[1] // 2
        x = x[: 2 * height, : 2 * width].reshape(height, 2, width, 2, -1).max(axis=(1, 3))
    seen = np.maximum(x.ravel() @ hidden[0] + hidden[1], 0)
    logits = seen @ last[0] + last[1]
    return seen, np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()


def test_outputs_are_those_of_the_layers(extractor, images):
    """float32 sums of up to 900 products against float64: 1e-4 of the largest feature."""
    with np.load(small_cnn.find_weights(extractor.name, 1)) as weights:
        seen, probabilities = by_numpy(dict(weights), images[0])
    np.testing.assert_allclose(extractor.features(images[:1])[0], seen, atol=1e-4 * seen.max())
    np.testing.assert_allclose(extractor.probabilities(images[:1])[0], probabilities, atol=1e-4)


def test_shapes_and_types(extractor, images):
    seen, probabilities = extractor.features(images), extractor.probabilities(images)
    assert (seen.shape, seen.dtype) == ((len(images), extractor.dim), np.float32)
    assert (probabilities.shape, probabilities.dtype) == ((len(images), extractor.num_classes), np.float32)


@pytest.mark.parametrize(
    ("name", "dim", "shape"), [("digits_cnn", 64, (8, 8, 1)), ("fashion_cnn", 128, (28, 28, 1))]
)
def test_sizes(name, dim, shape):
    found = features.get(name)
    assert (found.dim, found.num_classes, found.image_shape) == (dim, 10, shape)


def test_features_of_an_image_do_not_depend_on_its_neighbors(extractor, images):
    """The last row stands in the second block of images; sums may be taken in another order."""
    np.testing.assert_allclose(
        extractor.features(images)[-1:], extractor.features(images[-1:]), rtol=1e-4, atol=1e-4
    )


def test_no_images_have_no_features(extractor, images):
    assert extractor.features(images[:0]).shape == (0, extractor.dim)


def test_images_of_another_shape_are_refused(extractor):
    expected = ", ".join(map(str, extractor.image_shape))
    with pytest.raises(
        ValueError,
        match=rf"features '{extractor.name}': expected images of shape \(n, {expected}\), got \(n, 9, 9, 3\)",
    ):
        extractor.features(np.zeros((2, 9, 9, 3), np.float32))


def test_one_image_without_its_batch_is_refused(extractor):
    with pytest.raises(ValueError, match="expected images of shape"):
        extractor.probabilities(np.zeros(extractor.image_shape, np.float32))


def test_digits_cnn_is_as_right_as_it_says():
    """On all 179 held-out digits; the arithmetic is the same everywhere up to rounding, so one digit at most may tip over."""
    assert accuracy("digits_cnn") == pytest.approx(0.983, abs=1.5 / 179)


def test_fashion_cnn_is_right_on_a_sample():
    """.930 on all test images; the share in 2,000 of them deviates by .006, of which the bound is three; the sample is fixed."""
    assert accuracy("fashion_cnn", 2000) >= 0.912


@pytest.mark.slow
def test_fashion_cnn_is_as_right_as_it_says():
    assert accuracy("fashion_cnn") == pytest.approx(0.930, abs=0.0005)


@pytest.mark.parametrize("name", SHA256)
def test_weights_are_never_replaced_under_their_version(name):
    assert (
        hashlib.sha256((small_cnn.find_weights("x", 1).parent / name).read_bytes()).hexdigest()
        == SHA256[name]
    )


def test_every_file_of_weights_is_held_by_its_hash():
    assert {path.name for path in small_cnn.find_weights("x", 1).parent.glob("*.npz")} == set(SHA256)


def test_weights_are_small(extractor):
    assert small_cnn.find_weights(extractor.name, 1).stat().st_size <= 2 * MIB


def test_get_returns_the_same_object():
    assert features.get("digits_cnn") is features.get("digits_cnn")


def test_misspelt_name_gets_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'fashion_cnn'"):
        features.get("fashion_cn")
